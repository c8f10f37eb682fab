"""Cached share of the input tokens: ``python -m benchmarks.caching [--turns 8 12 20 40]``.

Whole jobs over the loopback service, which caches as the Messages API does, on the real prefixes of the
real requests (≤ 4 breakpoints, 20 blocks of look-back, 1024 tokens at least). Per length, for the first job
in a workspace (*cold*) and for the next one within the cache's life (*warm*: tools, rules and map are read):

* ``share``: cache reads / all input tokens over the whole job
* ``ceiling``: what no caching could beat, because the rest had never been sent before
* ``after_first``: the share from the second turn on

Exit code 1 where the share of the job of 20 turns or the warm one of 12 is below 0.90, where a job of at
least 8 turns reaches less than 0.98 of its ceiling, or where a prefix was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults import work
from tests.faults.rig import Rig, patient, rig
from tests.support.messages_cache import PromptCache

TARGET, OF_CEILING = 0.90, 0.98


async def job(here: Rig, name: str, count: int) -> list[dict[str, Any]]:
    first = len(here.server.turns)
    view = await here.service.wait(here.delegate(name))
    if view.state.value != "ready":
        raise SystemExit(f"{name} ended {view.state}: {view.problem}")
    bodies = [exchange.body for exchange in here.server.turns[first:]]
    assert len(bodies) == count
    return bodies


def shares(bodies: list[dict[str, Any]], known: PromptCache, seen: PromptCache) -> dict[str, Any]:
    """``known`` is the service's cache so far, ``seen`` an ideal one that needs no breakpoints."""
    real = [known.usage(body) for body in bodies]
    ideal = [seen.usage(_marked_everywhere(body)) for body in bodies]
    total = [sum(usage.values()) for usage in real]
    read = [usage["cache_read_input_tokens"] for usage in real]
    could = [usage["cache_read_input_tokens"] for usage in ideal]
    return {
        "turns": len(bodies),
        "share": round(sum(read) / sum(total), 4),
        "ceiling": round(sum(could) / sum(total), 4),
        "after_first": round(sum(read[1:]) / sum(total[1:]), 4),
        "first_request_tokens": total[0],
        "last_request_tokens": total[-1],
        "broken_prefixes": sum(not _prefix(a, b) for a, b in pairwise(bodies)),
        "most_breakpoints": max(json.dumps(body).count('"cache_control"') for body in bodies),
    }


def _marked_everywhere(body: dict[str, Any]) -> dict[str, Any]:
    mark = {"cache_control": {"type": "ephemeral"}}
    messages = [{**m, "content": [{**block, **mark} for block in m["content"]]} for m in body["messages"]]
    system = [{**block, **mark} for block in body["system"]]
    return {**body, "system": system, "tools": [{**t, **mark} for t in body["tools"]], "messages": messages}


def _prefix(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a request begins with all of the one before it."""
    said, more = (_bare(body["messages"]) for body in (before, after))
    fixed = all(_bare(before[part]) == _bare(after[part]) for part in ("tools", "system"))
    return fixed and more[: len(said)] == said


def _bare(value: Any) -> Any:
    return json.loads(json.dumps(value).replace(', "cache_control": {"type": "ephemeral"}', ""))


async def main(lengths: list[int]) -> int:
    rows: dict[str, dict[str, Any]] = {}
    for count in lengths:
        names = (f"cold-{count}-", f"warm-{count}-")
        conversations = [
            {"match": f"Job {name}", "turns": work.turns(count, count, name=name)} for name in names
        ]
        with tempfile.TemporaryDirectory() as folder:
            async with rig(
                Path(folder),
                conversations,
                files=work.project(),
                settings=patient(turns=99, idle_s=60, patience_s=60),
            ) as here:
                known, seen = PromptCache(), PromptCache(0)
                for name in names:
                    rows[name.rstrip("-")] = shares(await job(here, name, count), known, seen)
                assert here.server.violations == [], here.server.violations
    for name, row in rows.items():
        print(f"{name:<9} {json.dumps(row)}")
    enough = [rows[name]["share"] >= TARGET for name in ("cold-20", "warm-12") if name in rows]
    near = [row["share"] >= OF_CEILING * row["ceiling"] for row in rows.values() if row["turns"] >= 8]
    sound = [row["broken_prefixes"] == 0 and row["most_breakpoints"] <= 4 for row in rows.values()]
    print(
        json.dumps(
            {"target_share": TARGET, "target_of_ceiling": OF_CEILING, "met": all(enough + near + sound)}
        )
    )
    return 0 if all(enough + near + sound) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Cached share of input tokens over whole jobs")
    parser.add_argument("--turns", type=int, nargs="*", default=[8, 12, 20, 40])
    sys.exit(asyncio.run(main(parser.parse_args().turns)))
