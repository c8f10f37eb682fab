"""A file cut into the pieces that may be shown: whole definitions, blocks of long ones, what lies between.

Every line is in exactly one unit, so that whatever is shown is paid for once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.text import LineIndex
from agent_ls.index.facts import Definition

_LONG, _BLOCK, _SHORT = 24, 12, 4
"""Lines: what is longer is cut into blocks of about ``_BLOCK`` lines, rarely of fewer than ``_SHORT``."""
_HOLDERS = frozenset({"class", "struct", "interface", "enum", "module", "namespace", "type"})
_ABOVE = re.compile(r"\s*(#|//|/?\*|@|\"\"\"|--)")
_CLOSES = re.compile(r"else\b|elif\b|except\b|catch\b|finally\b|end\b")
_OPENS = re.compile(r"[{(:]\s*$|^\s*(describe|it|test)\b")


@final
@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a text, how deep each begins (-1 for a blank one), and whether it closes a step."""

    lines: Sequence[str]
    depths: Sequence[int]
    closes: Sequence[bool]

    @staticmethod
    def of(lines: Sequence[str]) -> _Lines:
        depths: list[int] = []
        closes: list[bool] = []
        for line in lines:
            body = line.lstrip()
            before = line[: len(line) - len(body)]
            depths.append(len(before.expandtabs(4)) if body else -1)
            first = body[:1]
            closes.append(first in ")}]" if first not in "ecf" else _CLOSES.match(body) is not None)
        return _Lines(lines, depths, closes)


@final
@dataclass(frozen=True, slots=True)
class Unit:
    """Lines ``first`` to ``last`` of a text, 0-based and inclusive.

    ``definition``: what they are, or what they begin or go on; ``None`` between definitions.
    ``head``: the line to show when only a head is shown, -1 for none.
    """

    first: int
    last: int
    definition: Definition | None
    head: int


def units_of(definitions: Sequence[Definition], index: LineIndex, lines: Sequence[str]) -> list[Unit]:
    """The units of a text, in order; together they are all its lines. Linear.

    ``lines``: the text's lines, with their ends or without.
    """
    units: list[Unit] = []
    at = 0
    text = _Lines.of(lines)
    holders = {d.line: d for d in reversed(definitions) if d.kind in _HOLDERS}
    for first, last, definition in _leaves(definitions, index):
        start = first
        while start > at and _ABOVE.match(lines[start - 1]):
            start -= 1
        units += _between(text, at, start - 1, holders)
        units += _cut(text, start, last, definition)
        at = last + 1
    units += _between(text, at, len(lines) - 1, holders)
    return _with_blank_lines(units, len(lines))


def _leaves(definitions: Sequence[Definition], index: LineIndex) -> Iterator[tuple[int, int, Definition]]:
    """Definitions that hold no others worth showing by themselves, by their lines."""
    end = -1
    for at, definition in enumerate(definitions):
        first = index.line_of(definition.span.start)
        last = index.line_of(max(definition.span.start, definition.span.end - 1))
        if first <= end:
            continue
        inner = at + 1 < len(definitions) and definitions[at + 1].span.start < definition.span.end
        if definition.kind in _HOLDERS and inner and last > first:
            continue
        yield first, last, definition
        end = last


def _between(text: _Lines, first: int, last: int, holders: dict[int, Definition]) -> Iterator[Unit]:
    """Units of what lies between definitions: imports, heads of classes, statements; no blank lines."""
    while first <= last and text.depths[first] < 0:
        first += 1
    while last >= first and text.depths[last] < 0:
        last -= 1
    if first <= last:
        for begin, end in _blocks(text, first, last):
            holder = next((line for line in range(begin, end + 1) if line in holders), -1)
            head = holder if holder >= 0 else begin if _OPENS.search(text.lines[begin]) else -1
            yield Unit(begin, end, holders.get(holder), head)


def _cut(text: _Lines, first: int, last: int, definition: Definition) -> Iterator[Unit]:
    """A definition as one unit, or as blocks when it is long."""
    for begin, end in _blocks(text, first, last):
        yield Unit(begin, end, definition, definition.line if begin <= definition.line <= end else -1)


def _blocks(text: _Lines, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Blocks of lines that end where the text's own outer steps end."""
    if last - first < _LONG:
        yield first, last
        return
    depths, closes = text.depths, text.closes
    inner = zip(depths[first + 1 : last], closes[first + 1 : last], strict=True)
    base = min((depth for depth, close in inner if depth >= 0 and not close), default=0)
    begin = first
    for at in range(first + 1, last):
        if depths[at] != base or closes[at]:
            continue
        size = at - begin
        if size >= _BLOCK or (size >= _SHORT and depths[at - 1] < 0):
            yield from _inner(text, begin, at - 1, first, last)
            begin = at
    yield from _inner(text, begin, last, first, last)


def _inner(text: _Lines, begin: int, end: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    if (begin, end) != (first, last):
        yield from _blocks(text, begin, end)
        return
    # No step of its own: a long table or text.
    for at in range(begin, end + 1, _BLOCK):
        yield at, min(end, at + _BLOCK - 1)


def _with_blank_lines(units: Sequence[Unit], count: int) -> list[Unit]:
    """Blank lines belong to the unit above them: showing them costs nearly nothing and joins units."""
    whole: list[Unit] = []
    for at, unit in enumerate(units):
        first = 0 if at == 0 else unit.first
        last = units[at + 1].first - 1 if at + 1 < len(units) else count - 1
        whole.append(Unit(first, last, unit.definition, unit.head))
    return whole
