"""Whole turns over the real SDK and a real connection: what arrives, what goes back, what is said."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from agent_ls.core.errors import ConfigError, ModelError
from agent_ls.core.job import Usage
from agent_ls.model.claude import Claude
from agent_ls.model.protocol import ContextOverflowError, Limits, Turn, TurnRequest
from tests.support.messages_server import MessagesServer

THINKING = {"type": "thinking", "thinking": "Let me see…\u2028 well", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "b3BhcXVl"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py", "range": None}}
UNKNOWN = {"type": "hologram", "beams": [1, {"deep": "ü"}]}
TOOL = {"name": "read_file", "description": "d", "input_schema": {"type": "object", "properties": {}}}
MARK = {"cache_control": {"type": "ephemeral"}}


def text(words: str) -> dict:
    return {"type": "text", "text": words}


def result(call_id: str, words: str) -> dict:
    return {"type": "tool_result", "tool_use_id": call_id, "content": words}


def request(messages: list[dict] | None = None, **more: object) -> TurnRequest:
    values = {"model": "m", "system": [], "tools": [], "max_tokens": 100}
    return TurnRequest(**(values | {"messages": messages or [{"role": "user", "content": "go"}]} | more))


def one(*content: dict, **turn: object) -> list[dict]:
    return [{"turns": [{"content": list(content), **turn}]}]


@asynccontextmanager
async def served(conversations: list[dict], **more: object) -> AsyncIterator[tuple[MessagesServer, Claude]]:
    options = {name: more.pop(name) for name in ("api_key", "auth_token", "idle_s", "wire") if name in more}
    async with MessagesServer(conversations, **more) as server:
        claude = Claude(**({"api_key": "sk-secret", "base_url": server.url} | options))
        try:
            yield server, claude
        finally:
            await claude.close()


async def ask_once(conversations: list[dict], **more: object) -> Turn:
    async with served(conversations) as (_, claude):
        return await claude.turn(request(**more))


async def test_blocks_of_every_kind_arrive_exactly_and_go_back_unchanged() -> None:
    content = [THINKING, REDACTED, UNKNOWN, text("Grüße 🎉 " * 20), CALL]
    turns = [{"content": content}, {"expect": ["ok"], "content": [text("done")]}]
    async with served([{"turns": turns}]) as (server, claude):
        heard: list[str] = []
        first = await claude.turn(request(), heard.append)
        assert first.content == content
        assert [(c.id, c.name, c.input, c.problem) for c in first.calls] == [
            ("toolu_1", "read_file", CALL["input"], "")
        ]
        assert (first.stop_reason, first.text, first.model) == ("tool_use", "Grüße 🎉 " * 20, "m")
        assert len(heard) > 3, "text is heard as it arrives"
        assert "".join(heard) == first.text
        history = [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result("toolu_1", "ok")]},
        ]
        second = await claude.turn(request(history))
    assert (second.text, second.stop_reason, second.calls) == ("done", "end_turn", ())
    assert (server.violations, server.mismatches, server.matched) == ([], [], 1)
    assert server.connection_count == 1, "the connection is kept for the next turn"


async def test_the_request_holds_what_was_asked_and_nothing_else() -> None:
    async with served(one(text("x"))) as (server, claude):
        await claude.turn(request())
        await claude.turn(
            request(system=[text("s")], tools=[TOOL], options={"thinking": {"type": "adaptive"}})
        )
    bare, full = (exchange.body for exchange in server.exchanges)
    assert bare == {
        "model": "m",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "go"}],
        "stream": True,
    }
    assert full == bare | {"system": [text("s")], "tools": [TOOL], "thinking": {"type": "adaptive"}}
    assert "sk-secret" in str(server.exchanges[0].headers)


async def test_usage_counts_what_the_cache_gave() -> None:
    system = [text("rule " * 2000) | MARK]
    async with served(one(text("x"))) as (_, claude):
        first = (await claude.turn(request(system=system))).usage
        second = (await claude.turn(request(system=system))).usage
    assert first.cache_write > 2000
    assert first.cache_read == 0
    assert second == Usage(first.input, first.output, cache_read=first.cache_write, cache_write=0)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ('{"path": "a.py", "old', "not valid JSON"),
        ('{"path": "a.py"} trailing', "not valid JSON"),
        ("{'path': 'a.py'}", "not valid JSON"),
        ('{"path": "a", "path": "b"}', "'path' is given twice"),
        ('{"a": {"b": 1, "b": 1}}', "'b' is given twice"),
        ('["a.py"]', "not an object"),
        ('{"n": NaN}', "NaN is not JSON"),
        ('{"s": "\\ud83d"}', "surrogate"),
    ],
)
async def test_tool_input_is_never_mended(written: str, problem: str) -> None:
    broken = {"type": "tool_use", "id": "toolu_1", "name": "edit_file", "input": {}, "raw_input": written}
    turns = [{"content": [broken]}, {"content": [text("sorry")]}]
    async with served([{"turns": turns}]) as (server, claude):
        turn = await claude.turn(request())
        (call,) = turn.calls
        assert problem in call.problem
        assert call.input == {}
        history = [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": turn.content},
            {"role": "user", "content": [result("toolu_1", call.problem)]},
        ]
        assert (await claude.turn(request(history))).text == "sorry"
    assert server.violations == []


async def test_a_call_without_arguments_is_whole() -> None:
    turn = await ask_once(one(CALL | {"input": {}}))
    assert [(c.input, c.problem) for c in turn.calls] == [({}, "")]


@pytest.mark.parametrize("arguments", [CALL["input"], {}])
async def test_a_length_limit_inside_a_call_spoils_that_call_only(arguments: dict) -> None:
    content = [CALL | {"id": "toolu_0"}, CALL | {"input": arguments}]
    turn = await ask_once(one(*content, faults=["max_tokens"]))
    whole, cut = turn.calls
    assert (turn.stop_reason, whole.problem) == ("max_tokens", "")
    assert "length limit" in cut.problem
    assert cut.input == {}


@pytest.mark.parametrize("reason", ["pause_turn", "model_context_window_exceeded", "brand_new_reason"])
async def test_stop_reasons_are_reported_as_they_are(reason: str) -> None:
    assert (await ask_once(one(text("x"), stop_reason=reason))).stop_reason == reason


async def test_a_refusal_is_a_turn_without_content() -> None:
    turn = await ask_once(one(text("x"), faults=["refusal"]))
    assert (turn.stop_reason, turn.content) == ("refusal", [])


async def test_blank_text_is_left_out_because_it_would_be_refused() -> None:
    turns = [{"content": [text("\n\n"), CALL]}, {"content": [text("ok")]}]
    async with served([{"turns": turns}]) as (server, claude):
        first = await claude.turn(request())
        history = [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": [result("toolu_1", "ok")]},
        ]
        await claude.turn(request(history))
    assert (first.content, server.violations) == ([CALL], [])


async def test_the_wire_log_has_every_byte_and_no_key() -> None:
    log: list[tuple[str, bytes]] = []
    conversations = one(text("hello"), faults=[{"kind": "401", "message": "bad key sk-secret"}])
    async with served(conversations, wire=lambda way, data: log.append((way, data))) as (server, claude):
        with pytest.raises(ConfigError) as refused:
            await claude.turn(request())
        await claude.turn(request())
    sent = [data for way, data in log if way == "sent"]
    received = [data for way, data in log if way == "received"]
    assert [json.loads(data) for data in sent] == [e.body for e in server.exchanges]
    assert b"[key removed]" in received[0]
    events = [json.loads(data.partition(b"\ndata: ")[2]) for data in received[1:]]
    assert [e["type"] for e in events[:2] + events[-1:]] == ["message_start", "ping", "message_stop"]
    assert not [data for _, data in log if b"sk-secret" in data]
    assert "sk-secret" not in refused.value.sentence()
    assert "ANTHROPIC_API_KEY" in refused.value.remedy


async def test_limits_come_from_the_service() -> None:
    known = {"m": {"max_input_tokens": 200_000, "max_tokens": 64_000}, "odd": {"max_tokens": "many"}}
    async with served(one(text("x")), models=known) as (server, claude):
        assert await claude.limits("m") == Limits(200_000, 64_000)
        assert await claude.limits("m") == Limits(200_000, 64_000)
        assert await claude.limits("odd") == Limits()
        assert await claude.limits("other") == Limits()
    assert [e.path for e in server.exchanges].count("/v1/models/m") == 1


async def test_what_a_service_refuses_is_left_out_and_remembered() -> None:
    tools = [TOOL | {"strict": True, "input_schema": {"type": "object", "properties": {"strict": {}}}} | MARK]
    asked = request(
        [{"role": "user", "content": [text("go") | MARK]}],
        tools=tools,
        options={"thinking": {"type": "adaptive"}},
    )
    # The property named `strict` stays: it belongs to the tool's own schema.
    async with served(one(text("x")), rejects=["cache_control", "thinking"]) as (server, claude):
        assert (await claude.turn(asked)).text == "x"
        assert len(server.turns) == 3
        await claude.turn(asked)
        assert len(server.turns) == 4, "the second turn does not try again"
        assert claude.left_out == {"m": ("cache_control", "thinking")}
    body = server.turns[-1].body
    assert body["messages"] == [{"role": "user", "content": [text("go")]}]
    assert body["tools"][0]["input_schema"]["properties"] == {"strict": {}}
    assert body["tools"][0]["strict"] is True


async def test_too_many_tokens_are_lowered_to_the_limit() -> None:
    words = "max_tokens: 100 > 64, which is the maximum allowed number of output tokens for m"
    async with served(one(text("x"), faults=[{"kind": "400", "message": words}])) as (server, claude):
        assert (await claude.turn(request())).text == "x"
    assert [e.body["max_tokens"] for e in server.turns] == [100, 64]


async def test_too_many_breakpoints_are_our_mistake_and_stay_one() -> None:
    system = [text(str(i)) | MARK for i in range(5)]
    async with served(one(text("x"))) as (server, claude):
        with pytest.raises(ModelError, match="maximum of 4 blocks") as refused:
            await claude.turn(request(system=system))
    assert not refused.value.retryable
    assert len(server.turns) == 1


async def test_a_turn_does_not_wait_for_a_tail_that_never_comes() -> None:
    everything_then_silence = one(
        text("x"), faults=[{"kind": "hang", "after": None}, {"kind": "hang", "after": 99}]
    )
    async with served(everything_then_silence, idle_s=30) as (server, claude):
        hung = asyncio.create_task(claude.turn(request()))
        await server.wait_for_requests(1)
        async with asyncio.timeout(5):
            assert (await claude.turn(request())).text == "x"
        hung.cancel()
        await asyncio.gather(hung, return_exceptions=True)


async def test_a_token_is_sent_as_bearer_and_a_trailing_v1_is_forgiven() -> None:
    async with MessagesServer(one(text("x"))) as server:
        claude = Claude(auth_token="t0ken", base_url=server.url + "/v1/")
        await claude.turn(request())
        await claude.close()
    (exchange,) = server.exchanges
    assert exchange.headers["authorization"] == "Bearer t0ken"


async def test_a_local_server_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-another-service")
    async with MessagesServer(one(text("x"))) as server:
        claude = Claude(base_url=server.url)
        assert (await claude.turn(request())).text == "x"
        await claude.close()
    assert "sk-of-another-service" not in str(server.exchanges[0].headers)


async def test_a_turn_that_paused_goes_on() -> None:
    turns = [{"content": [text("first")], "stop_reason": "pause_turn"}, {"content": [text("second")]}]
    async with served([{"turns": turns}]) as (server, claude):
        history = [{"role": "user", "content": "go"}]
        for _ in range(2):
            history.append({"role": "assistant", "content": (await claude.turn(request(history))).content})
    assert [message["content"] for message in history[1:]] == [[text("first")], [text("second")]]
    assert server.violations == []


async def test_a_proxy_for_the_internet_does_not_hide_a_local_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with served(one(text("x"))) as (_, claude):
        assert (await claude.turn(request())).text == "x"


async def test_a_certificate_that_cannot_be_verified_says_where_to_name_it() -> None:
    claude = Claude(api_key="k", base_url="https://example.invalid")

    async def refuse(*_: object, **__: object) -> None:
        raise httpx2.ConnectError("TLS") from ssl.SSLCertVerificationError("self-signed certificate")

    claude._client.messages.create = refuse
    with pytest.raises(ConfigError, match=r"certificate of example\.invalid:443") as untrusted:
        await claude.turn(request())
    await claude.close()
    assert "SSL_CERT_FILE" in untrusted.value.remedy


async def test_tls_where_there_is_none() -> None:
    async with MessagesServer([]) as server:
        claude = Claude(api_key="k", base_url=server.url.replace("http:", "https:"), idle_s=5)
        with pytest.raises(ModelError, match="cannot be reached"):
            await claude.turn(request())
        await claude.close()


async def test_conversations_side_by_side_do_not_mix() -> None:
    conversations = [
        {"match": f"task {i}", "turns": [{"content": [text(f"answer {i} " * 50)], "faults": ["drip"]}]}
        for i in range(4)
    ]
    async with served(conversations) as (_, claude):
        asked = [request([{"role": "user", "content": f"do task {i}"}]) for i in range(4)]
        turns = await asyncio.gather(*map(claude.turn, asked))
    assert [turn.text for turn in turns] == [f"answer {i} " * 50 for i in range(4)]


# --- configuration that cannot work ------------------------------------------------------


async def test_an_unknown_model_is_named_with_where_it_is_set() -> None:
    async with served(one(text("x")), models={"other": {}}) as (server, claude):
        with pytest.raises(ConfigError) as unknown:
            await claude.turn(request())
    assert f"127.0.0.1:{server.port} has no model 'm'" in unknown.value.what
    assert "AGENT_LS_MODEL" in unknown.value.remedy


async def test_a_base_url_with_another_service_behind_it() -> None:
    async with MessagesServer(one(text("x"))) as server:
        claude = Claude(api_key="k", base_url=server.url + "/elsewhere")
        with pytest.raises(ConfigError, match="no Messages API") as wrong:
            await claude.turn(request())
        await claude.close()
    assert "ANTHROPIC_BASE_URL" in wrong.value.remedy


@pytest.mark.parametrize("address", ["localhost:11434", "ftp://host", "http://", "nonsense"])
def test_a_base_url_that_is_none(address: str) -> None:
    with pytest.raises(ConfigError, match="not the address"):
        Claude(base_url=address)


async def test_an_unreachable_service_of_this_machine_is_named_and_not_waited_for() -> None:
    async with MessagesServer([]) as server:
        port = server.port
    claude = Claude(api_key="k", base_url=f"http://127.0.0.1:{port}")
    with pytest.raises(ModelError) as unreachable:
        await claude.turn(request())
    assert await claude.limits("m") == Limits()
    await claude.close()
    assert f"127.0.0.1:{port} cannot be reached" in unreachable.value.what
    assert (unreachable.value.retryable, unreachable.value.billed) == (False, False)


async def test_a_redirect_is_not_followed() -> None:
    async with MessagesServer(one(text("x"))) as trap:
        moved = one(text("x"), faults=[{"kind": "307", "location": trap.url + "/v1/messages"}])
        async with served(moved) as (_, claude):
            with pytest.raises(ModelError) as redirected:
                await claude.turn(request())
    assert trap.exchanges == []
    assert not redirected.value.retryable


@pytest.mark.parametrize(
    "words", ["prompt is too long: 210000 tokens > 200000 maximum", "exceeds the available context size"]
)
async def test_a_conversation_that_no_longer_fits(words: str) -> None:
    async with served(one(text("x"), faults=[{"kind": "400", "message": words}])) as (_, claude):
        with pytest.raises(ContextOverflowError) as overflow:
            await claude.turn(request())
    assert not overflow.value.retryable
