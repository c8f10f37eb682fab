"""A part of a plan that is done anew while all the rest of it stays, whatever the agent touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.diff import line_hunks
from agent_ls.core.paths import RelPath


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a file's text in the plan: from the 0-based ``first`` up to ``end``, exclusive.

    Without lines: the place before ``first``.
    """

    path: RelPath
    first: int
    end: int


def confined(planned: bytes, made: bytes, parts: Sequence[Part]) -> tuple[bytes, int]:
    """A text of which only some parts were to change, with the other changes taken back.

    Args:
        planned: The text of the plan, which ``parts`` point into.
        made: What the agent made of it.
        parts: What it may change; a change that touches one, or adjoins it, belongs to it.

    Returns:
        The text, and how many changes were left out.
    """
    old, new = planned.splitlines(keepends=True), made.splitlines(keepends=True)
    out: list[bytes] = []
    at = left_out = 0
    for change in line_hunks(planned, made):
        out += old[at : change.old_start]
        if any(change.old_start <= part.end and part.first <= change.old_end for part in parts):
            out += new[change.new_start : change.new_end]
        else:
            out += old[change.old_start : change.old_end]
            left_out += 1
        at = change.old_end
    return b"".join([*out, *old[at:]]), left_out
