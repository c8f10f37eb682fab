"""Proves a plan again: on the texts of now, which are no longer those that its verdict is about."""

from __future__ import annotations

from dataclasses import replace
from typing import final

from agent_ls.core.attempt import AttemptRequest
from agent_ls.core.errors import CheckError, UsageError
from agent_ls.core.job import JobId
from agent_ls.jobs import landing
from agent_ls.jobs.book import Owned
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.runs import Runs


@final
class Rechecker:
    """Checks plans of owned jobs as they would stand, or stand, in the user's texts."""

    def __init__(self, desk: Desk, runs: Runs, fleet: Fleet, port: EditorPort) -> None:
        self._desk = desk
        self._runs = runs
        self._fleet = fleet
        self._port = port

    async def check(self, job: JobId) -> None:
        """Run the checks on the texts of now with what has not landed; the verdict is recorded.

        Raises:
            UsageError: there is no plan to check, or it clashes with the texts of now.
            CheckError: the check came to no end, with the reason.
        """
        owned = self._desk.free(job)
        if owned.job.state.live or not owned.job.plan:
            raise UsageError("There is no plan to check", remedy="Look at the job to see how it stands")
        if problem := await self._fleet.check(self._request(owned)):
            raise CheckError(f"The plan was not checked: {problem.rstrip('.')}", kept="The plan is as it was")

    def _request(self, owned: Owned) -> AttemptRequest:
        get, put = owned.blobs.get, owned.blobs.put
        pending = landing.from_draft(owned.job.pending, get)
        step = landing.plan_apply(pending, landing.texts_of(pending.paths, self._port.read), None, None)
        if step.conflicts:
            where = f"{step.conflicts[0].path}:{step.conflicts[0].line + 1}"
            raise UsageError(
                f"The plan clashes with your text at {where}",
                kept="The plan and its verdict are as they were",
                remedy="Resolve the clash, or retry the job on the texts of now",
            )
        buffers = self._port.buffers()
        return replace(
            owned.job.request,
            job=self._runs.check(owned.job.id),
            buffers={path: put(b.data) for path, b in buffers.items() if not b.saved},
            plan=landing.to_draft(step.changes, put),
            check_only=True,
            resume=(),
        )
