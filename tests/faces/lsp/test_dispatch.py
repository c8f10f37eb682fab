"""What a session makes of messages: requests, commands, cancellations, and what is none of them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.errors import ConfigError, UsageError
from agent_ls.faces.lsp.framing import Broken, Message
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.rpc import INVALID_PARAMS, RpcError
from agent_ls.faces.lsp.shapes import PARAMS
from tests.faces.lsp.talk import Talk


@pytest.mark.parametrize(
    ("message", "code", "msg_id"),
    [
        ({"jsonrpc": "1.0", "id": 1, "method": "m"}, -32600, 1),
        ({"id": 1, "method": "m"}, -32600, 1),
        ({"jsonrpc": "2.0", "id": True, "method": "m"}, -32600, None),
        ({"jsonrpc": "2.0", "id": None, "method": "m"}, -32600, None),
        ({"jsonrpc": "2.0", "id": {}, "method": "m"}, -32600, None),
        ({"jsonrpc": "2.0", "id": 1.5, "method": "m"}, -32600, None),
        ({"jsonrpc": "2.0", "id": 5, "method": 7}, -32600, 5),
        ({"jsonrpc": "2.0", "id": 5}, -32600, 5),
        ({"jsonrpc": "2.0", "id": 5, "method": "textDocument/didOpen", "params": {}}, -32600, 5),
        ({"jsonrpc": "2.0", "id": 5, "method": "$/optional"}, -32601, 5),
    ],
)
async def test_what_is_no_request_is_refused(message: dict[str, Any], code: int, msg_id: Any) -> None:
    talk = await Talk().start()
    talk.session.receive([Message(message)])
    assert [(m["id"], m["error"]["code"]) for m in talk.heard[1:]] == [(msg_id, code)]


async def test_notifications_are_never_answered() -> None:
    talk = await Talk().start()
    for method, params in [
        ("$/setTrace", {"value": "off"}),
        ("$/unheard", None),
        ("no/such", {}),
        ("textDocument/didOpen", {"textDocument": {}}),
        ("textDocument/didChange", []),
        ("shutdown", None),
        ("initialized", {}),
        ("$/cancelRequest", {"id": 99}),
        ("$/cancelRequest", {"id": []}),
        ("$/cancelRequest", "x"),
    ]:
        talk.send(method=method, params=params)
    talk.session.receive([Message({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "?"}})])
    assert len(talk.heard) == 1


async def test_broken_frames_are_answered_without_an_id() -> None:
    talk = await Talk().start()
    talk.session.receive([Broken(-32700, "why")])
    assert talk.heard[1] == {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "why"}}


def failing(error: Exception) -> Features:
    features = Features()

    @features.feature("x/now")
    def now(_params: Any) -> None:
        raise error

    @features.feature("x/later")
    async def later(_params: Any) -> None:
        await asyncio.sleep(0)
        raise error

    return features


@pytest.mark.parametrize("method", ["x/now", "x/later"])
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (RpcError(-32801, "moved on"), -32801, "moved on"),
        (UsageError("No such job", remedy="See jobs"), -32602, "No such job. See jobs."),
        (ConfigError("No model", kept="Work is kept"), -32803, "No model. Work is kept."),
        (RuntimeError("/home/me/secret"), -32603, "Something in agent-ls failed"),
        (RecursionError(), -32603, "Something in agent-ls failed"),
    ],
)
async def test_a_failing_handler_is_one_sentence(
    method: str, error: Exception, code: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await (await Talk(failing(error)).start()).call(method)
    assert reply["code"] == code
    assert words in reply["message"]
    assert "secret" not in str(reply)
    assert ("secret" in caplog.text) == (type(error) is RuntimeError)


async def test_a_result_that_is_no_json_is_an_error() -> None:
    features = Features()
    for name, result in {"x/object": object(), "x/nan": float("nan")}.items():
        features.feature(name)(lambda _params, result=result: result)
    talk = await Talk(features).start()
    assert [(await talk.call(name))["code"] for name in features.requests if name[0] == "x"] == [-32603] * 2


async def test_cancel_answers_once_and_arrives() -> None:
    features, seen = Features(), []

    @features.feature("x/polite")
    async def polite(_params: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    @features.feature("x/deaf")
    async def deaf(_params: Any) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("ignored")
        return "too late"

    talk = await Talk(features).start()
    for msg_id, method in ((1, "x/polite"), (2, "x/deaf")):
        talk.send(id=msg_id, method=method)
        await asyncio.sleep(0)
        for _ in range(2):
            talk.send(method="$/cancelRequest", params={"id": msg_id})
    await talk.until(lambda: len(seen) == 2)
    await asyncio.sleep(0)
    assert seen == ["cancelled", "ignored"]
    for msg_id in (1, 2):
        assert [m["error"]["code"] for m in talk.answers(msg_id)] == [-32800]


async def test_late_work_of_a_cancelled_request_answers_no_later_one() -> None:
    features, late, gate = Features(), asyncio.Event(), asyncio.Event()

    @features.feature("x/deaf")
    async def deaf(_params: Any) -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        late.set()
        return "of the first"

    @features.feature("x/next")
    async def next_(_params: Any) -> str:
        await gate.wait()
        return "of the second"

    talk = await Talk(features).start()
    talk.send(id=1, method="x/deaf")
    await asyncio.sleep(0)
    talk.send(method="$/cancelRequest", params={"id": 1})
    talk.send(id=1, method="x/next")
    await talk.until(late.is_set)
    await asyncio.sleep(0)
    gate.set()
    await talk.until(lambda: len(talk.answers(1)) == 2)
    assert [m.get("result") or m["error"]["code"] for m in talk.answers(1)] == [-32800, "of the second"]


async def test_an_id_in_use_is_refused_and_free_again_afterwards() -> None:
    features, gate = Features(), asyncio.Event()

    @features.feature("x/wait")
    async def wait(_params: Any) -> str:
        await gate.wait()
        return "done"

    talk = await Talk(features).start()
    talk.send(id=1, method="x/wait")
    talk.send(id=1, method="x/wait")
    talk.send(id="1", method="x/wait")
    gate.set()
    await talk.until(lambda: talk.answers("1"))
    talk.send(id=1, method="x/wait")
    await talk.until(lambda: len(talk.answers(1)) == 3)
    assert [m.get("result") or m["error"]["code"] for m in talk.answers(1)] == [-32600, "done", "done"]


async def test_commands_take_one_object() -> None:
    features = Features()
    features.command("c")(lambda argument: {"got": argument})

    async def later(argument: Any) -> Any:
        await asyncio.sleep(0)
        return argument

    features.command("later")(later)
    talk = await Talk(features).start()

    async def execute(command: str, **params: Any) -> Any:
        reply = await talk.call("workspace/executeCommand", {"command": command, **params})
        return reply.get("code") or reply["result"]

    assert await execute("c", arguments=[{"a": 1}]) == {"got": {"a": 1}}
    assert await execute("c") == await execute("c", arguments=[]) == await execute("c", arguments=None)
    assert await execute("later", arguments=[{"b": 2}]) == {"b": 2}
    for wrong in ([1], [{}, {}], [None], {"a": 1}, "x"):
        assert await execute("c", arguments=wrong) == INVALID_PARAMS
    assert await execute("unknown") == INVALID_PARAMS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["uri", "textDocument", "position", "line", "id", "jsonrpc", "method"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
METHODS = st.sampled_from(
    [m for m in PARAMS if m not in ("shutdown", "agentLs/debug/sleep")] + ["no/such", "$/x"]
)
ENVELOPES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | JSON},
    optional={"method": METHODS | JSON, "params": JSON, "id": JSON, "result": JSON},
)


@given(st.lists(ENVELOPES, max_size=12), st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_comes_every_request_is_answered_once_and_the_session_lives(
    messages: list[dict[str, Any]], first: bool
) -> None:
    async def converse() -> None:
        talk = Talk(debug=True)
        if first:
            await talk.start()
        told = len(talk.heard)
        for number, message in enumerate(messages):
            if isinstance(message.get("id"), int | str) and not isinstance(message["id"], bool):
                message["id"] = f"m{number}"
            talk.session.receive([Message(message)])
        for number, message in enumerate(messages):
            asked = isinstance(message.get("method"), str) and message.get("id") == f"m{number}"
            answers = len(talk.answers(f"m{number}"))
            assert answers == 1 if asked else answers <= 1
        assert all("error" in m or "result" in m for m in talk.heard[told:])
        if not first:
            await talk.call("initialize", {"capabilities": {}})
        assert (await talk.call("agentLs/debug/documentText", {"uri": "u"}))["result"]["text"] is None

    asyncio.run(converse())


async def test_two_listeners_hear_one_notification_and_one_may_fail() -> None:
    features, heard = Features(), []

    @features.notification("initialized")
    def fails(_params: Any) -> None:
        raise RuntimeError

    @features.notification("initialized")
    async def hears(_params: Any) -> None:
        heard.append("later")

    talk = await Talk(features).start()
    talk.send(method="initialized", params={})
    await talk.until(lambda: heard)


def test_a_method_has_one_handler() -> None:
    features = Features()
    for register in (features.feature, features.command):
        register("x")(lambda _params: None)
        with pytest.raises(ValueError, match="already"):
            register("x")(lambda _params: None)
