"""Where a text uses which name, found lexically: the text comes with its comments and strings blanked.

No grammar needed. `find_uses` is what the store wants, at the speed of the interpreter's own loops:
every step is one call for the whole text, since a loop over words would cost as much as parsing.
`find_places` tells the same with byte places, for one text at a time.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, chain, count
from typing import NamedTuple, final

from agent_ls.core.text import Span
from agent_ls.index.keywords import KEYWORDS

_WITH_DOLLAR = frozenset({"javascript", "typescript", "tsx", "java", "php", "scala", "html", "vue"})
KEYWORD_BYTES: Mapping[str, frozenset[bytes]] = {
    language: frozenset(word.encode() for word in words) for language, words in KEYWORDS.items()
}
_DIGITS = frozenset(b"0123456789")


def _spaces(letters: bytes) -> bytes:
    """A table that makes blanks of all bytes but these, those above ASCII and line ends."""
    kept = frozenset(letters + b"0123456789_\r\n")
    return bytes(at if at in kept or at >= 0x80 or chr(at).isalpha() else 0x20 for at in range(256))


_SPACES, _SPACES_BUT_DOLLAR = _spaces(b""), _spaces(b"$")
_PLACES = re.compile(rb"[0-9A-Za-z_\x80-\xff]+")
_PLACES_WITH_DOLLAR = re.compile(rb"[$0-9A-Za-z_\x80-\xff]+")


@final
@dataclass(slots=True)
class Uses:
    """Words of a text's code in order: word i is ``names[ids[i]]``; line n has ``per_line[n]`` of them.

    ``counts``: how often each word stands there, in the order of ``names``. Words that are no use of
    a name (keywords, numbers, names that are only defined here) are ``b""`` in ``names``; their
    places stay, for it would cost more to take them out. ``total``: how many uses there are.
    """

    names: list[bytes] = field(default_factory=list[bytes])
    ids: list[int] = field(default_factory=list[int])
    per_line: list[int] = field(default_factory=list[int])
    counts: Counter[bytes] = field(default_factory=Counter[bytes])
    total: int = 0


def words_by_line(text: bytes, language: str) -> list[list[bytes]]:
    """The words of each line; lines end as LSP says."""
    table = _SPACES_BUT_DOLLAR if language in _WITH_DOLLAR else _SPACES
    return list(map(bytes.split, text.translate(table).splitlines()))


def words_of_prose(parts: Iterable[bytes]) -> list[bytes]:
    """Every word of texts without a language."""
    return b" ".join(parts).translate(_SPACES_BUT_DOLLAR).split()


def find_uses(text: bytes, language: str, defined: Counter[bytes]) -> Uses:
    """The words of a text. ``defined``: how many places of each name are definitions of it."""
    lines = words_by_line(text, language)
    words = list(chain.from_iterable(lines))
    counts = Counter(words)
    ids = list(map(dict(zip(counts, count(), strict=False)).__getitem__, words))
    found = Uses([], ids, list(map(len, lines)), counts, len(words))
    keywords = KEYWORD_BYTES[language]
    for word, times in counts.items():
        own = defined.get(word, 0)
        if word in keywords or word[0] in _DIGITS or own >= times:
            found.names.append(b"")
            found.total -= times
        else:
            found.names.append(word if word.isascii() else word.decode("utf-8", "replace").encode())
            found.total -= own
    return found


def find_places(text: bytes, language: str, own: Sequence[Span]) -> Iterator[tuple[bytes, Span]]:
    """Every name that is no keyword, no number and not one of the places ``own``, in order."""
    starts = {span.start: span.end for span in own}
    pattern = _PLACES_WITH_DOLLAR if language in _WITH_DOLLAR else _PLACES
    keywords = KEYWORD_BYTES[language]
    for match in pattern.finditer(text):
        word, (start, end) = match[0], match.span()
        if word not in keywords and word[0] not in _DIGITS and starts.get(start) != end:
            yield word, Span(start, end)


def pack_uses(uses: Uses) -> bytes:
    """The places as numbers of names and words per line, compressed; ``b""`` for none."""
    if not uses.ids:
        return b""
    return zlib.compress(pack_numbers(uses.ids) + pack_numbers(uses.per_line), 1)


@lru_cache(256)
def _one_byte(number: int) -> re.Pattern[bytes]:
    return re.compile(re.escape(bytes([number])))


@final
class Found(NamedTuple):
    """One of a file's names (its ``number``) in the file's unpacked uses (``raw``).

    A tuple, since thousands are made at once. The lowest bytes of all numbers lie side by side (see
    `pack_numbers`), so that one search finds every word that may be meant.
    """

    raw: bytes = b""
    number: int = 0

    def times(self) -> int:
        """How often it stands there."""
        raw, number = self.raw, self.number
        if raw and raw[4] == 1 and number <= 0xFF:
            return raw.count(number, 5, 5 + int.from_bytes(raw[:4], "little"))
        return len(self.places())

    def places(self) -> list[int]:
        """Its places among the file's words, ascending; ~5 µs for a file of usual size."""
        raw, number = self.raw, self.number
        if not raw or number >> 8 * raw[4]:
            return []
        size = int.from_bytes(raw[:4], "little")
        at = [match.start() - 5 for match in _one_byte(number & 0xFF).finditer(raw, 5, 5 + size)]
        for plane in range(1, raw[4]):
            byte, start = number >> 8 * plane & 0xFF, 5 + plane * size
            at = [place for place in at if raw[start + place] == byte]
        return at

    def lines(self) -> list[int]:
        """0-based lines, ascending, as often as it stands there; ~20 ns per line of the file."""
        if not (at := self.places()):
            return []
        size, width = int.from_bytes(self.raw[:4], "little"), self.raw[4]
        per_line, _ = unpack_numbers(self.raw, 5 + size * width)
        firsts = list(accumulate(per_line))
        return [bisect_right(firsts, place) for place in at]


def find_packed(packed: bytes, number: int) -> Found:
    """One of a file's names in its packed uses; ~5 µs for a file of usual size.

    Raises:
        zlib.error: the bytes are damaged.
    """
    return Found(zlib.decompress(packed), number) if packed else Found()


def pack_numbers(values: Sequence[int]) -> bytes:
    """Unsigned numbers below 2**32: their count and width, then all lowest bytes, all second bytes, ….

    High bytes are mostly zero, and runs of zeros cost a compressor nothing.
    """
    top = max(values, default=0)
    letter, width = ("B", 1) if top <= 0xFF else ("H", 2) if top <= 0xFFFF else ("I", 4)
    raw = bytes(values) if width == 1 else array(letter, values).tobytes()
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
