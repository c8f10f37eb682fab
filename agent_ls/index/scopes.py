"""What a name means in a file, as far as its functions, classes and imports tell. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.facts import Definition, FileFacts, Import
from agent_ls.index.imports import means
from agent_ls.index.names import language_of
from agent_ls.index.occurrences import Occurrence, Role

_CLASSES = frozenset({"class", "struct", "interface", "enum"})
_SCRIPTS = frozenset({"javascript", "typescript", "tsx"})


@final
@dataclass(frozen=True, slots=True)
class SourceFile:
    """A parsed file with the places of one name, and of the name it is to get (`clashes`)."""

    path: RelPath
    data: bytes
    language: str
    facts: FileFacts
    places: tuple[Occurrence, ...]
    clashes: tuple[Occurrence, ...]


def class_around(here: SourceFile, start: int, end: int) -> Definition | None:
    inner: Definition | None = None
    for d in here.facts.definitions:
        if d.kind in _CLASSES and d.span.start <= start and end <= d.span.end and d.span != Span(start, end):
            inner = d
    return inner


def binder(file: SourceFile, place: Occurrence, imported: Collection[Span] = ()) -> Span | None:
    """The innermost function around a place that makes the name its own.

    ``imported``: places at which a function imports something else of that name.
    """
    for scope in place.scopes:
        for p in file.places:
            binds = p.role is Role.BOUND or (p.span in imported and not p.aliased)
            if binds and p.scopes[:1] == (scope,):
                return scope
    return None


def is_parameter(file: SourceFile, scope: Span) -> bool:
    bound = [p for p in file.places if p.role is Role.BOUND and p.scopes[:1] == (scope,)]
    head = file.data[scope.start : bound[0].span.start] if bound else b""
    return b"\n" not in head or head.count(b"(") > head.count(b")")


_FIELD_TOO = re.compile(rb"\b(?:private|protected|public|readonly|override)\s+\Z")


def is_field_too(file: SourceFile, scope: Span) -> bool:
    """Whether a parameter of TypeScript makes a field of its class, which others name."""
    return file.language in ("typescript", "tsx") and any(
        p.role is Role.BOUND
        and p.scopes[:1] == (scope,)
        and _FIELD_TOO.search(file.data, max(0, p.span.start - 40), p.span.start)
        for p in file.places
    )


def exports(file: SourceFile, name: str) -> bool:
    return any(d.name == name and not d.container for d in file.facts.definitions)


def sees(file: SourceFile, source: RelPath, name: str) -> bool:
    """Whether a plain name in ``file`` can come from ``source``: by import, include or package."""
    if file.language in ("go", "java") and folder(file.path) == folder(source):
        return language_of(source) == file.language
    for item in file.facts.imports:
        if not means(file.language, file.path, item.module, item.names, source):
            continue
        if file.language in ("c", "cpp") or name in item.names or is_star(file, item):
            return True
        if file.language == "java" and item.module.rpartition(".")[2] == name:
            return True
    return False


def is_star(file: SourceFile, item: Import) -> bool:
    text = file.data[item.span.start : item.span.end]
    if file.language in _SCRIPTS:
        return re.match(rb"export\s*(?:type\s*)?\*\s*from\b", text) is not None
    return not item.names and b"*" in text and file.language in ("python", "rust", "java")


def folder(path: RelPath) -> str:
    return path.rpartition("/")[0]


def module_names(file: SourceFile, item: Import) -> set[str]:
    """What an import calls a module here."""
    text = file.data[item.span.start : item.span.end].decode("utf-8", "replace")
    if file.language in _SCRIPTS:
        return set(re.findall(r"\*\s*as\s+([\w$]+)", text))
    if file.language == "go":
        alias = re.match(r"\s*([\w.]+)\s+[\"`]", text)
        return {alias[1] if alias else item.module.rpartition("/")[2]}
    if file.language == "python":
        return {
            new or old for old, new in re.findall(r"([\w.]+)(?:\s+as\s+(\w+))?", text.partition("import")[2])
        }
    if file.language == "rust":
        return {
            item.module,
            item.module.rpartition("::")[2],
            *(f"{item.module}::{n}" for n in item.names),
            *(
                n for n in item.names if not n[:1].isupper()
            ),  # what is written large is a type, and has names of its own
        }
    return set()


def means_module(file: SourceFile, item: Import, path: RelPath) -> bool:
    return means(file.language, file.path, item.module, item.names, path)
