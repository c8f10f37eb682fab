"""A part of the fault matrix; ``python -m benchmarks.faults`` plays the whole of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_ls.core.job import JobState
from tests.agent.kit import tree
from tests.faults import matrix
from tests.faults.rig import rig

ONCE = ("429 retry-after", "no message_stop", "one id twice")
FOR_GOOD = ("529", "truncated stream", "max_tokens in a call", "refusal", "empty answer", "sign-in page")


async def test_every_end_is_a_plan_or_a_sentence_and_a_resume_has_the_plan(tmp_path: Path) -> None:
    chosen = [
        cell
        for cell in matrix.cells([*ONCE, *FOR_GOOD])
        if cell.moment in ("first", "compaction", "check") and cell.always == (cell.fault in FOR_GOOD)
    ]
    async with rig(
        tmp_path,
        matrix.conversations(chosen),
        settings=matrix.settings(4),
        window=matrix.WINDOW,
        trusted=True,
    ) as here:
        before = tree(here.root)
        gate = asyncio.Semaphore(4)
        results = await asyncio.gather(*(matrix.run(here, cell, gate) for cell in chosen))
        assert [(r.cell, r.wrong) for r in results if r.wrong] == []
        assert {r.short for r in results if r.cell.fault in FOR_GOOD and r.cell.moment != "compaction"} == {
            "told→plan"
        }
        assert {r.short for r in results if r.cell.fault in ONCE} == {"plan"}
        await here.reopen()
        states = [view.state for view in here.service.jobs()]
        assert here.server.violations == []
        assert any(e.body["messages"][-1]["content"][-1].get("text") == matrix.ASK for e in here.server.turns)
    assert states == [JobState.READY] * len(chosen), "no job is lost"
    assert tree(here.root) == before


@pytest.mark.parametrize("moment", ["middle", "explore"])
async def test_a_service_that_is_not_there_ends_the_job_with_its_work_kept(
    tmp_path: Path, moment: str
) -> None:
    (cell,) = matrix.gone_cells([moment])
    async with rig(
        tmp_path, matrix.conversations([cell]), settings=matrix.settings(), window=matrix.WINDOW, trusted=True
    ) as here:
        result = await matrix.run(here, cell, asyncio.Semaphore(1))
    assert result.wrong == []
    assert result.short == "told→plan"
    assert "cannot be reached" in result.words[0]
