r"""An editor's text as an immutable value: UTF-8 leaves, cheap to edit, cheap to keep.

A rope is a tuple of byte leaves of a few kilobytes. An edit replaces one or two leaves and
shares the rest, so that a handler (or the history) may hold an old version at almost no
cost, and a keystroke in a file of one 5 MB line costs microseconds. Leaves never split a
character nor a ``\r\n``. Line ends are LSP's: ``\n``, ``\r\n``, ``\r``, which are exactly
those of `bytes.splitlines`.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Final, final

from agent_ls.core.text import Span

_LEAF: Final = 8 * 1024
_MIN: Final = _LEAF // 4
_MAX: Final = 2 * _LEAF


@final
class Leaf:
    """A piece of text with its line ends counted; starts of lines are found when first asked for."""

    __slots__ = ("_starts", "breaks", "data", "size")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.breaks = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """Offsets right after each line end of the leaf."""
        if self._starts is None:
            ends = list(accumulate(map(len, self.data.splitlines(keepends=True))))
            self._starts = ends[: self.breaks]
        return self._starts


@final
class Rope:
    """An immutable text. Equality is identity; compare ``data`` for content."""

    __slots__ = ("_breaks", "_data", "_leaves", "_sizes")

    def __init__(self, leaves: tuple[Leaf, ...]) -> None:
        self._leaves = leaves
        # Position of each leaf's end, in bytes and in line ends: two small sums per edit.
        self._sizes = list(accumulate([leaf.size for leaf in leaves]))
        self._breaks = list(accumulate([leaf.breaks for leaf in leaves]))
        self._data: bytes | None = None

    @staticmethod
    def of(data: bytes) -> Rope:
        """The rope of a text; linear."""
        rope = Rope(_split(data))
        rope._data = data
        return rope

    @property
    def size(self) -> int:
        """Bytes."""
        return self._sizes[-1] if self._sizes else 0

    @property
    def lines(self) -> int:
        """Lines, counting the one after the last line end even if it is empty."""
        return (self._breaks[-1] if self._breaks else 0) + 1

    @property
    def data(self) -> bytes:
        """The whole text; joined once, when first asked for."""
        if self._data is None:
            self._data = b"".join([leaf.data for leaf in self._leaves])
        return self._data

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The pieces alone, shared with other versions: what a history keeps."""
        return self._leaves

    def line_start(self, line: int) -> int:
        """Byte offset of a 0-based line; past the last line: the text's size."""
        if line <= 0:
            return 0
        if line >= self.lines:
            return self.size
        at = bisect_right(self._breaks, line - 1)
        before = self._breaks[at - 1] if at else 0
        return self._leaf_start(at) + self._leaves[at].starts[line - 1 - before]

    def line_of(self, offset: int) -> int:
        """0-based line that holds a byte offset."""
        at = bisect_right(self._sizes, offset)
        if at >= len(self._leaves):
            return self.lines - 1
        before = self._breaks[at - 1] if at else 0
        return before + bisect_right(self._leaves[at].starts, offset - self._leaf_start(at))

    def line_end(self, line: int) -> int:
        """Byte offset before a line's own line end."""
        end = self.line_start(line + 1)
        if line + 1 >= self.lines:
            return self.size
        tail = self.slice(max(self.line_start(line), end - 2), end)
        return end - (2 if tail.endswith(b"\r\n") else 1)

    def slice(self, start: int, end: int) -> bytes:
        """The bytes ``[start, end)``."""
        return b"".join(self.pieces(start, end))

    def pieces(self, start: int, end: int) -> list[bytes]:
        """The bytes ``[start, end)``, leaf by leaf; pieces split neither characters nor line ends inside."""
        found: list[bytes] = []
        at = bisect_right(self._sizes, start)
        base = self._leaf_start(at)
        while base < end and at < len(self._leaves):
            data = self._leaves[at].data
            found.append(data[max(0, start - base) : end - base])
            base += len(data)
            at += 1
        return found

    def replace(self, span: Span, new: bytes) -> Rope:
        """A new text with ``span`` replaced.

        Cost: the touched leaves, the new bytes, and one pass over the number of leaves.
        ``span`` lies inside the text and on character boundaries; ``new`` is UTF-8.
        """
        first = min(bisect_right(self._sizes, span.start), max(0, len(self._leaves) - 1))
        last = min(bisect_right(self._sizes, max(span.start, span.end - 1)), max(0, len(self._leaves) - 1))
        base, head, tail = self._leaf_start(first), b"", b""
        if self._leaves:
            head = self._leaves[first].data[: span.start - base]
            tail = self._leaves[last].data[span.end - self._leaf_start(last) :]
        content = b"".join((head, new, tail))
        last += 1
        while first > 0 and _belongs(self._leaves[first - 1].data, content):
            first -= 1
            content = self._leaves[first].data + content
        while last < len(self._leaves) and _belongs(content, self._leaves[last].data):
            content += self._leaves[last].data
            last += 1
        return Rope(self._leaves[:first] + _split(content) + self._leaves[last:])

    def _leaf_start(self, at: int) -> int:
        return self._sizes[at - 1] if at else 0


def _belongs(left: bytes, right: bytes) -> bool:
    """Whether two neighbours must become one leaf: a split line end, or one too small to stand alone."""
    if not left or not right:
        return True
    if left[-1] == 0x0D and right[0] == 0x0A:
        return True
    return min(len(left), len(right)) < _MIN and len(left) + len(right) <= _MAX


def _split(data: bytes) -> tuple[Leaf, ...]:
    if len(data) <= _MAX:
        return (Leaf(data),) if data else ()
    leaves: list[Leaf] = []
    start = 0
    while len(data) - start > _MAX:
        cut = start + _LEAF
        while data[cut] & 0xC0 == 0x80 or (data[cut] == 0x0A and data[cut - 1] == 0x0D):
            cut -= 1
        leaves.append(Leaf(data[start:cut]))
        start = cut
    leaves.append(Leaf(data[start:]))
    return tuple(leaves)
