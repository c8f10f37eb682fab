"""Which places jobs are about: two jobs in one function are announced, not prevented.

A job that can still land claims the definitions (or lines) that its plan changes, and the one that
it was started from. Landings of overlapping plans are merged or clash as any other edit does; a claim
only tells people early.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.diff import line_hunks
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.facts import Definition
from agent_ls.index.query import Index, enclosing
from agent_ls.jobs.book import Book
from agent_ls.jobs.fold import Job
from agent_ls.jobs.views import OverlapView

_WHOLE = 1 << 30
_NEAR = 1
_KEPT = 512


@final
@dataclass(frozen=True, slots=True)
class Claim:
    """A place in the text that a job began from: lines ``first`` to ``last``, 0-based, both inside.

    ``symbol``: the outermost function or the method that holds it, ``""`` where none is known.
    """

    path: RelPath
    first: int
    last: int
    symbol: str = ""

    def meets(self, other: Claim) -> bool:
        """Whether two jobs are at the same thing: one definition, or lines that touch."""
        if self.path != other.path:
            return False
        if self.symbol and self.symbol == other.symbol:
            return True
        return self.first <= other.last + _NEAR and other.first <= self.last + _NEAR


@final
class Claims:
    """Finds overlaps between the jobs of a book, those of other processes included."""

    def __init__(self, book: Book, index: Index, notice: Callable[[str, str], None]) -> None:
        self._book = book
        self._index = index
        self._notice = notice
        self._known: dict[tuple[JobId, DraftFile], tuple[Claim, ...]] = {}
        self._told: set[tuple[frozenset[JobId], bool]] = set()

    def overlaps(self, job: Job) -> tuple[OverlapView, ...]:
        """The other jobs that are at the same places. Cost: a line diff for every file of a plan, once."""
        if not _claims(job):
            return ()
        own = list(self._of(job))
        found: list[OverlapView] = []
        for other in self._book.all():
            if other.id == job.id or not _claims(other) or not other.touches & job.touches:
                continue
            if _replaces(job, other) or _replaces(other, job):
                continue
            met = next((c for c in self._of(other) if any(c.meets(mine) for mine in own)), None)
            if met is not None:
                title = other.request.intent.title
                found.append(OverlapView(other.id, title, other.state, met.path, met.first + 1, met.symbol))
        return tuple(found)

    def announce(self, job: Job) -> None:
        """Tell the user once that a job that begins, or has its plan, is where another one is."""
        planned = job.state is JobState.READY
        for other in self.overlaps(job):
            pair = (frozenset({job.id, other.job}), planned)
            if pair not in self._told:
                self._told.add(pair)
                self._notice(f"{job.request.intent.title}: {said(other)}.", "warning")

    def _of(self, job: Job) -> Iterator[Claim]:
        draft = job.pending or job.plan
        for file in draft:
            key = (job.id, file)
            if key not in self._known:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[key] = tuple(self._changed(job, file))
            yield from self._known[key]
        site = job.request.intent.site
        if site is not None and not any(site.path in (f.path, f.moved_from) for f in draft):
            yield from self._started_at(job)

    def _changed(self, job: Job, file: DraftFile) -> Iterator[Claim]:
        path = file.moved_from or file.path
        if file.before is None or file.after is None or file.moved_from is not None:
            yield Claim(path, 0, _WHOLE)
            return
        get = self._book.blobs(job.id).get
        try:
            before, after = get(file.before), get(file.after)
        except AgentLsError:
            return  # a lost text claims nothing; `detail` says that it is lost
        definitions = self._definitions(path, file.before)
        lines = LineIndex(before)
        for hunk in line_hunks(before, after):
            last = max(hunk.old_start, hunk.old_end - 1)
            at = lines.start(min(hunk.old_start, len(lines) - 1))
            yield Claim(path, hunk.old_start, last, _symbol(definitions, at))

    def _started_at(self, job: Job) -> Iterator[Claim]:
        intent = job.request.intent
        if intent.site is None:
            return
        definitions = self._definitions(intent.site.path, intent.site_hash)
        around = _holding(definitions, intent.site.span.start)
        if around is not None:  # without one the place is a file, and a file is too much to claim
            yield Claim(intent.site.path, around.line, around.line, around.path)

    def _definitions(self, path: RelPath, digest: str) -> list[Definition]:
        """A file's definitions, if the index knows exactly this text."""
        return self._index.outline(path) if self._index.hash_of(path) == digest else []


def said(other: OverlapView) -> str:
    """An overlap in words."""
    where = f"{other.symbol} in {other.path}" if other.symbol else f"line {other.line} of {other.path}"
    how = "is at work on" if other.state.live else "has a plan for"
    return f"another job ({other.title}) {how} {where} too"


def _replaces(new: Job, old: Job) -> bool:
    """Whether a job was begun to take the place of another one's plan: that they meet goes without saying."""
    return bool(new.replaces) and new.retry_of == old.id


def _claims(job: Job) -> bool:
    return job.state.live or job.state in (JobState.READY, JobState.PARTLY_APPLIED)


def _symbol(definitions: list[Definition], offset: int) -> str:
    around = _holding(definitions, offset)
    return around.path if around is not None else ""


def _holding(definitions: list[Definition], offset: int) -> Definition | None:
    """The innermost function or method around a place; a class is too much to claim."""
    callables = [d for d in definitions if d.kind in ("function", "method")]
    return enclosing(callables, offset)
