"""How long jobs are kept: what is over is deleted after some days, earlier where space is short."""

from __future__ import annotations

from contextlib import suppress

from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobState
from agent_ls.core.settings import Jobs
from agent_ls.jobs.book import Book
from agent_ls.jobs.fold import Job

OVER = frozenset({JobState.APPLIED, JobState.DISCARDED, JobState.UNDONE, JobState.FAILED, JobState.CANCELLED})
"""States in which nobody waits for anything. A plan that is ready, and a job that is paused, waits for its user."""

_DAY_S = 86400.0
_MB = 1_000_000


def forget(book: Book, settings: Jobs, now: float) -> None:
    """Delete the jobs that ended long ago, then the oldest ones until the rest fits.

    Never one whose plan waits, that is paused, or that somebody holds; for want of space none within its
    first day, so that undo stays possible. Cost: one look at every file of every job.
    """
    book.sweep()
    filled = 0
    over: list[tuple[float, int, Job]] = []
    for job in list(book.all()):
        size = book.size(job.id)
        filled += size
        if job.state in OVER and job.landing is None and book.owned(job.id) is None:
            over.append((job.updated_at, size, job))
    for ended_at, size, job in sorted(over, key=lambda one: one[0]):
        age = now - ended_at
        if age > settings.keep_days * _DAY_S or (filled > settings.keep_mb * _MB and age > _DAY_S):
            with suppress(AgentLsError):  # another process has it at this moment
                book.purge(job.id)
                filled -= size
