"""Which passages to show within a budget: the bodies that matter most, and the heads of more."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter, mul
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.index.passages import Passage

_HEADS = 0.2
"""Share of the budget that is kept for heads: a name with its parameters costs a tenth of a body."""
_THRIFT = 0.9
"""Between 0 (the likeliest first, whatever it costs) and 1 (the most likelihood per token)."""
_SMALL = 3
"""Tokens added to every cost, so that a lone brace is no bargain."""


@final
@dataclass(frozen=True, slots=True)
class ContextSpan:
    """Lines worth showing, 1-based and inclusive. ``tokens``: its characters / 4, rounded up."""

    path: RelPath
    symbol: str
    start_line: int
    end_line: int
    score: float
    tokens: int


@final
@dataclass(frozen=True, slots=True)
class _Shown:
    """Lines of a passage, 0-based, and their characters."""

    passage: Passage
    first: int
    last: int
    size: int
    likely: float


def likelihoods(passages: Sequence[Passage], weights: Mapping[str, float]) -> list[float]:
    """How likely each passage is what the request is about: a logistic model of its signals."""
    bias = weights.get("bias", 0.0)
    names = [name for name in weights if name != "bias"]
    values = [weights[name] for name in names]
    if len(names) < 2:  # itemgetter of one name gives no tuple
        names, values = [*names, "file", "file"], [*values, 0.0, 0.0]
    signals = itemgetter(*names)
    return [1 / (1 + math.exp(-bias - sum(map(mul, values, signals(p.signals))))) for p in passages]


def pack(
    passages: Sequence[Passage], likely: Sequence[float], budget: int
) -> tuple[tuple[ContextSpan, ...], int]:
    """Choose what to show: bodies for most of the budget, then heads for the rest.

    A token is four characters; each file costs its path / 4 + 2 once. Passages that touch are
    joined. Returns the spans, best first, and the tokens used: never more than ``budget``.
    """
    purse = _Purse(budget)
    worth = sorted(
        range(len(passages)),
        key=lambda at: (-likely[at] / (passages[at].cut.size / 4 + _SMALL) ** _THRIFT, at),
    )
    chosen: list[_Shown] = []
    rest: list[int] = []
    for at in worth:
        passage = passages[at]
        if purse.pay(passage.path, passage.cut.size, leave=_HEADS * budget):
            unit = passage.cut.unit
            chosen.append(_Shown(passage, unit.first, unit.last, passage.cut.size, likely[at]))
        elif passage.cut.head_size:
            rest.append(at)
    rest.sort(key=lambda at: (-likely[at] / (passages[at].cut.head_size / 4 + _SMALL), at))
    for at in rest:
        passage = passages[at]
        if purse.pay(passage.path, passage.cut.head_size, leave=0):
            head = passage.cut.unit.head
            chosen.append(_Shown(passage, head, head, passage.cut.head_size, likely[at]))
    spans = _joined(chosen)
    used = sum(span.tokens for span in spans) + sum(_header(path) for path in {span.path for span in spans})
    return tuple(sorted(spans, key=lambda s: (-s.score, s.path, s.start_line))), used


def _header(path: RelPath) -> int:
    return math.ceil(len(path) / 4) + 2


@final
class _Purse:
    """What is left of a budget, in tokens."""

    def __init__(self, budget: int) -> None:
        self._left = budget
        self._paid: set[RelPath] = set()

    def pay(self, path: RelPath, size: int, *, leave: float) -> bool:
        """Take what some characters of a file cost, if that much remains; say whether."""
        cost = math.ceil(size / 4) + (0 if path in self._paid else _header(path))
        if self._left - cost < leave:
            return False
        self._left -= cost
        self._paid.add(path)
        return True


def _joined(chosen: Sequence[_Shown]) -> list[ContextSpan]:
    """Spans of what was chosen; neighbours in a file become one."""
    by_path: defaultdict[RelPath, list[_Shown]] = defaultdict(list)
    for shown in chosen:
        by_path[shown.passage.path].append(shown)
    spans: list[ContextSpan] = []
    for path, some in by_path.items():
        some.sort(key=lambda shown: shown.first)
        group: list[_Shown] = []
        for shown in some:
            if group and shown.first > group[-1].last + 1:
                spans.append(_span(path, group))
                group = []
            group.append(shown)
        spans.append(_span(path, group))
    return spans


def _span(path: RelPath, group: Sequence[_Shown]) -> ContextSpan:
    best = max(group, key=lambda shown: shown.likely)
    definition = best.passage.cut.unit.definition
    return ContextSpan(
        path,
        definition.path if definition else "",
        group[0].first + 1,
        group[-1].last + 1,
        round(best.likely, 4),
        math.ceil(sum(shown.size for shown in group) / 4),
    )
