r"""Text as bytes: spans, line starts, hashes.

Inside agent-ls a file's text is its UTF-8 bytes exactly as they lie on disk or in the
editor's buffer: BOM, mixed line ends and form feeds included. Places are half-open byte
spans. Line ends are those of LSP (``\n``, ``\r\n``, ``\r``), which are also those of
`bytes.splitlines`; `str.splitlines` knows nine more and is never used on file text.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import final

BOM = b"\xef\xbb\xbf"


@final
@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range ``[start, end)`` of UTF-8 byte offsets into a named text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"inverted or negative span {self.start}..{self.end}")

    @property
    def empty(self) -> bool:
        return self.start == self.end

    def touches(self, other: Span) -> bool:
        """Whether the two overlap or share an end point (an insertion touches its neighbours)."""
        return self.start <= other.end and other.start <= self.end


@final
class LineIndex:
    """Where each line of a text starts. Building is linear; every look-up is O(log lines)."""

    __slots__ = ("_starts", "size")

    def __init__(self, data: bytes) -> None:
        starts = [0, *accumulate(map(len, data.splitlines(keepends=True)))]
        # A text that ends with a line end has one more, empty line: `starts` already holds its start.
        if len(starts) > 1 and not data.endswith((b"\n", b"\r")):
            starts.pop()
        self._starts = starts
        self.size = len(data)

    def edited(self, data: bytes, start: int, end: int, delta: int) -> LineIndex:
        """The lines of ``data``, which is this text with the bytes ``start..end`` replaced by ``delta`` more.

        Looks at the lines around the place alone; the others are moved.
        """
        # One byte further on both sides: a line feed may have joined or left a carriage return.
        first = self.line_of(max(0, start - 1))
        behind = self.line_of(min(end + 1, self.size)) + 1
        begin, tail = self._starts[first], self._starts[behind:]
        middle = LineIndex(data[begin : tail[0] + delta] if tail else data[begin:])
        moved = LineIndex(b"")
        moved._starts = [*self._starts[:first], *(begin + at for at in middle._starts)]
        if tail:
            moved._starts.pop()  # the middle ends with a line end: its last line is the tail's first
            moved._starts += [at + delta for at in tail]
        moved.size = len(data)
        return moved

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def starts(self) -> Sequence[int]:
        """Byte offsets of all lines' first bytes, ascending; the first is 0."""
        return self._starts

    def start(self, line: int) -> int:
        """Byte offset of a 0-based line's first byte; past the last line: the text's size."""
        return self._starts[line] if line < len(self._starts) else self.size

    def line_of(self, offset: int) -> int:
        """0-based line that holds a byte offset; an offset at the very end is on the last line."""
        return bisect_right(self._starts, offset) - 1

    def span_of_lines(self, first: int, last: int) -> Span:
        """The bytes of 0-based lines ``first..last`` inclusive, line ends included."""
        return Span(self.start(first), self.start(last + 1))


def content_hash(data: bytes) -> str:
    """SHA-256 in hex: the name of a text in blob stores, journals and verdicts."""
    return hashlib.sha256(data).hexdigest()


def decode(data: bytes) -> str | None:
    """The text of UTF-8 bytes, BOM kept as U+FEFF; ``None`` for anything that is not UTF-8 text."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def line_ending(data: bytes) -> bytes:
    r"""The text's own line end: the commonest of ``\r\n``, ``\n``, ``\r``; ``\n`` where it has none."""
    crlf = data.count(b"\r\n")
    lf = data.count(b"\n") - crlf
    cr = data.count(b"\r") - crlf
    best = max((crlf, b"\r\n"), (lf, b"\n"), (cr, b"\r"), key=lambda pair: pair[0])
    return best[1] if best[0] else b"\n"


def common_prefix(a: Sequence[object], b: Sequence[object]) -> int:
    """How many items (bytes, lines) both begin with. By halving: a few slice comparisons, at memory speed."""
    high = min(len(a), len(b))
    if high == 0 or a[0] != b[0]:
        return 0
    if a[:high] == b[:high]:
        return high
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle
    return low


def common_suffix(a: Sequence[object], b: Sequence[object], after: int = 0) -> int:
    """How many items both end with, the first ``after`` of each not counted; see `common_prefix`."""
    size_a, size_b = len(a), len(b)
    high = min(size_a, size_b) - after
    if high == 0 or a[-1] != b[-1]:
        return 0
    if a[size_a - high :] == b[size_b - high :]:
        return high
    low = 1
    while high - low > 1:
        middle = (low + high) // 2
        if a[size_a - middle : size_a - low] == b[size_b - middle : size_b - low]:
            low = middle
        else:
            high = middle
    return low
