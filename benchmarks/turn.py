"""CPU time of one streamed turn: ours (`Claude.turn`) beside the bare SDK streaming the same turn.

``python -m benchmarks.turn [--rounds 30] [--kilobytes 16]`` starts the loopback server as a
process of its own (its CPU is not counted), interleaves both clients, and prints medians as one
JSON object. Fails (exit code 1) when a turn costs more than 10 ms beyond the SDK's own time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anthropic

from agent_ls.model.claude import Claude
from agent_ls.model.protocol import TurnRequest

EXTRA_LIMIT_MS = 10.0
MESSAGES = [{"role": "user", "content": "go"}]
WARM_UP = 3  # rounds that build caches of types and connections


def script(kilobytes: int) -> dict:
    source = "def parse(line: str) -> list[str]:\n    return line.split()\n" * (kilobytes * 1024 // 60)
    edit = {"path": "src/parser.py", "edits": [{"old_str": source[: len(source) // 2], "new_str": source}]}
    content = [
        {"type": "thinking", "thinking": source[: len(source) // 4], "signature": "c2ln" * 64},
        {"type": "text", "text": "The parser splits too early; I change it in one place. " * 4},
        {"type": "tool_use", "id": "toolu_1", "name": "edit_file", "input": edit},
    ]
    return {"turns": [{"content": content}]}


async def cpu_ms(turn: Callable[[], Awaitable[object]]) -> float:
    began = time.process_time()
    await turn()
    return (time.process_time() - began) * 1000


async def measure(port: int, rounds: int) -> dict[str, float]:
    url = f"http://127.0.0.1:{port}"
    bare, ours = anthropic.AsyncAnthropic(api_key="k", base_url=url), Claude(api_key="k", base_url=url)
    request = TurnRequest("m", [], [], MESSAGES, 9)

    async def stream() -> int:
        answer = await bare.messages.create(model="m", max_tokens=9, messages=MESSAGES, stream=True)
        return len([event async for event in answer])

    events = await stream()
    pairs = [
        (await cpu_ms(stream), await cpu_ms(lambda: ours.turn(request))) for _ in range(rounds + WARM_UP)
    ]
    await bare.close()
    await ours.close()
    bare_ms, ours_ms = (statistics.median(times) for times in zip(*pairs[WARM_UP:], strict=True))
    return {
        "events": events,
        "bare_sdk_ms": round(bare_ms, 2),
        "ours_ms": round(ours_ms, 2),
        "extra_ms": round(ours_ms - bare_ms, 2),
        "ratio": round(ours_ms / bare_ms, 3),
    }


async def main(rounds: int, kilobytes: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "script.json")
        path.write_text(json.dumps(script(kilobytes)), "utf-8")
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.support.messages_server", "--script", str(path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        assert server.stdout is not None
        try:
            figures = await measure(json.loads(await server.stdout.readline())["port"], rounds)
        finally:
            server.terminate()
            await server.wait()
    print(json.dumps(figures | {"kilobytes": kilobytes, "extra_limit_ms": EXTRA_LIMIT_MS}))
    return 0 if figures["extra_ms"] <= EXTRA_LIMIT_MS else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="CPU time of a streamed turn, ours beside the bare SDK's")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--kilobytes", type=int, default=16)
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.rounds, options.kilobytes)))
