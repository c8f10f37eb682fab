"""Several attempts at one task: when they begin, when they are compared, and what becomes the plan.

Called by the fleet whenever something ended; every decision is a record in the job's journal, and
asking twice decides nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

from agent_ls.core.attempt import (
    MOST_ATTEMPTS,
    NEEDS_MODEL,
    Candidate,
    Outcome,
    Selected,
    SelectRequest,
)
from agent_ls.core.job import Budget, JobId, JobState
from agent_ls.core.selection import Evidence, choose
from agent_ls.core.settings import Settings
from agent_ls.jobs.fold import Job
from agent_ls.jobs.records import Ended, Resumed, Widened
from agent_ls.jobs.runs import Runs
from agent_ls.jobs.variations import variation, worth_another

_ASKED_FOR = "asked for"


@final
class Tries:
    """Widens jobs and closes their choice."""

    def __init__(
        self,
        runs: Runs,
        settings: Callable[[], Settings],
        *,
        enqueue: Callable[[JobId], None],
        active: Callable[[JobId], bool],
    ) -> None:
        """``enqueue`` lets a run begin when there is room, ``active``: it waits or is under way."""
        self._runs = runs
        self._settings = settings
        self._enqueue = enqueue
        self._active = active

    def began(self, job: JobId) -> None:
        """The first attempt begins, or its plan was approved: those beside it begin now, if any were asked for."""
        state = self._runs.get(job)
        intent = state.request.intent
        if state.wanted == 1 and intent.attempts > 1 and intent.kind in NEEDS_MODEL:
            self._widen(state, min(intent.attempts, MOST_ATTEMPTS), _ASKED_FOR)

    def ended(self, job: JobId) -> None:
        """An attempt or the choice ended: go on with whatever is next for the job."""
        state = self._runs.get(job)
        if state.wanted == 1:
            self._escalate(state)
        elif state.state.live:
            self._close(state)

    def resume(self, job: JobId) -> None:
        """Go on with what has not come to a plan; the first attempt's `Resumed` is recorded."""
        state = self._runs.get(job)
        if state.wanted == 1 or state.own is None:
            self._enqueue(job)
        for other in self._runs.further(state):
            if other.state is not JobState.READY:
                self._runs.record(other.id, Resumed(self._again(other)))
                self._enqueue(other.id)
        if state.wanted > 1:
            self._close(self._runs.get(job))

    def selected(self, job: JobId, choice: Selected) -> None:
        """The choice was made by running the candidates."""
        if self._runs.get(job).state.live:
            self._runs.record(job, choice)

    def choose_unrun(self, job: JobId, why: str) -> None:
        """The comparison came to no end: choose by what each attempt showed by itself."""
        state = self._runs.get(job)
        candidates = self._candidates(state)
        if not state.state.live or not candidates:
            return
        choice = choose([_alone(candidate) for candidate in candidates])
        outcome = next(c.outcome for c in candidates if c.attempt == choice.attempt)
        reason = f"{choice.reason}. The attempts were not compared by running them: {why}"
        self._runs.record(job, Selected(choice.attempt, reason, outcome, choice.order))

    def choice_request(self, job: JobId) -> SelectRequest | None:
        """What the worker is asked for; ``None`` where there is nothing to choose any more."""
        state = self._runs.get(job)
        candidates = self._candidates(state)
        if not state.state.live or len(candidates) < 2:
            return None
        wall_s = self._settings().budgets.attempt_minutes * 60
        return SelectRequest(self._runs.choice(job), state.request, tuple(candidates), wall_s)

    # --- inside -----------------------------------------------------------------------

    def _escalate(self, state: Job) -> None:
        outcome, wanted = state.own, self._settings().jobs.attempts_after_failure
        if outcome is None or state.state is not JobState.READY or wanted < 2:
            return
        if state.request.intent.kind in NEEDS_MODEL and worth_another(outcome):
            failing = ", ".join(r.name for r in outcome.checks if r.status == "failed")
            self._widen(state, min(wanted, MOST_ATTEMPTS), f"{failing} failed on the first attempt", outcome)

    def _widen(self, state: Job, wanted: int, reason: str, failed: Outcome | None = None) -> None:
        self._runs.record(state.id, Widened(wanted, reason))
        for number in range(2, wanted + 1):
            run = self._runs.name(state.id, number)
            request = replace(
                state.request,
                job=run,
                attempt=number,
                variation=variation(number, state.request.models, failed, state.steps),
                intent=replace(state.request.intent, plan_first=False),
                budget=state.request.budget if state.runs <= 1 else self._again(None),
                resume=(),
            )
            self._runs.create(request)
            self._enqueue(run)

    def _close(self, state: Job) -> None:
        """With every attempt ended: choose, or say why there is no plan."""
        others = self._runs.further(state)
        if state.own is None or any(other.state.live for other in others):
            return
        if self._active(self._runs.choice(state.id)):
            return
        candidates = self._candidates(state)
        if len(candidates) > 1:
            self._enqueue(self._runs.choice(state.id))
        elif candidates:
            only = candidates[0]
            reason = "It is the only attempt with a plan"
            self._runs.record(state.id, Selected(only.attempt, reason, only.outcome, (only.attempt,)))
        else:
            self._runs.record(state.id, _without_plan(state.own, others))

    def _candidates(self, state: Job) -> list[Candidate]:
        found = [Candidate(1, state.own)] if state.own is not None else []
        further = self._runs.further(state)
        found += [Candidate(run.request.attempt, run.own) for run in further if run.own is not None]
        return [one for one in found if one.outcome.state is JobState.READY and one.outcome.files]

    def _again(self, run: Job | None) -> Budget:
        """A fresh allowance on top of what a run has spent."""
        budgets = self._settings().budgets
        usd, turns = (run.spent.cost_usd or 0.0, run.spent.turns) if run is not None else (0.0, 0)
        return Budget(usd + budgets.attempt_usd, turns + budgets.attempt_turns, budgets.attempt_minutes * 60)


def _without_plan(own: Outcome, others: list[Job]) -> Ended:
    states = [own.state, *(other.state for other in others)]
    problems = [own.problem, *(other.problem for other in others)]
    paused = JobState.OUT_OF_BUDGET in states
    said = "; ".join(f"attempt {n}: {text.rstrip('.')}" for n, text in enumerate(problems, 1) if text)
    reason = f"None of {len(states)} attempts came to a plan" + (f" ({said})" if said else "")
    return Ended(JobState.OUT_OF_BUDGET if paused else JobState.FAILED, reason)


def _alone(candidate: Candidate) -> Evidence:
    """What an attempt showed by itself."""
    outcome = candidate.outcome
    syntax = any(r.name == "syntax" and r.status == "failed" for r in outcome.checks)
    return Evidence(
        attempt=candidate.attempt,
        syntax=int(syntax),
        verdict=outcome.verdict,
        weakened=len(outcome.warnings),
        paths=frozenset(file.path for file in outcome.files),
        size=len(outcome.files),
    )
