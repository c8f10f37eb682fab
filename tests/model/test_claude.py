"""Whole turns over the real SDK and a real connection: what arrives, what goes back, what is said on the wire."""

from __future__ import annotations

from agent_ls.model.claude import Claude
from agent_ls.model.protocol import Turn, TurnRequest
from tests.support.messages_server import MessagesServer

THINKING = {"type": "thinking", "thinking": "Let me see…\u2028 well", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py", "range": None}}
UNKNOWN = {"type": "hologram", "beams": [1, {"deep": "ü"}]}


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def result(call_id: str, words: str) -> dict:
    return {"type": "tool_result", "tool_use_id": call_id, "content": words}


def request(messages: list[dict] | None = None, **more: object) -> TurnRequest:
    values = {"model": "m", "system": [], "tools": [], "max_tokens": 100}
    return TurnRequest(**(values | {"messages": messages or [{"role": "user", "content": "go"}]} | more))


def one(*content: dict, **turn: object) -> list[dict]:
    return [{"turns": [{"content": list(content), **turn}]}]


async def ask_once(conversations: list[dict], **more: object) -> Turn:
    async with MessagesServer(conversations) as server:
        claude = Claude(api_key="k", base_url=server.url)
        try:
            return await claude.turn(request(), **more)
        finally:
            await claude.close()


async def test_blocks_of_every_kind_arrive_exactly_and_go_back_unchanged() -> None:
    content = [THINKING, REDACTED, UNKNOWN, text("Grüße 🎉 " * 20), CALL]
    turns = [{"content": content}, {"expect": ["ok"], "content": [text("done")]}]
    async with MessagesServer([{"turns": turns}]) as server:
        claude = Claude(api_key="k", base_url=server.url)
        first = await claude.turn(request())
        assert first.content == content
        assert [(c.id, c.name, c.input, c.problem) for c in first.calls] == [
            ("toolu_1", "read_file", CALL["input"], "")
        ]
        assert (first.stop_reason, first.text, first.model) == ("tool_use", "Grüße 🎉 " * 20, "m")
        history = [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result("toolu_1", "ok")]},
        ]
        second = await claude.turn(request(history))
        await claude.close()
    assert (second.text, second.stop_reason, second.calls) == ("done", "end_turn", ())
    assert (server.violations, server.mismatches, server.matched) == ([], [], 1)
    assert server.connection_count == 1, "the connection is kept for the next turn"
