"""Jobs of some length over the wire: what is cached, what a service may lack, what an interruption costs.

The long versions are commands: ``benchmarks.caching``, ``benchmarks.long_job``, ``benchmarks.storm``.
"""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from agent_ls.agent.notes import ASK
from agent_ls.core.job import JobState
from agent_ls.jobs.journal import read
from benchmarks.caching import shares
from benchmarks.storm import _too_early, stormy
from tests.agent.attempts import say, turn
from tests.faults import work
from tests.faults.rig import patient, rig
from tests.support.messages_cache import PromptCache

SETTINGS = patient(idle_s=60, patience_s=120, turns=99)


async def test_a_job_reads_from_the_cache_all_that_was_sent_before(tmp_path: Path) -> None:
    conversations = [
        {"match": f"Job {name}", "turns": work.turns(12, 12, name=name)} for name in ("one-", "two-")
    ]
    async with rig(tmp_path, conversations, files=work.project(), settings=SETTINGS) as here:
        for name in ("one-", "two-"):
            assert (await here.service.wait(here.delegate(name))).state is JobState.READY
        bodies = [exchange.body for exchange in here.server.turns]
        spent = [view.spent.usage for view in here.service.jobs()]
        assert here.server.violations == []
    known, ideal = PromptCache(), PromptCache(0)
    cold, warm = shares(bodies[:12], known, ideal), shares(bodies[12:], known, ideal)
    assert (cold["broken_prefixes"], warm["broken_prefixes"]) == (0, 0)
    assert cold["most_breakpoints"] <= 4
    assert cold["share"] >= 0.98 * cold["ceiling"]
    assert cold["after_first"] >= 0.90
    assert warm["share"] >= 0.90, "the next job of the workspace reads tools, rules and map"
    counted = [usage.cache_read / (usage.input + usage.cache_read + usage.cache_write) for usage in spent]
    assert sorted(round(share, 2) for share in counted) == sorted(
        round(row["share"], 2) for row in (cold, warm)
    ), "the job's own count is the service's"


@pytest.mark.parametrize(
    "lacks",
    [(), ("cache_control",), ("strict",), ("thinking",), ("cache_control", "strict", "thinking")],
    ids=lambda lacks: "+".join(lacks) or "limits",
)
async def test_a_service_that_lacks_something_is_worked_with_all_the_same(
    tmp_path: Path, lacks: tuple[str, ...]
) -> None:
    """Also one that says nothing about its models, and has no count_tokens: nothing asks it."""
    script = [{k: v for k, v in one.items() if k != "faults"} for one in work.turns(6, 3)]
    for one in script:  # without thinking there are no thoughts
        one["content"] = [b for b in one["content"] if b["type"] != "thinking"] if lacks else one["content"]
    files = work.project()
    async with rig(
        tmp_path, [{"match": "Job x", "turns": script}], files=files, settings=SETTINGS, rejects=lacks
    ) as here:
        if not lacks:
            here.server.models = None  # no look-up of a model's limits
        view = await here.service.wait(here.delegate("x"))
        assert view.state is JobState.READY, view.problem
        assert here.server.violations == []
        refused = [e for e in here.server.turns if e.turn < 0]
        assert len(refused) == len(lacks), "each lack is learnt once"
        last = json.dumps(here.server.turns[-1].body)
        assert not any(f'"{name}":' in last for name in lacks)
        assert not any(e.path.endswith("count_tokens") for e in here.server.exchanges)


async def test_a_long_job_is_shortened_and_interrupted_and_ends_right(tmp_path: Path) -> None:
    script = work.turns(40, 5, name="long")
    conversations = [
        {"match": "Job long", "by": "arrival", "turns": script},
        {"match": "Job long", "last": ASK[:60], "by": "arrival", "turns": [turn(say("Going on."))] * 20},
    ]
    async with rig(tmp_path, conversations, files=work.project(), settings=SETTINGS, window=14_000) as here:
        job = here.delegate("long")
        async with asyncio.timeout(120):
            while here.service.job(job).view.spent.turns < 18:
                await asyncio.sleep(0.02)
        await here.reopen()
        assert here.service.job(job).view.state is JobState.INTERRUPTED
        await here.service.resume(job)
        view = await here.service.wait(job)
        assert (view.state, view.spent.turns) == (JobState.READY, 40), view.problem
        assert here.server.violations == []
        entries = read(here.dirs.job(here.root, job) / "journal.jsonl").entries
        made = here.texts(job)
    assert [e.value["turn"] for e in entries if e.kind == "TurnDone"] == list(range(1, 41))
    assert sum(e.kind == "Compacted" for e in entries) >= 2
    assert all(line in (made[path] or "") for path, line in work.counts_after(script).items())


async def test_parallel_jobs_in_a_storm_all_have_their_plan(tmp_path: Path) -> None:
    chance = random.Random(3)
    conversations = [stormy(f"storm-{number}-", 0.25, chance) for number in range(3)]
    settings = patient(idle_s=60, patience_s=300, parallel=3)
    async with rig(tmp_path, conversations, files=work.project(), settings=settings) as here:
        jobs = [here.delegate(f"storm-{number}-") for number in range(3)]
        views = [await here.service.wait(job) for job in jobs]
        assert [view.state for view in views] == [JobState.READY] * 3
        faults = [e for e in here.server.turns if e.fault]
        assert any(e.retry_after for e in faults)
        assert _too_early(here.server.turns) == []
        assert here.server.violations == []
