"""Both ends by themselves, over a line that a test holds: silence, lies, other versions, a disk that is full."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from agent_ls import __version__
from agent_ls.core.attempt import AttemptRequest, Event, Opened, Outcome, Progressed
from agent_ls.core.codec import to_json
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Cluster, Settings, Source, parse
from agent_ls.core.text import content_hash
from agent_ls.jobs.cluster import host as host_room
from agent_ls.jobs.cluster import runner as runner_room
from agent_ls.jobs.cluster.dask import Place
from agent_ls.jobs.cluster.host import Blobs, Json, host
from agent_ls.jobs.cluster.parcel import Packer
from agent_ls.jobs.cluster.runner import DaskRunner
from agent_ls.jobs.runner import LocalRunner
from agent_ls.workspace.blobs import BlobStore
from tests.cluster.conftest import WORKER
from tests.jobs.conftest import task

JOB = JobId("j")
OPENED = Opened([], [], {"role": "user", "content": "x"}, "m")


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ends: list[str] = []
        self.refuses: type[Event] | None = None
        self.news = asyncio.Event()

    def happened(self, run: JobId, event: Event) -> None:
        if self.refuses is not None and isinstance(event, self.refuses):
            raise WorkspaceError("The disk is full")
        self.events.append(event)
        self.news.set()

    async def kept(self, run: JobId) -> None: ...

    def lost(self, run: JobId, reason: str) -> None:
        self.ends.append(f"lost: {reason}")
        self.news.set()

    def broken(self, run: JobId, reason: str) -> None:
        self.ends.append(f"broken: {reason}")
        self.news.set()


class PaperPlace:
    """`dask.Place` whose node is the test."""

    def __init__(self) -> None:
        self.up: asyncio.Queue[tuple[Json, Blobs]] = asyncio.Queue()
        self.down: list[Json] = []
        self.left = False
        self.problem = ""

    async def receive(self, timeout_s: float) -> tuple[Json, Blobs] | None:
        try:
            return await asyncio.wait_for(self.up.get(), timeout_s)
        except TimeoutError:
            return None

    async def send(self, down: str, message: Json, blobs: Blobs | None = None) -> None:
        self.down.append({**message, "to": down, "blobs": dict(blobs or {})})

    def gone(self) -> str:
        return self.problem

    async def leave(self, *, quickly: bool = False) -> None:
        self.left = True

    def says(self, message: Json, blobs: Blobs | None = None, down: str = "d1") -> None:
        self.up.put_nowait(({**message, "down": down}, dict(blobs or {})))

    def event(self, event: Event, seq: int = 1, blobs: Blobs | None = None) -> None:
        value = to_json(event)
        self.says(
            {"type": "event", "event": type(event).__name__, "value": value, "seq": seq, "job": JOB}, blobs
        )

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.01)

    async def here(self, **more: Any) -> None:
        self.says({"type": "here", "version": __version__, "node": "n1", **more})
        await self.until(lambda: self.down)


class Ends:
    def __init__(self, folder: Path) -> None:
        self.heard, self.place = Heard(), PaperPlace()
        local = LocalRunner(module=WORKER, environ={}, folder=folder / "w", listener=self.heard)
        environ = {"ANTHROPIC_API_KEY": "k", "PATH": "/bin", "HOME": "/root", "AGENT_LS_MODEL": "m"}
        cluster = Cluster("tls://x:1")
        self.runner = DaskRunner(cluster, module=WORKER, environ=environ, listener=self.heard, local=local)

        async def place(name: str, module: str) -> PaperPlace:
            return self.place

        self.runner._dask.place = place
        self.root = folder / "project"
        self.root.mkdir()
        (self.root / "a.py").write_text("one\n")
        self.job_dir = folder / "job"
        self.request = AttemptRequest(JOB, task(), str(self.root), str(self.job_dir), "")

    def acks(self) -> list[int]:
        return [m["seq"] for m in self.place.down if m["type"] == "ack"]


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    monkeypatch.setattr(runner_room, "BEAT_S", 0.05)
    made = Ends(tmp_path)
    yield made
    await made.runner.close()


async def test_texts_are_here_before_the_event_is_recorded_and_acknowledged(ends: Ends) -> None:
    ends.runner.start(ends.request)
    await ends.place.here()
    start = ends.place.down[0]
    assert start["environ"] == {"ANTHROPIC_API_KEY": "k", "AGENT_LS_MODEL": "m"}
    assert (start["kind"], start["to"], list(start["parcel"]["files"])) == ("start", "d1", ["a.py"])
    digest = content_hash(b"text")
    there: list[bool] = []
    recorded = ends.heard.happened

    def happened(run: JobId, event: Event) -> None:
        if isinstance(event, Opened):
            there.extend([BlobStore(ends.job_dir / "blobs").has(digest), bool(ends.acks())])
        recorded(run, event)

    ends.heard.happened = happened
    ends.place.event(OPENED, 7, {digest: b"text", content_hash(b"lie"): b"other"})
    await ends.place.until(ends.acks)
    assert (there, ends.acks()) == ([True, False], [7])
    assert BlobStore(ends.job_dir / "blobs").digests() == [digest]
    ends.place.event(Outcome(JobState.READY), 8)
    await ends.place.until(lambda: ends.place.left)
    assert isinstance(ends.heard.events[-1], Outcome)
    assert ends.heard.ends == []


async def test_what_cannot_be_recorded_is_not_acknowledged(ends: Ends) -> None:
    ends.heard.refuses = Opened
    ends.runner.start(ends.request)
    await ends.place.here()
    ends.place.event(OPENED)
    await ends.place.until(lambda: ends.heard.ends)
    assert (ends.heard.ends, ends.acks()) == (["broken: The disk is full."], [])
    await ends.place.until(lambda: ends.place.left)


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ({"type": "event", "event": "What", "value": {}}, "broken: The worker reported an unknown event"),
        ({"type": "event", "event": "Opened", "value": 3}, "broken: The worker reported what does not read"),
        ({"type": "left", "reason": "no memory"}, "lost: no memory"),
    ],
)
async def test_a_node_that_says_odd_things(ends: Ends, message: Json, end: str) -> None:
    ends.runner.start(ends.request)
    await ends.place.here()
    ends.place.says(message)
    await ends.place.until(lambda: ends.heard.ends)
    assert ends.heard.ends[0].startswith(end)


async def test_another_version_is_not_worked_with(ends: Ends) -> None:
    ends.runner.start(ends.request)
    await ends.place.here(version="0.0.1")
    await ends.place.until(lambda: ends.heard.ends)
    assert ends.heard.ends[0].startswith("broken: Node n1 of the cluster has agent-ls 0.0.1")
    assert [m["type"] for m in ends.place.down] == ["end"]


async def test_a_second_run_of_the_task_means_the_first_is_gone(ends: Ends) -> None:
    ends.runner.start(ends.request)
    await ends.place.here()
    ends.place.says({"type": "here", "version": __version__, "node": "n2"}, down="d2")
    await ends.place.until(lambda: ends.heard.ends)
    assert ends.heard.ends == ["lost: node n1 is gone"]
    assert [m["to"] for m in ends.place.down if m["type"] == "end"] == ["d2"]


async def test_silence_is_a_loss_and_waiting_for_a_place_is_not(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_room, "SILENT_S", 0.3)
    ends.runner.start(ends.request)
    await asyncio.sleep(0.6)
    assert (ends.heard.ends, len(ends.heard.events)) == ([], 1)
    assert isinstance(ends.heard.events[0], Progressed)
    await ends.place.here()
    await ends.place.until(lambda: ends.heard.ends)
    assert ends.heard.ends[0].startswith("lost: node n1 has not been heard of")
    assert "beat" in [m["type"] for m in ends.place.down]


def test_a_task_that_ended_without_a_word_is_lost_at_the_second_silence() -> None:
    place = Place(None, None, SimpleNamespace(status="pending"), None)
    assert [place.gone(), place.gone()] == ["", ""]
    place = Place(None, None, SimpleNamespace(status="finished"), None)
    assert [place.gone(), place.gone()] == ["", "its node ended without a word"]


async def test_a_task_that_dask_gave_up_is_lost(ends: Ends) -> None:
    ends.place.problem = "the cluster lost the attempt (error)"
    ends.runner.start(ends.request)
    await ends.place.until(lambda: ends.heard.ends)
    assert ends.heard.ends == ["lost: the cluster lost the attempt (error)"]


async def test_what_is_cancelled_while_it_waits_ends_at_once(ends: Ends) -> None:
    ends.runner.start(ends.request)
    await ends.place.until(lambda: ends.heard.events)
    ends.runner.cancel(JOB)
    assert ends.heard.ends == ["lost: cancelled before there was a place for it"]
    await ends.place.until(lambda: ends.place.left)


class PaperLine:
    """`host.Line` whose owner is the test."""

    def __init__(self) -> None:
        self.up: list[tuple[Json, Blobs]] = []
        self.down: asyncio.Queue[tuple[Json, Blobs]] = asyncio.Queue()

    async def send(self, message: Json, blobs: Blobs | None = None) -> None:
        self.up.append((message, dict(blobs or {})))

    async def receive(self, timeout_s: float) -> tuple[Json, Blobs] | None:
        try:
            return await asyncio.wait_for(self.down.get(), timeout_s)
        except TimeoutError:
            return None

    def types(self) -> list[str]:
        return [message["type"] for message, _ in self.up]


async def test_a_node_whose_owner_is_gone_ends_everything(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_room, "SILENT_S", 3.0)
    line = PaperLine()
    environ = {"PATH": os.environ["PATH"], "AGENT_LS_STATE_DIR": str(tmp_path / "node")}
    parcel = Packer(root).pack()
    steps = task({"turn": 1, "files": {"a.py": "x\n"}}, {"deaf": True})
    request = AttemptRequest(JOB, steps, str(root), str(tmp_path / "job"), "")
    start = {"kind": "start", "request": to_json(request), "parcel": to_json(parcel)}
    line.down.put_nowait(({"type": "start", **start, "texts": [], "environ": {}}, {}))
    hosting = asyncio.create_task(host(line, WORKER, environ))
    async with asyncio.timeout(60):
        while "want" not in line.types():
            await asyncio.sleep(0.01)
        contents = {content_hash(data): data for data in (b"one\ntwo\n", b"alpha\n")}
        line.down.put_nowait(({"type": "blobs"}, contents))
        while "event" not in line.types():
            await asyncio.sleep(0.01)
        [worker] = [c for c in psutil.Process().children() if WORKER in c.cmdline()]
        await hosting  # nobody acknowledges, nobody beats
    assert not psutil.pid_exists(worker.pid)
    assert not list((tmp_path / "node" / "cluster" / "jobs").iterdir())


def test_only_the_users_own_file_may_name_a_cluster() -> None:
    named = {"cluster": {"scheduler": "tls://evil:1"}}
    for source in (Source.PROJECT, Source.EDITOR):
        settings, problems = parse(named, source)
        assert settings == Settings()
        assert "can only be set in the user's own" in problems[0]
    assert parse(named, Source.USER)[0].cluster.scheduler == "tls://evil:1"
