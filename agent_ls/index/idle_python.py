"""Bodies of Python's functions that cannot define anything; see `idle`.

What a body begins with and where it ends stand in the facts (a head ends where its body begins), so
a body becomes an empty tuple of the same place: its first letter an opening parenthesis, its last a
closing one, and all between is passed over. What cuts a body at the wrong line leaves a bracket
without its other half behind: the text does not parse then, and is read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_HEAD = re.compile(
    rb"^([ \t]*)(?:async +)?def +\w+ *(?:\[[^\]\n]*+\] *)?"
    rb"\((?:[^()]++|\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\))*+\) *(?:->[^:\n]*+)?:(?=[ \t]*\r?\n)",
    re.MULTILINE,
)
_DEFINES = (b"def ", b"class ", b"import ", b"import(")
_WORTH = 40
"""Bytes: what is shorter costs more to pass over than to parse."""


def idle_bodies(
    data: bytes, code: bytes, comments: Sequence[tuple[int, int]], strings: Sequence[tuple[int, int]]
) -> tuple[bytes, list[tuple[int, int]]]:
    """The text with parentheses for bodies that define nothing, and the places between them, ascending.

    ``code``: the text without its comments and strings. Linear.
    """
    found: list[tuple[int, int]] = []
    ends = {end: start for start, end in comments}
    # A string may be a statement, behind a body: its first letter counts, its lines do not.
    marked = bytearray(code)
    for start, _ in strings:
        marked[start] = 0x22
    at = 0
    while head := _HEAD.search(code, at):
        at = head.end()
        outside = _line_of_at_most(len(head[1])).search(marked, at)
        last = outside.start() if outside else len(code)
        inside = code[at:last]
        start = last - len(inside.lstrip())
        end = _end_of_code(data, ends, at, last)
        if end - start < _WORTH or not _begins_a_line(data, start) or data[end - 1 : end] == b"\\":
            continue
        if any(word in inside for word in _DEFINES):
            continue
        found.append((start + 1, end - 1))
        at = last
    if not found:
        return data, found
    text = bytearray(data)
    for start, end in found:
        text[start - 1] = 0x28
        text[end] = 0x29
    return bytes(text), found


@lru_cache(64)
def _line_of_at_most(indent: int) -> re.Pattern[bytes]:
    return re.compile(rb"\n[ \t]{0,%d}(?=[^ \t\r\n\f])" % indent)


def _begins_a_line(data: bytes, at: int) -> bool:
    """Whether nothing stands before a place on its line, not even a string."""
    return not data[data.rfind(b"\n", 0, at) + 1 : at].strip()


def _end_of_code(data: bytes, comments: dict[int, int], start: int, end: int) -> int:
    """Where the code between two places ends: blanks and whole comments are none. ``comments``: end to start."""
    while True:
        end = start + len(data[start:end].rstrip())
        if end not in comments:
            return end
        end = comments[end]
