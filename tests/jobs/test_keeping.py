"""How long jobs are kept: what waits for its user stays, what is over goes by age and by room."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent_ls.core.attempt import AttemptRequest, DraftFile, Outcome
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import Budget, JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Jobs, Settings
from agent_ls.jobs.book import Book, Owned
from agent_ls.jobs.keeping import OVER, forget_old, make_room
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.records import Ended, Landed, LandingStarted, Record, Resumed, Started, Told
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import Opener, close, task

DAY = 86400.0
DRAFT = (DraftFile(RelPath("a.py"), None, "0" * 64),)
ENDS: dict[JobState, tuple[Record, ...]] = {
    JobState.RUNNING: (Started(),),
    JobState.READY: (Started(), Outcome(JobState.READY, files=DRAFT)),
    **{
        state: (Started(), Ended(state))
        for state in (
            *(JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED),
            *(JobState.OUT_OF_BUDGET, JobState.DISCARDED),
        )
    },
    **{
        state: (Started(), Outcome(JobState.READY, files=DRAFT), Landed("op", state))
        for state in (JobState.APPLIED, JobState.PARTLY_APPLIED, JobState.UNDONE)
    },
}


class Time:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


@pytest.fixture
def later(folder: Path, time: Time) -> Iterator[Book]:
    """The book of the next process."""
    book = Book(folder, Holder(os.getpid()), time)
    yield book
    book.close()


def forget(book: Book, settings: Jobs, now: float) -> None:
    """Both, as a service does when it opens."""
    forget_old(book, settings, now)
    make_room(book, {job: book.size(job) for job in book.ids()}, settings, now)


def written(folder: Path, time: Time, *records: Record, kilobytes: int = 0) -> JobId:
    """A job of a process that is gone."""
    book = Book(folder, Holder(os.getpid()), time)
    job = book.new_id()
    book.create(AttemptRequest(job, task(), "/", str(book.folder(job)), ""))
    for record in records:
        book.record(job, record)
    book.blobs(job).put(os.urandom(kilobytes * 1000))
    book.close()
    return job


@pytest.mark.parametrize("state", ENDS)
def test_after_its_days_only_what_is_over_goes(
    folder: Path, time: Time, later: Book, state: JobState
) -> None:
    job = written(folder, time, *ENDS[state])
    assert later.get(job).state is state
    forget(later, Jobs(keep_days=30), time.now + 29 * DAY)
    assert later.ids() == [job]
    forget(later, Jobs(keep_days=30, keep_mb=0), time.now + 31 * DAY)
    assert later.ids() == ([] if state in OVER else [job])


def test_a_landing_whose_end_is_unknown_stays(folder: Path, time: Time, later: Book) -> None:
    job = written(folder, time, *ENDS[JobState.APPLIED], LandingStarted("op2", DRAFT, undo=True))
    forget(later, Jobs(keep_days=1), time.now + 9 * DAY)
    assert later.ids() == [job]


def test_where_room_is_short_the_oldest_go_but_none_of_today(folder: Path, time: Time, later: Book) -> None:
    over = ENDS[JobState.APPLIED]
    old = [written(folder, time, *over, kilobytes=400) for _ in range(4)]
    waiting = written(folder, time, *ENDS[JobState.READY], kilobytes=400)
    time.now += 2 * DAY
    today = written(folder, time, *over, kilobytes=400)
    forget(later, Jobs(keep_mb=10), time.now)
    assert len(later.ids()) == 6
    forget(later, Jobs(keep_mb=2), time.now)
    assert later.ids() == [today, waiting, *reversed(old[2:])]
    forget(later, Jobs(keep_mb=0), time.now)
    assert later.ids() == [today, waiting]


def test_a_job_that_another_process_holds_stays(folder: Path, time: Time, later: Book) -> None:
    job = written(folder, time, *ENDS[JobState.DISCARDED])
    holder = Book(folder, Holder(os.getpid()), time)
    holder.own(job)
    forget(later, Jobs(keep_days=1), time.now + 9 * DAY)
    assert later.ids() == [job]
    holder.close()


def test_a_crash_in_the_middle_of_deleting_leaves_no_half_of_a_job(
    folder: Path, time: Time, later: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = written(folder, time, *ENDS[JobState.DISCARDED], kilobytes=1)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: (_ for _ in ()).throw(OSError(5, "died here")))
        with pytest.raises(WorkspaceError):
            later.purge(job)
    assert later.ids() == []
    assert len(list(folder.iterdir())) == 1
    forget(later, Jobs(), time.now)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("record", [Resumed(Budget()), LandingStarted("op", DRAFT), Told("wait")])
def test_a_job_that_somebody_went_on_with_before_it_was_ours_stays(
    folder: Path, time: Time, later: Book, monkeypatch: pytest.MonkeyPatch, record: Record
) -> None:
    job = written(folder, time, *ENDS[JobState.CANCELLED])
    take = later.own

    def own(asked: JobId) -> Owned:
        time.now += 9 * DAY
        other = Book(folder, Holder(os.getpid()), time)
        other.own(asked)
        other.record(asked, record)
        other.close()
        return take(asked)

    with monkeypatch.context() as patch:
        patch.setattr(later, "own", own)
        forget_old(later, Jobs(keep_days=1), time.now + 8 * DAY)
    assert later.ids() == [job]
    assert Book(folder, Holder(os.getpid()), time).own(job), "and nobody holds it"


async def test_a_service_makes_room_when_it_opens(opener: Opener, root: Path, dirs: StateDirs) -> None:
    now = [1_800_000_000.0]
    first = await opener(clock=lambda: now[0])
    steps = {"turn": 1, "files": {"a.py": "x" * 3_000_000}}
    jobs = [first.delegate(task(steps, {"outcome": "failed"})) for _ in range(2)]
    for job in jobs:
        await first.wait(job)
    waiting = first.delegate(task(steps, {"outcome": "ready"}))
    await first.wait(waiting)
    await close(first)
    now[0] += 2 * DAY
    filled = sum(file.stat().st_size for file in dirs.jobs(root).rglob("*"))  # three jobs, alike
    room = Jobs(keep_mb=round(filled * 0.8 / 1e6))
    again = await opener(settings=Settings(jobs=room), clock=lambda: now[0])
    async with asyncio.timeout(20):
        while len(again.jobs()) > 2:
            await asyncio.sleep(0.01)
    assert [view.id for view in again.jobs()] == [waiting, jobs[1]]
