"""Refusals that a model can act on: what is wrong, where, and what the text there really is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.source import Source

_WORD = re.compile(r"\w+")
_AROUND = 3
_MAX_EXCERPT = 24
_MAX_LINE = 240
_MAX_WANTED = 120  # lines of an anchor that vote; more would not find a better place
_MAX_OFFSETS = 8
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
    place = nearest(source, block.old, added, within)
    text = f"{what} was not found in the file as it was shown. {NOTHING}"
    if place is not None:
        text += f" The nearest lines are:\n{excerpt(source.bodies, *place)}"
    first = block.start - 1 if stated and block.start else -1
    if 0 <= first < len(source.bodies) and (place is None or abs(place[0] - first) > len(block.old)):
        text += f"\nAt line {first + 1}, which its header names, there is:\n"
        text += excerpt(source.bodies, first, first + len(block.old))
    if "\n" not in text:
        return f"{text} No line of the file resembles it: read the file again."
    return f"{text}\nCopy the lines exactly as they stand here."


def near(source: Source, lines: Sequence[str]) -> str:
    """Where some lines might belong, ``""`` if nowhere."""
    place = nearest(source, (), lines)
    return f"Did you mean a place near these lines?\n{excerpt(source.bodies, *place)}" if place else ""


def ambiguous(source: Source, what: str, lines: Sequence[int]) -> str:
    """The anchor stands at several places: name them."""
    numbers = ", ".join(str(line + 1) for line in dict.fromkeys(lines[:30]))
    if len(lines) == 1:
        return f"{what} can be read in more than one way at line {numbers}. {NOTHING} Send the plain lines of the file."
    more = f" and {len(lines) - 30} more" if len(lines) > 30 else ""
    shown = "\n".join(f"{line + 1:5} | {_cut(source.bodies[line])}" for line in dict.fromkeys(lines[:8]))
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
    """A placeholder instead of code; where the real changes are known, show their places."""
    text = (
        f"{line.strip()[:120]!r} stands for code that was left out; writing it would lose that code. "
        f"{NOTHING} Send all lines, or edit only the lines that change"
    )
    if not changes:
        return f"{text}."
    shown = "\n".join(excerpt(source.bodies, *change) for change in changes[:3])
    return f"{text}; your other changes are near:\n{shown}"


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
) -> tuple[int, int] | None:
    """The lines that share most with the wanted ones; this only ever words an error.

    Each common line, and each common word, votes for where the block would begin, the more the
    rarer it is in the file. Cost: some dozens of searches of the file.
    """
    wanted = [line.strip()[:_MAX_LINE] for line in (*old, *added)][:_MAX_WANTED]
    votes = _votes(source, wanted, len(old))
    if not votes:
        return None

    def support(start: int) -> tuple[bool, float, int]:
        inside = within is None or within[0] <= start < within[1]
        return inside, votes[start] + 0.5 * (votes[start - 1] + votes[start + 1]), -start

    best = max(list(votes), key=support)
    first = min(max(0, best), len(source.bodies) - 1)
    return first, min(first + max(1, len(old) or len(added)), len(source.bodies))


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
