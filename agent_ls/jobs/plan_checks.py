"""The checks of plans on the texts of now that wait or are under way, as runs of the fleet."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import final

from agent_ls.core.attempt import AttemptRequest, Checked, Event, Outcome
from agent_ls.core.job import JobId, JobState
from agent_ls.jobs.fold import Draft, Job
from agent_ls.jobs.runs import Runs

_OTHER_PLAN = "Its plan landed or changed meanwhile: check it again"


@final
@dataclass(frozen=True, slots=True)
class _Asked:
    """``plan``: what the check is about, to be compared. ``over``: gets what prevented it, ``""`` for nothing."""

    request: AttemptRequest
    plan: tuple[Draft, Draft, tuple[Draft, ...]]
    over: asyncio.Future[str]


@final
class PlanChecks:
    """Who waits for which check, and whether its verdict is still about the job's plan."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._asked: dict[JobId, _Asked] = {}

    def __contains__(self, run: JobId) -> bool:
        return run in self._asked

    def ask(self, request: AttemptRequest) -> None:
        """Remember a check that is about to be queued."""
        over = asyncio.get_running_loop().create_future()
        self._asked[request.job] = _Asked(request, _plan_of(self._runs.get(request.job)), over)

    def request(self, run: JobId) -> AttemptRequest:
        return self._asked[run].request

    async def wait(self, run: JobId) -> str:
        """What prevented the check, ``""`` where its verdict was recorded."""
        return await asyncio.shield(self._asked[run].over)

    def happened(self, run: JobId, event: Event) -> None:
        """What the worker says of a check: its verdict is recorded, its `Outcome` ends it."""
        asked = self._asked.get(run)
        state = self._runs.get(run)
        same = asked is not None and asked.plan == _plan_of(state)
        if isinstance(event, Checked) and same:
            # What the plan does to tests is as true as before, also of the part that has landed.
            marks = tuple(dict.fromkeys((*state.warnings, *event.warnings)))
            self._runs.record(run, replace(event, warnings=marks, again=True))
        elif isinstance(event, Outcome):
            proven = event.state is JobState.READY
            self.over(run, ("" if same else _OTHER_PLAN) if proven else event.problem)

    def over(self, run: JobId, problem: str) -> None:
        """A check is at its end; who waits hears what prevented it."""
        asked = self._asked.pop(run, None)
        if asked is not None and not asked.over.done():
            asked.over.set_result(problem)

    def close(self) -> None:
        for run in tuple(self._asked):
            self.over(run, "agent-ls was closed")


def _plan_of(job: Job) -> tuple[Draft, Draft, tuple[Draft, ...]]:
    return job.plan, job.pending, job.applied
