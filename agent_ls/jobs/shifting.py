"""Where a line of one text is in another one that was typed on meanwhile. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from agent_ls.core.diff import line_hunks


def shifts(then: bytes, now: bytes) -> Callable[[int], int]:
    """By how much a line of ``then`` has moved in ``now``; a line that was itself changed stays where its place is."""
    parts = line_hunks(then, now)
    ends = [part.old_end for part in parts]
    grown = [0, *accumulate((p.new_end - p.new_start) - (p.old_end - p.old_start) for p in parts)]
    return lambda line: grown[bisect_right(ends, line)]
