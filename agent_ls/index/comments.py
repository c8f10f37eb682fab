"""A text's comments, made into values only where somebody asks: most are never looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import final

from agent_ls.core.text import LineIndex, Span
from agent_ls.index.facts import Comment


def read_comment(data: bytes, lines: LineIndex, start: int, end: int) -> Comment:
    """The comment at a place."""
    # Some grammars take the line end into a comment.
    text = data[start:end].rstrip(b"\r\n")
    end = start + len(text)
    line = lines.line_of(start)
    begin = lines.start(line)
    alone = not data[begin:start].strip()
    last = lines.line_of(end - 1) if b"\n" in text or b"\r" in text else line
    return Comment(Span(start, end), text.decode("utf-8", "replace"), line, last, start - begin, alone)


@final
class Comments:
    """Finds comments by the line they end on. ``places``: their (start, end), ascending."""

    __slots__ = ("_begins", "_data", "_lines", "_places")

    def __init__(self, data: bytes, lines: LineIndex, places: Sequence[tuple[int, int]]) -> None:
        self._data, self._lines, self._places = data, lines, places
        self._begins = [start for start, _ in places]

    def ending_on(self, line: int) -> tuple[str, int] | None:
        """Text and first line of the comment that stands alone on its first line and ends on this 0-based line."""
        if line < 0:
            return None
        begin, limit = self._lines.start(line), self._lines.start(line + 1)
        at = bisect_left(self._begins, limit) - 1
        while at >= 0 and self._places[at][1] > begin:
            start, end = self._places[at]
            text = self._data[start:end].rstrip(b"\r\n")
            first = line if start >= begin else self._lines.line_of(start)
            if (
                begin < start + len(text) <= limit
                and not self._data[self._lines.start(first) : start].strip()
            ):
                return text.decode("utf-8", "replace"), first
            at -= 1
        return None
