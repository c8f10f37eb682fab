"""Inverted lists: from a name to the files that have it, in immutable segments of sorted blocks.

A segment holds the lists of the files that were written together. Its names are sorted and cut
into blocks; a block is one row of the store, found by the first name it holds. A file that is
changed or deleted leaves its numbers behind in old segments: readers pass over numbers of files
that are gone, and merging drops them. Source: log-structured merge tree (O'Neil et al., 1996).
"""

from __future__ import annotations

import struct
import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate, chain, groupby
from operator import itemgetter
from typing import Any, cast, final

from agent_ls.index.uses import pack_numbers, unpack_numbers

_NAMES_IN_BLOCK = 256
_FILES_IN_BLOCK = 4096


class Kind(IntEnum):
    """What a list is about, and what stands beside each file in it."""

    USES = 0  # the name's number among those of the file
    DEFINED = 1  # nothing
    WORDS = 2  # weight as a search term; a file may come several times: they add up
    TAILS = 3  # nothing; names are stems of imported files


Lists = dict[bytes, list[int]]
"""Name to its list: file numbers and what stands beside them, as ``file << SHIFT | beside``."""

SHIFT = 24
_BESIDE = (1 << SHIFT) - 1


_append: Callable[[list[int], int], None] = cast("Any", list).append
_extend: Callable[[list[int], list[int]], None] = cast("Any", list).extend


def add(lists: Lists, names: Iterable[bytes], file: int, beside: Iterable[int]) -> None:
    """Put one file into the lists of its names; ``lists`` is a defaultdict.

    ``b""`` gets a list, too; `blocks` leaves it out. Without a loop of its own: a third of the cost.
    """
    entries = map((file << SHIFT).__or__, beside)
    deque(map(_append, map(lists.__getitem__, names), entries), maxlen=0)


def add_all(lists: Lists, names: Iterable[bytes], entries: Iterable[list[int]]) -> None:
    """Put several files into the list of each name; like `add`."""
    deque(map(_extend, map(lists.__getitem__, names), entries), maxlen=0)


def blocks(lists: Lists) -> Iterator[tuple[bytes, bytes]]:
    """(first name, block) of all lists, in order."""
    names = sorted(filter(None, lists))
    found = list(map(lists.__getitem__, names))
    at = size = 0
    for end, length in enumerate(map(len, found), 1):
        size += length
        # A block with the lists of common names stays small by holding few names.
        if size >= _FILES_IN_BLOCK or end - at == _NAMES_IN_BLOCK or end == len(names):
            yield names[at], _block(names[at:end], found[at:end])
            at, size = end, 0


def _block(names: Sequence[bytes], lists: Sequence[list[int]]) -> bytes:
    text = b"\n".join(names)
    values = list(chain.from_iterable(lists))
    width = (max(values, default=0).bit_length() + 7) // 8
    # Twice as fast as an array, which takes its values one by one.
    entries = struct.pack(f"<{len(values)}Q", *values)
    return zlib.compress(
        b"".join(
            (
                len(text).to_bytes(4, "little"),
                text,
                pack_numbers(list(map(len, lists))),
                bytes([width]),
                # All lowest bytes, then all second ones …: the high ones are runs that cost nothing.
                *(entries[plane::8] for plane in range(width)),
            )
        ),
        1,
    )


@final
@dataclass(frozen=True, slots=True)
class Block:
    """A block read back. The list of name i is ``entries[starts[i] : starts[i + 1]]``."""

    names: Sequence[bytes]
    starts: Sequence[int]
    entries: Sequence[int]

    def find(self, name: bytes, most: int | None = None) -> list[tuple[int, int]]:
        """(file, what stands beside it) of a name, files ascending, the first ``most`` of them."""
        at = bisect_left(self.names, name)
        if at == len(self.names) or self.names[at] != name:
            return []
        part = self.entries[self.starts[at] : self.starts[at + 1]][:most]
        return [(entry >> SHIFT, entry & _BESIDE) for entry in part]


def read_block(packed: bytes) -> Block:
    """Read a block.

    Raises:
        zlib.error, ValueError, IndexError: it is damaged.
    """
    raw = zlib.decompress(packed)
    end = 4 + int.from_bytes(raw[:4], "little")
    names = raw[4:end].split(b"\n")
    lengths, end = unpack_numbers(raw, end)
    starts = list(accumulate(lengths, initial=0))
    size, width = starts[-1], raw[end]
    end += 1
    mixed = bytearray(8 * size)
    for plane in range(width):
        mixed[plane::8] = raw[end + plane * size : end + (plane + 1) * size]
    entries = array("Q")
    entries.frombytes(mixed)
    return Block(names, starts, entries)


def read_list(raw: bytes, name: bytes) -> tuple[array[int], array[int]] | None:
    """The list of one name out of a decompressed block: files, and what stands beside each.

    Nothing else of the block is read: a tenth of the cost of `read_block` for one list in it.

    Raises:
        ValueError, IndexError: it is damaged.
    """
    end = 4 + int.from_bytes(raw[:4], "little")
    text = b"\n%b\n" % raw[4:end]
    found = text.find(b"\n%b\n" % name)
    if found < 0:
        return None
    at = text.count(b"\n", 0, found)
    lengths, end = unpack_numbers(raw, end)
    width, begin, size = raw[end] or 1, sum(lengths[:at]), lengths[at]
    end += 1
    planes = [
        raw[start : start + size] for start in range(end + begin, len(raw), max(1, (len(raw) - end) // width))
    ]
    return _woven(planes[3:7], size), _woven(planes[:3], size)


def _woven(planes: Sequence[bytes], size: int) -> array[int]:
    """Numbers from their lowest bytes, their second ones and so on."""
    mixed = bytearray(4 * size)
    for plane, part in enumerate(planes):
        mixed[plane::4] = part
    values = array("I")
    values.frombytes(mixed)
    return values


def merged(blocks: Iterable[Block], gone: AbstractSet[int]) -> tuple[Lists, set[int]]:
    """The lists of all these blocks in one, without the files that are gone; and which those were."""
    lists: defaultdict[bytes, list[int]] = defaultdict(list)
    dropped: set[int] = set()
    for block in blocks:
        if gone:
            dropped.update(gone & {entry >> SHIFT for entry in block.entries})
        for at, name in enumerate(block.names):
            lists[name] += block.entries[block.starts[at] : block.starts[at + 1]]
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
