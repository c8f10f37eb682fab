"""The pending hunks of plans at a place of a text of now: what an editor without a plugin takes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError
from agent_ls.core.hunks import Hunk
from agent_ls.core.job import JobId
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, Span
from agent_ls.jobs.book import Book
from agent_ls.jobs.fold import Job
from agent_ls.jobs.landing import from_draft
from agent_ls.jobs.preview import preview
from agent_ls.jobs.views import JobView

_KEPT = 16

Key = tuple[JobId, tuple[DraftFile, ...], RelPath, bytes]


@final
@dataclass(frozen=True, slots=True)
class HunksAt:
    """Some of a plan's pending hunks, by their ids; ``of``: how many pending ones the plan has in this file."""

    job: JobId
    ids: tuple[str, ...]
    of: int


@final
class HunksHere:
    """Knows where the hunks of the last few texts stand: a menu is asked for on every cursor move."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[Key, tuple[Hunk, ...]] = {}

    def at(self, path: RelPath, span: Span, text: bytes, jobs: Iterable[JobView]) -> Iterator[HunksAt]:
        """The hunks that the lines of a span touch, per job; none where the plan has one hunk only in all.

        Cost: where the text has changed since it was asked last, a merge of the plan's file onto it.
        """
        for job in (self._book.get(view.id) for view in jobs if view.has_plan):
            if any(path in (f.path, f.moved_from) for f in job.pending):
                found = self.pending(job, path, text)
                if len(found) + len(job.pending) < 3:  # one hunk of one file is the plan itself
                    continue
                index = LineIndex(text)
                first, last = index.line_of(span.start), index.line_of(span.end)
                ids = tuple(hunk.id for hunk in found if _touches(hunk, first, last))
                if ids:
                    yield HunksAt(job.id, ids, len(found))

    def pending(self, job: Job, path: RelPath, text: bytes) -> Sequence[Hunk]:
        """What of a job's plan has not landed in a file, on its text of now; what clashes is left out."""
        key = (job.id, job.pending, path, text)
        if key not in self._known:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = self._look(job, path, text)
        return self._known[key]

    def _look(self, job: Job, path: RelPath, text: bytes) -> tuple[Hunk, ...]:
        own = [f for f in job.pending if path in (f.path, f.moved_from)]
        try:
            pending = from_draft(own, self._book.blobs(job.id).get)
        except AgentLsError:
            return ()  # a text of the plan is lost: `agentLs.job` says so
        return tuple(
            hunk for file in preview(ChangeSet.of(pending), {path: text}, None) for hunk in file.hunks
        )


def _touches(hunk: Hunk, first: int, last: int) -> bool:
    """Whether lines of the text of now (0-based, both included) are among those that a hunk replaces or adds to."""
    return hunk.old_start_line <= last and first <= hunk.old_start_line + max(0, hunk.old_lines - 1)
