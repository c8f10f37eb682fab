"""A session in this process: what is said to it, what it says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.errors import ConfigError, UsageError
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.context import ServerContext
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.framing import Broken, Message
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.rpc import INVALID_PARAMS, RpcError
from agent_ls.faces.lsp.session import Session
from agent_ls.faces.lsp.shapes import PARAMS

HERE = {"textDocument": {"uri": "file:///w/a.py"}, "position": {"line": 0, "character": 0}}


class Talk:
    """A client on the same loop: it sends values and collects values."""

    def __init__(self, features: Features | None = None, *, debug: bool = False, **offers: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        self.parents: list[int] = []
        self.context: ServerContext | None = None
        self.features = features or Features()
        self.session = Session(self._hear, self._build, offers, self.parents.append, debug=debug)
        self._last_id = 0

    def _hear(self, data: bytes) -> None:
        self.heard.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def _build(self, context: ServerContext) -> Features:
        self.context = context
        return self.features

    def send(self, **message: Any) -> None:
        self.session.receive([Message({"jsonrpc": "2.0", **message})])

    def answers(self, msg_id: Any) -> list[dict[str, Any]]:
        return [m for m in self.heard if "method" not in m and m.get("id") == msg_id]

    async def until(self, done: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0)

    async def call(self, method: str, params: Any = None) -> dict[str, Any]:
        self._last_id += 1
        msg_id = f"call-{self._last_id}"
        self.send(id=msg_id, method=method, params=params)
        await self.until(lambda: self.answers(msg_id))
        (answer,) = self.answers(msg_id)
        return answer.get("error") or {"result": answer["result"]}

    async def start(self, **params: Any) -> Talk:
        self.reply = await self.call("initialize", {"capabilities": {}, **params})
        await self.until(lambda: self.session._building is None)
        return self


async def test_bad_initialize_params_leave_it_uninitialised() -> None:
    talk = Talk()
    assert (await talk.call("initialize", {}))["code"] == -32602
    assert (await talk.call("initialize", {"capabilities": {}, "processId": "x"}))["code"] == -32602
    assert (await talk.call("textDocument/hover", HERE))["code"] == -32002
    assert "capabilities" in (await talk.call("initialize", {"capabilities": {}}))["result"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-16"], "utf-16"),
        (["utf-32", "utf-16"], "utf-32"),
        (["utf-32", "utf-8", "utf-16"], "utf-8"),
        (["utf-7", 3, "utf-16", "utf-32"], "utf-16"),
        ("utf-8", "utf-16"),
    ],
)
async def test_the_encoding_is_negotiated(offered: Any, chosen: str) -> None:
    talk = await Talk().start(capabilities={"general": {"positionEncodings": offered}})
    assert talk.reply["result"]["capabilities"]["positionEncoding"] == chosen
    assert talk.context.encoding is talk.context.documents.encoding is Encoding(chosen)


async def test_features_are_built_after_the_answer_and_told_about_the_client() -> None:
    talk = Talk(hoverProvider=True)
    heard_at_build: list[int] = []
    build = talk._build

    def counting(context: ServerContext) -> Features:
        heard_at_build.append(len(talk.heard))
        return build(context)

    talk.session._build = counting
    await talk.start(
        processId=77,
        clientInfo={"name": "ed", "version": "1"},
        initializationOptions={"events": True},
        workspaceFolders=[{"uri": "file:///w/a%20b", "name": "a"}, {"uri": "vscode-vfs://x/y", "name": "v"}],
        rootUri="file:///other",
    )
    assert heard_at_build == [1]
    assert talk.reply["result"]["capabilities"]["hoverProvider"] is True
    context = talk.context
    assert (context.client_info["name"], context.options, context.roots) == (
        "ed",
        {"events": True},
        (Path("/w/a b"),),
    )
    assert talk.parents == [77]


async def test_messages_wait_in_order_for_features_that_take_long() -> None:
    gate, talk = asyncio.Event(), Talk(debug=True)
    talk.features.feature("x/late")(lambda _params: "here")

    async def slow(_context: ServerContext) -> Features:
        await gate.wait()
        return talk.features

    talk.session._build = slow
    await talk.call("initialize", {"capabilities": {}})
    talk.send(id=1, method="x/late")
    item = {"uri": "u", "languageId": "x", "version": 1, "text": "t"}
    talk.send(method="textDocument/didOpen", params={"textDocument": item})
    talk.send(id=2, method="agentLs/debug/documentText", params={"uri": "u"})
    await asyncio.sleep(0)
    assert len(talk.heard) == 1
    gate.set()
    await talk.until(lambda: len(talk.heard) == 3)
    assert [m["result"] for m in talk.heard[1:]] == ["here", {"text": "t", "version": 1}]


async def test_features_that_never_come_do_not_hold_up_the_end() -> None:
    talk = Talk()

    async def never(_context: ServerContext) -> Features:
        await asyncio.Event().wait()
        return Features()

    talk.session._build = never
    await talk.call("initialize", {"capabilities": {}})
    talk.send(id=1, method="x/lost")
    talk.session.leave("end of input")
    async with asyncio.timeout(20):
        await talk.session.over.wait()
        await talk.session.close()


async def test_background_work_is_cancelled_at_the_end_and_its_failure_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talk = await Talk().start()

    async def fails() -> None:
        raise RuntimeError("in the background")

    failed = talk.context.spawn(fails(), name="the failing one")
    waits = talk.context.spawn(asyncio.Event().wait(), name="the waiting one")
    await talk.until(failed.done)
    assert (await talk.call("shutdown"))["result"] is None
    await talk.until(waits.done)
    assert waits.cancelled()
    assert "the failing one" in caplog.text


@pytest.mark.parametrize(
    ("params", "roots"),
    [
        ({"rootUri": "file:///w"}, (Path("/w"),)),
        ({"rootPath": "/w"}, (Path("/w"),)),
        ({"rootUri": None, "workspaceFolders": None}, ()),
        ({"initializationOptions": ["odd"]}, ()),
    ],
)
async def test_roots_by_every_name(params: Any, roots: Any) -> None:
    assert (await Talk().start(**params)).context.roots == roots


async def test_folders_come_and_go() -> None:
    talk = await Talk().start(rootUri="file:///w/one")
    event = {
        "added": [{"uri": "file:///w/two", "name": "t"}, {"uri": "file:///w/two/", "name": "t"}],
        "removed": [{"uri": "file:///w/one", "name": "o"}],
    }
    talk.send(method="workspace/didChangeWorkspaceFolders", params={"event": event})
    assert talk.context.roots == (Path("/w/two"),)


async def test_features_that_cannot_start_say_why_and_the_documents_live() -> None:
    talk = Talk(debug=True)

    def broken(_context: ServerContext) -> Features:
        raise ConfigError("The state folder is read-only", remedy="Set AGENT_LS_STATE_DIR")

    talk.session._build = broken
    await talk.start()
    assert [m["params"]["message"] for m in talk.heard if m.get("method") == "window/showMessage"] == [
        "agent-ls: The state folder is read-only. Set AGENT_LS_STATE_DIR."
    ]
    assert (await talk.call("agentLs/debug/documentText", {"uri": "x"}))["result"]["text"] is None


async def test_debug_requests_only_with_debug() -> None:
    assert (await (await Talk().start()).call("agentLs/debug/sleep", {"seconds": 0}))["code"] == -32601
    assert (await (await Talk(debug=True).start()).call("agentLs/debug/sleep", {"seconds": 0}))[
        "result"
    ] == {}


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


async def test_the_client_is_asked_and_waited_for() -> None:
    talk = await Talk().start()
    first = asyncio.create_task(talk.context.request("x/ask", {"n": 1}))
    second = asyncio.create_task(talk.context.request("x/ask"))
    await talk.until(lambda: len(talk.heard) == 3)
    one, two = talk.heard[1:]
    assert one == {"jsonrpc": "2.0", "id": one["id"], "method": "x/ask", "params": {"n": 1}}
    talk.send(id=two["id"], error={"code": -32601, "message": "no such thing"})
    talk.send(id=one["id"], result=None)
    talk.send(id=one["id"], result="twice")
    talk.send(id=4711, result="unasked")
    talk.send(id="odd", result="unasked")
    assert await first is None
    with pytest.raises(ClientError, match="no such thing") as caught:
        await second
    assert caught.value.code == -32601


async def test_a_client_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    talk = await Talk().start()
    with pytest.raises(TimeoutError):
        await talk.context.request("x/ask", timeout_s=0.01)
    waiting = asyncio.create_task(talk.context.request("x/ask"))
    await talk.until(lambda: len(talk.heard) == 4)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    asked = [m["id"] for m in talk.heard if m.get("method") == "x/ask"]
    assert [m["params"]["id"] for m in talk.heard if m.get("method") == "$/cancelRequest"] == asked


async def test_shutdown_runs_every_hook_once_newest_first_and_survives_a_bad_one() -> None:
    talk, ran = await Talk().start(), []

    async def one() -> None:
        ran.append("one")

    async def bad() -> None:
        ran.append("bad")
        raise RuntimeError

    async def hangs() -> None:
        ran.append("hangs")
        await asyncio.Event().wait()

    for hook in (one, bad):
        talk.context.on_shutdown(hook)
    assert (await talk.call("shutdown"))["result"] is None
    await talk.session.close()
    assert ran == ["bad", "one"]
    other = await Talk().start()
    other.context.on_shutdown(hangs)
    assert (await other.call("shutdown"))["result"] is None


async def test_after_shutdown_only_exit() -> None:
    talk = await Talk(debug=True).start()
    assert talk.session.exit_code == 1
    await talk.call("shutdown")
    assert talk.session.exit_code == 0
    for method in ("shutdown", "initialize", "textDocument/hover"):
        assert (await talk.call(method, {"capabilities": {}}))["code"] == -32600
    assert not talk.session.over.is_set()
    talk.send(method="exit")
    assert talk.session.over.is_set()


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
