"""Reading the store's inverted lists: a few blocks per question, the last ones kept at hand."""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, final

from agent_ls.index.postings import Block, Kind, read_block, read_list

Rows = Callable[..., list[Any]]
"""Runs a statement (with a tuple of values) and returns all rows, none for a damaged store."""

_BLOCKS_AT_HAND = 256
_PACKED_AT_HAND = 640
"""Blocks of which a list or two are read, ~15 kB each."""
_MOST_NAMES = 5000
_MOST_BLOCKS = 250


def _behind(letter: bytes) -> bytes:
    """The least text behind all that begin with a byte; behind everything for none."""
    return bytes([letter[0] + 1]) if letter and letter[0] < 0xFF else b"\xff\xff"


def fuzzy_pattern(text: str) -> re.Pattern[bytes]:
    """Matches names that hold the letters of a text in order, in any case; linear in the name."""
    steps: list[bytes] = []
    for letter in text:
        either = b"".join(re.escape(c.encode("utf-8", "replace")) for c in {letter.lower(), letter.upper()})
        # Up to the next letter there is nothing but others: no backtracking.
        steps.append(
            b"[^" + either + b"]*+[" + either + b"]"
            if letter.isascii()
            else b".*?" + re.escape(letter.encode("utf-8", "replace"))
        )
    return re.compile(b"".join(steps), re.DOTALL)


@final
class ListReader:
    """Lists of one open store. Segments never change, so a block that was read once stays true."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._version = -1
        self._segments: tuple[int, ...] = ()
        self._gone: frozenset[int] = frozenset()
        self._directories: dict[Kind, list[tuple[list[bytes], list[int]]]] = {}
        self._block = lru_cache(_BLOCKS_AT_HAND)(self._read)
        self._packed = lru_cache(_PACKED_AT_HAND)(self._unzip)

    def of(self, kind: Kind, name: str, most: int | None = None) -> list[tuple[int, int]]:
        """(file, what stands beside it) of a name, no more than ``most`` of them.

        ~1 µs per segment, ~100 µs for a block that is not at hand.
        """
        raw = name.encode("utf-8", "replace")
        while True:
            found = self._of(kind, raw, most)
            # A merge in the middle would have taken segments away under our feet.
            if not self._refresh():
                return found

    def _of(self, kind: Kind, raw: bytes, most: int | None) -> list[tuple[int, int]]:
        self._refresh()
        found: list[tuple[int, int]] = []
        gone = self._gone
        for firsts, rows in self._directory(kind):
            at = bisect_right(firsts, raw) - 1
            if at >= 0 and (block := self._block(rows[at])) is not None:
                # Of those that are gone nobody knows which they are before they are read.
                some = block.find(raw, None if most is None else most + len(gone))
                found += [entry for entry in some if entry[0] not in gone] if gone else some
            if most is not None and len(found) >= most:
                return found[:most]
        return found

    def many(self, kind: Kind, names: Iterable[str]) -> dict[str, tuple[array[int], array[int]]]:
        """The lists of many names at once, as (files, what stands beside each); none for an unknown name.

        ~5 µs per name and segment, ~100 µs for a block that is not at hand.
        """
        wanted = sorted((name.encode("utf-8", "replace"), name) for name in names)
        while True:
            self._refresh()
            found: dict[str, tuple[array[int], array[int]]] = {}
            for firsts, rows in self._directory(kind):
                for raw, name in wanted:
                    at = bisect_right(firsts, raw) - 1
                    if at >= 0 and (part := self._list(rows[at], raw)) is not None:
                        files, beside = found.setdefault(name, (array("I"), array("I")))
                        files += part[0]
                        beside += part[1]
            if not self._refresh():
                living = ((name, self._without_gone(*lists)) for name, lists in found.items())
                return {name: lists for name, lists in living if lists[0]}

    def _without_gone(self, files: array[int], beside: array[int]) -> tuple[array[int], array[int]]:
        if self._gone.isdisjoint(files):
            return files, beside
        living = [(file, other) for file, other in zip(files, beside, strict=True) if file not in self._gone]
        return array("I", [file for file, _ in living]), array("I", [other for _, other in living])

    def _list(self, row: int, raw: bytes) -> tuple[array[int], array[int]] | None:
        try:
            return read_list(self._packed(row), raw)
        except (ValueError, IndexError):  # a damaged page
            return None

    def prefixed(self, text: str) -> set[str]:
        """Defined names that start with a text; at most some thousands of them."""
        raw = text.encode("utf-8", "replace")
        found: set[str] = set()
        self._refresh()
        for segment in self._segments:
            rows = self._rows(
                "SELECT rowid FROM blocks WHERE kind = ?1 AND segment = ?2 AND first < ?4 AND first >= coalesce(("
                "SELECT max(first) FROM blocks WHERE kind = ?1 AND segment = ?2 AND first <= ?3), x'') ORDER BY first",
                (Kind.DEFINED, segment, raw, raw + b"\xff"),
            )
            for (row,) in rows:
                block = self._block(row)
                if block is not None:
                    found.update(self._living(block, [n for n in block.names if n.startswith(raw)]))
                if len(found) > _MOST_NAMES:
                    return found
        return found

    def fuzzy(self, text: str) -> set[str]:
        """Defined names that hold the letters of a text in order, in any case.

        Names that begin like the text come first. In a huge tree only a part is looked at: ~0.2 ms
        per block.
        """
        pattern = fuzzy_pattern(text)
        found: set[str] = set()
        self._refresh()
        for row in self._by_first_letter(text)[:_MOST_BLOCKS]:
            block = self._block(row)
            if block is not None:
                found.update(self._living(block, [n for n in block.names if pattern.match(n)]))
        return found

    def _by_first_letter(self, text: str) -> list[int]:
        """Blocks of defined names, those with a text's first letter before all others."""
        letters = {case.encode("utf-8", "replace")[:1] for case in (text[:1].lower(), text[:1].upper())}
        near: list[int] = []
        others: list[int] = []
        for firsts, rows in self._directory(Kind.DEFINED):
            wanted: set[int] = set()
            for letter in letters:
                # The block in front of the first one may end with such names.
                start, end = bisect_left(firsts, letter), bisect_left(firsts, _behind(letter))
                wanted.update(range(max(0, start - 1), end))
            for at, row in enumerate(rows):
                (near if at in wanted else others).append(row)
        return near + others

    def _directory(self, kind: Kind) -> list[tuple[list[bytes], list[int]]]:
        """For each segment the first names of its blocks, and their rows; asked once until another writes."""
        known = self._directories.get(kind)
        if known is None:
            by_segment: dict[int, tuple[list[bytes], list[int]]] = {}
            statement = "SELECT segment, first, rowid FROM blocks WHERE kind = ? ORDER BY segment, first"
            for segment, first, row in self._rows(statement, (kind,)):
                firsts, rows = by_segment.setdefault(segment, ([], []))
                firsts.append(first)
                rows.append(row)
            known = self._directories[kind] = list(by_segment.values())
        return known

    def _living(self, block: Block, names: list[bytes]) -> Iterator[str]:
        for name in names:
            if not self._gone or any(file not in self._gone for file, _ in block.find(name)):
                yield name.decode("utf-8", "replace")

    def _refresh(self) -> bool:
        """Look for new segments when another process has written; whether there are others."""
        former = self._segments
        version = self._rows("PRAGMA data_version")
        if version and version[0][0] != self._version:
            self._version = version[0][0]
            segments = tuple(row for (row,) in self._rows("SELECT id FROM segments ORDER BY 1"))
            self._gone = frozenset(row for (row,) in self._rows("SELECT file FROM gone"))
            if segments != self._segments:
                self._segments = segments
                self._directories.clear()
                self._block.cache_clear()
                self._packed.cache_clear()
        return former != self._segments

    def _read(self, row: int) -> Block | None:
        rows = self._rows("SELECT block FROM blocks WHERE rowid = ?", (row,))
        try:
            return read_block(rows[0][0]) if rows else None
        except (zlib.error, ValueError, IndexError):  # a damaged page
            return None

    def _unzip(self, row: int) -> bytes:
        rows = self._rows("SELECT block FROM blocks WHERE rowid = ?", (row,))
        try:
            return zlib.decompress(rows[0][0]) if rows else b""
        except zlib.error:  # a damaged page
            return b""
