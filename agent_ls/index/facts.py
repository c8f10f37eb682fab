"""Facts about one text, as values: what it defines, names, imports, says in comments, gets wrong.

All spans are UTF-8 byte offsets into the text the facts were taken from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from agent_ls.core.text import Span


@final
@dataclass(frozen=True, slots=True)
class Definition:
    """Something a text defines.

    ``kind``: function, method, class, struct, interface, enum, type, constant, variable, field,
    macro, module or namespace; in what is no code also section, key, element, style, target. ``span`` holds the whole definition with its decorators and
    exports, ``name_span`` the name alone. ``signature``: the head without its body on one line,
    at most 200 characters. ``container``: names of the enclosing definitions joined by ``.``.
    ``doc``: the first paragraph of its documentation. ``line``: 0-based line of the name.
    """

    name: str
    kind: str
    span: Span
    name_span: Span
    signature: str = ""
    container: str = ""
    doc: str = ""
    line: int = 0

    @property
    def path(self) -> str:
        """The name with its containers: ``Parser.parse``."""
        return f"{self.container}.{self.name}" if self.container else self.name


Row = tuple[str, str, int, int, int, int, int, str, str, str]
"""A `Definition`: name, kind, start, end, start and end of the name, line, signature, container, doc.

A cold index makes a hundred thousand of them only to write them down: as values they would cost a
tenth of it.
"""


def definition(row: Row) -> Definition:
    """A row as a value."""
    name, kind, start, end, name_start, name_end, line, signature, container, doc = row
    return Definition(
        name, kind, Span(start, end), Span(name_start, name_end), signature, container, doc, line
    )


@final
@dataclass(frozen=True, slots=True)
class Reference:
    """One use of a name in code: not in a comment, not in a string, not the definition itself."""

    name: str
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Import:
    """One import as it is written. ``names``: what it takes out of ``module``; empty: the module itself."""

    module: str
    names: tuple[str, ...]
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Comment:
    """One comment token with its markers.

    ``line`` and ``last_line`` are 0-based; ``column`` counts bytes; ``alone``: only blanks stand
    before it on its line.
    """

    span: Span
    text: str
    line: int = 0
    last_line: int = 0
    column: int = 0
    alone: bool = True


@final
@dataclass(frozen=True, slots=True)
class Anchor:
    """A comment that asks for something: ``agent: split this function``. ``text`` is the wish alone."""

    span: Span
    text: str


@final
@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """A place that the grammar cannot read. ``line`` is 0-based; ``text`` names it 1-based for people."""

    line: int
    span: Span
    text: str


@final
@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything that one pass over a text finds out. ``definitions`` are in order of their start."""

    language: str
    lines: int
    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[Import, ...] = ()
    comments: tuple[Comment, ...] = ()
    problems: tuple[SyntaxProblem, ...] = ()
