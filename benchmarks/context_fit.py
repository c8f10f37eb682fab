"""The two fits behind ``agent_ls/index/weights.toml``. Needs numpy, which agent-ls itself does not.

Files: softmax over a case's candidates, the gold files sharing the probability. Passages: logistic,
every case counting alike. Both are convex and regularised: one answer, few numbers, each with the
sign one would expect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = Any
_FILE_L2, _PASSAGE_L2 = 0.01, 2e-6
_STEPS = 400


class Group(NamedTuple):
    """The candidates of one case: a row of signals for each, and how much each is gold (0..1)."""

    rows: Sequence[Mapping[str, float]]
    gold: Sequence[float]
    weight: float = 1.0


def matrix(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Array:
    return np.array([[row.get(name, 0.0) for name in names] for row in rows]).reshape(len(rows), len(names))


def fit_files(groups: Sequence[Group], names: Sequence[str]) -> dict[str, float]:
    """Weights of the file signals."""
    data = [(matrix(g.rows, names), np.array(g.gold)) for g in groups if sum(g.gold)]

    def slope(weights: Array) -> Array:
        total = 2 * _FILE_L2 * weights
        for rows, gold in data:
            scores = rows @ weights
            share = np.exp(scores - scores.max())
            total = total + (share / share.sum() - gold / gold.sum()) @ rows / len(groups)
        return total

    return dict(zip(names, _descend(slope, np.zeros(len(names))), strict=True))


def fit_passages(groups: Sequence[Group], names: Sequence[str]) -> dict[str, float]:
    """Weights of the passage signals, with their ``bias``."""
    rows = np.vstack([matrix(g.rows, names) for g in groups])
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    gold = np.concatenate([np.array(g.gold) for g in groups])
    share = np.concatenate([np.full(len(g.gold), g.weight) for g in groups])
    share = share / share.sum()

    def slope(weights: Array) -> Array:
        likely = 1 / (1 + np.exp(-(rows @ weights)))
        return rows.T @ (share * (likely - gold)) + 2 * _PASSAGE_L2 * np.append(weights[:-1], 0)

    start = np.zeros(len(names) + 1)
    start[-1] = -4.0
    return dict(zip([*names, "bias"], _descend(slope, start), strict=True))


def _descend(slope: Callable[[Array], Array], weights: Array) -> list[float]:
    """Adam (Kingma, Ba, 2015): full batches, fixed steps, so that every run gives the same."""
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        gradient = slope(weights)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient * gradient
        weights = weights - 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-10)
    return [float(w) for w in weights]
