"""Where jobs are in a text of now: what one is at, what a plan would change, what one has made.

Everything is carried from recorded texts to the text of now by comparing lines; a line that was
touched since is nobody's but the user's. What a job has made is marked until HEAD has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.diff import LineHunk, line_hunks
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.jobs.book import Book
from agent_ls.jobs.committed import Committed
from agent_ls.jobs.fold import Job
from agent_ls.jobs.hunks_here import HunksHere
from agent_ls.jobs.shifting import Lines, common, shifts, still_there
from agent_ls.jobs.views import JobView

_MOST_BYTES = 2_000_000
_NEAR = 3
_KEPT = 64
_DAY_S = 86400.0


class MarkKind(StrEnum):
    """What a marked place is to its job."""

    WORK = "work"  # it is at work here
    PLAN = "plan"  # its plan would change this
    MADE = "made"  # its lines, not committed yet


@final
@dataclass(frozen=True, slots=True)
class Mark:
    """A place of one job in a text of now. ``parts`` are its lines, ascending, never empty; blocks lie apart."""

    view: JobView
    kind: MarkKind
    parts: tuple[Lines, ...]

    @property
    def first(self) -> int:
        """The first line of it."""
        return self.parts[0][0]


@final
class Marks:
    """The marks of one workspace; remembers a few texts, since editors ask after every pause in typing."""

    def __init__(
        self, book: Book, hunks: HunksHere, committed: Committed, clock: Callable[[], float]
    ) -> None:
        self._book = book
        self._hunks = hunks
        self._committed = committed
        self._clock = clock
        self._texts: dict[str, bytes] = {}
        self._changed: dict[tuple[str | None, str | None], list[LineHunk]] = {}

    def at(self, path: RelPath, text: bytes, views: Iterable[JobView]) -> list[Mark]:
        """Every mark in a text, by place.

        Cost: nothing where no job is about the file; else one line diff per landing or draft of it.
        """
        if len(text) > _MOST_BYTES:
            return []
        found: list[Mark] = []
        for view in views:
            try:
                found += self._of(view, self._book.get(view.id), path, text)
            except AgentLsError:
                continue  # a text of it is lost, or the job has just been deleted
        return sorted(found, key=lambda mark: (mark.first, mark.view.id))

    def _of(self, view: JobView, job: Job, path: RelPath, text: bytes) -> Iterator[Mark]:
        if view.state.live:
            parts = self._at_work(job, path, text)
            yield from [Mark(view, MarkKind.WORK, tuple(parts))] if parts else []
        elif view.state in (JobState.READY, JobState.PARTLY_APPLIED):
            hunks = self._hunks.pending(job, path, text)
            lines = [(h.old_start_line, h.old_start_line + max(1, h.old_lines)) for h in hunks]
            yield from [Mark(view, MarkKind.PLAN, tuple(_inside(lines, text)))] if lines else []
        if job.applied:
            yield from (Mark(view, MarkKind.MADE, block) for block in _blocks(self._made(job, path, text)))

    def _made(self, job: Job, path: RelPath, text: bytes) -> list[Lines]:
        """The lines that landings of a job have put here, that are as it wrote them and not in HEAD."""
        if not self._committed.possible and self._clock() - job.updated_at > _DAY_S:
            return []  # without a repository nothing ever says that they have become the user's own
        own = [file for landed in job.applied for file in landed if file.path == path and file.after]
        if not own:
            return []
        fresh = self._committed.fresh_lines(path, text)
        if not fresh:
            return []
        lines = [part for file in own for part in self._landed(job.id, file, text)]
        return common(_joined(lines, 0), fresh)

    def _landed(self, job: JobId, file: DraftFile, text: bytes) -> list[Lines]:
        made = [(hunk.new_start, hunk.new_end) for hunk in self._changes(job, file)]
        return still_there(self._text(job, file.after), text, made)

    def _at_work(self, job: Job, path: RelPath, text: bytes) -> list[Lines]:
        """What the draft so far changes here, else the place where the job was started."""
        drafted = [f for f in job.plan if path in (f.path, f.moved_from) and f.before and f.after]
        if drafted:
            return _joined([part for file in drafted for part in self._drafted(job.id, file, text)], _NEAR)
        site, digest = job.request.intent.site, job.request.intent.site_hash
        if site is None or site.path != path or not digest:
            return []
        then = self._then(job.id, digest, text)
        if then is None:
            return []
        index, by = LineIndex(then), shifts(then, text)
        first, last = index.line_of(site.span.start), index.line_of(site.span.end)
        return _inside([(first + by(first), last + 1 + by(last))], text)

    def _drafted(self, job: JobId, file: DraftFile, text: bytes) -> list[Lines]:
        by = shifts(self._text(job, file.before), text)
        hunks = self._changes(job, file)
        parts = [
            (h.old_start + by(h.old_start), max(h.old_end, h.old_start + 1) + by(h.old_start)) for h in hunks
        ]
        return _inside(parts, text)

    def _changes(self, job: JobId, file: DraftFile) -> list[LineHunk]:
        """A recorded change by lines: always the same, and asked for after every pause in typing."""
        key = (file.before, file.after)
        if key not in self._changed:
            while len(self._changed) >= _KEPT:
                del self._changed[next(iter(self._changed))]
            self._changed[key] = line_hunks(self._text(job, file.before), self._text(job, file.after))
        return self._changed[key]

    def _then(self, job: JobId, digest: str, text: bytes) -> bytes | None:
        """The text that a job was started from: seen here, or pinned by its worker."""
        if digest not in self._texts and content_hash(text) == digest:
            self._keep(digest, text)
        try:
            return self._text(job, digest)
        except AgentLsError:
            return None

    def _text(self, job: JobId, digest: str | None) -> bytes:
        if not digest:
            return b""
        if digest in self._texts:
            return self._texts[digest]
        text = self._book.blobs(job).get(digest)
        self._keep(digest, text)
        return text

    def _keep(self, digest: str, text: bytes) -> None:
        while len(self._texts) >= _KEPT:
            del self._texts[next(iter(self._texts))]
        if len(text) <= _MOST_BYTES:
            self._texts[digest] = text


def _inside(parts: Iterable[Lines], text: bytes) -> list[Lines]:
    """The lines cut to those that the text has; a place behind its end is its last line."""
    last = max(0, len(text.splitlines()) - 1)
    return [(min(start, last), max(min(start, last) + 1, min(end, last + 1))) for start, end in parts]


def _joined(parts: Iterable[Lines], near: int) -> list[Lines]:
    """Ascending and disjoint, with those in one that are at most ``near`` lines apart."""
    made: list[Lines] = []
    for start, end in sorted(parts):
        if made and start <= made[-1][1] + near:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((start, end))
    return made


def _blocks(parts: Sequence[Lines]) -> Iterator[tuple[Lines, ...]]:
    """Parts in groups that a reader sees as one change."""
    for start, end in _joined(parts, _NEAR):
        yield tuple(part for part in parts if start <= part[0] and part[1] <= end)
