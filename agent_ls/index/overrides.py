"""Which classes of the workspace share a method by inheritance. Worker processes only.

Bases are looked up by scopes and imports, like everything else here; a base that is not in the
workspace is told apart, because it may have the method, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import Binding, statements
from agent_ls.index.extract import ParseTimeoutError, facts_of, parse
from agent_ls.index.facts import Definition
from agent_ls.index.names import language_of
from agent_ls.index.query import Index

Read = Callable[[RelPath], bytes | None]
INHERITING = SCRIPTS | {"python", "java"}
"""Languages whose bases are followed."""

CLASSES = frozenset({"class", "interface", "enum"})
_DEEPEST = 8
_EMPTY = frozenset(
    {
        "object",
        "ABC",
        "Protocol",
        "Generic",
        "Enum",
        "StrEnum",
        "IntEnum",
        "NamedTuple",
        "TypedDict",
        "Exception",
    }
)
"""Bases that hardly have a method of the project's own names."""


@final
@dataclass(frozen=True, slots=True)
class ClassAt:
    """A class by its file and the span of its whole definition there."""

    path: RelPath
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Family:
    """``classes``: all that share the method. ``unknown``: those with a base that was not found."""

    classes: tuple[ClassAt, ...]
    unknown: tuple[ClassAt, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    language: str
    definitions: tuple[Definition, ...]
    imported: Mapping[str, Binding]
    meant: Mapping[str, list[RelPath]]


@final
class Kin:
    """Looks classes up by name, each file parsed once."""

    def __init__(self, index: Index, read: Read) -> None:
        self._index = index
        self._read = read
        self._files: dict[RelPath, _File | None] = {}
        self._above: dict[ClassAt, tuple[list[ClassAt], bool]] = {}

    def family(self, start: ClassAt, name: str, others: Iterable[RelPath]) -> Family:
        """The classes that inherit or define the method as one, among these files and those above them."""
        classes = [c for path in dict.fromkeys([start.path, *others]) for c in self._classes(path)]
        defining = {c for c in classes if self._defines(c, name)} | {start}
        family = {start}
        while True:
            above = {a for c in family for a in self.ancestors(c) if self._defines(a, name)}
            below = {c for c in classes if any(a in family for a in self.ancestors(c))}
            grown = family | above | {c for c in below if c in defining or self._says(c, name)}
            if grown == family:
                break
            family = grown
        unknown = tuple(c for c in family if self._defines(c, name) and not self._whole(c))
        return Family(tuple(sorted(family, key=_place)), tuple(sorted(unknown, key=_place)))

    def bearer(self, family: Family, name: str, others: Iterable[RelPath]) -> tuple[RelPath, int] | None:
        """File and 1-based line of a class in line with these, above or below, that has a method of a name.

        ``others``: files that may have it.
        """
        own = set(family.classes)
        classes = [c for path in others for c in self._classes(path)]
        below = [c for c in classes if any(a in own for a in self.ancestors(c))]
        line = dict.fromkeys(
            [*family.classes, *(a for c in family.classes for a in self.ancestors(c)), *below]
        )
        at = next((c for c in line if self._defines(c, name)), None)
        file = None if at is None else self._file(at.path)
        if at is None or file is None:
            return None
        return at.path, file.data.count(b"\n", 0, at.span.start) + 1

    def ancestors(self, start: ClassAt) -> list[ClassAt]:
        """Every class above one, nearest first."""
        found: dict[ClassAt, None] = {}
        todo = [start]
        while todo:
            for base in self._bases(todo.pop(0))[0]:
                if base not in found and base != start:
                    found[base] = None
                    todo.append(base)
        return list(found)

    def means(self, path: RelPath, name: str) -> ClassAt | None:
        """The class that a name, or a dotted one, means at a file's top."""
        return self._class(path, name, _DEEPEST)

    def _whole(self, start: ClassAt) -> bool:
        return all(self._bases(c)[1] for c in (start, *self.ancestors(start)))

    def _bases(self, at: ClassAt) -> tuple[list[ClassAt], bool]:
        """The classes right above one; and whether all of them were found."""
        if at not in self._above:
            found: list[ClassAt] = []
            whole = True
            for written in self._written(at):
                base = self.means(at.path, written)
                if base is not None:
                    found.append(base)
                elif written.rpartition(".")[2] not in _EMPTY:
                    whole = False
            self._above[at] = found, whole
        return self._above[at]

    def _written(self, at: ClassAt) -> list[str]:
        """The bases as the head of a class names them, without type arguments."""
        file = self._file(at.path)
        if file is None:
            return []
        text = file.data[at.span.start : at.span.end]
        if file.language == "python":
            head = re.search(rb"\bclass\s+\w+\s*(?:\[[^\]]*\])?\s*\(", text)
            listed = _arguments(text[head.end() :]) if head else []
            return [a for a in listed if "=" not in a]
        head = _plain(text.partition(b"{")[0].decode("utf-8", "replace"))
        words = r"extends|implements" if file.language == "java" else r"extends"
        listed = re.findall(rf"\b(?:{words})\s+([\w$.\s,]+?)(?=\bimplements\b|\bpermits\b|$)", head.strip())
        return [name.strip() for part in listed for name in part.split(",") if name.strip()] or (
            ["?"]
            if file.language == "java" and not re.search(r"\b(?:class|interface|enum|record)\b", head)
            else []
        )

    def _classes(self, path: RelPath) -> list[ClassAt]:
        file = self._file(path)
        return [ClassAt(path, d.span) for d in (file.definitions if file else ()) if d.kind in CLASSES]

    def _defines(self, at: ClassAt, name: str) -> bool:
        file = self._file(at.path)
        own = next(
            (d for d in (file.definitions if file else ()) if d.span == at.span and d.kind == "class"), None
        )
        return own is not None and any(
            d.name == name and d.container == own.path for d in (file.definitions if file else ())
        )

    def _says(self, at: ClassAt, name: str) -> bool:
        file = self._file(at.path)
        return file is not None and name.encode() in file.data[at.span.start : at.span.end]

    def _class(self, path: RelPath, name: str, depth: int) -> ClassAt | None:
        file = self._file(path)
        if file is None or depth == 0:
            return None
        first, _, rest = name.partition(".")
        own = next((d for d in file.definitions if d.kind in CLASSES and d.path == name), None)
        if own is not None:
            return ClassAt(path, own.span)
        item = file.imported.get(first)
        if item is None:
            return self._beside(path, name, depth) if file.language == "java" else None
        sources = file.meant.get(item.module) or file.meant.get(f"{item.module}.{item.name}") or ()
        for source in sources:
            whole = item.name in ("", "*")
            inner = rest if whole else ".".join(part for part in (item.name, rest) if part)
            found = self._class(source, inner, depth - 1) if inner else None
            if found is None and rest and not whole:  # `from package import module`
                found = self._class(source, rest, depth - 1)
            if found is not None:
                return found
        return None

    def _beside(self, path: RelPath, name: str, depth: int) -> ClassAt | None:
        """A class of the same package, or one that stands in a class of this file."""
        file = self._file(path)
        inner = [d for d in (file.definitions if file else ()) if d.kind in CLASSES and d.name == name]
        if len(inner) == 1:
            return ClassAt(path, inner[0].span)
        folder, top = path.rpartition("/")[0], name.partition(".")[0]
        near = [f for f in self._index.definers(top) if f.rpartition("/")[0] == folder and f != path]
        return self._class(near[0], name, depth - 1) if len(near) == 1 else None

    def _file(self, path: RelPath) -> _File | None:
        if path not in self._files:
            self._files[path] = self._parsed(path)
        return self._files[path]

    def _parsed(self, path: RelPath) -> _File | None:
        data, language = self._read(path), language_of(path) or ""
        if data is None or language not in INHERITING:
            return None
        try:
            tree = parse(data, language)
        except ParseTimeoutError:
            return None
        meant: dict[str, list[RelPath]] = {}
        for item, files in self._index.imports_of(path):
            meant.setdefault(item.module, []).extend(files)
        imported = {b.local: b for s in statements(data, tree, language) for b in s.bindings}
        return _File(data, language, facts_of(data, language, tree, names=False).definitions, imported, meant)


def _plain(head: str) -> str:
    """A head without comments, annotations' arguments and type arguments."""
    head = re.sub(r"/\*.*?\*/|//[^\n]*|@\w+\s*(?:\([^)]*\))?", " ", head, flags=re.DOTALL)
    while (shorter := re.sub(r"<[^<>]*>", "", head)) != head:
        head = shorter
    return head


def _place(at: ClassAt) -> tuple[RelPath, int]:
    return at.path, at.span.start


def _arguments(text: bytes) -> list[str]:
    """What stands between the commas up to the closing parenthesis, without brackets and comments."""
    found, depth, part = list[str](), 0, ""
    for char in re.sub(r"#[^\n]*", "", text.decode("utf-8", "replace")):
        if char == ")" and depth == 0:
            break
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            found.append(part)
            part = ""
        elif depth == 0 and char not in "]})":
            part += char
    return [a for a in (a.strip() for a in (*found, part)) if a]
