"""How long jobs are kept: what is over is deleted after some days, earlier where space is short."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Jobs
from agent_ls.jobs.book import Book
from agent_ls.jobs.fold import Job

OVER = frozenset({JobState.APPLIED, JobState.DISCARDED, JobState.UNDONE, JobState.FAILED, JobState.CANCELLED})
"""States in which nobody waits for anything. A plan that is ready, and a job that is paused, waits for its user."""

_DAY_S = 86400.0
_MB = 1_000_000


def forget_old(book: Book, settings: Jobs, now: float) -> None:
    """Delete the jobs that ended long ago: never one whose plan waits, that is paused, or that somebody holds."""
    book.sweep()
    for job in _over(book):
        if now - job.updated_at > settings.keep_days * _DAY_S:
            _purge(book, job, now - settings.keep_days * _DAY_S)


def make_room(book: Book, sizes: Mapping[JobId, int], settings: Jobs, now: float) -> None:
    """Delete the oldest jobs that are over until the rest fits; ``sizes``: what `Book.size` says of every job.

    None goes within its first day, so that undo stays possible.
    """
    filled = sum(sizes.values())
    for job in sorted(_over(book), key=lambda job: (job.updated_at, job.id)):
        if filled <= settings.keep_mb * _MB or now - job.updated_at <= _DAY_S:
            return
        if _purge(book, job, now - _DAY_S):
            filled -= sizes.get(job.id, 0)


def _over(book: Book) -> list[Job]:
    return [job for job in book.all() if _is_over(job) and book.owned(job.id) is None]


def _is_over(job: Job) -> bool:
    return job.state in OVER and job.landing is None


def _purge(book: Book, job: Job, before: float) -> bool:
    """Delete a job that is over since ``before``, and still so when it is ours; returns whether it is gone."""
    with suppress(AgentLsError):  # another process has it at this moment
        return book.purge(job.id, lambda now: _is_over(now) and now.updated_at < before)
    return False
