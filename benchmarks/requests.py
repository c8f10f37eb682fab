"""Validity of every request: ``python -m benchmarks.requests [--seed 1]``.

Whole jobs with everything that shapes a conversation (thinking, parallel calls, exploration, shortening, cut-off
and paused answers, silence, a refusal after which the user goes on, broken tool input, kinds of faults, a resume)
over the loopback service. Each request is held against the SDK's own types (`tests.support.messages_types`) and
the rules of the API (`tests.support.messages_rules`). Then the rules are tried: every damage of a list, done to
seeded requests, must be found. Prints a row per rule and one JSON line; exit code 1 for anything invalid or any
damage that passes.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent_ls.agent.notes import ASK
from tests.agent.attempts import say, turn
from tests.faults import matrix, work
from tests.faults.rig import patient, rig
from tests.support.messages_rules import violations
from tests.support.messages_types import type_violations

Json = dict[str, Any]
SHAPING = (
    "pause_turn",
    "max_tokens in text",
    "max_tokens in a call",
    "empty answer",
    "refusal",
    "window exceeded",
)
BREAKING = ("invalid tool JSON", "one id twice", "unknown stop reason", "truncated stream", "413")


async def requests() -> list[Json]:
    cells = [c for c in matrix.cells([*SHAPING, *BREAKING]) if c.moment in ("first", "compaction", "check")]
    long = work.turns(60, 3, name="long")
    for number, one in enumerate(long):
        if number % 7 == 3 and number < 58:
            again = {**one["content"][-1], "id": one["content"][-1]["id"] + "b"}
            one["content"].append(again)  # two calls in one turn
    conversations = [
        *matrix.conversations(cells),
        {"match": "Job long", "by": "arrival", "turns": long},
        {
            "match": "Job long",
            "last": ASK[:60],
            "by": "arrival",
            "turns": [turn(say("So far so good."))] * 40,
        },
    ]
    files = work.project() | matrix.PROJECT
    with tempfile.TemporaryDirectory() as folder:
        async with rig(
            Path(folder),
            conversations,
            files=files,
            settings=patient(idle_s=30, patience_s=30, turns=80, checks=[matrix.CHECK]),
            window=24_000,
            trusted=True,
        ) as here:
            job, gate = here.delegate("long"), asyncio.Semaphore(5)
            results = await asyncio.gather(*(matrix.run(here, cell, gate) for cell in cells))
            view = await here.service.wait(job)
            wrong = [result for result in results if result.wrong]
            if view.state.value != "ready" or wrong:
                raise SystemExit(f"{view.state} {view.problem} {wrong}")
            if here.server.violations:
                print(Counter(here.server.violations))
            return [exchange.body for exchange in here.server.turns]


_EACH = 40
"""So many requests of those to which a damage can be done."""


def wrong_with(body: Json) -> list[str]:
    return [*violations(body, {}), *type_violations(body)]


def _blocks(body: Json, role: str, kind: str) -> list[tuple[Json, int]]:
    return [
        (message, at)
        for message in body["messages"]
        if message["role"] == role
        for at, block in enumerate(message["content"])
        if block["type"] == kind
    ]


def _drop_result(body: Json) -> bool:
    return _at(_blocks(body, "user", "tool_result"), lambda message, at: message["content"].pop(at))


def _result_last(body: Json) -> bool:
    def move(message: Json, _at: int) -> None:
        message["content"] = [say("first a word"), *message["content"]]

    return _at(_blocks(body, "user", "tool_result"), move)


def _result_twice(body: Json) -> bool:
    return _at(
        _blocks(body, "user", "tool_result"),
        lambda message, at: message["content"].insert(at, dict(message["content"][at])),
    )


def _foreign_result(body: Json) -> bool:
    return _at(
        _blocks(body, "user", "tool_result"),
        lambda message, at: message["content"][at].update(tool_use_id="x"),
    )


def _same_id(body: Json) -> bool:
    calls = _blocks(body, "assistant", "tool_use")
    if len(calls) < 2:
        return False
    calls[1][0]["content"][calls[1][1]]["id"] = calls[0][0]["content"][calls[0][1]]["id"]
    return True


def _input_as_text(body: Json) -> bool:
    return _at(
        _blocks(body, "assistant", "tool_use"), lambda message, at: message["content"][at].update(input="{}")
    )


def _empty_text(body: Json) -> bool:
    body["messages"][0]["content"].append({"type": "text", "text": " "})
    return True


def _two_users(body: Json) -> bool:
    body["messages"].insert(0, {"role": "user", "content": [say("first of all")]})
    return True


def _five_marks(body: Json) -> bool:
    for tool in body["tools"][:5]:
        tool["cache_control"] = {"type": "ephemeral"}
    return True


def _marked_thought(body: Json) -> bool:
    mark = {"cache_control": {"type": "ephemeral"}}
    return _at(
        _blocks(body, "assistant", "thinking"), lambda message, at: message["content"][at].update(mark)
    )


def _unsigned_thought(body: Json) -> bool:
    return _at(
        _blocks(body, "assistant", "thinking"), lambda message, at: message["content"][at].pop("signature")
    )


def _unknown_field(body: Json) -> bool:
    body["temprature"] = 1
    return True


def _unknown_part(body: Json) -> bool:
    body["messages"][0]["content"][0]["priority"] = "high"
    return True


def _no_limit(body: Json) -> bool:
    body["max_tokens"] = 0
    return True


def _empty_message(body: Json) -> bool:
    body["messages"][-1]["content"] = []
    return True


def _tool_twice(body: Json) -> bool:
    body["tools"].append(dict(body["tools"][0]))
    return True


def _at(found: list[tuple[Json, int]], damage: Callable[[Json, int], object]) -> bool:
    if found:
        damage(*found[len(found) // 2])
    return bool(found)


DAMAGES = {
    "a tool_use without its result": _drop_result,
    "a text before the results": _result_last,
    "a result twice": _result_twice,
    "a result for no call": _foreign_result,
    "an id twice": _same_id,
    "an input that is no object": _input_as_text,
    "a blank text": _empty_text,
    "two user messages in a row": _two_users,
    "a fifth breakpoint": _five_marks,
    "a breakpoint on a thought": _marked_thought,
    "a thought without its signature": _unsigned_thought,
    "a field nobody knows": _unknown_field,
    "a part of a block nobody knows": _unknown_part,
    "no room for an answer": _no_limit,
    "an empty message": _empty_message,
    "a tool twice": _tool_twice,
}


def main(seed: int) -> int:
    bodies = asyncio.run(requests())
    chance = random.Random(seed)
    invalid = Counter(problem for body in bodies for problem in wrong_with(body))
    for problem, count in invalid.items():
        print(f"INVALID {count}× {problem}")
    missed = 0
    for name, damage in DAMAGES.items():
        tried = found = 0
        for body in chance.sample(bodies, len(bodies)):
            if tried == _EACH:
                break
            damaged = copy.deepcopy(body)
            if damage(damaged):
                tried += 1
                found += bool(wrong_with(damaged))
        missed += tried - found + (tried == 0)
        print(f"{name:<36} found {found} of {tried}")
    messages = [len(body["messages"]) for body in bodies]
    figures = {
        "requests": len(bodies),
        "invalid": sum(invalid.values()),
        "longest_conversation": max(messages),
        "rules_tried": len(DAMAGES),
        "damages_missed": missed,
        "target": "0 invalid, 0 missed",
    }
    print(json.dumps(figures))
    return int(bool(invalid) or bool(missed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Every request against the SDK's types and the API's rules")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(main(parser.parse_args().seed))
