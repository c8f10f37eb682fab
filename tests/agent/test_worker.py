"""The worker as a process: the wire, kill -9 and resume, cancel, and leaving when the owner is gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_ls.core.job import JobState
from tests.agent.attempts import FIX, stage
from tests.agent.owner import owner_of


async def test_the_worker_runs_an_attempt_over_its_pipe(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    async with owner_of(set_up) as owner:
        await owner.start()
        outcome = await owner.outcome()
    assert outcome.state is JobState.READY
    assert any("editing src/calc.py" in p["progress"].get("step", "") for p in owner.progress)
    assert [m["type"] for m in owner.other] == ["ready"]
