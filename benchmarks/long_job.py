"""A job of 600 turns: ``python -m benchmarks.long_job [--turns 600] [--restarts 3] [--window 64000]``.

Over the loopback service, with a model's window that is shortened several times and an editor that is closed
and opened again in the middle of turns. The plan must be that of the script, no recorded turn may come twice,
and every request must be valid. Then the same job in one process with the turns handed in directly, without
SDK and network: the CPU time per turn that is our own. Prints one JSON line; exit code 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from agent_ls.agent.notes import ASK
from agent_ls.core.job import Budget, JobId, JobState, Usage
from agent_ls.jobs.journal import read
from agent_ls.model.protocol import Limits, ToolCall, Turn, TurnRequest
from tests.agent.attempts import say, stage, turn
from tests.agent.kit import OwnersEnd
from tests.faults import work
from tests.faults.rig import Rig, patient, rig

COMPACTIONS, CPU_MS = 5, 10.0
PATIENCE_S = 1800.0


async def until_turn(here: Rig, job: JobId, number: int) -> None:
    while (view := here.service.job(job).view).spent.turns < number:
        if not view.state.live:
            raise SystemExit(f"ended {view.state} after {view.spent.turns} turns: {view.problem}")
        await asyncio.sleep(0.05)


async def whole(options: argparse.Namespace, script: list[Any]) -> dict[str, Any]:
    """The job with everything real."""
    conversations = [
        {"match": "Job long", "by": "arrival", "turns": script},
        {
            "match": "Job long",
            "last": ASK[:60],
            "by": "arrival",
            "turns": [turn(say("Counters are being raised, one file at a time."))] * 200,
        },
    ]
    settings = patient(idle_s=60, patience_s=120, turns=options.turns + 1)
    with tempfile.TemporaryDirectory() as folder:
        async with (
            asyncio.timeout(PATIENCE_S),
            rig(
                Path(folder), conversations, files=work.project(), settings=settings, window=options.window
            ) as here,
        ):
            job = here.delegate("long")
            for number in range(1, options.restarts + 1):
                await until_turn(here, job, number * options.turns // (options.restarts + 1))
                await here.reopen()
                if here.service.job(job).view.state is not JobState.INTERRUPTED:
                    raise SystemExit(f"closing the editor left it {here.service.job(job).view.state}")
                await here.service.resume(job)
            view = await here.service.wait(job)
            entries = read(here.dirs.job(here.root, job) / "journal.jsonl").entries
            turns = [entry.value["turn"] for entry in entries if entry.kind == "TurnDone"]
            made = here.texts(job)
            right = {p for p, line in work.counts_after(script).items() if line in (made.get(p) or "")}
            return {
                "state": view.state.value,
                "turns": view.spent.turns,
                "turns_twice": len(turns) - len(set(turns)),
                "requests_lost": view.spent.unrecorded_requests,
                "restarts": options.restarts,
                "compactions": sum(entry.kind == "Compacted" for entry in entries),
                "of_them_with_notes": sum(
                    bool(e.value.get("notes")) for e in entries if e.kind == "Compacted"
                ),
                "plan_right": right == set(work.counts_after(script)),
                "invalid_requests": len(here.server.violations),
                "requests": len(here.server.turns),
                "journal_mb": round(sum(len(json.dumps(e.value)) for e in entries) / 1e6, 1),
            }


class HandedIn:
    """`Model` that hands the script's turns in, with the usage that a service would count."""

    def __init__(self, script: list[Any], window: int) -> None:
        self.script, self.window, self.played = script, window, 0
        self.ours_s = 0.0

    async def turn(self, request: TurnRequest, on_text: Any = None) -> Turn:  # noqa: ARG002 - as `Model` has it
        began = time.process_time()
        used = len(json.dumps(request.messages)) // 4 + 3000
        self.ours_s -= time.process_time() - began  # counting is the service's work
        if request.messages[-1]["content"][-1].get("text") == ASK:
            return Turn([say("Counters are being raised.")], (), "end_turn", Usage(used, 50), "m")
        content = self.script[self.played]["content"]
        self.played += 1
        calls = tuple(ToolCall(b["id"], b["name"], b["input"]) for b in content if b["type"] == "tool_use")
        return Turn(content, calls, "tool_use", Usage(used, 50), "m")

    async def limits(self, model: str) -> Limits:  # noqa: ARG002
        return Limits(context=self.window)

    async def close(self) -> None: ...


async def own_cpu(options: argparse.Namespace, script: list[Any]) -> dict[str, Any]:
    """CPU per turn of the attempt itself: assembling, tools, drafts, records; children (the search) apart."""
    model, owner = HandedIn(script, options.window), OwnersEnd()
    with tempfile.TemporaryDirectory() as folder:
        set_up = stage(Path(folder), [], work.project(), budget=Budget(99.0, options.turns + 1, 9999.0))
        del set_up.environ["AGENT_LS_SCRIPT"]
        began, below = time.process_time(), _children()
        outcome = await set_up.run(owner, model)
        took = time.process_time() - began + model.ours_s
    return {
        "own_state": outcome.state.value,
        "own_cpu_ms_per_turn": round(took * 1000 / options.turns, 2),
        "search_child_cpu_ms_per_turn": round((_children() - below) * 1000 / options.turns, 2),
    }


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def main(options: argparse.Namespace) -> int:
    script = work.turns(options.turns, 7, name="long")
    began = time.monotonic()
    figures = await own_cpu(options, script)
    figures |= await whole(options, script)
    figures["wall_s"] = round(time.monotonic() - began)
    figures["target"] = (
        f"ready, plan right, 0 twice, 0 invalid, >= {COMPACTIONS} compactions, own CPU <= {CPU_MS:g} ms/turn"
    )
    print(json.dumps(figures))
    met = (
        figures["state"] == figures["own_state"] == "ready"
        and figures["plan_right"]
        and figures["turns"] == options.turns
        and not figures["turns_twice"]
        and not figures["invalid_requests"]
        and figures["compactions"] >= COMPACTIONS
        and figures["own_cpu_ms_per_turn"] <= CPU_MS
    )
    return 0 if met else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A job of many turns, shortened and interrupted on its way")
    parser.add_argument("--turns", type=int, default=600)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--window", type=int, default=64_000)
    sys.exit(asyncio.run(main(parser.parse_args())))
