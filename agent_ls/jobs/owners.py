"""A wish goes to the process that owns the job: this one, or another of the user's by its socket."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, final

from agent_ls.core.codec import from_json
from agent_ls.core.errors import AgentLsError, UsageError
from agent_ls.core.job import JobId
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import APPROVE, REJECT, PlanState, PlanStep, edited
from agent_ls.jobs.book import Book
from agent_ls.jobs.control import ask
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.views import Applied, JobView
from agent_ls.jobs.wishes import Wishes, wish_params
from agent_ls.jobs.wording import Wish

_ASK_S = 5.0
_EDITOR_S = 300.0  # a preview waits for a person, checks take their time


@final
class Owners:
    """Acts on any job of the workspace. What the methods do is said where `Service` has them."""

    def __init__(self, book: Book, wishes: Wishes) -> None:
        self._book = book
        self._wishes = wishes

    async def apply(
        self,
        job: JobId,
        files: Collection[RelPath] | None,
        hunks: Collection[str] | None,
        *,
        force: bool,
        reviewed: bool,
    ) -> Applied:
        wish = Wish(files, hunks, force, reviewed)
        if other := self._other(job):
            return from_json(Applied, await self._ask(other, "apply", wish_params(job, wish)))
        return await self._wishes.apply(job, wish)

    async def undo(self, job: JobId) -> Applied:
        if other := self._other(job):
            return from_json(Applied, await self._ask(other, "undo", {"job": job}))
        return await self._wishes.undo(job)

    async def check(self, job: JobId) -> JobView:
        if other := self._other(job):
            return await self._ask_for_view(other, "check", {"job": job})
        return await self._wishes.check(job)

    async def discard(self, job: JobId) -> JobView:
        if other := self._other(job):
            return await self._ask_for_view(other, "discard", {"job": job})
        return self._wishes.discard(job)

    async def cancel(self, job: JobId) -> JobView:
        if other := self._other(job):
            return await self._ask_for_view(other, "cancel", {"job": job})
        return self._wishes.cancel(job)

    async def resume(self, job: JobId) -> JobView:
        if other := self._other(job):
            return await self._ask_for_view(other, "resume", {"job": job})
        return self._wishes.resume(job)

    async def tell(self, job: JobId, text: str) -> None:
        if other := self._other(job):
            await self._ask(other, "tell", {"job": job, "text": text})
        else:
            self._wishes.tell(job, text)

    async def answer(self, job: JobId, question_id: str, answer: str) -> JobView:
        if other := self._other(job):
            params = {"job": job, "question": question_id, "answer": answer}
            return await self._ask_for_view(other, "answer", params)
        return self._wishes.answer(job, question_id, answer)

    async def decide_plan(self, job: JobId, *, approve: bool, steps: Sequence[PlanStep] | None) -> JobView:
        state = self._book.get(job)
        waits = state.steps is not None and state.steps.state is PlanState.PROPOSED
        if not waits or state.question is None:
            raise UsageError(
                "The job does not wait with a plan", remedy="Look at the job to see how it stands"
            )
        if steps is not None and not steps:
            raise UsageError("A plan without steps cannot be approved", remedy="Reject it instead")
        answer = REJECT if not approve else APPROVE if steps is None else edited(steps)
        return await self.answer(job, state.question.id, answer)

    async def look(self, job: JobId, seen: JobView) -> JobView:
        """The job with what only its owner knows: the step under way. ``seen`` where it does not say."""
        other = self._other(job)
        if other is None:
            return seen
        try:
            return await self._ask_for_view(other, "view", {"job": job})
        except AgentLsError:  # it has just ended, or is of an earlier version
            return seen

    async def use(self, job: JobId, attempt: int) -> JobView:
        if other := self._other(job):
            return await self._ask_for_view(other, "use", {"job": job, "attempt": attempt})
        return self._wishes.use(job, attempt)

    async def purge(self, job: JobId) -> None:
        if other := self._other(job):
            await self._ask(other, "purge", {"job": job})
        else:
            self._wishes.purge(job)

    def _other(self, job: JobId) -> Holder | None:
        self._book.get(job)  # an unknown job is unknown before it is anybody's
        return self._book.holder(job)

    async def _ask(self, other: Holder, method: str, params: Mapping[str, Any]) -> Any:
        deadline = _EDITOR_S if method in ("apply", "undo", "check") else _ASK_S
        return await ask(other.socket, method, params, timeout_s=deadline)

    async def _ask_for_view(self, other: Holder, method: str, params: Mapping[str, Any]) -> JobView:
        return replace(from_json(JobView, await self._ask(other, method, params)), owner="elsewhere")
