"""Eight parallel jobs in a storm of 429s: ``python -m benchmarks.storm [--jobs 8] [--share 0.5] [--seed 1]``.

Every other request (by a seeded draw, up to three times in a row) is answered with 429 or 529, with and
without a retry-after of 1 s. All jobs must end with their whole plan, and no request may come before the time
that its predecessor's retry-after named. Prints one JSON line; exit code 1 where that is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from agent_ls.core.job import JobState
from tests.faults import work
from tests.faults.rig import patient, rig

TURNS = 8
KINDS = (
    {"kind": "429"},
    {"kind": "429", "retry_after": 1},
    {"kind": "529"},
    {"kind": "529", "retry_after": 1},
    {"kind": "overloaded", "after": 4},
)


def stormy(name: str, share: float, chance: random.Random) -> dict[str, Any]:
    turns = work.turns(TURNS, chance.randrange(999), name=name)
    for turn in turns:
        turn["faults"] = []
        while len(turn["faults"]) < 3 and chance.random() < share:
            turn["faults"].append(chance.choice(KINDS))
    return {"match": f"Job {name}", "turns": turns}


async def main(jobs: int, share: float, seed: int) -> int:
    chance, began = random.Random(seed), time.monotonic()
    names = [f"storm-{number}-" for number in range(jobs)]
    conversations = [stormy(name, share, chance) for name in names]
    faults = Counter(f["kind"] for c in conversations for t in c["turns"] for f in t["faults"])
    settings = patient(idle_s=30, patience_s=300, parallel=jobs)
    with tempfile.TemporaryDirectory() as folder:
        async with rig(Path(folder), conversations, files=work.project(), settings=settings) as here:
            begun = [here.delegate(name) for name in names]
            views = [await here.service.wait(job) for job in begun]
            early = _too_early(here.server.turns)
            states = Counter(view.state.value for view in views)
            ready = sum(view.state is JobState.READY and bool(view.files) for view in views)
            violations = here.server.violations
    figures = {
        "jobs": jobs,
        "with_their_plan": ready,
        "states": states,
        "faults": faults,
        "requests_before_retry_after": len(early),
        "invalid_requests": len(violations),
        "wall_s": round(time.monotonic() - began, 1),
        "target": "all with their plan, none too early",
    }
    print(json.dumps(figures))
    return int(ready != jobs or bool(early) or bool(violations))


def _too_early(exchanges: list[Any]) -> list[float]:
    """The waits that were shorter than the service had asked for."""
    asked: dict[str, tuple[float, float]] = {}
    early: list[float] = []
    for exchange in exchanges:
        at, wait_s = asked.pop(exchange.conversation, (0.0, 0.0))
        if exchange.arrived_at - at < wait_s:
            early.append(exchange.arrived_at - at)
        if exchange.retry_after:
            asked[exchange.conversation] = (exchange.arrived_at, exchange.retry_after)
    return early


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Parallel jobs in a storm of 429s")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.jobs, options.share, options.seed)))
