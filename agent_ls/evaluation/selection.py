"""Which of several independent attempts would have been chosen by what each showed by itself.

The rule is the product's own (`core.selection`), with the evidence that there is without running the
attempts' tests on each other; what that adds is measured by a solver that makes several (``--best-of``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb
from typing import Final

from agent_ls.core.job import JobState, Verdict
from agent_ls.core.selection import Evidence, choose
from agent_ls.evaluation.results import Result

Select = Callable[[Sequence[Result]], Result]
"""Chooses one of several attempts at a task; must not look at ``passed`` or ``said``."""

_MOST_SUBSETS: Final = 1000


def by_evidence(results: Sequence[Result]) -> Result:
    """A finished plan before a cut-off one before none; among those as `core.selection.choose` has it."""
    plans = [result for result in results if result.shape]
    finished = [result for result in plans if result.state == JobState.READY.value]
    candidates = finished or plans or list(results)
    chosen = choose([_evidence(result) for result in candidates]).attempt
    return next(result for result in candidates if result.attempt.number == chosen)


def _evidence(result: Result) -> Evidence:
    return Evidence(
        result.attempt.number,
        idle=not result.shape,
        verdict=Verdict(result.verdict) if result.verdict else Verdict.UNVERIFIED,
        likeness=result.shape,
        size=result.lines,
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
