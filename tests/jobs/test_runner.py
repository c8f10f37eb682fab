"""The worker process: started when needed, gone when not, and never alone."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import psutil
import pytest

from agent_ls.core.attempt import AttemptRequest, Event, ExplainRequest, Opened, Outcome, RequestStarted
from agent_ls.core.errors import ModelError, WorkspaceError
from agent_ls.core.job import Intent, IntentKind, JobId, JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.jobs.runner import LocalRunner
from tests.jobs.conftest import WORKER, Opener, close, task
from tests.support.fake_worker import EXPLAINED_USD

READY = {"outcome": "ready"}


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.news = asyncio.Event()
        self.gone: list[str] = []
        self.bill: list[float] = []
        self.on_disk = asyncio.Event()
        self.on_disk.set()
        self.refuses = False

    def happened(self, job: JobId, event: Event) -> None:
        self.events.append(event)
        self.news.set()

    async def kept(self, job: JobId) -> None:
        await self.on_disk.wait()
        if self.refuses:
            raise WorkspaceError("The disk is full")

    def lost(self, job: JobId, reason: str) -> None:
        self.gone.append(reason)
        self.news.set()

    def broken(self, job: JobId, reason: str) -> None:
        self.lost(job, reason)

    def paid(self, cost_usd: float) -> None:
        self.bill.append(cost_usd)

    async def until(self, kind: type) -> None:
        async with asyncio.timeout(20):
            while not any(isinstance(event, kind) for event in self.events):
                self.news.clear()
                await self.news.wait()

    async def until_gone(self) -> None:
        async with asyncio.timeout(20):
            while not self.gone:
                self.news.clear()
                await self.news.wait()


def runner(tmp_path: Path, heard: Heard, idle_s: float = 600.0) -> LocalRunner:
    return LocalRunner(
        module=WORKER,
        environ={"PATH": os.environ["PATH"]},
        folder=tmp_path / "worker",
        listener=heard,
        idle_s=idle_s,
    )


def request(tmp_path: Path, *steps: dict[str, object]) -> AttemptRequest:
    return AttemptRequest(JobId("j"), task(*steps), str(tmp_path), str(tmp_path / "job"), "")


async def gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while psutil.pid_exists(pid):
            await asyncio.sleep(0.01)


async def test_nothing_is_started_before_it_is_needed_and_nothing_stays_idle(tmp_path: Path) -> None:
    heard = Heard()
    local = runner(tmp_path, heard, idle_s=0.05)
    assert local.pid is None
    local.start(request(tmp_path, READY))
    await heard.until(Outcome)
    first = local.pid
    assert first is not None
    await gone(first)
    assert (local.pid, heard.gone) == (None, [])
    local.start(request(tmp_path, READY))
    heard.events.clear()
    await heard.until(Outcome)
    assert local.pid not in (None, first)
    await local.close()


async def test_a_worker_at_work_is_never_idle(tmp_path: Path) -> None:
    heard = Heard()
    local = runner(tmp_path, heard, idle_s=0.01)
    local.start(request(tmp_path, {"ask": "q"}, READY))
    site = Site(RelPath("a.py"), Span(0, 0))
    assert await local.explain(ExplainRequest("/", site, b"x")) == "explained 4"
    assert heard.bill == [EXPLAINED_USD]
    pid = local.pid
    await asyncio.sleep(0.1)
    assert local.pid == pid
    local.answer(JobId("j"), "q", "yes")
    await heard.until(Outcome)
    await local.close()


async def test_close_ends_what_hangs_within_a_second(tmp_path: Path) -> None:
    heard = Heard()
    local = runner(tmp_path, heard)
    local.start(request(tmp_path, {"turn": 1, "files": {}}, {"deaf": True}))
    async with asyncio.timeout(20):
        while len(heard.events) < 3:
            heard.news.clear()
            await heard.news.wait()
    pid = local.pid
    assert pid is not None
    started = time.monotonic()
    await local.close()
    assert time.monotonic() - started < 4.0
    assert not psutil.pid_exists(pid)
    assert heard.gone == []  # closed on purpose is not lost


async def test_an_explanation_does_not_wait_for_a_dead_worker(tmp_path: Path) -> None:
    local = runner(tmp_path, Heard())
    asking = asyncio.ensure_future(local.explain(ExplainRequest("/", Site(RelPath("a"), Span(0, 0)), b"x")))
    await asyncio.sleep(0)
    local.kill("on purpose")
    with pytest.raises(ModelError, match="worker ended"):
        await asking
    await local.close()


async def test_no_process_outlives_the_service(opener: Opener) -> None:
    service = await opener()
    job = service.delegate(task({"ask": "q"}, READY))
    await service.wait(job, for_question=True)
    pid = service.status()["workerPid"]
    await close(service)
    assert not psutil.pid_exists(pid)


async def test_one_service_serves_many_jobs_at_once(opener: Opener) -> None:
    service = await opener()
    service.trust(trusted=True)
    steps = task({"turn": 1, "files": {"a.py": "x\n"}}, READY).task
    jobs = [service.run(Intent(IntentKind.RUN, "e", task=steps, argv=("x",))) for _ in range(20)]
    views = await asyncio.gather(*(service.wait(job) for job in jobs))
    assert {view.state for view in views} == {JobState.READY}
    assert [view.id for view in service.jobs()] == jobs[::-1]


async def test_what_an_earlier_run_still_says_is_not_taken_for_the_new_one(tmp_path: Path) -> None:
    """A run that was given up in the worker answers late, under the id of the job that has begun again."""
    heard = Heard()
    local = runner(tmp_path, heard)
    local.start(request(tmp_path, {"garbage": True}, {"hang": True}))  # given up, and told to end
    await heard.until_gone()
    local.start(request(tmp_path, {"turn": 1}, READY))
    await heard.until(Outcome)
    await asyncio.sleep(0)
    ends = [event.state for event in heard.events if isinstance(event, Outcome)]
    assert ends == [JobState.READY], "the end of the run that was given up came first"
    await local.close()


async def test_the_attempt_goes_on_only_when_the_disk_has_it(tmp_path: Path) -> None:
    heard = Heard()
    heard.on_disk.clear()
    local = runner(tmp_path, heard)
    local.start(request(tmp_path, {"turn": 1}, READY))
    await heard.until(Opened)
    done, _ = await asyncio.wait([asyncio.create_task(heard.until(RequestStarted))], timeout=0.3)
    assert not done
    heard.on_disk.set()
    await heard.until(Outcome)
    await local.close()


async def test_a_disk_that_takes_nothing_ends_the_attempt(tmp_path: Path) -> None:
    heard = Heard()
    heard.refuses = True
    local = runner(tmp_path, heard)
    local.start(request(tmp_path, {"turn": 1}, READY))
    await heard.until_gone()
    assert heard.gone == ["The disk is full."]
    await local.close()
