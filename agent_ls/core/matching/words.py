"""Refusals that a model can act on: what is wrong, where, and what the text there really is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from agent_ls.core.matching.source import Source

_WORD = re.compile(r"\w+")
_AROUND = 3
_MAX_EXCERPT = 24
_MAX_LINE = 240
NOTHING = "Nothing was changed."


def not_found(source: Source, what: str, old: Sequence[str], new: Sequence[str] = ()) -> str:
    """The anchor stands nowhere: show the lines that resemble it most."""
    near = nearest(source, old) or nearest(source, new)
    text = f"{what} was not found in the file as it was shown. {NOTHING}"
    if near is None:
        return f"{text} No line of the file resembles it: read the file again."
    return f"{text} The nearest lines are:\n{excerpt(source.bodies, *near)}\nCopy the lines exactly as they stand here."


def near(source: Source, lines: Sequence[str]) -> str:
    """Where some lines might belong, ``""`` if nowhere."""
    place = nearest(source, lines)
    return f"Did you mean a place near these lines?\n{excerpt(source.bodies, *place)}" if place else ""


def ambiguous(source: Source, what: str, lines: Sequence[int]) -> str:
    """The anchor stands at several places: name them."""
    numbers = ", ".join(str(line + 1) for line in lines[:30])
    if len(lines) == 1:
        return f"{what} can be read in more than one way at line {numbers}. {NOTHING} Send the plain lines of the file."
    more = f" and {len(lines) - 30} more" if len(lines) > 30 else ""
    shown = "\n".join(f"{line + 1:5} | {_cut(source.bodies[line])}" for line in lines[:8])
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


def nearest(source: Source, old: Iterable[str]) -> tuple[int, int] | None:
    """The lines that share most with the wanted ones; this only ever words an error.

    Each common line, and each common word, votes for where the block would begin, the more the
    rarer it is in the file.
    """
    wanted = [line.strip()[:_MAX_LINE] for line in old]
    offsets: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(wanted[:200]):
        for word in {line, *_WORD.findall(line)}:
            if len(word) > 1:
                offsets[word].append(index)
    if not offsets:
        return None
    places: dict[str, list[int]] = defaultdict(list)
    for number, body in enumerate(source.bodies):
        stripped = body.strip()[:_MAX_LINE]
        if stripped in offsets:
            places[stripped].append(number)
        for word in set(_WORD.findall(stripped)):
            if word in offsets and word != stripped:
                places[word].append(number)
    votes: Counter[int] = Counter()
    for word, numbers in places.items():
        if len(numbers) <= 400:
            weight = (4.0 if word in wanted and " " in word else 1.0) / len(numbers)
            for number in numbers:
                for index in offsets[word][:8]:
                    votes[number - index] += weight  # pyright: ignore[reportArgumentType]
    if not votes:
        return None
    best = max(votes, key=lambda start: (votes[start] + 0.5 * (votes[start - 1] + votes[start + 1]), -start))
    first = min(max(0, best), len(source.bodies) - 1)
    return first, min(first + len(wanted), len(source.bodies))
