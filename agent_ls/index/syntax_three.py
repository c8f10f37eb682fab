"""Three nodes of one kind into one text: matching of units, order, recursion. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, final

from tree_sitter import Node

from agent_ls.core.alignment import gaps
from agent_ls.index.syntax_units import IMPORTS, SEQUENCES, Name, Unit, Units, bound, units_of

T = TypeVar("T")
_START, _END = -1, -2
_MAX_DEPTH = 100


@final
@dataclass(frozen=True, slots=True)
class Side:
    """A node of one of the three texts."""

    data: bytes
    node: Node

    @property
    def text(self) -> bytes:
        return self.data[self.node.start_byte : self.node.end_byte]


@final
@dataclass(frozen=True, slots=True)
class _Row:
    """The units of one side, each with the number of the base's unit that it is, or ``None``."""

    units: tuple[Unit, ...]
    same: tuple[int | None, ...]

    @property
    def kept(self) -> list[int]:
        return [number for number in self.same if number is not None]

    @property
    def added(self) -> list[Unit]:
        return [unit for unit, number in zip(self.units, self.same, strict=True) if number is None]


@final
@dataclass(frozen=True, slots=True)
class _Place:
    """Where a unit stands in the merged sequence: a number of the base, or a unit of one side."""

    number: int | None
    added: Unit | None = None
    lead: bytes = b""


def merge_node(base: Side, ours: Side, theirs: Side, depth: int = 0) -> bytes | None:
    """The text of three nodes that are the same one; ``None`` where both changes meet."""
    known = _pick(base.text, ours.text, theirs.text)
    if known is not None:
        return known
    nodes = (base.node, ours.node, theirs.node)
    if depth > _MAX_DEPTH or len({node.type for node in nodes}) > 1 or any(node.has_error for node in nodes):
        return None
    if base.node.type in SEQUENCES:
        return merge_sequence(base, ours, theirs, depth)
    return _only_child(base, ours, theirs, depth)


def _only_child(base: Side, ours: Side, theirs: Side, depth: int) -> bytes | None:
    """Merge where everything but one child is the same on all sides."""
    for children in zip(base.node.children, ours.node.children, theirs.node.children, strict=False):
        sides = [Side(side.data, child) for side, child in zip((base, ours, theirs), children, strict=True)]
        if len({side.text for side in sides}) == 1:
            continue
        heads = [s.data[s.node.start_byte : c.node.start_byte] for s, c in _pairs(base, ours, theirs, sides)]
        tails = [s.data[c.node.end_byte : s.node.end_byte] for s, c in _pairs(base, ours, theirs, sides)]
        if len(set(heads)) > 1 or len(set(tails)) > 1:
            return None
        inner = merge_node(sides[0], sides[1], sides[2], depth + 1)
        return None if inner is None else heads[0] + inner + tails[0]
    return None


def _pairs(base: Side, ours: Side, theirs: Side, inner: Sequence[Side]) -> list[tuple[Side, Side]]:
    return list(zip((base, ours, theirs), inner, strict=True))


def merge_sequence(
    base: Side, ours: Side, theirs: Side, depth: int = 0, *, whole: bool = False
) -> bytes | None:
    """Merge nodes whose children are a sequence of units; ``whole``: they are the roots of their texts."""
    parts: list[Units] = []
    for side in (base, ours, theirs):
        start, end = (0, len(side.data)) if whole else (side.node.start_byte, side.node.end_byte)
        found = units_of(side.node, side.data, start, end)
        if found is None:
            return None
        parts.append(found)
    names = _names([part.units for part in parts])
    rows = [_row(parts[0].units, part.units, names[0], own) for part, own in zip(parts, names, strict=True)]
    if _beside(_touched(parts[0].units, rows[1]), _touched(parts[0].units, rows[2])):
        return None
    order = _order(parts[0].units, rows[1], rows[2], names[1], names[2])
    # With the blanks before the bracket: a list is broken into lines as a whole, the comma belongs to it.
    closing = _pick(*((part.last_comma, part.units[-1].lead if part.units else b"") for part in parts))
    if order is None or closing is None:
        return None
    texts = [_by_number(row) for row in rows]
    out: list[bytes] = []
    for index, place in enumerate(order):
        following = order[index + 1] if index + 1 < len(order) else None
        after = following is not None and _unit_at(following, texts).item
        comma = _unit_at(place, texts).item and (after or closing[0])
        written = _written(place, texts, (base, ours, theirs), comma=comma, depth=depth)
        if written is None:
            return None
        out.append(written)
    end = _pick(*(part.end for part in parts))
    return b"".join(out) + (parts[2].end if end is None else end)


def _by_number(row: _Row) -> Mapping[int, Unit]:
    return {number: unit for unit, number in zip(row.units, row.same, strict=True) if number is not None}


def _unit_at(place: _Place, texts: Sequence[Mapping[int, Unit]]) -> Unit:
    return place.added if place.added is not None else texts[0][place.number or 0]


def _written(
    place: _Place, texts: Sequence[Mapping[int, Unit]], sides: Sequence[Side], *, comma: bool, depth: int
) -> bytes | None:
    """The text of one unit with its lead, and with a comma if it gets one."""
    mark = b"," if comma else b""
    if place.added is not None:
        return place.lead + place.added.head + place.added.text + mark + place.added.tail
    base, ours, theirs = (text[place.number or 0] for text in texts)
    nodes = [Side(side.data, unit.node) for side, unit in zip(sides, (base, ours, theirs), strict=True)]
    node = merge_node(nodes[0], nodes[1], nodes[2], depth + 1)
    head, tail = _pick(base.head, ours.head, theirs.head), _pick(base.tail, ours.tail, theirs.tail)
    lead = _lead(base.lead, ours.lead, theirs.lead)
    if node is None or head is None or tail is None or lead is None:
        return None
    if base.tail != tail and base.text != node:
        return None  # a comment on the same line is about what stands there
    return lead + head + node + mark + tail


def _pick(base: T, ours: T, theirs: T) -> T | None:
    """The side that changed; ``None`` where both did, differently."""
    if ours in (base, theirs):
        return theirs
    return ours if theirs == base else None


def _lead(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Blanks before a unit; where both sides changed them, the longer if the indentation is one."""
    picked = _pick(base, ours, theirs)
    if picked is not None:
        return picked
    same = ours.rpartition(b"\n")[2] == theirs.rpartition(b"\n")[2]
    return max(ours, theirs, key=len) if same else None


def _names(rows: Sequence[Sequence[Unit]]) -> list[list[Name]]:
    """Each unit's name, unique on its side; the long ones where short ones repeat, ``()`` for none."""
    short = {name for row in rows for name, n in Counter(u.name for u in row).items() if n > 1}
    long = {name for row in rows for name, n in Counter(u.long_name for u in row).items() if n > 1}
    named: list[list[Name]] = []
    for row in rows:
        chosen = [unit.long_name if unit.name in short else unit.name for unit in row]
        named.append([() if name in long else name for name in chosen])
    return named


def _row(
    base: Sequence[Unit], side: Sequence[Unit], base_names: Sequence[Name], names: Sequence[Name]
) -> _Row:
    """Match a side's units with the base's: by name, by text in order, by place and kind."""
    numbers = {name: index for index, name in enumerate(base_names) if name}
    same: list[int | None] = [numbers.get(name) if name else None for name in names]
    taken = set(same)
    left: list[object] = [index if index in taken else unit.whole for index, unit in enumerate(base)]
    right: list[object] = [
        unit.whole if number is None else number for number, unit in zip(same, side, strict=True)
    ]
    at = other = 0
    for start, end, new_start, new_end in [*gaps(left, right), (len(base), len(base), len(side), len(side))]:
        for index, place in zip(range(at, start), range(other, new_start), strict=True):
            same[place] = index
        free = [index for index in range(start, end) if index not in taken]
        new = [place for place in range(new_start, new_end) if same[place] is None]
        alone = len(free) == len(new) == 1 and base[free[0]].node.type in IMPORTS
        if len(free) == len(new) and all(
            base[i].node.type == side[j].node.type and (alone or not (base_names[i] or names[j]))
            for i, j in zip(free, new, strict=True)
        ):
            for index, place in zip(free, new, strict=True):
                same[place] = index
        at, other = end, new_end
    return _Row(tuple(side), tuple(same))


def _touched(base: Sequence[Unit], row: _Row) -> set[int]:
    """Where a side changed something that depends on its neighbours.

    The base's unit ``i`` is place ``2 * i + 1``, what was added before it is at ``2 * i``.
    """
    now = _by_number(row)
    places = {
        2 * number + 1
        for number, unit in enumerate(base)
        if not (unit.name or unit.part) and (number not in now or now[number].whole != unit.whole)
    }
    before = -1
    for unit, number in zip(row.units, row.same, strict=True):
        if number is not None:
            before = number
        elif not unit.free:
            places.add(2 * before + 2)
    return places


def _beside(ours: set[int], theirs: set[int]) -> bool:
    """Whether both sides changed things that lie beside each other: what one means, the other decides."""
    return any(
        other in theirs
        for place in ours
        for other in (
            (place - 1, place + 1) if place % 2 == 0 else (place - 2, place - 1, place + 1, place + 2)
        )
    )


def _order(
    base: Sequence[Unit], ours: _Row, theirs: _Row, our_names: Sequence[Name], their_names: Sequence[Name]
) -> list[_Place] | None:
    """The merged sequence; ``None`` where the sides disagree about it."""
    if not _removals_agree(base, ours, theirs) or not _removals_agree(base, theirs, ours):
        return None
    ours = _without_twins(ours, theirs, our_names, their_names)
    if _bound(ours.added) & _bound(theirs.added):
        return None
    both = set(ours.kept) & set(theirs.kept)
    our_order, their_order = ([n for n in row.kept if n in both] for row in (ours, theirs))
    if sorted(both) not in (our_order, their_order) and our_order != their_order:
        return None
    swapped = their_order != sorted(both)  # theirs moved units: their sequence is the one to follow
    frame, guest = (theirs, ours) if swapped else (ours, theirs)
    return _woven(frame, guest, guest_first=swapped, moved=our_order != their_order)


def _removals_agree(base: Sequence[Unit], removing: _Row, other: _Row) -> bool:
    """Whether what one side removed was left alone by the other."""
    kept = set(removing.kept)
    return all(
        number in kept or unit.whole == base[number].whole for number, unit in _by_number(other).items()
    )


def _without_twins(ours: _Row, theirs: _Row, our_names: Sequence[Name], their_names: Sequence[Name]) -> _Row:
    """Our row without the named units that they added, too, word for word."""
    twins = {
        (name, unit.whole)
        for name, unit, number in zip(their_names, theirs.units, theirs.same, strict=True)
        if name and number is None
    }
    kept = [
        (unit, number)
        for name, unit, number in zip(our_names, ours.units, ours.same, strict=True)
        if number is not None or (name, unit.whole) not in twins
    ]
    return _Row(tuple(unit for unit, _ in kept), tuple(number for _, number in kept))


def _bound(units: Sequence[Unit]) -> set[str]:
    return {name for unit in units for name in bound(unit)}


def _woven(frame: _Row, guest: _Row, *, guest_first: bool, moved: bool) -> list[_Place] | None:
    """The frame's sequence with what the guest added and without what it removed."""
    places = [_place(frame, index) for index in range(len(frame.units))]
    for before, first, last, after in _runs(guest):
        added = [_place(guest, index) for index in range(first, last)]
        start = _index(places, before)
        end = _index(places, after)
        if start is None and end is None:
            return None
        low = (start if start is not None else _back(places, end or 0)) + 1
        high = end if end is not None else _forth(places, low)
        between = places[low:high] if low <= high else []
        if between and _words(between) == _words(added):
            continue
        quiet = start is not None and end is not None and low == high and not moved
        if not quiet and not _all_free([*added, *between]):
            return None
        at = low if guest_first else max(low, high)
        places[at:at] = added
    kept = set(guest.kept)
    return [place for place in places if place.number is None or place.number in kept]


def _words(places: Sequence[_Place]) -> list[bytes]:
    return [place.added.whole for place in places if place.added is not None]


def _all_free(places: Sequence[_Place]) -> bool:
    return all(place.added is not None and place.added.free for place in places)


def _place(row: _Row, index: int) -> _Place:
    number, unit = row.same[index], row.units[index]
    if number is not None:
        return _Place(number)
    follows = row.units[index + 1].lead if index == 0 and index + 1 < len(row.units) else unit.lead
    return _Place(None, unit, follows)


def _runs(row: _Row) -> list[tuple[int, int, int, int]]:
    """Added units that stand together: the base's number before, first, last + 1, the number after."""
    runs: list[tuple[int, int, int, int]] = []
    index = 0
    while index < len(row.units):
        if row.same[index] is not None:
            index += 1
            continue
        first = index
        while index < len(row.units) and row.same[index] is None:
            index += 1
        before = row.same[first - 1] if first else _START
        after = row.same[index] if index < len(row.units) else _END
        runs.append((_START if before is None else before, first, index, _END if after is None else after))
    return runs


def _index(places: Sequence[_Place], number: int) -> int | None:
    if number == _START:
        return -1
    if number == _END:
        return len(places)
    return next((index for index, place in enumerate(places) if place.number == number), None)


def _back(places: Sequence[_Place], index: int) -> int:
    """The last place before ``index`` that is not added."""
    index -= 1
    while index >= 0 and places[index].number is None:
        index -= 1
    return index


def _forth(places: Sequence[_Place], index: int) -> int:
    while index < len(places) and places[index].number is None:
        index += 1
    return index
