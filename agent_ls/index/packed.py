"""How facts look on disk and on the way there: small, and quick to read back."""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, cast, final

from agent_ls.core.text import LineIndex, Span
from agent_ls.index.facts import Definition, Import, Row, definition
from agent_ls.index.names import MARKUP


@final
@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file's facts, ready for a part of the store (see `parts`).

    ``reason``: why there are no facts, ``""`` when there are. ``names``: what it uses, place in the
    list = number in ``uses`` (see `uses.pack_uses`), ``b""`` for words that are no names. All other
    names are UTF-8, too: those ``defined`` here, ``words`` as written with a weight from 1 to 255
    each in ``weights``, ``tails``: stems of the files its imports can mean.
    """

    path: str
    hash: str
    size: int
    mtime_ns: int
    language: str
    lines: int = 0
    terms: int = 0
    symbols: int = 0
    references: int = 0
    reason: str = ""
    facts: bytes = b""
    uses: bytes = b""
    names: Sequence[bytes] = ()
    defined: Sequence[bytes] = ()
    words: Sequence[bytes] = ()
    weights: Sequence[int] = ()
    tails: Sequence[bytes] = ()


def pack_facts(rows: Sequence[Row], imports: Sequence[Import], lines: LineIndex) -> bytes:
    """Definitions with their first and last lines, and imports, compressed: read for one file at a time."""
    if not rows and not imports:
        return b""
    line_of = lines.line_of
    whole = [(*row, line_of(row[2]), line_of(row[3] - 1)) for row in rows]
    taken = [(i.module, i.names, i.span.start, i.span.end) for i in imports]
    return zlib.compress(_encode((whole, taken)).encode(), 1)


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


_NAME, _KIND, _LINE, _CONTAINER, _FIRST, _LAST = 0, 1, 6, 8, 10, 11
"""Places in a row of packed facts."""
_first_line: Callable[[Sequence[Any]], int] = itemgetter(_FIRST)


@final
class FactsOfFile:
    """What `pack_facts` packed. Most questions are about one definition: values are made when asked for."""

    def __init__(self, rows: Sequence[Sequence[Any]] = (), imports: Sequence[Sequence[Any]] = ()) -> None:
        self._rows, self._imports = rows, imports

    @cached_property
    def definitions(self) -> Sequence[Definition]:
        """All of them, in order of their start."""
        return [definition(cast("Row", row[:_FIRST])) for row in self._rows]

    @cached_property
    def imports(self) -> Sequence[Import]:
        """All of them, in order."""
        return [Import(m, tuple(names), Span(s, e)) for m, names, s, e in self._imports]

    def named(self, name: str) -> list[Definition]:
        """The definitions of a name."""
        return [definition(cast("Row", row[:_FIRST])) for row in self._rows if row[_NAME] == name]

    def lines_defining(self, name: str) -> list[int]:
        """0-based lines of a name's definitions."""
        return [row[_LINE] for row in self._rows if row[_NAME] == name and row[_KIND] not in MARKUP]

    def enclosing(self, line: int) -> str:
        """The path of the innermost definition on a line, ``""`` for none.

        It is the last that begins there or before and goes on to it.
        """
        rows = self._rows
        for at in range(bisect_right(rows, line, key=_first_line) - 1, -1, -1):
            row = rows[at]
            if line <= row[_LAST]:
                return f"{row[_CONTAINER]}.{row[_NAME]}" if row[_CONTAINER] else row[_NAME]
        return ""


def unpack_facts(packed: bytes) -> FactsOfFile:
    """Definitions and imports again."""
    if not packed:
        return FactsOfFile()
    return FactsOfFile(*json.loads(zlib.decompress(packed)))
