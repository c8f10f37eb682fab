"""Rates and how sure they are; pure, exact where the numbers are small enough (they are)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

_Z95: Final = 1.959963984540054  # the normal distribution's 97.5 % point
_HALVINGS: Final = 60  # of [0, 1]: beyond the precision of a float


def pass_at_k(attempts: int, passed: int, k: int) -> float:
    """The chance that at least one of ``k`` attempts passes, from ``passed`` of ``attempts`` that did.

    Unbiased for independent attempts: one minus the share of the subsets of ``k`` without a passing
    one. Source: Chen et al., "Evaluating Large Language Models Trained on Code" (2021).

    Raises:
        ValueError: ``k`` is not within 1 … ``attempts``, or ``passed`` not within 0 … ``attempts``.
    """
    if not (1 <= k <= attempts and 0 <= passed <= attempts):
        raise ValueError(f"pass@{k} of {passed} in {attempts}")
    return 1.0 - math.comb(attempts - passed, k) / math.comb(attempts, k)


def wilson(rate: float, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a rate seen in ``trials`` independent trials; (0, 1) without any.

    ``rate`` may be a mean of rates, one per task: the interval is then too wide rather than too
    narrow, since a mean of several attempts varies less than one attempt.
    """
    if trials == 0:
        return 0.0, 1.0
    square = _Z95 * _Z95
    centre = rate + square / (2 * trials)
    spread = _Z95 * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    low, high = (centre - spread) / (1 + square / trials), (centre + spread) / (1 + square / trials)
    return max(0.0, low), min(1.0, high)


def clopper_pearson(passed: int, trials: int) -> tuple[float, float]:
    """The exact 95 % interval of a binomial rate: covers the truth in at least 95 % of all cases."""
    if trials == 0:
        return 0.0, 1.0
    low = 0.0 if passed == 0 else _solve(lambda p: _at_least(passed, trials, p), 0.025)
    high = 1.0 if passed == trials else _solve(lambda p: _at_least(passed + 1, trials, p), 0.975)
    return low, high


def _at_least(passed: int, trials: int, p: float) -> float:
    """The chance of ``passed`` or more in ``trials``; grows with ``p``."""
    return math.fsum(math.comb(trials, n) * p**n * (1 - p) ** (trials - n) for n in range(passed, trials + 1))


def _solve(growing: Callable[[float], float], value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if growing(middle) < value:
            low = middle
        else:
            high = middle
    return (low + high) / 2
