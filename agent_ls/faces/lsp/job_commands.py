"""The commands about one job that is there: look at it, land it, steer it, end it.

An operation (apply, undo) answers at once; what it did is told by a notice and by the job's state.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable
from typing import Any, final

from agent_ls.core.errors import AgentLsError, UsageError
from agent_ls.core.job import JobId
from agent_ls.core.paths import rel_path
from agent_ls.core.steps import PlanStep
from agent_ls.faces.lsp import arguments as read
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.folders import Folder, Folders
from agent_ls.faces.lsp.registry import Handler
from agent_ls.faces.lsp.report import Report, Run
from agent_ls.faces.lsp.review import Reviews
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import Applied
from agent_ls.jobs.wording import Wish

Json = dict[str, Any]


@final
class JobCommands:
    """The commands that name a job by its id."""

    def __init__(self, folders: Folders, report: Report, reviews: Reviews, *, run: Run) -> None:
        self._folders = folders
        self._report = report
        self._reviews = reviews
        self._run = run
        self._operations = itertools.count(1)

    def table(self) -> dict[str, Handler]:
        """Every command by its name."""
        return {
            wire.JOB: self.job,
            wire.REVIEW: self.review,
            wire.PREVIEW: self.preview,
            wire.APPLY: self.apply,
            wire.UNDO: self.undo,
            wire.CHECK: self.check,
            wire.DISCARD: self.discard,
            wire.CANCEL: self.cancel,
            wire.RESUME: self.resume,
            wire.RETRY: self.retry,
            wire.TELL: self.tell,
            wire.ANSWER: self.answer,
            wire.PLAN: self.plan,
        }

    def job(self, params: Json) -> Json:
        service, job = self._job(params)
        return service.job(job).wire()

    def review(self, params: Json) -> Json:
        return self._reviews.show(*self._folders.of_job(read.text(params, "jobId")))

    def preview(self, params: Json) -> Json:
        folder, job = self._folders.of_job(read.text(params, "jobId"))
        return self._reviews.preview(folder, job, read.texts(params, "hunks"))

    def apply(self, params: Json) -> Json:
        folder, job = self._folders.of_job(read.text(params, "jobId"))
        files = read.texts(params, "files")
        wish = Wish(
            None if files is None else [rel_path(name) for name in files],
            read.texts(params, "hunks"),
            force=read.truth(params, "force", default=False),
            reviewed=read.truth(params, "reviewed", default=False),
        )
        return self._operation(self._apply(folder, job, wish, read.whole(params, "attempt", 0)))

    async def _apply(self, folder: Folder, job: JobId, wish: Wish, attempt: int) -> Applied:
        if attempt:
            await folder.service.use(job, attempt)
        if not await self._reviews.agreed(folder, job, reviewed=wish.reviewed):
            return Applied(folder.service.job(job).view.state)
        return await folder.service.apply(
            job, wish.files, wish.hunks, force=wish.force, reviewed=wish.reviewed
        )

    def undo(self, params: Json) -> Json:
        service, job = self._job(params)
        return self._operation(service.undo(job))

    def check(self, params: Json) -> Json:
        service, job = self._job(params)
        self._run(self._checked_again(service, job))
        return {"jobId": job}

    async def _checked_again(self, service: Service, job: JobId) -> None:
        try:
            view = await service.check(job)
        except AgentLsError as error:
            self._report.notice(error.sentence(), "warning")
            return
        self._report.notice(f"{view.title}: checked again on the files of now: {view.verdict.value}.")

    async def discard(self, params: Json) -> Json:
        service, job = self._job(params)
        return (await service.discard(job)).wire()

    async def cancel(self, params: Json) -> Json:
        service, job = self._job(params)
        return (await service.cancel(job)).wire()

    async def resume(self, params: Json) -> Json:
        service, job = self._job(params)
        return (await service.resume(job)).wire()

    def retry(self, params: Json) -> Json:
        service, job = self._job(params)
        instruction = read.text(params, "instruction", default="")
        return {"jobId": service.retry(job, instruction, read.texts(params, "hunks"))}

    async def tell(self, params: Json) -> Json:
        service, job = self._job(params)
        await service.tell(job, read.text(params, "text"))
        return {}

    async def answer(self, params: Json) -> Json:
        service, job = self._job(params)
        view = await service.answer(job, read.text(params, "questionId"), read.text(params, "answer"))
        return view.wire()

    async def plan(self, params: Json) -> Json:
        service, job = self._job(params)
        action = read.text(params, "action")
        if action not in ("approve", "reject", "edit"):
            raise UsageError(f"'action' must be approve, reject or edit, not {action!r}")
        steps = [_step(step) for step in read.tables(params, "steps")] if action == "edit" else None
        return (await service.decide_plan(job, approve=action != "reject", steps=steps)).wire()

    def _job(self, params: Json) -> tuple[Service, JobId]:
        folder, job = self._folders.of_job(read.text(params, "jobId"))
        return folder.service, job

    def _operation(self, work: Awaitable[Applied]) -> Json:
        operation = f"op-{next(self._operations)}"
        self._run(self._finish(work))
        return {"operationId": operation}

    async def _finish(self, work: Awaitable[Applied]) -> None:
        try:
            done = await work
        except AgentLsError as error:
            self._report.notice(error.sentence(), "warning")
            return
        if done.message:
            self._report.notice(done.message, "warning" if done.conflicts or not done.landed else "info")


def _step(step: Json) -> PlanStep:
    files = read.texts(step, "files") or []
    return PlanStep(read.text(step, "text"), tuple(rel_path(name) for name in files))
