"""An evaluation from its start, or from where it was killed, to its figures.

Tasks run beside each other, the attempts at one task one after the other: their journals, scratch
trees and index are the task's, and nothing is ever applied, so that no attempt sees another.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import reduce
from math import fsum
from operator import add
from pathlib import Path
from typing import Final, Protocol, final

from agent_ls.core.diff import stat, unified
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.core.text import content_hash
from agent_ls.evaluation.judging import Judge
from agent_ls.evaluation.results import Attempt, Begun, Record, Result, Validated
from agent_ls.evaluation.solvers import By, Solver
from agent_ls.evaluation.suite import Suite, Task
from agent_ls.evaluation.trees import make_workspace
from agent_ls.jobs.requests import model_configured
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import JobDetail, JobView
from agent_ls.jobs.wishes import no_model
from agent_ls.workspace.state import StateDirs

_SHAPE: Final = 16


class OpenService(Protocol):
    """How a face opens a service on a folder of ours."""

    def __call__(
        self, root: Path, dirs: StateDirs, settings: Settings
    ) -> AbstractAsyncContextManager[Service]: ...


@final
@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured. ``folder``: where this suite's record, trees and jobs are kept."""

    suite: Suite
    solvers: tuple[Solver, ...]
    attempts: int
    folder: Path
    parallel: int


@final
@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every attempt needs: ``dirs`` are the evaluation's own, ``settings`` the user's."""

    dirs: StateDirs
    settings: Settings
    environ: Mapping[str, str]
    open_service: OpenService


@final
@dataclass(frozen=True, slots=True)
class News:
    """Something happened: a task was validated, an attempt was judged, or one could not be measured."""

    task: Task
    solver: Solver | None = None
    result: Result | None = None
    problem: str = ""


class NotMeasuredError(AgentLsError):
    """An attempt ended for a reason that says nothing about its solver; it is not recorded."""


@final
class Evaluation:
    """Measures what is missing in a record."""

    def __init__(
        self, wanted: Wanted, around: Surroundings, record: Record, tell: Callable[[News], None]
    ) -> None:
        self._wanted, self._around, self._record, self._tell = wanted, around, record, tell
        self.problems: list[str] = []

    async def run(self) -> None:
        """Measure every attempt that the record lacks; ``problems`` says what could not be.

        Cancelled, it pauses the attempts under way: the next run goes on with them.

        Raises:
            ConfigError: no model is configured, and one is wanted.
        """
        asks = any(solver.by is By.MODEL for solver in self._wanted.solvers)
        if asks and not model_configured(self._around.settings, self._around.environ):
            raise no_model()
        room = asyncio.Semaphore(self._wanted.parallel)
        async with asyncio.TaskGroup() as group:
            for task in self._wanted.suite.tasks:
                group.create_task(self._in_turn(room, task))

    async def _in_turn(self, room: asyncio.Semaphore, task: Task) -> None:
        async with room:
            try:
                await self._task(task)
            except AgentLsError as error:
                self.problems.append(f"{task.name}: {error.sentence()}")
                self._tell(News(task, problem=error.sentence()))

    async def _task(self, task: Task) -> None:
        folder = self._wanted.folder / "tasks" / f"{task.name}-{task.digest}"
        judge = Judge(
            task,
            folder,
            dirs=self._around.dirs,
            environ=self._around.environ,
            allow_unsandboxed=self._around.settings.checks.allow_unsandboxed,
        )
        known = self._record.validated.get(task.digest)
        if known is None:
            known = await judge.validate()
            self._record.add(known)
            self._tell(News(task, problem=known.problem))
        if known.problem:
            return
        missing = self._missing(task)
        bounds = [(s, a) for s, a in missing if s.by in (By.REFERENCE, By.NOTHING)]
        for solver, attempt in bounds:
            self._keep(task, solver, await _bound(solver, attempt, known, judge))
        rest = [(s, a) for s, a in missing if (s, a) not in bounds]
        if rest:
            workspace = folder / "workspace"
            await make_workspace(task, workspace, self._around.environ)
            await self._attempts(task, judge, workspace, rest)

    def _missing(self, task: Task) -> list[tuple[Solver, Attempt]]:
        """By attempt first: after a kill every solver has about as many."""
        wanted = self._wanted
        named = (
            (solver, Attempt(solver.digest, task.digest, number))
            for number in range(1, wanted.attempts + 1)
            for solver in wanted.solvers
        )
        return [(solver, attempt) for solver, attempt in named if attempt not in self._record.results]

    async def _attempts(
        self, task: Task, judge: Judge, workspace: Path, missing: list[tuple[Solver, Attempt]]
    ) -> None:
        settings = self._around.settings
        # Nobody answers here, one attempt is one attempt, and a task's own checks are detected, as in a folder
        # that the user has not set up.
        settings = replace(
            settings,
            jobs=replace(settings.jobs, answer_minutes=0.0, attempts_after_failure=1),
            checks=replace(settings.checks, commands=()),
        )
        async with self._around.open_service(workspace, self._around.dirs, settings) as service:
            service.trust(trusted=True)
            if any(solver.by is By.MODEL for solver, _ in missing):
                await service.indexer.refresh()
            for solver, attempt in missing:
                self._keep(task, solver, await self._attempt(service, judge, task, solver, attempt))

    async def _attempt(
        self, service: Service, judge: Judge, task: Task, solver: Solver, attempt: Attempt
    ) -> Result:
        started = time.monotonic()
        job = await self._job(service, task, solver, attempt)
        await service.wait(job)
        detail = service.job(job)
        if why := _not_measured(service, solver, detail.view):
            raise why
        changes = service.plan(job)
        measured = _measured(attempt, detail, changes, time.monotonic() - started)
        if not changes:
            return measured
        judgement = await judge.judge(changes)
        return replace(measured, passed=judgement.passed, said=judgement.said)

    async def _job(self, service: Service, task: Task, solver: Solver, attempt: Attempt) -> JobId:
        """The attempt's job: a new one, or that of a run that was killed, going on from its journal."""
        begun = JobId(self._record.begun.get(attempt, ""))
        if begun and service.has(begun):
            view = service.job(begun).view
            if view.state.live or _not_measured(service, solver, view):
                await service.resume(begun)
            return begun
        intent = solver.intent(task, attempt.number)
        job = service.delegate(intent) if solver.by is By.MODEL else service.run(intent)
        self._record.add(Begun(attempt, job))
        return job

    def _keep(self, task: Task, solver: Solver, result: Result) -> None:
        self._record.add(result)
        self._tell(News(task, solver, result))


async def _bound(solver: Solver, attempt: Attempt, known: Validated, judge: Judge) -> Result:
    if solver.by is By.NOTHING:
        return Result(attempt, passed=bool(known.problem), problem="Nothing was changed.")
    judgement = await judge.solved()
    return Result(attempt, passed=judgement.passed, state=JobState.READY.value, said=judgement.said)


def _not_measured(service: Service, solver: Solver, view: JobView) -> NotMeasuredError | None:
    """The reason, where an end is not the solver's: the day's ceiling, or a service that never answered."""
    status = service.status()
    if view.state is JobState.OUT_OF_BUDGET and status["spentTodayUsd"] >= status["dayCeilingUsd"]:
        return NotMeasuredError(
            "The day's ceiling is reached",
            kept="What was measured so far is kept",
            remedy="Raise budgets.day_usd in config.toml or wait until tomorrow, then run the same command again",
        )
    never = solver.by is By.MODEL and view.state is JobState.FAILED and view.spent.turns == 0
    if never or view.state in (JobState.CANCELLED, JobState.INTERRUPTED):
        return NotMeasuredError(
            f"An attempt of {solver.name} was not measured: {view.problem or view.state.value}",
            kept="What was measured so far is kept",
            remedy="Run the same command again",
        )
    return None


def _measured(attempt: Attempt, detail: JobDetail, changes: ChangeSet, wall_s: float) -> Result:
    view = detail.view
    spent = [one.spent for one in detail.attempts] or [view.spent]
    costs = [one.cost_usd for one in spent if one.cost_usd is not None]
    patch = unified(changes).encode("utf-8", "surrogateescape")
    return Result(
        attempt,
        passed=False,
        state=view.state.value,
        verdict=view.verdict.value,
        problem=view.problem[:500],
        shape=content_hash(patch)[:_SHAPE] if changes else "",
        lines=sum(sum(stat(change.before, change.after)) for change in changes),
        turns=sum(one.turns for one in spent),
        usage=reduce(add, (one.usage for one in spent)),
        cost_usd=fsum(costs) if costs else None,
        wall_s=round(wall_s, 3),
        job=view.id,
    )


def forget(folder: Path, record: Record) -> None:
    """Begin anew: results, trees and jobs of earlier runs go."""
    record.clear()
    for name in ("tasks", "state"):
        shutil.rmtree(folder / name, ignore_errors=True)
