"""The queue: what is begun how often, whatever the worker does meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

from agent_ls.core.attempt import AttemptRequest, Checked, DraftFile, ExplainRequest, Outcome
from agent_ls.core.job import JobId, JobState, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.jobs.book import Book
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.records import Landed, Record
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


class Checking:
    """A job with a plan that is being checked, the worker only noted."""

    def __init__(self, tmp_path: Path, warnings: tuple[str, ...] = ()) -> None:
        self.book = book = Book(tmp_path / "jobs", Holder(os.getpid()))
        self.runs = Runs(book, Holder(os.getpid()), time.time)
        ledger = Ledger(tmp_path / "spent")
        self.fleet = Fleet(self.runs, ledger, Settings(), changed=lambda _: None, fresh=lambda r: r)
        self.runner = Started()
        self.fleet.attach(self.runner)
        self.job = book.new_id()
        self.run = self.runs.check(self.job)
        request = AttemptRequest(self.job, task(), str(tmp_path), str(book.folder(self.job)), "")
        book.create(request)
        self.fleet.enqueue(self.job)
        self.fleet.happened(self.job, Outcome(JobState.READY, files=DRAFT, warnings=warnings))
        self.answer = asyncio.create_task(self.fleet.check(replace(request, job=self.run, check_only=True)))

    async def says(self, *records: Record) -> str:
        await asyncio.sleep(0)
        for record in records:
            self.book.record(self.job, record)
        self.fleet.happened(self.run, Checked((), Verdict.VERIFIED, "t", "fine"))
        self.fleet.happened(self.run, Outcome(JobState.READY))
        async with asyncio.timeout(2):
            return await self.answer

    async def close(self) -> None:
        await self.fleet.close(interrupt=True)
        self.book.close()


DRAFT = (DraftFile(RelPath("a.py"), None, "0" * 64),)


async def test_a_check_says_nothing_of_a_plan_that_landed_or_changed_meanwhile(tmp_path: Path) -> None:
    one = Checking(tmp_path)
    landed = Landed("op", JobState.APPLIED, (), (DRAFT,), (RelPath("a.py"),), "merged")
    assert "meanwhile" in await one.says(landed)
    assert one.book.get(one.job).verdict is Verdict.UNVERIFIED
    await one.close()


async def test_a_check_keeps_what_is_known_to_be_weakened(tmp_path: Path) -> None:
    one = Checking(tmp_path, ("tests/test_a.py: a test was deleted",))
    assert await one.says() == ""
    job = one.book.get(one.job)
    assert (job.verdict, job.warnings) == (Verdict.VERIFIED, ("tests/test_a.py: a test was deleted",))
    await one.close()


async def test_a_job_that_is_purged_while_it_is_checked_leaves_nothing_waiting(tmp_path: Path) -> None:
    one = Checking(tmp_path)
    await asyncio.sleep(0)
    assert one.fleet.running(one.run)
    one.book.purge(one.job)
    assert await one.says() != ""
    assert not one.fleet.running(one.run)
    one.fleet.lost(one.run, "gone")
    one.fleet.broken(one.run, "gone")
    await one.close()
