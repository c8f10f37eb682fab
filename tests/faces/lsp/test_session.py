"""A session's life: the handshake, the features, the client that is asked things, the end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.errors import ConfigError
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.context import ServerContext
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.registry import Features
from tests.faces.lsp.talk import Talk

HERE = {"textDocument": {"uri": "file:///w/a.py"}, "position": {"line": 0, "character": 0}}


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
