"""Which items of two sequences correspond: the line differ under `diff`, `merge` and `matching`.

Trim what both begin and end with → patience on items that are unique on both sides → the
same on items that occur equally often → shortest edit script in small gaps. A gap that is
still too costly is reported as replaced, which is always true and merely not minimal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from agent_ls.core.text import common_prefix, common_suffix

Gap = tuple[int, int, int, int]
"""Half-open ranges ``(a_start, a_end, b_start, b_end)`` that do not correspond; at most one is empty."""

_MAX_SCRIPT = 160  # edits; the greedy search costs its square, about 10 ms here


def gaps(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Gap]:
    """The ascending gaps between two sequences; between them the items are pairwise equal.

    Neighbouring gaps are at least one equal item apart. Cost: linear where the sequences agree,
    O(n log n) in what differs, bounded quadratic in small gaps without unique items.
    """
    found: list[Gap] = []
    work: list[Gap] = [(0, len(a), 0, len(b))]
    while work:  # a stack, last gap on top of the later ones: ascending order, no recursion limit
        gap = _trim(a, b, work.pop())
        if gap[0] == gap[1] or gap[2] == gap[3]:
            if gap[0] != gap[1] or gap[2] != gap[3]:
                _append(found, gap)
            continue
        anchors = _anchors(a, b, gap)
        if anchors:
            work.extend(reversed(list(_between(a, b, gap, anchors))))
        else:
            for part in _small(a, b, gap):
                _append(found, part)
    return found


def _append(found: list[Gap], gap: Gap) -> None:
    """Add a gap; one that touches the last is joined with it."""
    if found and found[-1][1] == gap[0] and found[-1][3] == gap[2]:
        last = found.pop()
        gap = (last[0], gap[1], last[2], gap[3])
    found.append(gap)


def _trim(a: Sequence[Hashable], b: Sequence[Hashable], gap: Gap) -> Gap:
    first, last, b_first, b_last = gap
    left, right = a[first:last], b[b_first:b_last]
    head = common_prefix(left, right)
    tail = common_suffix(left, right, head)
    return first + head, last - tail, b_first + head, b_last - tail


def _anchors(a: Sequence[Hashable], b: Sequence[Hashable], gap: Gap) -> list[tuple[int, int]]:
    """Corresponding indices of items that are unique on both sides, else of equally frequent ones."""
    first, last, b_first, b_last = gap
    left, right = a[first:last], b[b_first:b_last]
    count_a, count_b = Counter(left), Counter(right)
    place = dict(zip(right, range(b_first, b_last), strict=True))
    pairs = [
        (index, place[item])
        for index, item in enumerate(left, first)
        if count_a[item] == 1 and count_b.get(item) == 1
    ]
    if not pairs:
        pairs = _equally_frequent(left, right, count_a, count_b)
        pairs = [(first + index, b_first + other) for index, other in pairs]
    places = [other for _, other in pairs]
    return pairs if places == sorted(places) else _longest_increasing(pairs)


def _equally_frequent(
    a: Sequence[Hashable], b: Sequence[Hashable], count_a: Counter[Hashable], count_b: Counter[Hashable]
) -> list[tuple[int, int]]:
    """The n-th occurrence on one side with the n-th on the other, of items that occur equally often."""
    chosen = {item for item in count_a.keys() & count_b.keys() if count_a[item] == count_b[item]}
    places: dict[Hashable, list[int]] = {item: [] for item in chosen}
    for index in range(len(b) - 1, -1, -1):
        if b[index] in chosen:
            places[b[index]].append(index)
    return [(index, places[item].pop()) for index, item in enumerate(a) if item in chosen]


def _longest_increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs in which both indices ascend (patience sorting)."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        pile = bisect_left(tops, place)
        before.append(ends[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(place)
            ends.append(number)
        else:
            tops[pile] = place
            ends[pile] = number
    run: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(pairs[at])
        at = before[at]
    run.reverse()
    return run


def _between(
    a: Sequence[Hashable], b: Sequence[Hashable], gap: Gap, anchors: list[tuple[int, int]]
) -> Iterator[Gap]:
    """The sub-gaps between anchors and what is equal behind them: there, no anchor is looked at."""
    first, last, b_first, b_last = gap
    for index, place in anchors:
        if index < first or place < b_first:
            continue
        if index > first or place > b_first:
            yield first, index, b_first, place
        run = _run(a, b, index, place, min(last - index, b_last - place))
        first, b_first = index + run, place + run
    if last > first or b_last > b_first:
        yield first, last, b_first, b_last


def _run(a: Sequence[Hashable], b: Sequence[Hashable], index: int, place: int, limit: int) -> int:
    """How many items are equal from two places on; in growing steps, since most runs are short."""
    length, step = 0, 16
    while length < limit:
        size = min(step, limit - length)
        at, other = index + length, place + length
        equal = common_prefix(a[at : at + size], b[other : other + size])
        length += equal
        if equal < size:
            break
        step *= 2
    return length


def _small(a: Sequence[Hashable], b: Sequence[Hashable], gap: Gap) -> list[Gap]:
    """A gap without anchors: the shortest edit script, or the gap itself where that is too costly."""
    first, last, b_first, b_last = gap
    left, right = a[first:last], b[b_first:b_last]
    if set(left).isdisjoint(right):
        return [gap]
    script = _shortest_script(left, right)
    if script is None:
        return [gap]
    return [(first + i, first + j, b_first + k, b_first + m) for i, j, k, m in script]


def _shortest_script(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Gap] | None:
    """The greedy O(ND) search (Myers, 1986); ``None`` where more than `_MAX_SCRIPT` edits are needed."""
    size_a, size_b = len(a), len(b)
    reach = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(size_a + size_b, _MAX_SCRIPT) + 1):
        trace.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if down else reach[k - 1] + 1
            y = x - k
            while x < size_a and y < size_b and a[x] == b[y]:
                x, y = x + 1, y + 1
            reach[k] = x
            if x >= size_a and y >= size_b:
                return _backtrack(trace, size_a, size_b)
    return None


def _backtrack(trace: list[dict[int, int]], x: int, y: int) -> list[Gap]:
    steps: list[Gap] = []
    for edits in range(len(trace) - 1, 0, -1):
        reach, k = trace[edits], x - y
        down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        from_x = reach[k + 1] if down else reach[k - 1]
        from_y = from_x - (k + 1 if down else k - 1)
        steps.append((from_x, from_x, from_y, from_y + 1) if down else (from_x, from_x + 1, from_y, from_y))
        x, y = from_x, from_y
    joined: list[Gap] = []
    for step in reversed(steps):
        _append(joined, step)
    return joined
