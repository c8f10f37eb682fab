"""Which runs are under way: their limits, and what happens when one ends or is lost.

A run is one attempt of a job, or the choice between several (`runs`); what comes after one ended
is for `tries` to say. Every decision is in the journal before anything acts on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    Selected,
    TurnDone,
)
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import Budget, JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.core.steps import Planned, PlanState
from agent_ls.jobs.fold import Job
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.plan_checks import PlanChecks
from agent_ls.jobs.queue import Queue
from agent_ls.jobs.records import RESUME_KINDS, Ended, Replied, Resumed, Started, Told, WorkerLost
from agent_ls.jobs.runner import Runner
from agent_ls.jobs.runs import Runs
from agent_ls.jobs.tries import Tries

MAX_DEATHS = 3
CANCEL_S = 2.0
_GO_ON = "The work is kept: raise day_usd in config.toml or wait until tomorrow, then resume."
_PAUSED = "agent-ls was closed; the work is kept up to the last whole turn"


@final
class Fleet:
    """The runs of one service. Hears the runner (`runner.Listener`)."""

    def __init__(
        self,
        runs: Runs,
        ledger: Ledger,
        settings: Settings,
        *,
        changed: Callable[[JobId], None],
        fresh: Callable[[AttemptRequest], AttemptRequest],
    ) -> None:
        """``changed`` hears of every job that is not what it was; ``fresh`` brings a request up to now (trust)."""
        self.settings = settings
        self._runs = runs
        self._ledger = ledger
        self._changed = changed
        self._fresh = fresh
        self._runner: Runner | None = None
        self._queue = Queue(runs.job_of, self._lane)
        self._running: dict[JobId, asyncio.Event] = {}
        self._progress: dict[JobId, Progressed] = {}
        self._enforcing: set[asyncio.Task[None]] = set()
        self._choice_deaths: dict[JobId, int] = {}
        self._checks = PlanChecks(runs)
        self._tries = Tries(runs, lambda: self.settings, enqueue=self._queue.add, active=self._active)

    def attach(self, runner: Runner) -> None:
        """Say where attempts run; once, before the first job."""
        self._runner = runner

    @property
    def runner(self) -> Runner:
        assert self._runner is not None  # noqa: S101 - attached where both are built
        return self._runner

    def progress(self, run: JobId) -> Progressed | None:
        """What a run under way said last; never recorded."""
        return self._progress.get(run)

    def active(self, job: JobId) -> bool:
        """Whether a run of the job waits or is under way here."""
        return any(self._runs.job_of(run) == job for run in (*self._queue.waiting, *self._running))

    def running(self, run: JobId) -> bool:
        """Whether a run is under way."""
        return run in self._running

    def day_is_over(self) -> str:
        """That today's ceiling is reached, in a sentence; else ``""``."""
        limit, spent = self.settings.budgets.day_usd, self._ledger.today()
        return f"Today's ceiling of ${limit:.2f} is reached (${spent:.2f} spent)." if spent >= limit else ""

    # --- wishes -----------------------------------------------------------------------

    def enqueue(self, job: JobId) -> None:
        """Begin the job's first attempt as soon as there is room."""
        self._queue.add(job)
        self._changed(job)
        self._pump()

    def resume(self, job: JobId) -> None:
        """Go on from the last whole turn, with a fresh allowance on top of what was spent."""
        budgets, spent = self.settings.budgets, self._runs.get(job).spent
        budget = Budget(
            usd=(spent.cost_usd or 0.0) + budgets.attempt_usd,
            turns=spent.turns + budgets.attempt_turns,
            wall_s=budgets.attempt_minutes * 60,
        )
        self._runs.record(job, Resumed(budget))
        self._tries.resume(job)
        self._changed(job)
        self._pump()

    def end(self, job: JobId, state: JobState, reason: str) -> None:
        """End the job with all of its runs now. A worker that does not react within two seconds is killed."""
        for other in self._runs.further(self._runs.get(job)):
            if other.state.live:
                self._runs.end(other.id, Ended(state, reason))
        self._runs.end(job, Ended(state, reason))
        for run in (*self._queue.waiting, *self._running):
            if self._runs.job_of(run) == job:
                self._let_go(run)
        self._changed(job)

    def tell(self, job: JobId, text: str) -> None:
        """Say something to every attempt of the job that is still at work."""
        for run in self._at_work(job):
            self._runs.record(run, Told(text))
            self.runner.tell(run, text)
        self._changed(job)

    def answer(self, run: JobId, question_id: str, answer: str) -> None:
        self._runs.record(run, Replied(question_id, answer))
        self.runner.answer(run, question_id, answer)
        self._changed(self._runs.job_of(run))

    async def check(self, request: AttemptRequest) -> str:
        """Prove a plan on the texts of now; returns what prevented it, ``""`` where it was recorded."""
        run = request.job
        if run not in self._checks:
            self._checks.ask(request)
            self._queue.add(run)
            self._pump()
        return await self._checks.wait(run)

    async def close(self, *, interrupt: bool) -> None:
        """Pause what is live, or wait for it, and end the worker."""
        while not interrupt and (self._running or self._queue):
            for ended in tuple(self._running.values()):
                await ended.wait()
            await asyncio.sleep(0)  # what waited for room begins now
        for job in dict.fromkeys(self._runs.job_of(run) for run in (*self._queue.waiting, *self._running)):
            self._pause(job)
        self._queue.clear()
        for task in tuple(self._enforcing):
            task.cancel()
        self._checks.close()
        await self.runner.close()

    # --- what the runner says ---------------------------------------------------------

    def happened(self, run: JobId, event: Event) -> None:
        if not self._runs.mine(run):
            if isinstance(event, (Outcome, Selected)):
                self._purged(run)
            return
        job = self._runs.job_of(run)
        if isinstance(event, Progressed):
            self._progress[run] = event
        elif self._runs.is_choice(run):
            self._chosen(run, event)
        elif self._runs.is_check(run):
            if isinstance(event, Outcome):
                self._gone(run)
            self._checks.happened(run, event)
        else:
            state = self._runs.record(run, event, sync=False)
            if isinstance(event, Asked):
                self._reply_again(state, event)
            elif isinstance(event, (TurnDone, Explored, Compacted)):
                self._count(state, event.cost_usd)
            elif isinstance(event, Planned) and event.state is PlanState.APPROVED and run == job:
                self._tries.began(job)
                self._pump()
            elif isinstance(event, Outcome):
                self._gone(run)
                self._tries.ended(job)
        self._changed(job)

    async def kept(self, run: JobId) -> None:
        """See `runner.Listener.kept`."""
        await self._runs.keep(run)

    def lost(self, run: JobId, reason: str) -> None:
        if not self._runs.mine(run):
            self._purged(run)
            return
        self._gone(run)
        job = self._runs.job_of(run)
        if self._runs.is_check(run):
            self._checks.over(run, reason or "The agent worker ended")
            return
        # Ended already, or ended and resumed: then it waits in the queue, and this loss is not its own.
        state = self._runs.get(run)
        if run in self._queue or not state.state.live:
            return
        if self._runs.is_choice(run):
            self._choice_lost(run, reason)
        elif state.wanted == 1 or state.own is None:
            self._begin_again(run, reason)
        self._changed(job)

    def broken(self, run: JobId, reason: str) -> None:
        if not self._runs.mine(run):
            self._purged(run)
            return
        job = self._runs.job_of(run)
        if self._runs.is_choice(run):
            self._gone(run)
            self._tries.choose_unrun(job, reason)
        elif self._runs.is_check(run):
            self._gone(run)
            self._checks.over(run, reason)
        else:
            self._stop(run, JobState.FAILED, reason)
            self._gone(run)
        self._changed(job)

    def paid(self, cost_usd: float) -> None:
        self._ledger.add(cost_usd)

    # --- inside -----------------------------------------------------------------------

    def _active(self, run: JobId) -> bool:
        return run in self._queue or run in self._running

    def _at_work(self, job: JobId) -> list[JobId]:
        """The attempts of a job that are not at their end."""
        state = self._runs.get(job)
        own = [job] if state.state.live and (state.wanted == 1 or state.own is None) else []
        return [*own, *(other.id for other in self._runs.further(state) if other.state.live)]

    def _pump(self) -> None:
        while (run := self._queue.take(self._running, self.settings.jobs.parallel)) is not None:
            if self._runs.is_choice(run):
                self._begin_choice(run)
            elif self._runs.is_check(run):
                self._running[run] = asyncio.Event()
                self.runner.start(self._fresh(self._checks.request(run)))
            else:
                self._begin(run)
            self._changed(self._runs.job_of(run))

    def _lane(self, run: JobId) -> bool:
        """Whether a run needs a model."""
        if self._runs.is_choice(run) or self._runs.is_check(run):
            return False
        return self._runs.get(run).request.intent.kind in NEEDS_MODEL

    def _begin(self, run: JobId) -> None:
        job = self._runs.job_of(run)
        try:
            if self._lane(run) and (over := self.day_is_over()):
                self._stop(run, JobState.OUT_OF_BUDGET, f"{over} {_GO_ON}")
                return
            state = self._runs.record(run, Started())
        except AgentLsError as error:
            self._stop(run, JobState.FAILED, error.sentence())
            return
        recorded = tuple(
            {"event": entry.kind, "value": dict(entry.value)}
            for entry in self._runs.entries(run)
            if entry.kind in RESUME_KINDS
        )
        self._running[run] = asyncio.Event()
        self.runner.start(replace(self._fresh(state.request), resume=recorded))
        for text in state.told:  # no recorded turn has taken them up
            self.runner.tell(run, text)
        approved = state.steps is not None and state.steps.state is PlanState.APPROVED
        if run == job and (approved or not state.request.intent.plan_first):
            self._tries.began(job)

    def _begin_choice(self, run: JobId) -> None:
        request = self._tries.choice_request(self._runs.job_of(run))
        if request is not None:
            self._running[run] = asyncio.Event()
            self.runner.start(replace(request, base=self._fresh(request.base)))

    def _chosen(self, run: JobId, event: Event) -> None:
        job = self._runs.job_of(run)
        if isinstance(event, Selected):
            self._gone(run)
            self._tries.selected(job, event)
        elif isinstance(event, Outcome):
            self._gone(run)
            self._tries.choose_unrun(job, event.problem)

    def _purged(self, run: JobId) -> None:
        """A run whose job was deleted meanwhile is at its end: nobody may wait for it."""
        self._gone(run)
        self._checks.over(run, "The job was deleted")

    def _choice_lost(self, run: JobId, reason: str) -> None:
        deaths = self._choice_deaths[run] = self._choice_deaths.get(run, 0) + 1
        if deaths < MAX_DEATHS:
            self._queue.add(run, first=True)
            self._pump()
        else:
            said = f" ({reason})" if reason else ""
            self._tries.choose_unrun(self._runs.job_of(run), f"the agent worker ended each time{said}")

    def _begin_again(self, run: JobId, reason: str) -> None:
        try:
            state = self._runs.record(run, WorkerLost(reason))
        except AgentLsError as error:
            self._stop(run, JobState.FAILED, error.sentence())
            return
        if state.deaths < MAX_DEATHS:
            self._queue.add(run, first=True)
            self._pump()
        else:
            said = f" ({reason})" if reason else ""
            died = f"The agent worker ended {MAX_DEATHS} times at the same place{said}"
            self._stop(run, JobState.FAILED, f"{died}. The work up to there is kept.")

    def _stop(self, run: JobId, state: JobState, reason: str) -> None:
        """End one run now; the others of its job go on."""
        job = self._runs.job_of(run)
        if self._runs.get(job).wanted == 1:
            self._runs.end(run, Ended(state, reason))
            self._let_go(run)
        else:
            if run == job:  # the job itself goes on: this is the end of its first attempt only
                self._runs.end(run, Outcome(state, problem=reason))
            else:
                self._runs.end(run, Ended(state, reason))
            self._let_go(run)
            self._tries.ended(job)

    def _let_go(self, run: JobId) -> None:
        """Take a run out of the queue, or have the worker end it."""
        self._queue.remove(run)
        ended = self._running.get(run)
        if ended is not None:
            self.runner.cancel(run)
            task = asyncio.create_task(self._enforce(ended))
            self._enforcing.add(task)
            task.add_done_callback(self._enforcing.discard)
        else:
            self._checks.over(run, "It was cancelled before it began")

    def _gone(self, run: JobId) -> None:
        """The run is no longer in the worker."""
        self._progress.pop(run, None)
        ended = self._running.pop(run, None)
        if ended is not None:
            ended.set()
        # Not now: the runner has still to acknowledge the event that ended the attempt.
        asyncio.get_running_loop().call_soon(self._pump)

    def _reply_again(self, state: Job, asked: Asked) -> None:
        known = state.replies.get(asked.question.text)
        if known is not None:
            self.runner.answer(state.id, asked.question.id, known)

    def _count(self, state: Job, cost_usd: float | None) -> None:
        if not cost_usd:
            return
        self._ledger.add(cost_usd)
        if state.state.live and (over := self.day_is_over()):
            self._stop(state.id, JobState.OUT_OF_BUDGET, f"{over} {_GO_ON}")

    async def _enforce(self, ended: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(CANCEL_S):
                await ended.wait()
        except TimeoutError:
            self.runner.kill("another attempt did not react to its cancellation")

    def _pause(self, job: JobId) -> None:
        state = self._runs.get(job)
        for other in self._runs.further(state):
            if other.state.live:
                self._runs.end(other.id, Ended(JobState.INTERRUPTED, _PAUSED))
        if state.state.live:
            self._runs.end(job, Ended(JobState.INTERRUPTED, _PAUSED))
            self._changed(job)
