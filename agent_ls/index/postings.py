"""Inverted lists: from a name to the files that have it, in immutable segments of sorted blocks.

A segment holds the lists of the files that were written together. Its names are sorted and cut
into blocks; a block is one row of the store, found by the first name it holds. A file that is
changed or deleted leaves its numbers behind in old segments: readers pass over numbers of files
that are gone, and merging drops them. Source: log-structured merge tree (O'Neil et al., 1996).
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate, chain, groupby
from operator import itemgetter, or_
from typing import final

from agent_ls.index.uses import pack_numbers, unpack_numbers

_NAMES_IN_BLOCK = 256
_FILES_IN_BLOCK = 4096


class Kind(IntEnum):
    """What a list is about, and what stands beside each file in it."""

    USES = 0  # the name's number among those of the file
    DEFINED = 1  # nothing
    WORDS = 2  # weight as a search term
    TAILS = 3  # nothing; names are stems of imported files


Lists = dict[bytes, list[int]]
"""Name to its list: file numbers and what stands beside them, as ``file << SHIFT | beside``."""

SHIFT = 24
_BESIDE = (1 << SHIFT) - 1
_WITH = (Kind.USES, Kind.WORDS)


def add(lists: defaultdict[bytes, list[int]], names: bytes, file: int, beside: bytes | None = None) -> None:
    """Put one file into the lists of its names; ``beside``: a byte for each, else their numbers."""
    if not names:
        return
    entry = file << SHIFT
    for at, name in enumerate(names.split(b"\n")) if beside is None else _weighted(names, beside):
        lists[name].append(entry | at)


def _weighted(names: bytes, beside: bytes) -> Iterator[tuple[int, bytes]]:
    return zip(beside, names.split(b"\n"), strict=True)


def blocks(lists: Lists, kind: Kind) -> Iterator[tuple[bytes, bytes]]:
    """(first name, block) of all lists, in order."""
    names = sorted(lists)
    at = 0
    while at < len(names):
        some = names[at : at + _NAMES_IN_BLOCK]
        ends = list(accumulate(len(lists[name]) for name in some))
        # A block with the lists of common names stays small by holding few names.
        some = some[: 1 + bisect_left(ends, _FILES_IN_BLOCK)]
        yield some[0], _block(some, [lists[name] for name in some], kind)
        at += len(some)


def _block(names: Sequence[bytes], lists: Sequence[list[int]], kind: Kind) -> bytes:
    entries = list(chain.from_iterable(lists))
    files = [entry >> SHIFT for entry in entries]
    base = min(files)
    text = b"\n".join(names)
    parts = [
        len(text).to_bytes(4, "little"),
        text,
        base.to_bytes(8, "little"),
        pack_numbers(list(map(len, lists))),
        pack_numbers([file - base for file in files]),
    ]
    if kind in _WITH:
        parts.append(pack_numbers([entry & _BESIDE for entry in entries]))
    return zlib.compress(b"".join(parts), 1)


@final
@dataclass(frozen=True, slots=True)
class Block:
    """A block read back. List i holds places ``starts[i]`` to ``starts[i + 1]`` of ``files`` and ``beside``."""

    names: Sequence[bytes]
    base: int
    starts: Sequence[int]
    files: Sequence[int]
    beside: Sequence[int]

    def find(self, name: bytes) -> list[tuple[int, int]]:
        """(file, what stands beside it) of a name, files ascending."""
        at = bisect_left(self.names, name)
        return self.at(at) if at < len(self.names) and self.names[at] == name else []

    def at(self, at: int) -> list[tuple[int, int]]:
        """The list of the name with this number."""
        part = slice(self.starts[at], self.starts[at + 1])
        files = [self.base + file for file in self.files[part]]
        return list(zip(files, self.beside[part] if self.beside else bytes(len(files)), strict=True))


def read_block(packed: bytes, kind: Kind) -> Block:
    """Read a block.

    Raises:
        zlib.error, ValueError, IndexError: it is damaged.
    """
    raw = zlib.decompress(packed)
    end = 4 + int.from_bytes(raw[:4], "little")
    names = raw[4:end].split(b"\n")
    base = int.from_bytes(raw[end : end + 8], "little")
    lengths, end = unpack_numbers(raw, end + 8)
    files, end = unpack_numbers(raw, end)
    beside = unpack_numbers(raw, end)[0] if kind in _WITH else b""
    return Block(names, base, list(accumulate(lengths, initial=0)), files, beside)


def merged(blocks: Iterable[Block], gone: AbstractSet[int]) -> tuple[Lists, set[int]]:
    """The lists of all these blocks in one, without the files that are gone; and which those were."""
    lists: defaultdict[bytes, list[int]] = defaultdict(list)
    dropped: set[int] = set()
    for block in blocks:
        shifted = [(block.base + file) << SHIFT for file in block.files]
        entries = list(map(or_, shifted, block.beside)) if block.beside else shifted
        dropped.update(gone.intersection(map(block.base.__add__, block.files)))
        for at, name in enumerate(block.names):
            lists[name] += entries[block.starts[at] : block.starts[at + 1]]
    for name, found in lists.items():
        found.sort()
        if dropped:
            lists[name] = [entry for entry in found if entry >> SHIFT not in dropped]
    return {name: found for name, found in lists.items() if found}, dropped


def level_of(files: int) -> int:
    """Segments of one level are of like size; a level that has grown full is merged into the next."""
    return max(0, files - 1).bit_length() // 3


def full_levels(sizes: Iterable[tuple[int, int]], most: int) -> list[list[int]]:
    """Segments to merge with each other. ``sizes``: (segment, number of its files)."""
    ranked = sorted((level_of(files), segment) for segment, files in sizes)
    groups = [[segment for _, segment in group] for _, group in groupby(ranked, key=itemgetter(0))]
    return [group for group in groups if len(group) >= most]
