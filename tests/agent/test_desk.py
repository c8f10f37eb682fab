"""The desk alone: a second run of a job waits for the first to let go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent_ls.agent import desk, worker
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import Outcome
from agent_ls.core.codec import to_json
from agent_ls.core.job import JobState
from tests.agent.attempts import stage


class StandInAttempt:
    """An attempt that never ends by itself, and lets go only when told to."""

    log: list[str]
    let_go: asyncio.Event

    def __init__(self, *_: Any) -> None: ...

    async def run(self) -> Outcome:
        self.log.append("begins")
        try:
            await asyncio.Event().wait()
        finally:
            await self.let_go.wait()
            self.log.append("has let go")
        raise AssertionError

    def stopped(self, state: JobState, problem: str) -> Outcome:
        return Outcome(state, problem=problem)


async def until(said: list[Mapping[str, Any]], name: str) -> None:
    async with asyncio.timeout(20):
        while not any(message.get("event") == name for message in said):
            await asyncio.sleep(0)


async def test_a_new_run_begins_when_the_old_one_has_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up = stage(tmp_path)
    StandInAttempt.log, StandInAttempt.let_go = [], asyncio.Event()
    monkeypatch.setattr(desk, "Attempt", StandInAttempt)
    said: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        said.append(message)

    made = desk.Desk(Resources(set_up.environ, dirs=set_up.dirs), send)
    start = {"type": "start", "request": to_json(set_up.request)}
    made.take(start)
    await asyncio.sleep(0)
    made.take(start)  # repeated while it runs: passed over
    made._lines["j1"].put(Outcome(JobState.CANCELLED))  # as a run does that was told to end
    await until(said, "Outcome")
    made.take({"type": "cancel", "job": "j1"})
    made.take(start)
    for _ in range(20):
        await asyncio.sleep(0)
    assert StandInAttempt.log == ["begins"]
    StandInAttempt.let_go.set()
    async with asyncio.timeout(20):
        while len(StandInAttempt.log) < 3:
            await asyncio.sleep(0)
    assert StandInAttempt.log == ["begins", "has let go", "begins"]
    await made.close()


async def test_a_run_whose_end_is_not_acknowledged_does_not_hold_up_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user resumes at the sight of the end, while the disk still takes it down."""

    class Ends(StandInAttempt):
        async def run(self) -> Outcome:
            return Outcome(JobState.FAILED, problem="it ended")

    set_up = stage(tmp_path)
    monkeypatch.setattr(desk, "Attempt", Ends)
    said: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        said.append(message)

    made = desk.Desk(Resources(set_up.environ, dirs=set_up.dirs), send)
    request = to_json(set_up.request)
    made.take({"type": "start", "run": 1, "request": request})
    await until(said, "Outcome")
    made.take({"type": "start", "run": 2, "request": request})
    made.take({"type": "ack", "job": "j1", "run": 1, "seq": 1})  # too late, and not the second run's
    async with asyncio.timeout(20):
        while len(said) < 2:
            await asyncio.sleep(0)
    assert [(message["run"], message["event"]) for message in said] == [(1, "Outcome"), (2, "Outcome")]
    assert made._tasks, "the second run waits for its own acknowledgement"
    made.take({"type": "ack", "job": "j1", "run": 2, "seq": 1})
    async with asyncio.timeout(20):
        while made._tasks:
            await asyncio.sleep(0)
    await made.close()


async def test_a_bug_in_an_attempt_ends_the_job_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(StandInAttempt):
        async def run(self) -> Outcome:
            raise ZeroDivisionError("oops")

    set_up = stage(tmp_path)
    monkeypatch.setattr(desk, "Attempt", Broken)
    said: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        said.append(message)

    made = desk.Desk(Resources(set_up.environ, dirs=set_up.dirs), send)
    made.take({"type": "start", "request": to_json(set_up.request)})
    await until(said, "Outcome")
    assert said[-1]["value"]["state"] == "failed"
    assert "ZeroDivisionError" in said[-1]["value"]["problem"]
    await made.close()


async def test_a_worker_that_grows_too_large_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []

    class LeftError(Exception): ...

    def leave(code: int) -> None:
        left.append(code)
        raise LeftError

    monkeypatch.setattr(worker, "leave", leave)
    monkeypatch.setattr(worker, "MEMORY_LIMIT", 1)
    monkeypatch.setattr(worker, "_WATCH_S", 0.0)
    with pytest.raises(LeftError):
        await asyncio.wait_for(worker._watch_memory(), 20)
    assert left == [3]
