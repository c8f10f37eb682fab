"""How the facts of one file look on the pipe and on disk: small, and quick to read back.

`PackedFile` crosses the pipe from a parse worker to the host: numbers and short texts as JSON,
all that is long as one base64 text.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import sub
from typing import Any, cast, final

from agent_ls.core.text import LineIndex, Span
from agent_ls.index.facts import Definition, Import
from agent_ls.index.uses import pack_numbers, unpack_numbers

_CHUNKS = ("facts", "line_table", "uses", "names", "defined", "words", "weights", "tails")


@final
@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file's facts, ready for the store.

    ``reason``: why there are no facts, ``""`` when there are. Lists of names are UTF-8 with a line
    feed between them: ``names`` it uses (place in the list = number in ``uses``, see
    `uses.pack_uses`), names ``defined`` here, ``words`` as written with one byte of weight each in
    ``weights``, ``tails``: stems of the files its imports can mean.
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
    uses: bytes = b""
    names: bytes = b""
    defined: bytes = b""
    words: bytes = b""
    weights: bytes = b""
    tails: bytes = b""

    def to_json(self) -> dict[str, Any]:
        """The form on the pipe."""
        chunks: list[bytes] = [getattr(self, name) for name in _CHUNKS]
        return {
            "path": self.path, "hash": self.hash, "size": self.size, "mtime_ns": self.mtime_ns,
            "language": self.language, "lines": self.lines, "terms": self.terms, "symbols": self.symbols,
            "references": self.references, "reason": self.reason, "lengths": [len(chunk) for chunk in chunks],
            "data": base64.b64encode(b"".join(chunks)).decode("ascii"),
        }  # fmt: skip

    @staticmethod
    def from_json(value: dict[str, Any]) -> PackedFile:
        """Read the form on the pipe."""
        data = base64.b64decode(value["data"])
        ends = list(accumulate(cast("list[int]", value["lengths"]), initial=0))
        return PackedFile(
            value["path"], value["hash"], value["size"], value["mtime_ns"], value["language"],
            value["lines"], value["terms"], value["symbols"], value["references"], value["reason"],
            *(data[start:end] for start, end in pairwise(ends)),
        )  # fmt: skip


def pack_facts(definitions: Sequence[Definition], imports: Sequence[Import]) -> bytes:
    """Definitions and imports, compressed: read for one file at a time."""
    rows = [
        (d.name, d.kind, d.span.start, d.span.end, d.name_span.start, d.name_span.end, d.line, d.signature,
         d.container, d.doc) for d in definitions
    ]  # fmt: skip
    taken = [(i.module, i.names, i.span.start, i.span.end) for i in imports]
    if not rows and not taken:
        return b""
    return zlib.compress(json.dumps((rows, taken), separators=(",", ":")).encode(), 1)


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


def pack_lines(lines: LineIndex) -> bytes:
    """A text's line starts, compressed."""
    starts = lines.starts
    return zlib.compress(pack_numbers([0, *map(sub, starts[1:], starts)]), 1)


def unpack_lines(packed: bytes) -> list[int]:
    """Line starts again; always has line 0."""
    return list(accumulate(unpack_numbers(zlib.decompress(packed), 0)[0])) if packed else [0]
