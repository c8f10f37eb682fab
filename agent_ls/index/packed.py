"""How facts look on disk and on the way there: small, and quick to read back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.text import LineIndex, Span
from agent_ls.index.facts import Definition, Import, Row


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


@final
@dataclass(frozen=True, slots=True)
class FactsOfFile:
    """What `pack_facts` packed. ``lines``: each definition's first and last line, 0-based."""

    definitions: Sequence[Definition] = ()
    imports: Sequence[Import] = ()
    lines: Sequence[tuple[int, int]] = ()

    def enclosing(self, line: int) -> Definition | None:
        """The innermost definition on a line: the last that begins there or before and goes on to it."""
        best: Definition | None = None
        for definition, (first, last) in zip(self.definitions, self.lines, strict=True):
            if first > line:
                break
            if line <= last:
                best = definition
        return best


def unpack_facts(packed: bytes) -> FactsOfFile:
    """Definitions and imports again."""
    if not packed:
        return FactsOfFile()
    rows, taken = json.loads(zlib.decompress(packed))
    return FactsOfFile(
        [
            Definition(name, kind, Span(s, e), Span(ns, ne), signature, container, doc, line)
            for name, kind, s, e, ns, ne, line, signature, container, doc, _, _ in rows
        ],
        [Import(m, tuple(names), Span(s, e)) for m, names, s, e in taken],
        [(row[10], row[11]) for row in rows],
    )
