"""What plain pygls 2.1 gets wrong and the edge gets right, each shown on both.

Every probe drives a server process over its pipes and tells what it saw; it also runs
against a bare pygls server, which must fail it: if one day it does not, the edge has one
reason less to exist, and this says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.faces.lsp.raw_client import OURS, PATIENCE_S, STUB, RawClient, frame, running, span

DEAF_S = 1.0
"""How long a probe listens for what the stub will never say."""

Probe = Callable[[RawClient, float], bool]
PROBES: list[Probe] = []
ONE_PER_GAP: dict[int, Probe] = {}


def gap(number: int) -> Callable[[Probe], Probe]:
    """Register a probe for one of the eleven gaps; the first of each gap also runs on the stub."""

    def register(check: Probe) -> Probe:
        PROBES.append(check)
        ONE_PER_GAP.setdefault(number, check)
        return check

    return register


def code_of(reply: dict[str, Any] | None) -> int | None:
    return None if reply is None else reply.get("error", {}).get("code")


@gap(1)
def busy_work_does_not_make_it_deaf(client: RawClient, patience_s: float) -> bool:
    """Reading shares no pool with work."""
    client.initialize()
    method = "test/hang" if client.process.args == STUB else "test/hangThread"
    for _ in range(50):
        client.ask(method, {"seconds": 4})
    return (
        client.call(
            "workspace/executeCommand", {"command": "sleep", "arguments": [{"seconds": 0}]}, patience_s
        )
        is not None
    )


@gap(2)
def a_cancelled_command_stops(client: RawClient, patience_s: float) -> bool:
    """The coroutine behind executeCommand is cancelled, not only answered."""
    client.initialize()
    msg_id = client.ask("workspace/executeCommand", {"command": "sleep", "arguments": [{"seconds": 60}]})
    client.call(
        "textDocument/hover", {"textDocument": {"uri": client.open("x")}, "position": span(0, 0)["start"]}
    )
    client.notify("$/cancelRequest", {"id": msg_id})
    stopped = client.next(lambda m: m.get("method") == "test/cancelled", patience_s)
    return stopped is not None


@gap(3)
def requests_before_initialize_are_refused(client: RawClient, patience_s: float) -> bool:
    return code_of(client.call("textDocument/hover", {}, patience_s)) == -32002


@gap(3)
def a_second_initialize_keeps_the_documents(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    uri = client.open("kept", "untitled:one")
    again = client.call("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, patience_s)
    return code_of(again) == -32600 and client.text(uri) == "kept"


@gap(3)
def requests_after_shutdown_are_refused(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    client.call("shutdown")
    return code_of(client.call("textDocument/hover", {}, patience_s)) == -32600


@gap(3)
def exit_without_shutdown_is_a_failure(client: RawClient, patience_s: float) -> bool:
    """Exit code 1 without a shutdown, 0 with one."""
    client.initialize()
    client.notify("exit")
    if client.process.wait(PATIENCE_S) != 1:
        return False
    with running(client.process.args) as other:
        other.initialize()
        return other.leave() == 0


@gap(3)
def the_editors_death_ends_it(client: RawClient, patience_s: float) -> bool:
    """``processId`` is watched, also while the pipe stays open."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as editor:
        client.initialize(processId=editor.pid)
        editor.kill()
        try:
            client.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            return False
        return True


@gap(4)
def bad_params_are_answered(client: RawClient, patience_s: float) -> bool:
    """-32602 with a sentence; no popup, no traceback, no path."""
    client.initialize()
    document, position = {"uri": "file:///w/a.py"}, {"line": 0, "character": 0}
    shapes: list[Any] = [
        None,
        [],
        "text",
        {},
        {"textDocument": document},
        {"textDocument": document, "position": {"line": -1, "character": 0}},
        {"textDocument": document, "position": {"line": "0", "character": 0}},
        {"textDocument": document, "position": {"line": 0.5, "character": 0}},
        {"textDocument": "file:///w/a.py", "position": position},
        {"textDocument": {"uri": 7}, "position": position},
    ]
    right = all(code_of(client.call("textDocument/hover", one, patience_s)) == -32602 for one in shapes)
    clean = "Traceback" not in str(client.seen) and os.sep + "site-packages" not in str(client.seen)
    popups = [m for m in client.seen if str(m.get("method")).startswith("window/")]
    return right and clean and not popups


@gap(4)
def an_unknown_method_is_answered(client: RawClient, patience_s: float) -> bool:
    """With and without params."""
    client.initialize()
    return [code_of(client.call("no/such", params, patience_s)) for params in (None, {})] == [-32601, -32601]


@gap(4)
def broken_json_is_answered(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    client.send(frame(b"{broken"))
    return code_of(client.answer(None, patience_s)) == -32700


@gap(4)
def an_inner_jsonrpc_key_is_only_data(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    inner = {"jsonrpc": "2.0", "id": 3, "method": "textDocument/hover", "params": {"deep": [1]}}
    reply = client.call("test/echo", {"message": inner}, patience_s)
    return reply is not None and reply.get("result") == {"message": inner}


@gap(5)
def headers_in_small_letters_are_headers(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    body = json.dumps({"jsonrpc": "2.0", "id": "low", "method": "shutdown"}).encode()
    client.send(b"content-length:%d\r\n\r\n%s" % (len(body), body))
    return client.answer("low", patience_s) is not None


@gap(5)
def a_wrong_length_is_got_over(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    client.send(b'Content-Length: 999999\r\n\r\n{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}')
    return (
        client.call(
            "workspace/executeCommand", {"command": "sleep", "arguments": [{"seconds": 0}]}, patience_s
        )
        is not None
    )


@gap(5)
def an_absurd_length_is_refused(client: RawClient, patience_s: float) -> bool:
    """A size limit."""
    client.initialize()
    client.send(b"Content-Length: 99999999999\r\n\r\n{")
    return code_of(client.answer(None, patience_s)) == -32600


@gap(6)
def lines_are_those_of_the_protocol(client: RawClient, _patience_s: float) -> bool:
    """Form feed and U+2028 end no line."""
    client.initialize()
    uri = client.open("a\x0cb\u2028c\nd\n", "untitled:lines")
    client.change(uri, 2, {"range": span(1, 0), "text": "X"})
    return client.text(uri) == "a\x0cb\u2028c\nXd\n"


@gap(6)
def a_place_past_the_line_is_its_end(client: RawClient, _patience_s: float) -> bool:
    client.initialize()
    uri = client.open("abc", "untitled:clamp")
    client.change(uri, 2, {"range": span(0, 99), "text": "X"})
    return client.text(uri) == "abcX"


@gap(6)
def older_versions_and_inverted_ranges_do_no_harm(client: RawClient, _patience_s: float) -> bool:
    client.initialize()
    uri = client.open("abcdef", "untitled:old", version=5)
    client.change(uri, 4, {"text": "old"})
    client.change(uri, 6, {"range": span(0, 4, 2), "text": "-"})
    return client.text(uri) == "ab-ef"


@gap(7)
def keys_that_are_no_names_arrive(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    params = {"not-a-name": 1, "class": 2, "": 3}
    reply = client.call("test/echo", params, patience_s)
    return reply is not None and reply.get("result") == params


@gap(8)
def a_document_that_is_not_open_has_no_text(client: RawClient, _patience_s: float) -> bool:
    """Nothing is read from the disk, whatever the URI looks like."""
    client.initialize()
    path = Path(__file__)
    reply = [client.text(uri) for uri in (path.as_uri(), f"git:{path}", f"untitled:{path}")]
    return reply == [None, None, None]


@gap(10)
def a_failing_handler_tells_no_secrets(client: RawClient, patience_s: float) -> bool:
    client.initialize()
    params = {"command": "text", "arguments": [{"no": "uri"}]}
    reply = client.call("workspace/executeCommand", params, patience_s)
    return code_of(reply) == -32603 and "Traceback" not in str(reply) and ".py" not in str(reply)


@gap(9)
def every_capability_can_be_told(client: RawClient, _patience_s: float) -> bool:
    return client.initialize().get("inlineCompletionProvider") is True


@gap(11)
def a_version_does_not_change_under_a_handler(client: RawClient, _patience_s: float) -> bool:
    """And the request sees the text it was asked about, not that of the change right behind it."""
    client.initialize()
    uri = client.open("one", "untitled:eleven")
    msg_id = client.ask("test/slowText", {"uri": uri, "seconds": 0.2})
    client.change(uri, 2, {"text": "two"})
    result = client.answer(msg_id)["result"]
    return (result["before"], result["after"], result["text"]) == (1, 1, "one")


@pytest.mark.parametrize("check", PROBES, ids=lambda check: check.__name__)
def test_ours_is_right(check: Probe) -> None:
    with running(OURS) as client:
        assert check(client, PATIENCE_S), client.errors.decode()


def passes_on_the_stub(check: Probe) -> bool:
    with running(STUB) as client:
        try:
            return check(client, DEAF_S)
        except (AssertionError, KeyError, TypeError, OSError):  # what a broken conversation ends in
            return False


def right_on_the_stub(probes: Iterable[Probe]) -> list[str]:
    """Names of the probes that plain pygls passes. Together, since most of the time goes into
    listening for answers that never come."""
    probes = list(probes)
    with ThreadPoolExecutor(4) as pool:
        return [
            p.__name__ for p, right in zip(probes, pool.map(passes_on_the_stub, probes), strict=True) if right
        ]


def test_plain_pygls_is_wrong_in_each_gap() -> None:
    # One probe per gap: each costs a start of the stub. `benchmarks/edge.py --gaps` runs them all.
    assert right_on_the_stub(ONE_PER_GAP.values()) == []


def test_offers_are_merged_into_the_answer() -> None:
    from agent_ls.faces.lsp.capabilities import initialize_result

    offers = {
        "inlineCompletionProvider": True,
        "workspace": {"textDocumentContent": {"schemes": ["agent-ls"]}},
    }
    told = initialize_result({"capabilities": {}}, offers)["capabilities"]
    assert told["inlineCompletionProvider"] is True
    assert told["workspace"]["textDocumentContent"] == {"schemes": ["agent-ls"]}
    assert told["workspace"]["workspaceFolders"]["supported"] is True


def test_stray_output_and_children_cannot_touch_the_wire() -> None:
    """Print goes to stderr; a child that reads its stdin finds it empty."""
    with running() as client:
        client.initialize()
        assert client.call("test/print")["result"] is None
        assert client.call("test/childReadsStdin")["result"] == 0
        assert client.leave() == 0
        client.close()
        assert b"this goes to stderr" in client.errors
        assert not [m for m in client.seen if "stray" in m]


def test_requests_and_changes_in_one_write_are_seen_in_order() -> None:
    with running() as client:
        client.initialize()
        uri = client.open("0")
        data = b""
        for version in range(2, 40):
            changes = [{"text": str(version)}]
            change = {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
            data += frame({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change})
            ask = {"jsonrpc": "2.0", "id": version, "method": "test/slowText", "params": {"uri": uri}}
            data += frame(ask)
        client.send(data)
        assert [client.answer(v)["result"]["before"] for v in range(2, 40)] == list(range(2, 40))


def test_a_terminated_server_says_its_last_words() -> None:
    with running() as client:
        client.initialize()
        client.call("test/echo", {})
        client.process.send_signal(signal.SIGTERM)
        assert client.next(lambda m: m.get("method") == "test/lastWords") is not None
        assert client.process.wait(PATIENCE_S) == 1
