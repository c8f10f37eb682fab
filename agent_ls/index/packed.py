"""How the facts of one file look on the pipe and on disk: small, and quick to read back.

`PackedFile` crosses the pipe from a parse worker to the host as JSON and becomes rows of the
store. Offsets are delta arrays of the smallest unsigned type that holds them.
"""

from __future__ import annotations

import base64
import json
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from operator import sub
from typing import Any, cast, final

from agent_ls.core.text import Span
from agent_ls.index.facts import Definition, Import


@final
@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file's facts, ready for the store.

    ``postings``: (name, weight as a search term, packed offsets of its uses). ``defined``: names
    that have a definition here. ``imports``: (stem of the files it can mean, module).
    ``reason``: why there are no facts, ``""`` when there are.
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
    line_table: bytes = b""
    postings: Sequence[tuple[str, int, bytes]] = ()
    defined: Sequence[str] = ()
    imports: Sequence[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def to_json(self) -> dict[str, Any]:
        """The form on the pipe: the byte strings in one base64 text, cut by their lengths."""
        chunks = [self.facts, self.line_table, *(packed for _, _, packed in self.postings)]
        return {
            "path": self.path, "hash": self.hash, "size": self.size, "mtime_ns": self.mtime_ns,
            "language": self.language, "lines": self.lines, "terms": self.terms, "symbols": self.symbols,
            "references": self.references, "reason": self.reason,
            "names": [name for name, _, _ in self.postings],
            "weights": [weight for _, weight, _ in self.postings],
            "lengths": [len(chunk) for chunk in chunks],
            "data": base64.b64encode(b"".join(chunks)).decode("ascii"),
            "defined": self.defined, "imports": self.imports,
        }  # fmt: skip

    @staticmethod
    def from_json(value: dict[str, Any]) -> PackedFile:
        """Read the form on the pipe."""
        data = base64.b64decode(value["data"])
        ends = list(accumulate(cast("list[int]", value["lengths"]), initial=0))
        facts, table, *offsets = [data[start:end] for start, end in pairwise(ends)]
        return PackedFile(
            value["path"], value["hash"], value["size"], value["mtime_ns"], value["language"],
            value["lines"], value["terms"], value["symbols"], value["references"], value["reason"],
            facts, table, list(zip(value["names"], value["weights"], offsets, strict=True)),
            value["defined"], [(stem, module) for stem, module in value["imports"]],
        )  # fmt: skip


def pack_offsets(offsets: Sequence[int]) -> bytes:
    """Ascending offsets as a type letter and deltas; ``b""`` for none."""
    if not offsets:
        return b""
    # Most names stand in a file once: this loop runs millions of times.
    deltas = offsets if len(offsets) == 1 else [offsets[0], *map(sub, offsets[1:], offsets)]
    return _array(deltas)


def _array(values: Sequence[int]) -> bytes:
    top = max(values)
    letter = "B" if top <= 0xFF else "H" if top <= 0xFFFF else "I"
    return letter.encode() + array(letter, values).tobytes()


def unpack_offsets(packed: bytes) -> list[int]:
    """The offsets again."""
    if not packed:
        return []
    values: array[int] = array(chr(packed[0]))
    values.frombytes(packed[1:])
    return list(accumulate(values))


def pack_facts(definitions: Sequence[Definition], imports: Sequence[Import]) -> bytes:
    """Definitions and imports, compressed: read for one file at a time."""
    rows = [
        [d.name, d.kind, d.span.start, d.span.end, d.name_span.start, d.name_span.end, d.line, d.signature,
         d.container, d.doc] for d in definitions
    ]  # fmt: skip
    taken = [[i.module, i.names, i.span.start, i.span.end] for i in imports]
    return zlib.compress(json.dumps([rows, taken], separators=(",", ":")).encode(), 1)


def unpack_facts(packed: bytes) -> tuple[list[Definition], list[Import]]:
    """Definitions and imports again."""
    if not packed:
        return [], []
    rows, taken = json.loads(zlib.decompress(packed))
    definitions = [
        Definition(name, kind, Span(s, e), Span(ns, ne), signature, container, doc, line)
        for name, kind, s, e, ns, ne, line, signature, container, doc in rows
    ]
    return definitions, [Import(m, tuple(names), Span(s, e)) for m, names, s, e in taken]


def pack_lines(data: bytes) -> bytes:
    """A text's line starts, compressed: its lines' lengths are their deltas."""
    lengths = list(map(len, data.splitlines(keepends=True)))
    return zlib.compress(_array([0, *lengths]), 1)


def unpack_lines(packed: bytes) -> list[int]:
    """Line starts again; always has line 0."""
    return unpack_offsets(zlib.decompress(packed)) if packed else [0]
