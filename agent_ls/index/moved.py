"""What is moved: its text, what it needs of its file, and what its file needs of it. Worker processes only."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import final

from tree_sitter import Node, Tree

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import Statement, statements
from agent_ls.index.extract import facts_of, parse
from agent_ls.index.facts import FileFacts
from agent_ls.index.imports import means
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Occurrence, Role, occurrences
from agent_ls.index.placing import Wanted
from agent_ls.index.scopes import SourceFile, binder

Read = Callable[[RelPath], bytes | None]

_OWN_PLACE = re.compile(
    rb"\b(?:__file__|__name__|__package__|globals\s*\(|locals\s*\(|eval\s*\(|exec\s*\(|import\.meta|__dirname|__filename)\b"
)


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """Why a move is not made; a sentence for people."""


@final
@dataclass(frozen=True, slots=True)
class Moved:
    """One definition at a module's top, with the comment right above it (``block``: whole lines)."""

    read: Read
    path: RelPath
    data: bytes
    language: str
    tree: Tree
    facts: FileFacts
    statements: tuple[Statement, ...]
    name: str
    kind: str
    node: Span
    block: Span
    helpers: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        return self.data[self.block.start : self.block.end]

    @property
    def newline(self) -> bytes:
        return b"\r\n" if b"\r\n" in self.data else b"\n"

    @property
    def exported(self) -> bool:
        return self.data[self.node.start : self.node.end].startswith(b"export")

    @property
    def is_type(self) -> bool:
        return self.kind in ("interface", "type")

    def name_offset(self) -> int:
        """Where the definition begins in the text that is moved, behind its comment."""
        return self.node.start - self.block.start - (len(self.text) - len(self.text.lstrip(b"\r\n")))

    def typed(self, name: str) -> bool:
        return any(d.name == name and d.kind in ("interface", "type") for d in self.facts.definitions)

    def postponed(self) -> bool:
        """Whether the file does not evaluate its annotations."""
        names = {b.local for s in self.statements for b in s.bindings if b.module == "__future__"}
        return "annotations" in names

    def places(self, name: str) -> list[Occurrence]:
        """Where the file means its own top-level or imported name; in doubt, a place does."""
        all_places = tuple(occurrences(self.data, self.tree, name))
        file = SourceFile(self.path, self.data, self.language, self.facts, all_places, ())
        roles = (Role.PLAIN, Role.SHORTHAND)
        return [
            p for p in all_places if (p.role in roles and binder(file, p) is None) or self._in_annotation(p)
        ]

    def _in_annotation(self, place: Occurrence) -> bool:
        if place.role is not Role.TEXT or self.language != "python":
            return False
        node = self.tree.root_node.descendant_for_byte_range(place.span.start, place.span.end)
        while node is not None and node.type not in ("string", "comment"):
            node = node.parent
        if node is None or node.type == "comment":
            return False
        return node.parent is None or node.parent.type != "expression_statement"

    def inside(self, name: str) -> bool:
        return any(self.block.start <= p.span.start < self.block.end for p in self.places(name))

    def used_outside(self) -> bool:
        """Whether the source needs the name when it is gone: it uses it, or says that it gives it away."""
        return (
            any(not self.block.start <= p.span.start < self.block.end for p in self.places(self.name))
            and self.language != "go"
        )

    def needs(self) -> Iterator[Wanted]:
        """The source's imports that the moved text uses."""
        for statement in self.statements:
            if statement.node.type == "future_import_statement":
                continue
            for item in statement.bindings:
                if item.local != "*" and self.inside(item.local):
                    if statement.node.parent != self.tree.root_node and not _typing_block(
                        self.data, statement.node
                    ):
                        raise Refusal(f"It uses `{item.local}`, which is imported under a condition")
                    yield Wanted(item.module, item.name, item.local, statement.typed)

    def resolved(self, need: Wanted) -> RelPath | None:
        """The file of the workspace that an import of the source means, by its path."""
        if self.language == "go":
            return None
        if self.language == "python":
            level = len(need.module) - len(need.module.lstrip("."))
            base = self.path.split("/")[:-level] if level else []
            parts = [*base, *(p for p in need.module[level:].split(".") if p)]
            tried = ["/".join(parts), "/".join(["src", *parts])]
            for place in [f"{p}/{need.name}" for p in tried if need.name] + tried:
                for end in (".py", "/__init__.py"):
                    if self.read(RelPath(place.lstrip("/") + end)) is not None:
                        return RelPath(place.lstrip("/") + end)
            return None
        found = self.joined(need.module)
        return RelPath(found) if found else None

    def joined(self, module: str) -> str:
        """The file that a script's relative module means; empty: none."""
        if not module.startswith("."):
            return ""
        place = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), module))
        bare = re.sub(r"\.[cm]?jsx?$", "", place)
        ends = ("", ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", "/index.ts", "/index.tsx", "/index.js")
        for start in (place, bare):
            for end in ends:
                if self.read(RelPath(start + end)) is not None and language_of(RelPath(start + end)):
                    return start + end
        raise Refusal(f"What {module!r} means in {self.path} was not found")

    def means_target(self, wanted: Wanted, target: RelPath) -> bool:
        return means(self.language, target, wanted.module, (wanted.name,), self.path)

    def bound_in(self, target: RelPath, into: bytes) -> dict[str, Wanted | None]:
        """What the target's top binds: its imports, and ``None`` for its own definitions."""
        language = language_of(target) or self.language
        tree = parse(into, language)
        facts = facts_of(into, language, tree, names=False)
        bound: dict[str, Wanted | None] = {d.name: None for d in facts.definitions if not d.container}
        for statement in statements(into, tree, language):
            for item in statement.bindings:
                bound[item.local] = Wanted(item.module, item.name, item.local)
        imported = bound.get(self.name)
        if imported is not None and any(not _later(tree, p) for p in occurrences(into, tree, self.name)):
            raise Refusal(f"`{self.name}` is used before the end of {target}, where it would stand")
        if imported is not None and not self.means_target(imported, target):
            raise Refusal(f"{target} imports another `{self.name}`")
        if (
            self.postponed()
            and into
            and b"from __future__ import annotations" not in into
            and b":" in self.text
        ):
            raise Refusal(f"{target} evaluates annotations at once, {self.path} does not")
        return bound

    @staticmethod
    def imports(data: bytes, language: str) -> set[str]:
        found = statements(data, parse(data, language), language)
        return {b.local for s in found for b in s.bindings}


def from_the_top(read: Read, path: RelPath, offset: int) -> Moved:
    """The definition whose name is at an offset.

    Raises:
        Refusal: there is none that can be moved by itself.
    """
    data, language = read(path), language_of(path) or ""
    if data is None:
        raise Refusal(f"{path} cannot be read")
    tree = parse(data, language)
    if tree.root_node.has_error:
        raise Refusal(f"{path} has syntax errors: what it uses cannot be told")
    facts = facts_of(data, language, tree, names=False)
    own = next((d for d in facts.definitions if d.name_span.start <= offset <= d.name_span.end), None)
    node = next((n for n in tree.root_node.named_children if n.start_byte <= offset < n.end_byte), None)
    if own is None or node is None:
        raise Refusal("There is no definition at this place: put the cursor on the name where it is defined")
    if own.container and language != "go":
        raise Refusal(
            f"`{own.name}` is part of `{own.container}`: only what stands at a file's top can be moved"
        )
    _alone(data, facts, node, own.name, language)
    moved = Moved(
        read, path, data, language, tree, facts, tuple(statements(data, tree, language)),
        own.name, own.kind, Span(*node.byte_range), _block(data, node),
    )  # fmt: skip
    if _OWN_PLACE.search(moved.text):
        raise Refusal(f"`{own.name}` speaks of the file that it stands in")
    if any(
        b.local == "*" for s in moved.statements for b in s.bindings if b.name == "*" and language == "python"
    ):
        raise Refusal(f"{path} imports everything of a module: what `{own.name}` needs of it cannot be told")
    return _with_helpers(moved)


def _alone(data: bytes, facts: FileFacts, node: Node, name: str, language: str) -> None:
    tops = [d for d in facts.definitions if not d.container or language == "go"]
    if sum(d.name == name for d in tops if not d.container) > 1:
        raise Refusal(f"`{name}` is defined more than once")
    inside = [d for d in tops if node.start_byte <= d.name_span.start < node.end_byte]
    if any(d.name != name and not d.container for d in inside):
        raise Refusal(
            f"`{name}` is defined together with {', '.join(d.name for d in inside if d.name != name)}"
        )
    kinds = (
        "function_definition",
        "class_definition",
        "decorated_definition",
        "expression_statement",
        "type_alias_statement",
    )
    if language == "python" and node.type not in kinds:
        raise Refusal(f"`{name}` is defined under a condition")
    text = data[node.start_byte : node.end_byte]
    if language == "python" and re.match(rb"\w+\s*(?:,|(?::[^=]*)?=[^=\n]*[^=!<>\n]=[^=])", text):
        together = any(n.type in ("assignment", "pattern_list") for n in _assigned(node))
        if together:
            raise Refusal(f"`{name}` is defined together with others")
    if language in SCRIPTS and (
        re.match(rb"export\s+default\b", text) or re.search(rb"\bexport\s+default\s+" + name.encode(), data)
    ):
        raise Refusal(f"`{name}` is what its file exports by default")
    if language in SCRIPTS and re.search(rb"\brequire\s*\(|\bmodule\.exports\b|\bexports\.", data):
        raise Refusal("Moving is known for `import` and `export`, not for `require`")
    listed = re.search(rb"\bexport\s*(?:type\s*)?\{[^}]*\b" + re.escape(name.encode()) + rb"\b[^}]*\}", data)
    if language in SCRIPTS and listed:
        raise Refusal(f"`{name}` is exported in a list; export it where it is defined")
    if language == "go" and name in ("init", "main", "_"):
        raise Refusal(f"`{name}` belongs to its file")


def _assigned(node: Node) -> Iterator[Node]:
    """Both sides of an assignment."""
    inner = node.named_children[0] if node.named_children else None
    for field in ("left", "right"):
        side = inner.child_by_field_name(field) if inner is not None else None
        if side is not None:
            yield side


def _block(data: bytes, node: Node) -> Span:
    """Whole lines, with the comments right above."""
    start, before = node.start_byte, node.prev_named_sibling
    while before is not None and before.type == "comment":
        between = data[before.end_byte : start]
        line = data.rfind(b"\n", 0, before.start_byte) + 1
        if between.strip() or between.count(b"\n") != 1 or data[line : before.start_byte].strip():
            break
        if before.start_byte == 0 or data[before.start_byte : before.start_byte + 2] == b"#!":
            break
        start, before = before.start_byte, before.prev_named_sibling
    line = data.rfind(b"\n", 0, start) + 1
    if data[line:start].strip():
        raise Refusal("Something else stands on its line")
    after = re.compile(rb"[ \t]*;?[ \t]*(?:(?:#|//)[^\r\n]*)?(?:\r\n|\r|\n|\Z)").match(data, node.end_byte)
    if after is None:
        raise Refusal("Something else stands on its line")
    return Span(line, after.end())


def _with_helpers(moved: Moved) -> Moved:
    """What the text uses of its own file."""
    if moved.language == "go":
        return moved
    names = dict.fromkeys(d.name for d in moved.facts.definitions if not d.container and d.name != moved.name)
    helpers = tuple(name for name in names if moved.inside(name))
    for name in helpers:
        own = [d for d in moved.facts.definitions if d.name == name and not d.container]
        if moved.language in SCRIPTS:
            node = next(
                n
                for n in moved.tree.root_node.named_children
                if n.start_byte <= own[0].name_span.start < n.end_byte
            )
            head = moved.data[node.start_byte : own[0].name_span.start]
            if not head.startswith(b"export") or b"default" in head:
                raise Refusal(f"It uses `{name}`, which {moved.path} does not export")
        if re.search(rb"\bglobal\s[^\n]*\b" + name.encode() + rb"\b", moved.data) or (
            moved.language in SCRIPTS
            and re.search(rb"\b(?:let|var)\s+" + re.escape(name.encode()) + rb"\b", moved.data)
        ):
            raise Refusal(f"It uses `{name}`, which changes while the program runs")
    bound = set(names) | {b.local for s in moved.statements for b in s.bindings}
    hidden = _bound_below(moved, bound)
    if hidden:
        raise Refusal(f"It uses `{hidden}`, which {moved.path} sets outside of any definition")
    return replace(moved, helpers=helpers)


def _bound_below(moved: Moved, bound: set[str]) -> str:
    """A name that the text uses and that its file's top binds in a way that is no definition (a loop, a ``with``)."""
    words = {w.decode("utf-8", "replace") for w in re.findall(rb"[^\W\d][\w$]*", moved.text)}
    for name in words - bound - {moved.name}:
        places = occurrences(moved.data, moved.tree, name)
        top = any(
            p.role is Role.BOUND and not p.scopes and not moved.block.start <= p.span.start < moved.block.end
            for p in places
        )
        if top and moved.inside(name):
            return name
    return ""


def _later(tree: Tree, place: Occurrence) -> bool:
    """Whether a place is only looked up when a function runs."""
    if place.role in (Role.IMPORT, Role.TEXT, Role.LABEL):
        return True
    node = tree.root_node.descendant_for_byte_range(place.span.start, place.span.end)
    while node is not None and node.parent is not None:
        body = node.parent.child_by_field_name("body")
        if body is not None and body.id == node.id and re.search(r"function|method|lambda", node.parent.type):
            return True
        node = node.parent
    return False


def _typing_block(data: bytes, node: Node) -> bool:
    parent = node.parent.parent if node.parent is not None else None
    condition = (
        parent.child_by_field_name("condition")
        if parent is not None and parent.type == "if_statement"
        else None
    )
    return condition is not None and b"TYPE_CHECKING" in data[condition.start_byte : condition.end_byte]
