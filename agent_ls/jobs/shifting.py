"""Where a line of one text is in another one that was typed on meanwhile. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from agent_ls.core.diff import line_hunks


def shifts(then: bytes, now: bytes) -> Callable[[int], int]:
    """By how much a line of ``then`` has moved in ``now``; a line that was itself changed stays where its place is."""
    parts = line_hunks(then, now)
    ends = [part.old_end for part in parts]
    grown = [0, *accumulate((p.new_end - p.new_start) - (p.old_end - p.old_start) for p in parts)]
    return lambda line: grown[bisect_right(ends, line)]


Lines = tuple[int, int]
"""Lines ``[0]`` to ``[1]``, 0-based, half-open."""


def still_there(then: bytes, now: bytes, lines: Sequence[Lines]) -> list[Lines]:
    """Where lines of ``then`` are in ``now``: those that nobody has touched since, ascending.

    ``lines`` is ascending and disjoint. Cost: that of a line diff.
    """
    runs = _equal(then, now)
    met = _met(lines, [(start, end) for start, end, _ in runs])
    return [(start + runs[run][2], end + runs[run][2]) for start, end, run in met]


def common(one: Sequence[Lines], other: Sequence[Lines]) -> list[Lines]:
    """The lines that are in both of two ascending, disjoint lists."""
    return [(start, end) for start, end, _ in _met(one, other)]


def _equal(then: bytes, now: bytes) -> list[tuple[int, int, int]]:
    """The runs of lines that both texts have in common, and by how much each has moved."""
    runs: list[tuple[int, int, int]] = []
    start = by = 0
    for part in line_hunks(then, now):
        runs.append((start, part.old_start, by))
        start, by = part.old_end, part.new_end - part.old_end
    return [*runs, (start, max(start, len(then.splitlines())), by)]


def _met(one: Sequence[Lines], other: Sequence[Lines]) -> Iterator[tuple[int, int, int]]:
    """Where two lists overlap, with the place in the second list that it is in."""
    at = number = 0
    while at < len(one) and number < len(other):
        start, end = max(one[at][0], other[number][0]), min(one[at][1], other[number][1])
        if start < end:
            yield start, end, number
        if one[at][1] < other[number][1]:
            at += 1
        else:
            number += 1
