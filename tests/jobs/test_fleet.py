"""The queue: what is begun how often, whatever the worker does meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from agent_ls.core.attempt import AttemptRequest, ExplainRequest, Outcome
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.jobs.book import Book
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.runs import Runs
from tests.jobs.conftest import task


class Started:
    """A runner that only notes what it is asked for."""

    def __init__(self) -> None:
        self.starts: list[JobId] = []

    def start(self, request: AttemptRequest) -> None:
        self.starts.append(request.job)

    def cancel(self, job: JobId) -> None: ...
    def tell(self, job: JobId, text: str) -> None: ...
    def answer(self, job: JobId, question: str, answer: str) -> None: ...
    def kill(self, reason: str) -> None: ...
    async def explain(self, request: ExplainRequest) -> str:
        raise NotImplementedError

    async def close(self) -> None: ...


async def test_a_worker_lost_after_the_job_was_resumed_begins_it_once(tmp_path: Path) -> None:
    book = Book(tmp_path / "jobs", Holder(os.getpid()))
    runs = Runs(book, Holder(os.getpid()), time.time)
    fleet = Fleet(runs, Ledger(tmp_path / "spent"), Settings(), changed=lambda _: None, fresh=lambda r: r)
    runner = Started()
    fleet.attach(runner)
    job = book.new_id()
    book.create(AttemptRequest(job, task(), str(tmp_path), str(book.folder(job)), ""))
    fleet.enqueue(job)
    fleet.end(job, JobState.CANCELLED, "cancelled")
    fleet.resume(job)  # before the worker, which hangs, has let go of it
    fleet.lost(job, "it was killed")
    await asyncio.sleep(0)
    assert runner.starts == [job, job]
    assert book.get(job).deaths == 0, "the lost run had been ended: the one that is wanted has lost nothing"
    fleet.happened(job, Outcome(JobState.READY, summary="done"))
    await asyncio.sleep(0)
    assert runner.starts == [job, job], "a job that has its plan is not begun again"
    assert book.get(job).state is JobState.READY
    await fleet.close(interrupt=True)
    book.close()
