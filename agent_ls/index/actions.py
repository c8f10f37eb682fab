"""What the deterministic actions answer with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.paths import RelPath

SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
IMPORTING = SCRIPTS | {"python", "go", "rust", "java"}
"""Languages whose imports are understood well enough to be written."""


@final
@dataclass(frozen=True, slots=True)
class Left:
    """A place that was left alone, for a person to look at. ``line`` is 1-based."""

    path: RelPath
    line: int
    why: str


@final
@dataclass(frozen=True, slots=True)
class ActionPlan:
    """``changes`` is empty when ``reason`` says why nothing is to be done.

    ``choices``: several things could be meant; each is a text that the action takes as its wish.
    """

    changes: ChangeSet
    summary: str = ""
    left: tuple[Left, ...] = ()
    choices: tuple[str, ...] = ()
    reason: str = ""


def refused(reason: str, left: tuple[Left, ...] = (), choices: tuple[str, ...] = ()) -> ActionPlan:
    """Nothing is changed, and why."""
    return ActionPlan(ChangeSet(), left=left, choices=choices, reason=reason)
