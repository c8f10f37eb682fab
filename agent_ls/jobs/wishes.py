"""What may be asked of a job in which state, for jobs that this process may own.

The service calls these for its own faces, the control socket for other processes of the user.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, final

from agent_ls.core.attempt import NEEDS_MODEL, Selected
from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.errors import ConfigError, UsageError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.jobs.attempt_views import own_id, questions
from agent_ls.jobs.book import Book
from agent_ls.jobs.claims import Claims, said
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.fold import Job
from agent_ls.jobs.landing import from_draft, to_draft
from agent_ls.jobs.rechecking import Rechecker
from agent_ls.jobs.records import Discarded, Replaced
from agent_ls.jobs.rework import kept
from agent_ls.jobs.runs import Runs
from agent_ls.jobs.views import Applied, JobView
from agent_ls.jobs.wording import Wish

_CANCELLED = "You cancelled it; the draft up to the last whole turn is kept"
_IN_FILES = frozenset({JobState.APPLIED, JobState.PARTLY_APPLIED})


@final
class Wishes:
    """Acts on jobs whose lease is free or ours."""

    def __init__(
        self,
        book: Book,
        runs: Runs,
        fleet: Fleet,
        desk: Desk,
        claims: Claims,
        rechecker: Rechecker,
        *,
        view: Callable[[JobId], JobView],
        changed: Callable[[JobId], None],
        model: Callable[[], bool],
    ) -> None:
        self._book = book
        self._runs = runs
        self._fleet = fleet
        self._desk = desk
        self._claims = claims
        self._rechecker = rechecker
        self._view = view
        self._changed = changed
        self._model = model
        self._landings: set[asyncio.Task[Applied]] = set()

    async def apply(self, job: JobId, wish: Wish) -> Applied:
        others = self._claims.overlaps(self._book.get(job))
        done = await self._landing(self._desk.apply(job, wish))
        if not done.landed or not others:
            return done
        return replace(done, message=f"{done.message} Mind that {said(others[0])}.".strip())

    async def undo(self, job: JobId) -> Applied:
        return await self._landing(self._desk.undo(job))

    async def check(self, job: JobId) -> JobView:
        await self._rechecker.check(job)
        return self._view(job)

    def cancel(self, job: JobId) -> JobView:
        """A job that has ended stays as it is: cancelling twice, or too late, is no error."""
        if self._book.own(job).job.state.live:
            self._fleet.end(job, JobState.CANCELLED, _CANCELLED)
        return self._view(job)

    def resume(self, job: JobId) -> JobView:
        state = self._desk.free(job).job.state
        if self._fleet.active(job) and state.live:
            return self._view(job)
        if not (state.live or state.resumable):
            raise UsageError(
                f"A job that is {_said(state)} cannot be resumed", remedy="Retry it to begin anew"
            )
        if self._book.get(job).request.intent.kind in NEEDS_MODEL and not self._model():
            raise no_model()
        self._fleet.resume(job)
        return self._view(job)

    def discard(self, job: JobId) -> JobView:
        state = self._desk.free(job).job.state
        if state.live:
            raise UsageError("The job is still at work", remedy="Cancel it first")
        if state in _IN_FILES:
            raise UsageError(
                "The plan is in your files", remedy="Undo it first, or leave it: an applied job needs nothing"
            )
        if state is not JobState.DISCARDED:
            self._book.record(job, Discarded())
            self._changed(job)
        return self._view(job)

    def replace(self, new: Job) -> None:
        """Let a plan take the place of what it began with, as far as that is pending still; see `rework`."""
        old = self._desk.free(JobId(new.retry_of))
        if old.job.state.live or old.job.state is JobState.DISCARDED or not old.job.pending:
            return
        drafts = (old.job.plan, old.job.pending, new.replaces)
        left = kept(*(from_draft(draft, old.blobs.get) for draft in drafts))
        if left is None:
            return
        record = Replaced(new.id, to_draft(left, old.blobs.put)) if old.job.applied else Discarded()
        self._book.record(old.job.id, record)
        self._changed(old.job.id)

    def tell(self, job: JobId, text: str) -> None:
        if not self._book.own(job).job.state.live:
            raise UsageError("The job is not at work", remedy="Resume it, or retry it with an instruction")
        if not text.strip():
            raise UsageError("There is nothing to tell", remedy="Give a text")
        self._fleet.tell(job, text)

    def answer(self, job: JobId, question_id: str, answer: str) -> JobView:
        state = self._book.own(job).job
        asked = questions(state, self._runs.further(state))
        run = next((run for run, question in asked if question.id == question_id), None)
        if run is None:
            raise UsageError(
                "The job is not asking that (any more)", remedy="Look at the job to see what it asks now"
            )
        self._fleet.answer(run, own_id(question_id) if run != job else question_id, answer)
        return self._view(job)

    def purge(self, job: JobId) -> None:
        if self._desk.free(job).job.state.live and self._fleet.active(job):
            raise UsageError("The job is still at work", remedy="Cancel it first")
        self._runs.forget(job)
        self._book.purge(job)

    def use(self, job: JobId, attempt: int) -> JobView:
        """Make another attempt's draft the plan."""
        state = self._desk.free(job).job
        if state.state.live:
            raise UsageError("The job is still at work", remedy="Wait for it, or cancel it first")
        if state.applied:
            raise UsageError("The plan is in your files", remedy="Undo it first, then choose another attempt")
        if not 1 <= attempt <= state.wanted:
            many = "one attempt" if state.wanted == 1 else f"{state.wanted} attempts"
            raise UsageError(f"The job has {many}", remedy="Look at the job to see them")
        outcome = self._runs.outcome(job, attempt)
        if outcome is None or not outcome.files:
            raise UsageError(f"Attempt {attempt} has changed nothing", remedy="Choose another one")
        evidence, order = (), (attempt,)
        if state.selected is not None:
            evidence, order = state.selected.evidence, state.selected.order
        self._book.record(job, Selected(attempt, "You chose it", outcome, order, evidence))
        self._changed(job)
        return self._view(job)

    async def asked(self, method: str, params: Mapping[str, Any]) -> object:
        """A wish of another process, as JSON; the result is JSON too.

        Raises:
            UsageError: no such method, or parameters of another shape.
        """
        job = JobId(str(params.get("job", "")))
        match method:
            case "apply":
                return to_json(await self.apply(job, _wish(params)))
            case "undo":
                return to_json(await self.undo(job))
            case "check":
                return to_json(await self.check(job))
            case "cancel":
                return to_json(self.cancel(job))
            case "resume":
                return to_json(self.resume(job))
            case "discard":
                return to_json(self.discard(job))
            case "tell":
                return self.tell(job, str(params.get("text", "")))
            case "answer":
                return to_json(self.answer(job, str(params.get("question")), str(params.get("answer"))))
            case "view":
                return to_json(self._view(job))
            case "use":
                return to_json(self.use(job, int(params.get("attempt", 0))))
            case "purge":
                return self.purge(job)
            case _:
                raise UsageError(f"Unknown request {method!r}", remedy="Use the same version of agent-ls")

    async def close(self) -> None:
        """Stop waiting for editors. What they do all the same is found out when the job is opened again."""
        for task in tuple(self._landings):
            task.cancel()
        await asyncio.gather(*self._landings, return_exceptions=True)

    async def _landing(self, wait: Coroutine[Any, Any, Applied]) -> Applied:
        # A landing outlives the request that began it: its end must be written down.
        task = asyncio.create_task(wait)
        self._landings.add(task)
        task.add_done_callback(self._landings.discard)
        return await asyncio.shield(task)


def wish_params(job: JobId, wish: Wish) -> dict[str, Any]:
    """`Wish` as the parameters of ``apply``."""
    return {
        "job": job,
        "files": None if wish.files is None else sorted(wish.files),
        "hunks": None if wish.hunks is None else sorted(wish.hunks),
        "force": wish.force,
        "reviewed": wish.reviewed,
    }


def _wish(params: Mapping[str, Any]) -> Wish:
    try:
        files = params.get("files")
        hunks = params.get("hunks")
        return Wish(
            None if files is None else from_json(tuple[RelPath, ...], files),
            None if hunks is None else from_json(tuple[str, ...], hunks),
            force=params.get("force") is True,
            reviewed=params.get("reviewed") is True,
        )
    except CodecError as error:
        raise UsageError(f"The request does not read: {error}") from error


def no_model() -> ConfigError:
    return ConfigError(
        "No model is configured",
        kept="Engines, rename, index and hovers work without one",
        remedy="Set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for a local server, and see agent-ls doctor",
    )


def _said(state: JobState) -> str:
    return state.value.replace("_", " ")
