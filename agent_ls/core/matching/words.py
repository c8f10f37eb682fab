"""Refusals that a model can act on: what is wrong, where, and what the text there really is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.source import Source

_WORD = re.compile(r"\w+")
_AROUND = 3
_MAX_EXCERPT = 24
_MAX_LINE = 240
_MAX_WANTED = 120  # lines of an anchor that vote; more would not find a better place
_MAX_OFFSETS = 8
_MAX_RANKED = 24  # places that are compared by characters
_MAX_COMPARED = 30  # lines of each
_MAX_NEAREST = 3
_MAX_PLACES = 200  # line numbers of one refusal
_FEW_PLACES = 4  # so many places are shown with what is around them
_MAX_TERMS = 150  # the longest words and lines; each costs one search of the file
_TOO_COMMON = 100  # a word on more lines than this says little about the place
NOTHING = "Nothing was changed."


def not_found(
    source: Source, what: str, block: Block, within: tuple[int, int] | None = None, *, stated: bool = False
) -> str:
    """The anchor stands nowhere: show the lines that resemble it most.

    ``within``: lines between the neighbours of the block, where it is looked for first. ``stated``:
    the block names its line, so what stands there is shown as well.
    """
    added = [line for line in block.new if line not in block.old]
    places = nearest(source, block.old, added, within)
    text = f"{what} was not found in the file as it was shown. {NOTHING}"
    if places:
        shown = "\n      | …\n".join(excerpt(source.bodies, *place) for place in places)
        text += f" The nearest lines are:\n{shown}"
    first = block.start - 1 if stated and block.start else -1
    if 0 <= first < len(source.bodies) and all(abs(place[0] - first) > len(block.old) for place in places):
        text += f"\nAt line {first + 1}, which its header names, there is:\n"
        text += excerpt(source.bodies, first, first + len(block.old))
    if "\n" not in text:
        return f"{text} No line of the file resembles it: read the file again."
    return f"{text}\nCopy the lines exactly as they stand here."


def near(source: Source, lines: Sequence[str]) -> str:
    """Where some lines might belong, ``""`` if nowhere."""
    places = nearest(source, (), lines)[:1]
    return f"Did you mean a place near these lines?\n{excerpt(source.bodies, *places[0])}" if places else ""


def other_order(source: Source, what: str, places: Sequence[tuple[int, int]]) -> str:
    """The parts around a placeholder do not follow each other."""
    shown = "\n      | …\n".join(excerpt(source.bodies, *place) for place in places)
    return (
        f"The parts of {what} around its placeholder stand in another order. {NOTHING} They are, as you "
        f"sent them:\n{shown}\nSend the lines between them, too."
    )


def ambiguous(source: Source, what: str, lines: Sequence[int], size: int = 1) -> str:
    """The anchor, of ``size`` lines, stands at several places: name them, and show what tells them apart."""
    places = list(dict.fromkeys(lines))
    numbers = ", ".join(str(line + 1) for line in places[:_MAX_PLACES])
    if len(lines) == 1:
        return f"{what} can be read in more than one way at line {numbers}. {NOTHING} Send the plain lines of the file."
    more = f" and {len(places) - _MAX_PLACES} more" if len(places) > _MAX_PLACES else ""
    shown = "\n".join(f"{line + 1:5} | {_cut(source.bodies[line])}" for line in places[:8])
    if len(places) <= _FEW_PLACES:
        shown = "\n      | …\n".join(excerpt(source.bodies, line, line + size) for line in places)
    return (
        f"{what} matches {len(lines)} places: lines {numbers}{more}. {NOTHING}\n{shown}\n"
        "Add lines before or after it until it is unique."
    )


def conflict(now: Source, what: str, line: int, count: int) -> str:
    """The user changed the same lines meanwhile."""
    shown = excerpt(now.bodies, line, line + max(1, count))
    return (
        f"The user changed the same lines after they were shown, so {what} does not apply any more. "
        f"{NOTHING} These lines are now:\n{shown}\nBase the edit on them."
    )


def lazy(source: Source, line: str, changes: Sequence[tuple[int, int]] = ()) -> str:
    """A placeholder instead of code; ``changes``: lines of the file that are changed, or would be lost."""
    text = (
        f"{line.strip()[:120]!r} stands for code that was left out; writing it would lose that code. "
        f"{NOTHING} Send all lines, or edit only the lines that change"
    )
    if not changes:
        return f"{text}."
    shown = "\n      | …\n".join(excerpt(source.bodies, *change) for change in changes[:_FEW_PLACES])
    return f"{text}; what you change, or would lose, is:\n{shown}"


def stray_fence(source: Source, what: str, first: int, last: int) -> str:
    """The new text has a Markdown fence that neither the old text nor the file has."""
    return (
        f"The new text of {what} has a Markdown fence (```) around it or at its end that the old text has "
        f"not. {NOTHING} Send it without the fence. The lines it replaces are:\n"
        f"{excerpt(source.bodies, first, last)}"
    )


def escaped(source: Source, line: str, first: int, last: int) -> str:
    """A new line has escapes that code would not have there."""
    return (
        f"This new line looks escaped once too often: {line.strip()[:120]!r}. {NOTHING} Send it as it shall "
        f"stand in the file. The lines it belongs to are:\n{excerpt(source.bodies, first, last)}"
    )


def foreign_indent(source: Source, line: str, first: int, last: int) -> str:
    """New lines are indented as no line of the file is, and no anchor line shows that this is meant."""
    model, file = ("tabs", "blanks") if line.startswith("\t") else ("blanks", "tabs")
    return (
        f"The new line {line.strip()[:120]!r} is indented by {model}, the file by {file}. {NOTHING} Send it "
        "with the file's indentation, or include a line of the file that is indented so. The place is:\n"
        f"{excerpt(source.bodies, first, last)}"
    )


def excerpt(bodies: Sequence[str], first: int, last: int) -> str:
    """Numbered lines with a few around them."""
    first, last = max(0, first - _AROUND), min(len(bodies), last + _AROUND)
    lines = [f"{number + 1:5} | {_cut(bodies[number])}" for number in range(first, last)]
    if len(lines) > _MAX_EXCERPT:
        half = _MAX_EXCERPT // 2
        lines = [*lines[:half], "      | …", *lines[-half:]]
    return "\n".join(lines)


def _cut(line: str) -> str:
    return line if len(line) <= _MAX_LINE else line[:_MAX_LINE] + "…"


def nearest(
    source: Source,
    old: Sequence[str],
    added: Sequence[str] = (),
    within: tuple[int, int] | None = None,
) -> list[tuple[int, int]]:
    """The lines that share most with the wanted ones, the best place first; this only ever words an error.

    Each common line, and each common word, votes for where the block would begin, the more the
    rarer it is in the file; of the places with most votes those whose lines are most alike win, and
    what is nearly as good is shown, too. Cost: some dozens of searches of the file.
    """
    wanted = [line.strip()[:_MAX_LINE] for line in (*old, *added)][:_MAX_WANTED]
    votes = _votes(source, wanted, len(old))
    pairs = [_pairs(line) for line in wanted[: len(old) or None][:_MAX_COMPARED]]

    def support(start: int) -> float:
        return votes[start] + 0.5 * (votes[start - 1] + votes[start + 1])

    ranked = sorted(votes.keys(), key=lambda start: (-votes[start], start))[:_MAX_RANKED]
    scores = {start: support(start) * (0.1 + _likeness(source, start, pairs)) for start in ranked}
    inside = {start for start in scores if within is None or within[0] <= start < within[1]}
    ranked = sorted(scores, key=lambda start: (start not in inside, -scores[start], start))
    size, places = max(1, len(old) or len(added)), list[tuple[int, int]]()
    for start in ranked:
        first = min(max(0, start), len(source.bodies) - 1)
        apart = all(abs(first - place[0]) > size + _AROUND for place in places)
        if not places or (apart and len(places) < _MAX_NEAREST and scores[start] > 0.5 * scores[ranked[0]]):
            places.append((first, min(first + size, len(source.bodies))))
    return places


def _pairs(line: str) -> Counter[str]:
    """A line's neighbouring characters."""
    return Counter(map("".join, pairwise(line)))


def _likeness(source: Source, start: int, wanted: Sequence[Counter[str]]) -> float:
    """How alike the wanted lines and those from ``start`` on are, 0 to 1."""
    shared = total = 0
    for index, pairs in enumerate(wanted, start):
        if 0 <= index < len(source.bodies):
            body = _pairs(source.bodies[index].strip()[:_MAX_LINE])
            shared += 2 * (pairs & body).total()
            total += pairs.total() + body.total()
        else:
            total += pairs.total()
    return shared / total if total else 0.0


def _votes(source: Source, wanted: Sequence[str], size: int) -> defaultdict[int, float]:
    """Weight by first line. Of ``wanted`` the first ``size`` lines are the anchor's, the rest are new ones."""
    offsets: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(wanted):
        for term in {line, *_WORD.findall(line)}:
            if len(term) > 1 and len(offsets[term]) < _MAX_OFFSETS:
                offsets[term].append(index if index < size else size // 2)
    votes: defaultdict[int, float] = defaultdict(float)
    for term in sorted(offsets, key=lambda term: (-len(term), term))[:_MAX_TERMS]:
        numbers = _lines_with(source, term)
        for number in numbers:
            for index in offsets[term]:
                votes[number - index] += (4.0 if " " in term else 1.0) / len(numbers)
    return votes


def _lines_with(source: Source, term: str) -> list[int]:
    """The lines that hold a term as a whole word or more; none where there are too many to tell."""
    flat = source.flat
    numbers: list[int] = []
    at = flat.find(term)
    while at >= 0:
        end = at + len(term)
        inner = (at and _is_word(flat[at - 1 : at + 1])) or _is_word(flat[end - 1 : end + 1])
        if not inner:
            numbers.append(source.line_at(at))
            if len(numbers) > _TOO_COMMON:
                return []
        at = flat.find(term, end)
    return numbers


def _is_word(pair: str) -> bool:
    """Whether two neighbouring characters belong to one word."""
    return len(pair) == 2 and all(c.isalnum() or c == "_" for c in pair)
