"""What is moved: its text, what it needs of its file, and what its file needs of it. Worker processes only."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import final

from tree_sitter import Node, Tree

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import Statement
from agent_ls.index.facts import FileFacts
from agent_ls.index.imports import means
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Occurrence, Role, occurrences
from agent_ls.index.placing import Wanted
from agent_ls.index.scopes import SourceFile, binder
from agent_ls.index.script_exports import listings
from agent_ls.index.standing import Standing, standing

Read = Callable[[RelPath], bytes | None]

_ERASED = frozenset(
    {
        "type_annotation",
        "type_arguments",
        "type_parameters",
        "interface_declaration",
        "type_alias_declaration",
    }
)
"""What TypeScript takes out before anything runs."""


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
    def listed(self) -> bool:
        """Whether a script gives it away in a list of exports."""
        return self.language in SCRIPTS and bool(listings(self.data, self.language, self.name))

    @property
    def is_type(self) -> bool:
        return self.language in SCRIPTS and self.kind in ("interface", "type")

    def name_offset(self) -> int:
        """Where the definition begins in the text that is moved, behind its comment."""
        return self.node.start - self.block.start - (len(self.text) - len(self.text.lstrip(b"\r\n")))

    def annotates_with(self, name: str) -> bool:
        """Whether the moved text has a name of Python in annotations only."""
        return all(in_annotation(self.tree, p) for p in self.places(name) if self._holds(p))

    @property
    def is_lazy(self) -> bool:
        """Whether scripts may load each other in a circle for its sake: it is there before any of them runs.

        Python looks an imported name up at once, so there it is never so.
        """
        return self.language in SCRIPTS and self.kind in ("function", "interface", "type")

    def needs_later(self, names: Iterable[str]) -> bool:
        """Whether what the moved text takes of other files is only looked up when it runs."""
        places = [p for name in names for p in self.places(name) if self._holds(p)]
        return self.is_lazy and all(is_later(self.tree, p) for p in places)

    def used_later(self) -> bool:
        """Whether its file uses it only when something runs."""
        places = [p for p in self.places(self.name) if not self._holds(p)]
        return self.is_lazy and all(is_later(self.tree, p) for p in places)

    def _holds(self, place: Occurrence) -> bool:
        return self.block.start <= place.span.start < self.block.end

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
        members = {d.name_span for d in self.facts.definitions if d.name == name and d.container}
        imports = [s.span for s in self.statements if any(b.local == name for b in s.bindings)]
        inner = {p.span for p in all_places if any(i.start <= p.span.start < i.end for i in imports)}
        return [
            p
            for p in all_places
            if (p.role in roles and p.span not in members and binder(file, p, inner) is None)
            or self._in_annotation(p)
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
        return any(self._holds(p) for p in self.places(name))

    def used_outside(self) -> bool:
        """Whether the source needs the name when it is gone: it uses it, or says that it gives it away."""
        if self.language == "go":
            return False
        listed = [n.byte_range for n in listings(self.data, self.language, self.name)] if self.listed else []
        return any(
            not self._holds(p) and not any(start <= p.span.start < end for start, end in listed)
            for p in self.places(self.name)
        )

    def needs(self) -> Iterator[Wanted]:
        """The source's imports that the moved text uses."""
        for statement in self.statements:
            where = standing(self.data, statement)
            if statement.node.type == "future_import_statement" or where in (Standing.INNER, Standing.TRIAL):
                continue  # a function's own import; one that is tried is taken from where it was tried
            for item in statement.bindings:
                if item.local != "*" and self.inside(item.local):
                    yield Wanted(item.module, item.name, item.local, where is Standing.TYPES)

    def is_there(self, name: str) -> bool:
        """Whether a name means something of this file when the moved text is carried out."""
        return name != self.name and (
            any(d.name == name and not d.container for d in self.facts.definitions)
            or any(b.local == name for s in self.statements for b in s.bindings)
        )

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


def is_later(tree: Tree, place: Occurrence, *, lazy: bool = False) -> bool:
    """Whether a place is only looked up when a function runs; ``lazy``: and annotations never."""
    if place.role in (Role.IMPORT, Role.TEXT, Role.LABEL):
        return True
    node = tree.root_node.descendant_for_byte_range(place.span.start, place.span.end)
    if node is not None and node.type == "string_content":
        return True
    while node is not None and node.parent is not None:
        body = node.parent.child_by_field_name("body")
        if body is not None and body.id == node.id and re.search(r"function|method|lambda", node.parent.type):
            return True
        if (lazy and node.type == "type") or node.type in _ERASED:
            return True
        node = node.parent
    return False


def in_annotation(tree: Tree, place: Occurrence) -> bool:
    """Whether a place of Python is in an annotation, which a checker reads."""
    node = tree.root_node.descendant_for_byte_range(place.span.start, place.span.end)
    while node is not None and node.type != "type":
        node = node.parent
    return node is not None


def block_of(data: bytes, node: Node) -> Span:
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
