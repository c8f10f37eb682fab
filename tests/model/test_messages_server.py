"""The loopback server itself: what it refuses, what its cache counts, and that it runs as a process."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import anthropic
import pytest

from tests.support.messages_cache import PromptCache
from tests.support.messages_rules import violations
from tests.support.messages_server import MessagesServer

ROOT = Path(__file__).parents[2]
MARK = {"cache_control": {"type": "ephemeral"}}
USE = {"type": "tool_use", "id": "a", "name": "t", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "ok"}
GOOD = [
    {"role": "user", "content": "go"},
    {"role": "assistant", "content": [USE]},
    {"role": "user", "content": [RESULT, {"type": "text", "text": "more"}]},
]


def body(messages: list[dict] | None = None, **more: object) -> dict:
    return {"model": "m", "max_tokens": 1, "messages": GOOD if messages is None else messages, **more}


def user(*content: dict) -> dict:
    return {"role": "user", "content": list(content)}


def assistant(*content: dict) -> dict:
    return {"role": "assistant", "content": list(content)}


def test_a_good_request_breaks_no_rule() -> None:
    tool = {"name": "t", "input_schema": {"type": "object"}} | MARK
    system = [{"type": "text", "text": "s"} | MARK]
    assert violations(body(tools=[tool], system=system), {0: [USE]}) == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"max_tokens": 1, "messages": GOOD}, "model: Field required"),
        (body(max_tokens=0), "max_tokens"),
        (body([]), "at least one message"),
        (body(thread="x"), "thread: Extra inputs"),
        (body(GOOD[1:]), "alternate"),
        (body([*GOOD, user({"type": "text", "text": "x"})]), "alternate"),
        (body([user()]), "non-empty content"),
        (body([user({"type": "text", "text": " "})]), "non-whitespace"),
        (body([*GOOD[:2], user({"type": "text", "text": "x"})]), "without tool_result"),
        (body(GOOD[:2]), "without tool_result"),
        (body([user(RESULT)]), "unexpected tool_use_id"),
        (body([*GOOD[:2], user({"type": "text", "text": "x"}, RESULT)]), "must come first"),
        (body([*GOOD[:2], user(RESULT, RESULT)]), "single result"),
        (body([*GOOD, assistant(USE), user(RESULT)]), "ids must be unique"),
        (body([GOOD[0], assistant(USE | {"input": "x"}), GOOD[2]]), "should be an object"),
        (body([user(*({"type": "text", "text": "x"} | MARK for _ in range(5)))]), "Found 5"),
        (body(tools=[{"name": "a b", "input_schema": {"type": "object"}}]), "name: must match"),
        (body(tools=[{"name": "a", "input_schema": {}}]), "must be object"),
        (body(tools=[{"name": "a", "input_schema": {"type": "object"}}] * 2), "unique"),
        (body([GOOD[0], assistant({"type": "thinking"} | MARK, USE), GOOD[2]]), "not permitted on thinking"),
    ],
)
def test_each_rule_has_its_words(bad: dict, words: str) -> None:
    assert any(words in found for found in violations(bad, {})), violations(bad, {})


def test_what_was_answered_must_come_back_as_it_was() -> None:
    thinking = {"type": "thinking", "thinking": "x", "signature": "s"}
    sent_back = [GOOD[0], assistant(thinking, USE), GOOD[2]]
    assert violations(body(sent_back), {0: [thinking, USE]}) == []
    for changed in ([thinking | {"signature": "t"}, USE], [USE], [thinking, USE | {"input": {"n": 1}}]):
        (found,) = violations(body(sent_back), {0: changed})
        assert "modified" in found or "was changed" in found


def check_usage(cache: PromptCache, request: dict, *, read: bool, written: bool) -> dict[str, int]:
    usage = cache.usage(request)
    assert bool(usage["cache_read_input_tokens"]) is read
    assert bool(usage["cache_creation_input_tokens"]) is written
    return usage


def test_the_cache_reads_the_longest_written_prefix() -> None:
    cache = PromptCache(minimum_tokens=10)
    system = [{"type": "text", "text": "s" * 400} | MARK]
    first = body([user({"type": "text", "text": "a" * 400} | MARK)], system=system)
    wrote = check_usage(cache, first, read=False, written=True)["cache_creation_input_tokens"]
    longer = [user({"type": "text", "text": "a" * 400}), assistant({"type": "text", "text": "b" * 40} | MARK)]
    again = check_usage(cache, body(longer, system=system), read=True, written=True)
    assert again["cache_read_input_tokens"] == wrote, "found although its breakpoint moved on"
    changed = check_usage(
        cache, body([user({"type": "text", "text": "c"} | MARK)], system=system), read=True, written=True
    )
    assert 0 < changed["cache_read_input_tokens"] < wrote
    other = [{"type": "text", "text": "t" + "s" * 399} | MARK]
    check_usage(cache, body(longer, system=other), read=False, written=True)
    check_usage(cache, body(longer, system=system, model="n"), read=False, written=True)
    check_usage(PromptCache(10_000), first, read=False, written=False)


async def test_requests_that_do_not_stream_and_counts_are_answered_too() -> None:
    content = [{"type": "text", "text": "hello"}, USE]
    async with MessagesServer([{"turns": [{"content": content}]}]) as server:
        client = anthropic.AsyncAnthropic(api_key="k", base_url=server.url)
        asked = {"model": "m", "messages": [{"role": "user", "content": "go " * 40}]}
        message = await client.messages.create(max_tokens=5, **asked)
        count = await client.messages.count_tokens(**asked)
        await client.close()
    assert [block.type for block in message.content] == ["text", "tool_use"]
    assert (message.stop_reason, count.input_tokens) == ("tool_use", message.usage.input_tokens)


async def test_what_the_script_does_not_foresee_is_recorded() -> None:
    turns = [{"content": [USE]}, {"expect": ["good"], "content": [{"type": "text", "text": "x"}]}]
    async with MessagesServer([{"match": "task one", "turns": turns}]) as server:
        client = anthropic.AsyncAnthropic(api_key="k", base_url=server.url, max_retries=0)
        history = [{"role": "user", "content": "task one"}, *GOOD[1:]]
        await client.messages.create(model="m", max_tokens=5, messages=history)
        assert server.mismatches
        assert (server.matched, server.violations) == (0, [])
        with pytest.raises(anthropic.BadRequestError, match="no conversation matches"):
            await client.messages.create(model="m", max_tokens=5, messages=GOOD[:1])
        over = [*history, assistant({"type": "text", "text": "x"}), user({"type": "text", "text": "y"})]
        with pytest.raises(anthropic.BadRequestError, match="the script is over"):
            await client.messages.create(model="m", max_tokens=5, messages=over)
        await client.close()
    assert len(server.violations) == 2


async def test_it_runs_as_a_process(tmp_path: Path) -> None:
    script, record = tmp_path / "script.json", tmp_path / "requests.jsonl"
    script.write_text(json.dumps({"turns": [{"content": [{"type": "text", "text": "hi"}]}]}), "utf-8")
    argv = ["-m", "tests.support.messages_server", "--script", str(script), "--record", str(record)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *argv, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            port = json.loads(await process.stdout.readline())["port"]
            client = anthropic.AsyncAnthropic(api_key="sk-k", base_url=f"http://127.0.0.1:{port}")
            stream = await client.messages.create(
                model="m", max_tokens=5, messages=[{"role": "user", "content": "go"}], stream=True
            )
            kinds = [event.type async for event in stream]
            await client.close()
    finally:
        process.terminate()
        await process.wait()
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    (recorded,) = map(json.loads, record.read_text("utf-8").splitlines())
    assert recorded["body"]["messages"] == [{"role": "user", "content": "go"}]
    assert "sk-k" not in record.read_text("utf-8")
