"""Where a text uses which name, found lexically and at the speed of the regex engine.

The text comes with its comments and strings blanked. No grammar needed.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, count
from operator import sub
from typing import final

from agent_ls.core.text import Span
from agent_ls.index.names import KEYWORDS

# Bytes are listed one by one: the engine then looks each up in one table.
_WORD = re.compile(rb"([0-9A-Za-z_\x80-\xff]+)")
_WORD_WITH_DOLLAR = re.compile(rb"([$0-9A-Za-z_\x80-\xff]+)")
_WORD_BEFORE_NO_QUOTE = re.compile(rb"([0-9A-Za-z_\x80-\xff]++(?![\"']))")  # `rb` in `rb"text"` is no name
_PATTERNS: Mapping[str, re.Pattern[bytes]] = {
    "javascript": _WORD_WITH_DOLLAR,
    "typescript": _WORD_WITH_DOLLAR,
    "tsx": _WORD_WITH_DOLLAR,
    "java": _WORD_WITH_DOLLAR,
    "python": _WORD_BEFORE_NO_QUOTE,
}
KEYWORD_BYTES: Mapping[str, frozenset[bytes]] = {
    language: frozenset(word.encode() for word in words) for language, words in KEYWORDS.items()
}


@final
@dataclass(slots=True)
class Uses:
    """Names of a text and their places, in order: place i is ``names[ids[i]]`` at byte ``starts[i]``.

    ``names`` is UTF-8 (broken bytes replaced), in order of first use; ``sizes`` are their bytes in
    the text. ``counts``: how often every word of the code stands there, definitions included.
    """

    names: list[bytes] = field(default_factory=list[bytes])
    ids: list[int] = field(default_factory=list[int])
    starts: list[int] = field(default_factory=list[int])
    sizes: list[int] = field(default_factory=list[int])
    counts: Counter[bytes] = field(default_factory=Counter[bytes])


def find_uses(text: bytes | bytearray, language: str, own: Sequence[Span]) -> Uses:
    """Every name that is no keyword, no number and not one of the places ``own`` (definitions' names)."""
    parts = _PATTERNS.get(language, _WORD).split(text)
    words = parts[1::2]
    # Every step below is one call for the whole text: a loop over places would cost as much as parsing.
    table: defaultdict[bytes, int] = defaultdict(count().__next__)
    ids = list(map(table.__getitem__, words))
    starts = list(accumulate(map(len, parts)))[:-1:2]
    counts = Counter(words)
    raws = list(table)
    for span in own:
        at = bisect_left(starts, span.start)
        if at < len(starts) and starts[at] == span.start and len(raws[ids[at]]) == span.end - span.start:
            del ids[at], starts[at]
    names: list[bytes] = []
    sizes: list[int] = []
    renumbered, kept = [0] * len(table), [False] * len(table)
    keywords = KEYWORD_BYTES[language]
    for number in dict.fromkeys(ids):
        raw = raws[number]
        if raw not in keywords and (raw[0] > 0x39 or raw[0] == 0x24):  # not a digit; `$` stands below them
            kept[number], renumbered[number] = True, len(names)
            sizes.append(len(raw))
            names.append(raw if raw.isascii() else raw.decode("utf-8", "replace").encode())
    mask = list(map(kept.__getitem__, ids))
    return Uses(
        names,
        list(map(renumbered.__getitem__, compress(ids, mask))),
        list(compress(starts, mask)),
        sizes,
        counts,
    )


def pack_uses(uses: Uses) -> bytes:
    """The places as numbers of names and distances, compressed; ``b""`` for none."""
    if not uses.ids:
        return b""
    distances = [uses.starts[0], *map(sub, uses.starts[1:], uses.starts)]
    return zlib.compress(pack_numbers(uses.ids) + pack_numbers(distances), 1)


def places_of(packed: bytes, number: int) -> list[int]:
    """Start offsets of one of a file's names, ascending."""
    if not packed:
        return []
    raw = zlib.decompress(packed)
    ids, end = unpack_numbers(raw, 0)
    starts = list(accumulate(unpack_numbers(raw, end)[0]))
    return [starts[at] for at, found in enumerate(ids) if found == number]


def pack_numbers(values: Sequence[int]) -> bytes:
    """Unsigned numbers below 2**32: their count and width, then all lowest bytes, all second bytes, ….

    High bytes are mostly zero, and runs of zeros cost a compressor nothing.
    """
    top = max(values, default=0)
    letter, width = ("B", 1) if top <= 0xFF else ("H", 2) if top <= 0xFFFF else ("I", 4)
    raw = array(letter, values).tobytes()
    head = len(values).to_bytes(4, "little") + bytes([width])
    return head + (raw if width == 1 else b"".join(raw[plane::width] for plane in range(width)))


def unpack_numbers(raw: bytes, at: int) -> tuple[Sequence[int], int]:
    """The numbers packed at an offset, and the offset behind them."""
    size, width = int.from_bytes(raw[at : at + 4], "little"), raw[at + 4]
    at += 5
    end = at + size * width
    if width == 1:
        return raw[at:end], end
    mixed = bytearray(size * width)
    for plane in range(width):
        mixed[plane::width] = raw[at + plane * size : at + (plane + 1) * size]
    values: array[int] = array("H" if width == 2 else "I")
    values.frombytes(mixed)
    return values, end
