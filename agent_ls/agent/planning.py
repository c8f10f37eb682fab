"""The plan of an attempt: proposed, decided by a person where that was asked for, recorded."""

from __future__ import annotations

from typing import final

from agent_ls.agent.asking import UserAsker
from agent_ls.agent.link import Link
from agent_ls.core.errors import UsageError
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import APPROVE, REJECT, Planned, PlanState, PlanStep, decided, outline

DECISION_WAIT_S = 24 * 3600.0
"""A plan that was asked for is worth waiting for; without a word in a day it counts as rejected."""
REJECTED = "You rejected the plan. Nothing was changed; retry the job with an instruction for another one"
_HELD_BACK = "The user wants to see a plan before anything is edited"


@final
class UserPlanner:
    """`bench.Planner` for one attempt. ``first``: nothing is edited before a plan is approved."""

    def __init__(self, link: Link, asker: UserAsker, planned: Planned | None, *, first: bool) -> None:
        self._link = link
        self._asker = asker
        self._first = first
        self.planned = planned

    async def propose(self, turn: int, steps: tuple[PlanStep, ...]) -> str:
        """See `bench.Planner`."""
        if not self._first:
            await self._record(Planned(steps))
            return "The user can see the plan now. Nobody is asked about it: go on."
        approved = Planned(steps, PlanState.APPROVED)
        if self.planned == approved:
            return _told(approved, steps)  # the turn that proposed it was lost after the decision
        proposal = Planned(steps, PlanState.PROPOSED)
        await self._record(proposal)
        question = f"Approve this plan?\n{outline(steps)}"
        answer = await self._asker.put(turn, question, (APPROVE, REJECT), REJECT, DECISION_WAIT_S)
        decision = decided(answer or REJECT, proposal)
        if decision.state is PlanState.PROPOSED:
            return f"The user says: {answer}\nThe plan is not approved yet: propose it anew."
        await self._record(decision)
        return _told(decision, steps)

    def require_leave(self) -> None:
        """See `bench.Planner`."""
        if self._first and (self.planned is None or self.planned.state is not PlanState.APPROVED):
            raise UsageError(
                _HELD_BACK, kept="Nothing was changed", remedy="Read what you need, then call propose_plan"
            )

    def rejected(self) -> str:
        """Why the attempt ends, as a sentence; empty while it may go on."""
        planned = self.planned
        return REJECTED if planned is not None and planned.state is PlanState.REJECTED else ""

    def departure(self, path: RelPath) -> str:
        """How an edit of a file departs from the plan; empty where it does not, or there is none."""
        planned = self.planned
        if planned is None or planned.covers(path):
            return ""
        whose = "you approved" if planned.state is PlanState.APPROVED else "the agent announced"
        return f"is outside of the plan that {whose}"

    async def _record(self, planned: Planned) -> None:
        await self._link.record(planned)
        self.planned = planned


def _told(planned: Planned, proposed: tuple[PlanStep, ...]) -> str:
    if planned.state is PlanState.REJECTED:
        return "The user rejects the plan."
    if planned.steps == proposed:
        return "The user approves the plan. Go on, and keep to its files."
    return f"The user approves the plan with these steps instead:\n{outline(planned.steps)}\nKeep to them."
