"""The plans of jobs as change sets: whole, what is pending, and what it would be on the texts of now."""

from __future__ import annotations

from collections.abc import Collection
from typing import final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import UsageError
from agent_ls.core.job import Intent, JobId
from agent_ls.core.merge import Rebased
from agent_ls.core.paths import RelPath
from agent_ls.jobs import landing
from agent_ls.jobs.book import Book
from agent_ls.jobs.doubts import doubts
from agent_ls.jobs.fold import Draft, Job
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.preview import FilePreview, preview
from agent_ls.jobs.rework import rework
from agent_ls.jobs.runs import Runs


@final
class Plans:
    """Read-only. What the methods do is said where `Service` has them."""

    def __init__(self, book: Book, runs: Runs, port: EditorPort) -> None:
        self._book = book
        self._runs = runs
        self._port = port

    def whole(self, job: JobId, attempt: int | None = None) -> ChangeSet:
        state = self._book.get(job)
        draft = state.plan if attempt is None else self._draft(state, attempt)
        return landing.from_draft(draft, self._book.blobs(job).get)

    def _draft(self, state: Job, attempt: int) -> Draft:
        if not 1 <= attempt <= state.wanted:
            many = "one attempt" if state.wanted == 1 else f"{state.wanted} attempts"
            raise UsageError(f"The job has {many}", remedy="Look at the job to see them")
        if attempt > 1:
            return self._runs.get(self._runs.name(state.id, attempt)).plan
        return state.own.files if state.own is not None and state.own.files else state.plan

    def preview(
        self, job: JobId, files: Collection[RelPath] | None, hunks: Collection[str] | None
    ) -> Rebased:
        pending = self._pending(job)
        step = landing.plan_apply(pending, landing.texts_of(pending.paths, self._port.read), files, hunks)
        return Rebased(step.changes, step.conflicts, step.moved)

    def review(self, job: JobId, hunks: Collection[str] | None) -> list[FilePreview]:
        pending = self._pending(job)
        return preview(pending, landing.texts_of(pending.paths, self._port.read), hunks)

    def rework(self, job: JobId, hunks: Collection[str], words: str) -> tuple[Intent, ChangeSet]:
        """See `rework.rework`."""
        pending = self._pending(job)
        now = landing.texts_of(pending.paths, self._port.read)
        return rework(self._book.get(job).request.intent, pending, now, hunks, words)

    def doubts(self, job: JobId) -> dict[RelPath, str]:
        return doubts(self._pending(job), self._book.get(job).request.intent)

    def _pending(self, job: JobId) -> ChangeSet:
        return landing.from_draft(self._book.get(job).pending, self._book.blobs(job).get)
