"""Every fault at every moment: a clear error, nothing of the answer used, and the next try gives the turn."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from agent_ls.core.errors import ModelError
from agent_ls.model.claude import Claude
from agent_ls.model.protocol import TurnRequest
from agent_ls.model.retry import Clock, RetryPolicy, Waiting, ask
from tests.support.messages_server import MessagesServer

CONTENT = [
    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
    {"type": "text", "text": "I shall read it."},
    {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py", "lines": [1, 99]}},
]
REQUEST = TurnRequest("m", [], [], [{"role": "user", "content": "go"}], 100)
IDLE_S = 0.3  # only failures wait for it

BREAKS = ("reset", "cut", "end", "hang", "overloaded", "garbage")
MOMENTS = (0, 1, 3, 6, 12, -2, -1)  # events sent before; -1: all but message_stop
AT_A_MOMENT = [{"kind": kind, "after": after} for kind, after in itertools.product(BREAKS, MOMENTS)]
BEFORE_THE_ANSWER = [
    *({"kind": kind, "after": None} for kind in ("reset", "cut", "hang")),
    *({"kind": status} for status in ("408", "409", "429", "500", "502", "503", "504", "529")),
]
EVERY_FAULT = AT_A_MOMENT + BEFORE_THE_ANSWER


def named(fault: dict) -> str:
    return f"{fault['kind']}@{fault.get('after', 'status')}"


@pytest.mark.parametrize("fault", EVERY_FAULT, ids=named)
async def test_a_fault_is_an_error_and_the_next_try_gives_the_whole_turn(fault: dict) -> None:
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": [fault]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url, idle_s=IDLE_S)
        with pytest.raises(ModelError) as failed:
            await claude.turn(REQUEST)
        turn = await claude.turn(REQUEST)
        await claude.close()
    assert failed.value.retryable
    assert failed.value.kept
    assert failed.value.remedy
    assert turn.content == CONTENT
    assert [call.problem for call in turn.calls] == [""]
    assert server.violations == []


async def test_all_faults_in_a_row_end_in_the_turn() -> None:
    waits: list[Waiting] = []
    faults = [fault for fault in EVERY_FAULT if fault["kind"] != "hang"]
    policy = RetryPolicy(total_s=1e9, broken_answers=len(faults) + 1)
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": list(faults)}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url, idle_s=10)
        turn = await ask(
            claude,
            REQUEST,
            policy=policy,
            clock=Clock(sleep=lambda _: asyncio.sleep(0)),
            on_wait=waits.append,
        )
        await claude.close()
    assert turn.content == CONTENT
    assert len(waits) == len(faults) == len(server.turns) - 1


async def test_one_byte_at_a_time_is_slow_but_whole() -> None:
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": ["drip"]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        assert (await claude.turn(REQUEST)).content == CONTENT
        await claude.close()


async def test_a_sign_in_page_is_said_to_be_one() -> None:
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": ["html"]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        with pytest.raises(ModelError, match="Welcome to Hotel WiFi") as portal:
            await claude.turn(REQUEST)
        await claude.close()
    assert "sign-in page" in portal.value.remedy
    assert "<" not in portal.value.what


async def test_half_a_tool_input_is_a_problem_of_the_call() -> None:
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": ["half_json"]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        (call,) = (await claude.turn(REQUEST)).calls
        await claude.close()
    assert "not valid JSON" in call.problem
    assert call.input == {}


async def test_retry_after_reaches_the_caller() -> None:
    fault = {"kind": "429", "retry_after": 17}
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": [fault]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        with pytest.raises(ModelError) as limited:
            await claude.turn(REQUEST)
        await claude.close()
    assert limited.value.retry_after_s == 17
    assert not limited.value.billed


@pytest.mark.parametrize(("after", "billed"), [(0, False), (6, True)])
async def test_an_overload_in_the_stream_is_told_apart_from_a_broken_one(after: int, billed: bool) -> None:
    fault = {"kind": "overloaded", "after": after}
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": [fault]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        with pytest.raises(ModelError, match="is overloaded: Overloaded") as overloaded:
            await claude.turn(REQUEST)
        await claude.close()
    assert overloaded.value.billed is billed


async def test_an_answer_that_is_given_up_half_way_closes_its_connection() -> None:
    def refuse(_: str) -> None:
        raise RuntimeError("nobody listens")

    async with MessagesServer(
        [{"turns": [{"content": CONTENT, "faults": [{"kind": "hang", "after": 12}]}]}]
    ) as server:
        claude = Claude(api_key="k", base_url=server.url)
        # Kept, because the traceback keeps the stream: nothing is closed by mere garbage collection.
        with pytest.raises(RuntimeError, match="nobody listens") as kept:
            await claude.turn(REQUEST, refuse)
        async with asyncio.timeout(10):
            await server.turns[0].client_left.wait()
        assert server.turns[0].client_left_at is not None
        assert kept.tb
        await claude.close()


@pytest.mark.parametrize("after", [None, 0, 9], ids=["before headers", "after headers", "in the stream"])
async def test_cancelling_closes_the_connection_at_once(after: int | None) -> None:
    fault = {"kind": "hang", "after": after}
    async with MessagesServer([{"turns": [{"content": CONTENT, "faults": [fault]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        heard = asyncio.Event()
        task = asyncio.create_task(claude.turn(REQUEST, lambda _: heard.set()))
        await server.wait_for_requests(1)
        if after == 9:
            async with asyncio.timeout(10):
                await heard.wait()
        loop = asyncio.get_running_loop()
        began = loop.time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await server.turns[0].client_left.wait()
        left_at = server.turns[0].client_left_at
        assert left_at is not None
        assert left_at - began <= 0.5
        assert (await claude.turn(REQUEST)).content == CONTENT, "the object is still good"
        await claude.close()
