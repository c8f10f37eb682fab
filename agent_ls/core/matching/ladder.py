"""The ladder: loosen only after nothing was found, refuse as soon as two places fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.indent import Pair, prove
from agent_ls.core.matching.locate import Spot, find_lines, find_partly, find_text
from agent_ls.core.matching.readings import Reading, alternatives
from agent_ls.core.matching.source import (
    EXACT,
    INDENTED,
    SQUEEZED,
    STRICT,
    Rung,
    Source,
    blankless,
    indent_of,
)

_LOOSER = STRICT[1:]
Candidate = tuple[Block, Reading | None]


@final
@dataclass(frozen=True, slots=True)
class Found:
    """A block stands at exactly one place, under this rung, as this reading of it (``None``: as it stands)."""

    block: Block
    spot: Spot
    rung: Rung
    reading: Reading | None = None

    def pairs(self, source: Source) -> Iterator[Pair]:
        """The model's and the file's indentation of each anchor line that is not blank."""
        for offset, line in enumerate(self.block.old):
            body = source.bodies[self.spot.first + offset]
            partial = (offset == 0 and self.spot.head) or (
                offset == len(self.block.old) - 1 and self.spot.tail and not line.strip()
            )
            if line.strip() and not partial:
                yield indent_of(line), indent_of(body)


@final
@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several places fit equally well: 0-based first lines."""

    lines: tuple[int, ...]


def locate(source: Source, readings: Sequence[Block]) -> Found | Ambiguous | None:
    """Find the one place that a block means; ``None`` where it stands nowhere.

    Args:
        source: The text that was shown.
        readings: What the block says, the likeliest first; looser readings of the first are added.
    """
    exact = _first(source, [(block, None) for block in readings], (EXACT,))
    if exact is not None:
        return exact
    plain = [(block, None) for block in readings if _possible(source, block)]
    others: list[Candidate] | None = None
    for rungs in (_LOOSER, INDENTED, SQUEEZED):
        outcome = _first(source, plain, rungs)
        if outcome is not None:
            return outcome
        if others is None:
            tried = (other for block in readings for other in alternatives(block))
            others = [other for other in tried if _possible(source, other[0])]
        for rung in (EXACT, *rungs) if rungs is _LOOSER else rungs:
            outcome = _settle(source, others, rung)
            if outcome is not None:
                return outcome
    return None


def _first(
    source: Source, candidates: Sequence[Candidate], rungs: Sequence[Rung]
) -> Found | Ambiguous | None:
    """What the first rung finds that finds anything; of several candidates the earlier is the likelier."""
    for rung in rungs:
        for candidate in candidates:
            outcome = _settle(source, [candidate], rung)
            if outcome is not None:
                return outcome
    return None


def _possible(source: Source, block: Block) -> bool:
    """Whether any rung could find the block: none is looser than comparing without blanks."""
    return blankless("\n".join(block.old)) in source.blankless


def reread(found: Sequence[Found]) -> list[Found]:
    """Take the new lines of every block as the call's other blocks prove that they are meant.

    A block whose old lines hold no escape shows nothing; where another block of the same call was
    found only without its escapes, the new lines of this one are read so, too.
    """
    proven = list(dict.fromkeys(item.reading for item in found if item.reading is not None))
    result: list[Found] = []
    for item in found:
        block = item.block
        for reading in proven if item.reading is None else ():
            other = reading(block)
            if other is not None and other.old == block.old:
                block = other
        result.append(replace(item, block=block))
    return result


def contradicted(source: Source, found: Sequence[Found]) -> tuple[Found, Ambiguous] | None:
    """A block found as it stands that would also fit elsewhere, were it indented otherwise.

    That matters where something speaks for the other place: blocks of the same call are indented
    otherwise, or the hunk's header names just that line. Then this one may have landed on a twin.
    """
    shifted = any(not item.rung.indented for item in found)
    for item in found:
        stated = None if item.block.start is None else item.block.start - 1
        if not item.rung.indented or not (shifted or stated not in (None, item.spot.first)):
            continue
        if not any(model for model, _ in item.pairs(source)):
            continue
        spots = _spots(source, replace(item.block, partial=False), INDENTED[-1])
        others = {spot.first for spot in spots} - {item.spot.first}
        if others and (shifted or stated in others):
            return item, Ambiguous(tuple(sorted({item.spot.first, *others})))
    return None


def everywhere(source: Source, block: Block) -> list[Found]:
    """Every place of a ``replace_all``, under the first rung that finds any; never overlapping."""
    for rung in STRICT:
        spots = _spots(source, block, rung)
        if spots:
            return [Found(block, spot, rung) for spot in spots]
    return []


def _settle(source: Source, candidates: Iterable[Candidate], rung: Rung) -> Found | Ambiguous | None:
    """What a rung finds over some readings that are equally likely."""
    found: dict[Spot, list[Candidate]] = {}
    for block, reading in candidates:
        if not block.empty:
            for spot in _spots(source, block, rung):
                found.setdefault(spot, []).append((block, reading))
    if not found:
        return None
    spots = list(found)
    if len(spots) > 1:
        spots = _narrowed(source, found[spots[0]][0][0], spots)
    if len(spots) > 1:
        return Ambiguous(tuple(sorted(spot.first for spot in spots)))
    agreeing = found[spots[0]]
    if len({block.new for block, _ in agreeing}) > 1:
        return Ambiguous((spots[0].first,))
    block, reading = agreeing[0]
    return Found(block, spots[0], rung, reading)


def _spots(source: Source, block: Block, rung: Rung) -> list[Spot]:
    if rung is EXACT and block.partial:
        spots = find_text(source, "\n".join(block.old))
        if len(spots) == 1 and _cuts_indentation(block, spots[0]):
            spots = []
    else:
        spots = find_lines(source, block.old, rung)
        if not spots and block.partial:
            spots = find_partly(source, block.old, rung)
    if block.kept is not None:
        spots = _on_real_lines(source, spots)
    if block.at_end:
        spots = [spot for spot in spots if not any(b.strip() for b in source.bodies[spot.last :])]
    if not rung.indented:
        spots = [spot for spot in spots if _provable(source, block, spot, rung)]
    return spots


def _on_real_lines(source: Source, spots: list[Spot]) -> list[Spot]:
    """A hunk's places on lines that exist; only without any, one that ends behind the final newline."""
    count = len(source.bodies) - (source.bodies[-1] == "")
    return [spot for spot in spots if spot.last <= count] or spots


def _cuts_indentation(block: Block, spot: Spot) -> bool:
    """Whether a literal match begins amid a line's indentation: the model's is another, an accident of blanks."""
    return bool(spot.head) and not spot.head.strip(" \t") and block.old[0][:1] in (" ", "\t")


def _provable(source: Source, block: Block, spot: Spot, rung: Rung) -> bool:
    pairs = Found(block, spot, rung).pairs(source)
    return prove(pairs, (), ()) is not None


def _narrowed(source: Source, block: Block, spots: list[Spot]) -> list[Spot]:
    """The places inside the scope of the block's headings, where each of these stands exactly once."""
    if not block.heading:
        return spots
    first, last = 0, len(source.bodies)
    for heading in block.heading:
        places = [i for i in range(first, last) if source.bodies[i].strip() == heading.strip()] or [
            i for i in range(first, last) if source.bodies[i].strip().startswith(heading.strip())
        ]
        if len(places) != 1:
            return spots
        first, last = places[0], _scope_end(source.bodies, places[0])
    return [spot for spot in spots if first <= spot.first and spot.last <= last] or spots


def _scope_end(bodies: Sequence[str], heading: int) -> int:
    """The line after the last one that is nested in a heading, by indentation."""
    depth = len(indent_of(bodies[heading]))
    for line in range(heading + 1, len(bodies)):
        body = bodies[line]
        if (
            body.strip()
            and len(indent_of(body)) <= depth
            and not body.lstrip().startswith(("}", ")", "]", "{"))
        ):
            return line
    return len(bodies)
