"""The steps that an agent proposes before it edits, and what a person decides about them.

A decision travels as the answer to a question, so that every face that can answer one can
decide: the words `APPROVE` and `REJECT`, `edited` steps as JSON, or any other text, which goes to
the agent as what the user says about its proposal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.paths import RelPath

APPROVE = "approve"
REJECT = "reject"
_EDITED = "edit: "


@final
@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step. ``files``: what it will create, change, move or delete; a folder stands for all below it."""

    text: str
    files: tuple[RelPath, ...] = ()


class PlanState(StrEnum):
    """``noted``: the agent's own plan, nobody was asked about it."""

    NOTED = "noted"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


@final
@dataclass(frozen=True, slots=True)
class Planned:
    """The steps as they stand now; recorded when they are proposed and again when they are decided."""

    steps: tuple[PlanStep, ...]
    state: PlanState = PlanState.NOTED

    def covers(self, path: RelPath) -> bool:
        """Whether a step names the file or a folder above it."""
        return any(path == f or path.startswith(f"{f}/") for step in self.steps for f in step.files)


def edited(steps: Sequence[PlanStep]) -> str:
    """The answer that approves a plan with other steps."""
    return _EDITED + json.dumps(to_json(tuple(steps)), ensure_ascii=False)


def decided(answer: str, proposed: Planned) -> Planned:
    """What an answer makes of a proposal; the proposal itself where the answer decides nothing."""
    word = answer.strip()
    if word.lower() == APPROVE:
        return Planned(proposed.steps, PlanState.APPROVED)
    if word.lower() == REJECT:
        return Planned(proposed.steps, PlanState.REJECTED)
    if word.startswith(_EDITED):
        try:
            plan = from_json(Planned, {"steps": json.loads(word.removeprefix(_EDITED))})
        except (CodecError, ValueError):
            return proposed
        return Planned(plan.steps, PlanState.APPROVED) if plan.steps else proposed
    return proposed


def outline(steps: Sequence[PlanStep]) -> str:
    """The steps as numbered lines, each with its files."""
    return "\n".join(f"{number}. {_line(step)}" for number, step in enumerate(steps, 1))


def _line(step: PlanStep) -> str:
    text = " ".join(step.text.split())
    return f"{text} [{', '.join(step.files)}]" if step.files else text
