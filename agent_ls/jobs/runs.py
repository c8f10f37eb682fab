"""The attempts of a job as runs: what each is called on the pipe, and where its record stands.

The record of a job's first attempt is the job's own journal, under the job's own id. Further
attempts have a journal each in ``attempts/`` below it, of the same kinds of records, so that
they resume as any job does; their texts lie in the job's blobs. The choice between them is
a run as well, whose one record is `Selected` in the job's journal; so is a check of the plan on the
texts of now, whose one record is `Checked`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import final

from agent_ls.core.attempt import AttemptRequest, Outcome
from agent_ls.core.codec import from_json
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId
from agent_ls.jobs.book import Book
from agent_ls.jobs.fold import Job
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.records import Record

_CHOICE, _CHECK = 0, 9
_OF_THE_JOB = (_CHOICE, 1, _CHECK)
"""Runs whose records stand in the job's own journal."""


@final
class Runs:
    """Finds a run's journal by its name. The lease of the job is what counts; runs follow it."""

    def __init__(self, book: Book, holder: Holder, clock: Callable[[], float]) -> None:
        self._book = book
        self._holder = holder
        self._clock = clock
        self._below: dict[JobId, Book] = {}
        self._known: dict[JobId, tuple[JobId, int]] = {}

    def name(self, job: JobId, number: int) -> JobId:
        """What attempt ``number`` of a job is called. Job ids are all of one length, so no run is a job."""
        if number == 1:
            return job
        run = JobId(f"{job}{number}")
        self._known[run] = (job, number)
        return run

    def choice(self, job: JobId) -> JobId:
        """What the choice between a job's attempts is called."""
        return self.name(job, _CHOICE)

    def check(self, job: JobId) -> JobId:
        """What a check of a job's plan on the texts of now is called."""
        return self.name(job, _CHECK)

    def is_check(self, run: JobId) -> bool:
        return self.number(run) == _CHECK

    def job_of(self, run: JobId) -> JobId:
        return self._known.get(run, (run, 1))[0]

    def number(self, run: JobId) -> int:
        return self._known.get(run, (run, 1))[1]

    def is_choice(self, run: JobId) -> bool:
        return self.number(run) == _CHOICE

    def mine(self, run: JobId) -> bool:
        """Whether this process may write the run's record."""
        return self._book.owned(self.job_of(run)) is not None

    def get(self, run: JobId) -> Job:
        """The run as its journal tells it; the job itself for its first attempt and for the choice."""
        job, number = self._known.get(run, (run, 1))
        return self._book.get(job) if number in _OF_THE_JOB else self._folder(job).get(run)

    def record(self, run: JobId, record: Record, *, sync: bool = True) -> Job:
        """Append to the run's journal. Raises as `Book.record`."""
        job, number = self._known.get(run, (run, 1))
        if number in _OF_THE_JOB:
            return self._book.record(job, record, sync=sync)
        below = self._folder(job)
        below.own(run)
        return below.record(run, record, sync=sync)

    async def keep(self, run: JobId) -> None:
        """Wait until the run's journal is on the disk. Raises as `Book.keep`."""
        job, number = self._known.get(run, (run, 1))
        if number in _OF_THE_JOB:
            await self._book.keep(job)
        elif job in self._below:
            await self._below[job].keep(run)

    def end(self, run: JobId, record: Record) -> None:
        """Append an end. Where the disk is full people see it all the same.

        The journal still says "running" then, which the next process shows as interrupted.
        """
        with suppress(AgentLsError):
            self.record(run, record)
            return
        job, number = self._known.get(run, (run, 1))
        owned = self._book.own(job) if number in _OF_THE_JOB else self._folder(job).own(run)
        owned.show(record)

    def entries(self, run: JobId) -> Sequence[Entry]:
        job, number = self._known.get(run, (run, 1))
        return self._book.entries(job) if number == 1 else self._folder(job).entries(run)

    def story(self, job: Job) -> Sequence[Entry]:
        """The record of the attempt whose draft is the job's plan. Cost: reads its journal."""
        number = job.selected.attempt if job.selected is not None else 1
        return self.entries(self.name(job.id, number))

    def create(self, request: AttemptRequest) -> None:
        """Begin the journal of a further attempt, whose name is the request's."""
        self._folder(self.job_of(request.job)).create(request)

    def further(self, job: Job) -> list[Job]:
        """The attempts of a job after the first, as far as they were begun."""
        found: list[Job] = []
        for number in range(2, job.wanted + 1):
            try:
                found.append(self.get(self.name(job.id, number)))
            except AgentLsError:
                continue
        return found

    def outcome(self, job: JobId, number: int) -> Outcome | None:
        """How an attempt ended last, whatever was selected. Cost: reads its journal."""
        ended = [entry for entry in self.entries(self.name(job, number)) if entry.kind == Outcome.__name__]
        return from_json(Outcome, dict(ended[-1].value)) if ended else None

    def forget(self, job: JobId) -> None:
        """Close what is open below a job, which is about to be deleted."""
        below = self._below.pop(job, None)
        if below is not None:
            below.close()

    def close(self) -> None:
        for job in tuple(self._below):
            self.forget(job)

    def _folder(self, job: JobId) -> Book:
        if job not in self._below:
            self._below[job] = Book(self._book.folder(job) / "attempts", self._holder, self._clock)
        return self._below[job]
