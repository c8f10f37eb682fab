"""A block: some lines as they were and as they shall be; what every edit format is read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Block:
    """Lines ``old`` become lines ``new``.

    ``kept``: pairs (index in old, index in new) of lines that stay, where the format says so;
    ``None`` where it must be found by comparison. ``partial``: the first and the last line may be
    parts of lines, as in a string replacement. ``at_end``: the block ends the file. ``heading``:
    lines that stand somewhere before it, outermost first. ``start``: its 1-based line as claimed,
    never believed alone. ``replace_all``: at every place.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    kept: tuple[tuple[int, int], ...] | None = None
    partial: bool = False
    at_end: bool = False
    heading: tuple[str, ...] = ()
    start: int | None = None
    replace_all: bool = False

    def with_lines(self, old: Sequence[str], new: Sequence[str]) -> Block:
        """The same block with other words for its lines."""
        return replace(self, old=tuple(old), new=tuple(new))

    @property
    def empty(self) -> bool:
        """Nothing to look for."""
        return not any(line.strip() for line in self.old)


@final
@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of a patch's hunk. ``sign``: blank, ``-`` or ``+``; ``raw``: the line as it was sent."""

    sign: str
    text: str
    raw: str


def of_hunk(lines: Sequence[HunkLine]) -> Block:
    """The block that a hunk says."""
    old: list[str] = []
    new: list[str] = []
    kept: list[tuple[int, int]] = []
    for line in lines:
        if line.sign == " ":
            kept.append((len(old), len(new)))
        if line.sign != "+":
            old.append(line.text)
        if line.sign != "-":
            new.append(line.text)
    return Block(tuple(old), tuple(new), tuple(kept))
