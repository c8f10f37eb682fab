"""The files that import what is moved, rewritten: each takes it from its new place. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import final

from tree_sitter import Tree

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.actions import SCRIPTS, Left
from agent_ls.index.arriving import imported
from agent_ls.index.bindings import Binding, Statement, statements, taken_away, whole_lines
from agent_ls.index.extract import parse
from agent_ls.index.imports import means
from agent_ls.index.moved import Moved, Refusal, is_later
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.passing_on import passed_on
from agent_ls.index.placing import Wanted, placed
from agent_ls.index.query import Index
from agent_ls.index.spelling import is_own, python_module, script_module
from agent_ls.index.standing import Standing, standing

Read = Callable[[RelPath], bytes | None]
_MOST_FILES = 2000


@final
@dataclass(frozen=True, slots=True)
class Follower:
    """A file's new text. ``loads``: it now loads the target whenever it is loaded itself."""

    text: bytes
    loads: bool


def followers(
    index: Index, read: Read, moved: Moved, target: RelPath, also: Iterable[RelPath], *, stays: bool
) -> tuple[dict[RelPath, Follower], tuple[Left, ...]]:
    """New texts of the files that import the moved name, and places that only mention it.

    ``stays``: the source imports the name itself, so that it can still be had there.

    Raises:
        Refusal: a file takes it in a way that cannot be followed.
    """
    if moved.language == "go":
        return {}, ()
    found: dict[RelPath, Follower] = {}
    left: list[Left] = []
    importers = index.importers(moved.path)
    for path in dict.fromkeys([*index.files_with(moved.name, _MOST_FILES), *importers, *also, target]):
        data, language = read(path), language_of(path) or ""
        if path == moved.path or data is None or not _kin(language, moved.language):
            continue
        taker = _Taker(index, read, moved, path, data, target, stays=stays)
        text = taker.rewritten(left)
        if text != data:
            found[path] = Follower(text, taker.loads)
    return found, tuple(left)


def _kin(one: str, other: str) -> bool:
    return one == other or (one in SCRIPTS and other in SCRIPTS)


@final
class _Taker:
    """One file that may take the moved name."""

    def __init__(
        self,
        index: Index,
        read: Read,
        moved: Moved,
        path: RelPath,
        data: bytes,
        target: RelPath,
        *,
        stays: bool,
    ) -> None:
        self._index, self._read, self._moved = index, read, moved
        self._path, self._data, self._target, self._stays = path, data, target, stays
        self._language = language_of(path) or ""
        self._tree = parse(data, self._language)
        self._found = statements(data, self._tree, self._language)
        self._meant = {item.module for item, files in index.imports_of(path) if moved.path in files}
        self._wanted: list[Wanted] = []
        self._edits: list[TextEdit] = []
        self.loads = False

    def is_source(self, module: str, name: str = "") -> bool:
        """Whether a module of an import here is the file that the name leaves."""
        whole = f"{module}{'' if module.endswith('.') else '.'}{name}" if name else module
        language, source = self._language, self._moved.path
        return (not name and module in self._meant) or means(language, self._path, whole, (), source)

    def rewritten(self, left: list[Left]) -> bytes:
        """The text of now; places that only mention the old place are added to ``left``."""
        if self._language in SCRIPTS:
            self._edits += passed_on(
                self._moved, self._path, self._data, self._target, self.is_source, stays=self._stays
            )
        for statement in self._found:
            self._take(statement)
        modules = self._modules()
        self._edits += self._through(modules)
        if modules:
            left += self._past_sight(modules)
        _mentioned(self._moved, self._path, self._data, self._language, left)
        if not self._edits:
            return self._data
        text = apply_text_edits(self._data, sorted(self._edits, key=lambda edit: edit.span))
        return text if self._path == self._target else self._with(text)

    def _with(self, text: bytes) -> bytes:
        own, language = is_own(self._index, self._target), self._language
        for want in self._wanted:
            if want.local not in imported(text, language):
                edit = placed(text, parse(text, language), language, want, own)
                text = apply_text_edits(text, [edit])
        return text

    def _take(self, statement: Statement) -> None:
        """What one import takes out of the source."""
        moved, path = self._moved, self._path
        everything = [b for b in statement.bindings if b.name == "*" and self.is_source(b.module)]
        if everything and self._language == "python":
            self._everything(statement, everything[0])
        gone = [b for b in statement.bindings if b.name == moved.name and self.is_source(b.module)]
        if not gone:
            return
        if path == self._target and any(b.local != moved.name for b in gone):
            raise Refusal(f"{path} calls it `{gone[0].local}`")
        where = standing(self._data, statement)
        made = taken_away(self._data, statement, gone)
        if made is None:
            raise Refusal(f"In {path} a comment stands among the imported names")
        wanted = [
            _as_before(
                self._read, path, b, self._target, moved, typed=where is Standing.TYPES or self._typed(b)
            )
            for b in gone
        ]
        self.loads |= where in (Standing.TOP, Standing.TRIAL) and not self._later([b.local for b in gone])
        if where is Standing.TOP or self._language in SCRIPTS:
            self._edits += made
            self._wanted += wanted
        elif path == self._target:
            raise Refusal(f"{path} imports it inside a block")
        else:
            self._edits += self._in_place(statement, gone, made, wanted)

    def _typed(self, item: Binding) -> bool:
        """``{ type name }``: taken for its type only."""
        return self._language in SCRIPTS and re.match(rb"type\s", self._data[item.item.start :]) is not None

    def _later(self, names: Sequence[str]) -> bool:
        """Whether this script uses the name only when something runs."""
        places = [p for name in names for p in occurrences(self._data, self._tree, name)]
        return self._moved.is_type or (
            self._moved.is_lazy and all(is_later(self._tree, p) for p in places if p.role is not Role.MEMBER)
        )

    def _everything(self, statement: Statement, item: Binding) -> None:
        """``from source import *``: what it gave must be taken from the new place, if it gave the name."""
        moved = self._moved
        shown = _public(moved)
        if self._stays or not shown or self._path == self._target:
            return
        if statement.parent != "module":
            raise Refusal(f"{self._path} imports everything from {moved.path}")
        one = Binding(moved.name, moved.name, item.module, item.item)
        wanted = _as_before(self._read, self._path, one, self._target, moved, typed=False)
        newline = moved.newline.decode()
        line = (wanted.text("python") + newline).encode()
        at = whole_lines(self._data, statement.span).end
        self._edits.append(TextEdit(Span(at, at), line))
        self.loads = True

    def _in_place(
        self, statement: Statement, gone: Sequence[Binding], made: list[TextEdit], wanted: Sequence[Wanted]
    ) -> list[TextEdit]:
        """An import in a block stays where it is: when it is carried out may matter."""
        start = statement.span.start
        line = self._data.rfind(b"\n", 0, start) + 1
        indent = self._data[line:start]
        alone = not indent.strip()
        glue = self._moved.newline + indent if alone else b"; "
        text = glue.join(w.text("python").encode() for w in wanted)
        if len(gone) == len(statement.bindings):
            return [TextEdit(statement.span, text)]
        return [TextEdit(Span(start, start), text + glue), *made]

    def _modules(self) -> set[str]:
        """Names by which this file has the source as a module."""
        modules: set[str] = set()
        for statement in self._found:
            for item in statement.bindings:
                whole = item.name in ("", "*") and self.is_source(item.module)
                if whole or (
                    self._language == "python" and item.name and self.is_source(item.module, item.name)
                ):
                    dotted = item.name == "" and item.local == item.module.partition(".")[0]
                    modules.add(item.module if dotted else item.local)
        return modules

    def _past_sight(self, modules: set[str]) -> list[Left]:
        """Places that may take the name from the module in a way that only running tells."""
        data, lines = self._data, LineIndex(self._data)
        found = re.finditer(rb"([\"'`])" + re.escape(self._moved.name).encode() + rb"\1", data)
        starts = [match.start() for match in found]
        values = [p for name in modules for p in occurrences(data, self._tree, name) if p.role is Role.PLAIN]
        if any(data[place.span.end : place.span.end + 1] != b"." for place in values):
            members = (p for p in occurrences(data, self._tree, self._moved.name) if p.role is Role.MEMBER)
            starts += [place.span.start for place in members if place.receiver not in modules]
        why = "its old module is at hand here, and this may name it"
        return [Left(self._path, lines.line_of(start) + 1, why) for start in sorted(starts)]

    def _through(self, modules: set[str]) -> list[TextEdit]:
        """``module.name`` becomes the name alone, which is imported."""
        moved, path, data = self._moved, self._path, self._data
        edits: list[TextEdit] = []
        for place in occurrences(data, self._tree, moved.name):
            if place.role is not Role.MEMBER or place.receiver not in modules:
                continue
            start = place.span.start - len(place.receiver.encode()) - 1
            if data[start : place.span.end] != f"{place.receiver}.{moved.name}".encode():
                raise Refusal(f"{path} names it in a way that cannot be rewritten")
            if _is_set(self._tree, place.span):
                raise Refusal(
                    f"{path} sets `{place.receiver}.{moved.name}`: whom that would reach then cannot be told"
                )
            edits.append(TextEdit(Span(start, place.span.end), moved.name.encode()))
        if edits:
            self._check_free()
            self.loads = not moved.is_type
            python = self._language == "python"
            module = (
                python_module(path, self._target, self._read) if python else script_module(path, self._target)
            )
            self._wanted.append(Wanted(module, moved.name, moved.name, moved.is_type))
        return edits

    def _check_free(self) -> None:
        name = self._moved.name
        roles = (Role.PLAIN, Role.BOUND, Role.SHORTHAND, Role.IMPORT)
        places = occurrences(self._data, self._tree, name)
        if self._path != self._target and any(p.role in roles for p in places):
            raise Refusal(f"`{name}` means something else in {self._path}, which takes it through its module")


def _is_set(tree: Tree, span: Span) -> bool:
    """Whether a member is given another value, or taken away."""
    node = tree.root_node.descendant_for_byte_range(span.start, span.end)
    member = None if node is None else node.parent
    while member is not None and member.parent is not None:
        parent = member.parent
        if parent.type == "delete_statement":
            return True
        if re.search(r"assignment|^for_|augmented|update_expression", parent.type):
            left = parent.child_by_field_name("left") or parent.child_by_field_name("argument")
            return left is not None and left.start_byte <= span.start < left.end_byte
        if parent.type not in ("pattern_list", "tuple_pattern", "expression_list", "list_pattern"):
            return False
        member = parent
    return False


def _public(moved: Moved) -> bool:
    """Whether a star import of the source gives the name."""
    listed = re.search(rb"^__all__\s*[:=]", moved.data, re.MULTILINE)
    return not moved.name.startswith("_") if listed is None else moved.used_outside()


def _as_before(
    read: Read, path: RelPath, item: Binding, target: RelPath, moved: Moved, *, typed: bool
) -> Wanted:
    """The new import, absolute or relative as the old one was."""
    if moved.language != "python":
        module = script_module(path, target)
        ending = re.search(r"\.[cm]?[jt]sx?$", item.module)
        module += ending[0] if ending and item.module.startswith(".") else ""
        return Wanted(module, item.name, item.local, typed)
    module = _absolute(item.module, moved.path, target) or python_module(path, target, read)
    if not module:
        raise Refusal(f"{target} has no name by which {path} could import it")
    return Wanted(module, item.name, item.local, typed)


def _absolute(module: str, source: RelPath, target: RelPath) -> str:
    """The target's name with the same root as the source's; empty: it was relative."""
    if module.startswith("."):
        return ""
    parts = _parts(source)
    root = parts[: len(parts) - len(module.split("."))]
    goal = _parts(target)
    return ".".join(goal[len(root) :]) if goal[: len(root)] == root else ""


def _parts(path: RelPath) -> list[str]:
    parts = path.removesuffix(".pyi").removesuffix(".py").split("/")
    return parts[:-1] if parts[-1] == "__init__" else parts


def _mentioned(moved: Moved, path: RelPath, data: bytes, language: str, left: list[Left]) -> None:
    """Strings that name the old place, such as what a test replaces: for a person to look at."""
    if language != "python":
        return
    stem = _parts(moved.path)[-1]
    lines = LineIndex(data)
    pattern = rf"\b{re.escape(stem)}\.{re.escape(moved.name)}\b".encode()
    for match in re.finditer(pattern, data):
        line = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if line.count(b'"') % 2 or line.count(b"'") % 2 or b"#" in line:
            left.append(Left(path, lines.line_of(match.start()) + 1, "a text names its old place"))
