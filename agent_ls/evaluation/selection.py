"""Which of several attempts a user would have been given: by what each one's own checks said, never by hidden ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb
from typing import Final

from agent_ls.core.job import JobState, Verdict
from agent_ls.evaluation.results import Result

Select = Callable[[Sequence[Result]], Result]
"""Chooses one of several attempts at a task; must not look at ``passed`` or ``said``."""

_RANK: Final = {Verdict.VERIFIED.value: 0, Verdict.UNVERIFIED.value: 1, Verdict.WORSE.value: 2}
_MOST_SUBSETS: Final = 1000


def by_evidence(results: Sequence[Result]) -> Result:
    """A finished plan before a cut-off one before none; then the verdict, how many agree, the smallest diff."""
    agreeing = Counter(result.shape for result in results if result.shape)
    return min(
        results,
        key=lambda r: (
            not r.shape,
            r.state != JobState.READY.value,
            _RANK.get(r.verdict, 1),
            -agreeing[r.shape],
            r.lines,
            r.attempt.number,
        ),
    )


def selected_at_k(results: Sequence[Result], k: int, select: Select = by_evidence) -> float:
    """How often the attempt chosen of ``k`` passes: the mean over the subsets of ``k`` of those there are.

    Beyond a thousand subsets only the runs of ``k`` neighbours (in order, wrapping) are taken.
    """
    if comb(len(results), k) <= _MOST_SUBSETS:
        subsets = [list(subset) for subset in combinations(results, k)]
    else:
        around = [*results, *results]
        subsets = [around[start : start + k] for start in range(len(results))]
    return sum(select(subset).passed for subset in subsets) / len(subsets)
