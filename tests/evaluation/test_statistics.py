"""The estimator is unbiased and the intervals cover: computed exactly, over every outcome there can be."""

from __future__ import annotations

import math
import random

import pytest

from agent_ls.evaluation.statistics import clopper_pearson, pass_at_k, wilson

RATES = (0.02, 0.1, 0.3, 0.5, 0.8, 0.97)


def chance(passed: int, trials: int, rate: float) -> float:
    return math.comb(trials, passed) * rate**passed * (1 - rate) ** (trials - passed)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("attempts", "k"), [(1, 1), (5, 1), (5, 3), (10, 10), (16, 8)])
def test_pass_at_k_is_right_on_average(rate: float, attempts: int, k: int) -> None:
    mean = sum(chance(c, attempts, rate) * pass_at_k(attempts, c, k) for c in range(attempts + 1))
    assert mean == pytest.approx(1 - (1 - rate) ** k)


def test_the_plain_estimate_would_not_be() -> None:
    """What this guards against: one minus the failure rate to the power of k."""
    plain = sum(chance(c, 5, 0.3) * (1 - (1 - c / 5) ** 3) for c in range(6))
    assert plain < 1 - 0.7**3 - 0.02


def test_pass_at_k_of_what_cannot_be() -> None:
    for attempts, passed, k in ((3, 1, 4), (3, 4, 1), (3, -1, 1), (3, 1, 0)):
        with pytest.raises(ValueError):
            pass_at_k(attempts, passed, k)


@pytest.mark.parametrize("trials", [1, 4, 10, 26, 60])
def test_the_exact_interval_always_covers(trials: int) -> None:
    for rate in RATES:
        covered = sum(
            chance(c, trials, rate)
            for c in range(trials + 1)
            if clopper_pearson(c, trials)[0] <= rate <= clopper_pearson(c, trials)[1]
        )
        assert covered >= 0.95 - 1e-9


def test_the_score_interval_covers_on_average() -> None:
    trials, grid = 26, [n / 200 for n in range(4, 197)]
    covered = [
        sum(
            chance(c, trials, rate)
            for c in range(trials + 1)
            if wilson(c / trials, trials)[0] <= rate <= wilson(c / trials, trials)[1]
        )
        for rate in grid
    ]
    assert 0.94 < sum(covered) / len(covered) < 0.97
    assert min(covered) > 0.88


def test_known_values() -> None:
    """Against published tables: Wilson (Newcombe 1998, table I), Clopper and Pearson (1934)."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert clopper_pearson(81, 263) == pytest.approx((0.2527, 0.3676), abs=1e-4)
    assert clopper_pearson(0, 20) == pytest.approx((0.0, 0.1684), abs=1e-4)
    assert clopper_pearson(20, 20) == pytest.approx((0.8316, 1.0), abs=1e-4)
    assert wilson(0.5, 0) == clopper_pearson(0, 0) == (0.0, 1.0)


def test_the_interval_over_tasks_covers_when_tasks_differ() -> None:
    """26 tasks of different difficulty, 4 attempts each: the truth is the mean over the population of tasks."""
    chances = random.Random(7)
    covered = 0
    for _ in range(400):
        rates = [
            sum(chances.random() < rate for _ in range(4)) / 4
            for rate in (chances.betavariate(1, 1) for _ in range(26))
        ]
        low, high = wilson(sum(rates) / 26, 26)
        covered += low <= 0.5 <= high
    assert covered / 400 >= 0.95
