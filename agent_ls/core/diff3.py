"""Three-way merge of two texts that come from one base.

Source: diff3 (Khanna, Kunal, Pierce, 2007), made stricter where it is unclear which lines a side
left alone, and looser where two whole lines merely lie beside each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.alignment import Gap, gaps
from agent_ls.core.text import line_ending

_FEW_LINES = 5  # lines kept between two changes of a side that may have been paired by accident
_BOTH_CHANGED = "both the plan and the user changed these lines"
_MOVED = "one side moved lines that the other deleted"


@final
@dataclass(frozen=True, slots=True)
class TextConflict:
    """A region that both sides changed differently.

    ``line``: 0-based line in ``theirs``. ``offset``: where the region starts in the merged text,
    which holds this conflict's ``theirs`` there.
    """

    line: int
    base: bytes
    ours: bytes
    theirs: bytes
    reason: str = _BOTH_CHANGED
    offset: int = 0


@final
@dataclass(frozen=True, slots=True)
class MergedText:
    """A merged text; in the regions of its conflicts it holds theirs."""

    data: bytes
    conflicts: tuple[TextConflict, ...] = ()


def merge_text(base: bytes, ours: bytes, theirs: bytes) -> MergedText:
    """Merge two texts that come from one base.

    Changes that only one side made are taken, the same change on both sides is taken once. Whole
    lines replaced side by side merge; anything closer (a shared line, an insertion that touches
    the other side's change) is a conflict, and so are lines that one side moved and the other deleted.
    Cost: that of two line diffs.
    """
    if ours in (theirs, base):
        return MergedText(theirs)
    if theirs == base:
        return MergedText(ours)
    base, ours = with_line_ends_of(theirs, base, ours)
    lines = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    return merge_lines(lines[0], lines[1], gaps(lines[0], lines[1]), lines[2])


def merge_lines(
    base: Sequence[bytes], ours: Sequence[bytes], our_gaps: Sequence[Gap], theirs: Sequence[bytes]
) -> MergedText:
    """As `merge_text`, where the lines that our side changed are known already."""
    their_gaps = gaps(base, theirs)
    if list(our_gaps) == their_gaps and ours == theirs:
        return MergedText(b"".join(theirs))
    agreed = _agreed(ours, our_gaps, theirs, their_gaps)
    reaches = [_reaching(base, ours, our_gaps), _reaching(base, theirs, their_gaps)]
    regions = _regions(*([r for r in side if r.gap[:2] not in agreed] for side in reaches))
    both = zip(*([r for r in side if r.gap[:2] in agreed] for side in reaches), strict=True)
    _add_agreed(regions, list(both))
    moved = _moved_or_deleted(base, (ours, our_gaps), (theirs, their_gaps))
    starts = [min(reach.gap[0] for reach in (*our, *their)) for our, their in regions]
    out: list[bytes] = []
    conflicts: list[TextConflict] = []
    at = 0
    for (our, their), first, limit in zip(regions, starts, [*starts[1:], len(base)], strict=True):
        start, end = first, max(reach.gap[1] for reach in (*our, *their))
        if our and their:  # a clash is looked at with all lines that it could concern
            start = max(at, min(first, *(reach.start for reach in (*our, *their))))
            end = min(limit, max(end, *(reach.end for reach in (*our, *their))))
        out += base[at:start]
        at = end
        our_text = _side(base, ours, our, start, end)
        their_text = _side(base, theirs, their, start, end)
        if our and their and start == end:
            together = _one_insertion(base, our_text, their_text)
            our_text, their_text = (together, together) if together else (our_text, their_text)
        clash = _BOTH_CHANGED if our and their and our_text != their_text else ""
        if not clash and (_adds(ours, our, moved) or _adds(theirs, their, moved)):
            clash = _MOVED
        if clash:
            line = _line_in(their_gaps, start)
            texts = (b"".join(base[start:end]), b"".join(our_text), b"".join(their_text))
            conflicts.append(TextConflict(line, *texts, clash, sum(map(len, out))))
        out += their_text if their or clash else our_text
    out += base[at:]
    return MergedText(b"".join(out), tuple(conflicts))


_Region = tuple[list["_Reach"], list["_Reach"]]


@final
@dataclass(frozen=True, slots=True)
class _Reach:
    """A gap with the base lines ``start..end`` over which it could stand as well.

    ``low`` and ``high``: how far it could slide of these, the text being the same wherever it stands.
    """

    gap: Gap
    start: int
    end: int
    low: int
    high: int

    @property
    def slides(self) -> bool:
        return self.high - self.low > self.gap[1] - self.gap[0]


def _reaching(base: Sequence[bytes], side: Sequence[bytes], found: Sequence[Gap]) -> list[_Reach]:
    """Each gap with its reach.

    An insertion or a deletion beside a line like its own last or first one could as well stand a
    line further (the ``}`` of a function is such a line). Which of these lines a side left alone is
    then not known, so a change of the other side to any of them is a clash, not a guess. The same
    goes for the few lines between two gaps, if each of them stands elsewhere as well.
    """
    places = Counter(base) if len(found) > 1 else Counter[bytes]()
    reaches: list[_Reach] = []
    for index, gap in enumerate(found):
        before = found[index - 1][1] if index else 0
        after = found[index + 1][0] if index + 1 < len(found) else len(base)
        low, high = start, end = _slide(base, side, gap, before, after)
        if index and _could_be_others(base[before : gap[0]], places):
            start = before
        if index + 1 < len(found) and _could_be_others(base[gap[1] : after], places):
            end = after
        reaches.append(_Reach(gap, start, end, low, high))
    return reaches


def _could_be_others(kept: Sequence[bytes], places: Counter[bytes]) -> bool:
    """Whether a few lines kept between two gaps are all such as stand elsewhere, too."""
    return len(kept) <= _FEW_LINES and all(places[line] > 1 for line in kept)


def _slide(
    base: Sequence[bytes], side: Sequence[bytes], gap: Gap, before: int, after: int
) -> tuple[int, int]:
    first, last, new_first, new_last = gap
    if first != last and new_first != new_last:
        return first, last
    text, at, until = (side, new_first, new_last) if first == last else (base, first, last)
    up = down = 0
    while first - up > before and text[at - up - 1] == text[until - up - 1]:
        up += 1
    while last + down < after and text[at + down] == text[until + down]:
        down += 1
    return first - up, last + down


def _agreed(
    ours: Sequence[bytes], our_gaps: Sequence[Gap], theirs: Sequence[bytes], their_gaps: Sequence[Gap]
) -> set[tuple[int, int]]:
    """Base lines that both sides changed alike."""
    mine = {(first, last): ours[new:end] for first, last, new, end in our_gaps if first != last}
    return {
        (first, last)
        for first, last, new, end in their_gaps
        if first != last and mine.get((first, last)) == theirs[new:end]
    }


def _moved_or_deleted(
    base: Sequence[bytes],
    ours: tuple[Sequence[bytes], Sequence[Gap]],
    theirs: tuple[Sequence[bytes], Sequence[Gap]],
) -> set[bytes]:
    """Lines that both sides took from their place, and that one has at another and the other nowhere.

    Only lines that the base has once: of a ``}`` nobody can tell whether it is the same one.
    """
    gone = [{n for gap in found for n in range(*gap[:2])} for _, found in (ours, theirs)]
    both = Counter(base[n] for n in gone[0] & gone[1])
    if not both:
        return set()
    added = [{line for gap in found for line in side[gap[2] : gap[3]]} for side, found in (ours, theirs)]
    known = Counter(line for line in base if line in both)
    return {line for line in added[0] ^ added[1] if known[line] == 1 and line.strip()}


def _adds(side: Sequence[bytes], changed: Sequence[_Reach], lines: set[bytes]) -> bool:
    return any(line in lines for reach in changed for line in side[reach.gap[2] : reach.gap[3]])


def _line_in(found: Sequence[Gap], base_line: int) -> int:
    """The line of a side that stands where a base line does that none of its gaps reaches over."""
    before = [gap for gap in found if gap[0] < base_line]
    return base_line + (before[-1][3] - before[-1][1] if before else 0)


def _regions(ours: Sequence[_Reach], theirs: Sequence[_Reach]) -> list[_Region]:
    """Gaps of both sides, grouped where they meet, ascending."""
    regions: list[_Region] = []
    i = j = 0
    while i < len(ours) or j < len(theirs):
        take_ours = j == len(theirs) or (
            i < len(ours) and (ours[i].start, ours[i].end) <= (theirs[j].start, theirs[j].end)
        )
        our, their = ([ours[i]], []) if take_ours else ([], [theirs[j]])
        i, j = (i + 1, j) if take_ours else (i, j + 1)
        grown = True
        while grown:
            grown = False
            if i < len(ours) and any(_meet(ours[i], other) for other in their):
                our.append(ours[i])
                i, grown = i + 1, True
            if j < len(theirs) and any(_meet(theirs[j], other) for other in our):
                their.append(theirs[j])
                j, grown = j + 1, True
        regions.append((our, their))
    return regions


def _add_agreed(regions: list[_Region], agreed: Sequence[tuple[_Reach, _Reach]]) -> None:
    """Put what both sides changed alike into the region around it, or into one of its own."""
    for our, their in agreed:
        for region in regions:
            gaps_of_it = [reach.gap for side in region for reach in side]
            if min(gap[0] for gap in gaps_of_it) <= our.gap[0] < max(gap[1] for gap in gaps_of_it):
                for side, reach in zip(region, (our, their), strict=True):
                    side.append(reach)
                    side.sort(key=lambda item: item.gap)
                break
        else:
            regions.append(([], [their]))
    regions.sort(key=lambda region: min(reach.gap[:2] for side in region for reach in side))


def _meet(a: _Reach, b: _Reach) -> bool:
    """Whether two sides' gaps must be looked at together."""
    if a.start < b.end and b.start < a.end:
        return True
    if a.start > b.end or b.start > a.end:
        return False
    # They touch. What slides can stand a line further down, which is the same text; lines replaced one
    # for one keep their places; an insertion or a changed number of lines may as well belong to the
    # other side of the border.
    if _slides_off(a, b) or _slides_off(b, a):
        return False
    return not (_one_for_one(a.gap) and _one_for_one(b.gap))


def _slides_off(a: _Reach, b: _Reach) -> bool:
    """Whether ``a`` touches changed lines (no mere insertion) only with the upper end of its slide.

    At its lower end it stands before lines that it may be about (a heading, a signature): so git
    places it, too, and calls a change right behind it a conflict.
    """
    changes_lines = b.gap[0] < b.gap[1] and (b.start, b.end) == b.gap[:2]
    return changes_lines and a.slides and b.end == a.low


def _one_for_one(gap: Gap) -> bool:
    return gap[1] - gap[0] == gap[3] - gap[2]


def _one_insertion(base: Sequence[bytes], ours: list[bytes], theirs: list[bytes]) -> list[bytes] | None:
    """The longer of two insertions at one place, where it begins or ends with the other.

    The shorter one must be of lines that the base has nowhere: a ``}`` on both sides is not the same one.
    """
    less, more = sorted((ours, theirs), key=len)
    known = set(base)
    if not less or any(line in known for line in less):
        return None
    return more if less in (more[: len(less)], more[len(more) - len(less) :]) else None


def _side(
    base: Sequence[bytes], side: Sequence[bytes], changed: list[_Reach], start: int, end: int
) -> list[bytes]:
    """One side's lines for ``base[start:end]``."""
    out: list[bytes] = []
    at = start
    for first, last, new_first, new_last in (reach.gap for reach in changed):
        out += base[at:first]
        out += side[new_first:new_last]
        at = last
    return [*out, *base[at:end]]


def with_line_ends_of(theirs: bytes, base: bytes, ours: bytes) -> tuple[bytes, bytes]:
    r"""Base and ours with the line ends of theirs, where an editor converted the whole file.

    Only where base and theirs are each uniform and differ: a text of mixed line ends is left as it is.
    """
    old, new = line_ending(base), line_ending(theirs)
    if old == new or not (_uniform(base, old) and _uniform(theirs, new) and _uniform(ours, old)):
        return base, ours
    return base.replace(old, new), ours.replace(old, new)


def _uniform(data: bytes, end: bytes) -> bool:
    if b"\n" not in data and b"\r" not in data:
        return True
    rest = data.replace(end, b"")
    return end in data and b"\n" not in rest and b"\r" not in rest
