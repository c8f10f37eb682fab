"""Which attempts run now: the queue, its limits, and what happens when one ends or is lost.

Jobs that need a model and jobs that do not queue separately, so that a rename never waits
behind three delegations. Every decision is in the journal before anything acts on it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import final

from agent_ls.core.attempt import (
    NEEDS_MODEL,
    Asked,
    AttemptRequest,
    Compacted,
    Event,
    Explored,
    Outcome,
    Progressed,
    TurnDone,
)
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import Budget, JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.jobs.book import Book
from agent_ls.jobs.fold import Job, step
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.records import RESUME_KINDS, Ended, Record, Replied, Resumed, Started, Told, WorkerLost
from agent_ls.jobs.runner import Runner

MAX_DEATHS = 3
CANCEL_S = 2.0
_GO_ON = "The work is kept: raise day_usd in config.toml or wait until tomorrow, then resume."
_PAUSED = "agent-ls was closed; the work is kept up to the last whole turn"


@final
class Fleet:
    """The attempts of one service. Hears the runner (`runner.Listener`)."""

    def __init__(
        self,
        book: Book,
        ledger: Ledger,
        settings: Settings,
        *,
        changed: Callable[[JobId], None],
        fresh: Callable[[AttemptRequest], AttemptRequest],
    ) -> None:
        """``changed`` hears of every job that is not what it was; ``fresh`` brings a request up to now (trust)."""
        self.settings = settings
        self._book = book
        self._ledger = ledger
        self._changed = changed
        self._fresh = fresh
        self._runner: Runner | None = None
        self._queue: deque[JobId] = deque()
        self._running: dict[JobId, asyncio.Event] = {}
        self._progress: dict[JobId, Progressed] = {}
        self._enforcing: set[asyncio.Task[None]] = set()

    def attach(self, runner: Runner) -> None:
        """Say where attempts run; once, before the first job."""
        self._runner = runner

    @property
    def runner(self) -> Runner:
        assert self._runner is not None  # noqa: S101 - attached where both are built
        return self._runner

    def progress(self, job: JobId) -> Progressed | None:
        """What a running attempt said last; never recorded."""
        return self._progress.get(job)

    def active(self, job: JobId) -> bool:
        """Whether the job is queued or under way here."""
        return job in self._queue or job in self._running

    def day_is_over(self) -> str:
        """That today's ceiling is reached, in a sentence; else ``""``."""
        limit, spent = self.settings.budgets.day_usd, self._ledger.today()
        return f"Today's ceiling of ${limit:.2f} is reached (${spent:.2f} spent)." if spent >= limit else ""

    # --- wishes -----------------------------------------------------------------------

    def enqueue(self, job: JobId) -> None:
        """Begin the job's attempt as soon as there is room."""
        self._queue.append(job)
        self._changed(job)
        self._pump()

    def resume(self, job: JobId) -> None:
        """Go on from the last whole turn, with a fresh allowance on top of what was spent."""
        budgets, spent = self.settings.budgets, self._book.get(job).spent
        budget = Budget(
            usd=(spent.cost_usd or 0.0) + budgets.attempt_usd,
            turns=spent.turns + budgets.attempt_turns,
            wall_s=budgets.attempt_minutes * 60,
        )
        self._book.record(job, Resumed(budget))
        self.enqueue(job)

    def end(self, job: JobId, state: JobState, reason: str) -> None:
        """End the job's attempt now. A worker that does not react within two seconds is killed."""
        self._record_end(job, state, reason)
        with suppress(ValueError):
            self._queue.remove(job)
        ended = self._running.get(job)
        if ended is not None:
            self.runner.cancel(job)
            task = asyncio.create_task(self._enforce(ended))
            self._enforcing.add(task)
            task.add_done_callback(self._enforcing.discard)
        self._changed(job)

    def tell(self, job: JobId, text: str) -> None:
        self._book.record(job, Told(text))
        self.runner.tell(job, text)
        self._changed(job)

    def answer(self, job: JobId, question_id: str, answer: str) -> None:
        self._book.record(job, Replied(question_id, answer))
        self.runner.answer(job, question_id, answer)
        self._changed(job)

    async def close(self, *, interrupt: bool) -> None:
        """Pause what is live, or wait for it, and end the worker."""
        while not interrupt and (self._running or self._queue):
            for ended in tuple(self._running.values()):
                await ended.wait()
            await asyncio.sleep(0)  # what waited for room begins now
        for job in (*self._queue, *self._running):
            if self._book.get(job).state.live:
                self._record_end(job, JobState.INTERRUPTED, _PAUSED)
                self._changed(job)
        self._queue.clear()
        for task in tuple(self._enforcing):
            task.cancel()
        await self.runner.close()

    # --- what the runner says ---------------------------------------------------------

    def happened(self, job: JobId, event: Event) -> None:
        if self._book.owned(job) is None:
            return
        if isinstance(event, Progressed):
            self._progress[job] = event
        else:
            state = self._book.record(job, event)
            if isinstance(event, Asked):
                self._reply_again(state, event)
            elif isinstance(event, (TurnDone, Explored, Compacted)):
                self._count(state, event.cost_usd)
            elif isinstance(event, Outcome):
                self._gone(job)
        self._changed(job)

    def lost(self, job: JobId, reason: str) -> None:
        self._gone(job)
        # Ended already, or ended and resumed: then it waits in the queue, and this loss is not its own.
        if job in self._queue or not self._book.get(job).state.live:
            return
        said = f" ({reason})" if reason else ""
        try:
            state = self._book.record(job, WorkerLost(reason))
        except AgentLsError as error:
            self._record_end(job, JobState.FAILED, error.sentence())
        else:
            if state.deaths < MAX_DEATHS:
                self._queue.appendleft(job)
                self._pump()
            else:
                died = f"The agent worker ended {MAX_DEATHS} times at the same place{said}"
                self._record_end(job, JobState.FAILED, f"{died}. The work up to there is kept.")
        self._changed(job)

    def broken(self, job: JobId, reason: str) -> None:
        self._record_end(job, JobState.FAILED, reason)
        self._gone(job)
        self._changed(job)

    def paid(self, cost_usd: float) -> None:
        self._ledger.add(cost_usd)

    # --- inside -----------------------------------------------------------------------

    def _pump(self) -> None:
        for job in tuple(self._queue):
            if job not in self._running and self._room(self._book.get(job)):
                self._queue.remove(job)
                self._begin(job)

    def _room(self, job: Job) -> bool:
        lane = _lane(job)
        busy = sum(_lane(self._book.get(other)) == lane for other in self._running)
        return busy < max(1, self.settings.jobs.parallel)

    def _begin(self, job: JobId) -> None:
        over = self.day_is_over()
        if over and _lane(self._book.get(job)):
            self._record_end(job, JobState.OUT_OF_BUDGET, f"{over} {_GO_ON}")
            self._changed(job)
            return
        try:
            state = self._book.record(job, Started())
        except AgentLsError as error:
            self._record_end(job, JobState.FAILED, error.sentence())
            self._changed(job)
            return
        recorded = tuple(
            {"event": entry.kind, "value": dict(entry.value)}
            for entry in self._book.entries(job)
            if entry.kind in RESUME_KINDS
        )
        self._running[job] = asyncio.Event()
        self.runner.start(replace(self._fresh(state.request), resume=recorded))
        for text in state.told:  # no recorded turn has taken them up
            self.runner.tell(job, text)
        self._changed(job)

    def _gone(self, job: JobId) -> None:
        """The attempt is no longer in the worker."""
        self._progress.pop(job, None)
        ended = self._running.pop(job, None)
        if ended is not None:
            ended.set()
        # Not now: the runner has still to acknowledge the event that ended the attempt.
        asyncio.get_running_loop().call_soon(self._pump)

    def _reply_again(self, job: Job, asked: Asked) -> None:
        known = job.replies.get(asked.question.text)
        if known is not None:
            self.runner.answer(job.id, asked.question.id, known)

    def _count(self, job: Job, cost_usd: float | None) -> None:
        if not cost_usd:
            return
        self._ledger.add(cost_usd)
        if job.state.live and (over := self.day_is_over()):
            self.end(job.id, JobState.OUT_OF_BUDGET, f"{over} {_GO_ON}")

    async def _enforce(self, ended: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(CANCEL_S):
                await ended.wait()
        except TimeoutError:
            self.runner.kill("another attempt did not react to its cancellation")

    def _record_end(self, job: JobId, state: JobState, reason: str) -> None:
        record: Record = Ended(state, reason)
        try:
            self._book.record(job, record)
        except AgentLsError:
            # The disk is full: people must see the end all the same. The journal still says "running",
            # which the next process shows as interrupted.
            owned = self._book.own(job)
            owned.job = step(owned.job, record)


def _lane(job: Job) -> bool:
    return job.request.intent.kind in NEEDS_MODEL
