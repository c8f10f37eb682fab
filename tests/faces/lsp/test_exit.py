"""However it ends and whatever hangs, the process goes, in time and with the right code."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.faces.lsp.tcp import Address, accept_one
from tests.faces.lsp.raw_client import OURS, PATIENCE_S, RawClient, frame, running
from tests.support.children import first_line

HANGS = {
    "nothing": None,
    "a handler that blocks the loop": ("test/hang", {"seconds": 600}),
    "a handler that waits": ("agentLs/debug/sleep", {"seconds": 600}),
    "a thread": ("test/hangThread", {"seconds": 600}),
    "a handler that will not be cancelled": ("test/deafToCancel", {"seconds": 600}),
}


def hang(client: RawClient, how: str) -> None:
    client.initialize()
    client.call("test/echo", {})
    if HANGS[how] is not None:
        client.ask(*HANGS[how])
        if "Thread" in HANGS[how][0] or "hang" in HANGS[how][0]:
            assert client.next(lambda m: m.get("method") == "test/hanging")


@pytest.mark.parametrize("how", HANGS)
def test_the_end_of_input_ends_it(how: str) -> None:
    with running() as client:
        hang(client, how)
        client.process.stdin.close()
        assert client.process.wait(PATIENCE_S) == 1


@pytest.mark.parametrize("how", ["nothing", "a handler that blocks the loop", "a thread"])
def test_exit_ends_it_though_the_pipe_stays_open(how: str) -> None:
    with running() as client:
        hang(client, how)
        client.notify("exit")
        assert client.process.wait(PATIENCE_S) == 1


@pytest.mark.parametrize("how", ["nothing", "a handler that blocks the loop"])
def test_the_editors_death_ends_it_though_the_pipe_stays_open(how: str) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with editor, running() as client:
        client.initialize(processId=editor.pid)
        if HANGS[how] is not None:
            client.ask(*HANGS[how])
            assert client.next(lambda m: m.get("method") == "test/hanging")
        editor.send_signal(signal.SIGKILL)  # not waited for: a zombie is dead, too
        assert client.process.wait(PATIENCE_S) == 1


def test_an_editor_that_dies_takes_server_and_children_along() -> None:
    """A real parent, killed: it owned the pipes, so both their ends and its id are gone."""
    code = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen({list(OURS)!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        'body = b\'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}\'\n'
        "p.stdin.write(b'Content-Length: %d\\r\\n\\r\\n' % len(body) + body); p.stdin.flush()\n"
        "p.stdout.readline(); print(p.pid, flush=True); time.sleep(600)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environ) as editor:
        server = os.pidfd_open(int(first_line(editor, "the editor")))  # readable when the process has ended
        editor.kill()
        assert select.select([server], [], [], PATIENCE_S)[0]
        os.close(server)


@pytest.mark.parametrize("ending", ["exit", "end of input"])
def test_after_shutdown_the_code_is_0(ending: str) -> None:
    with running() as client:
        client.initialize()
        assert client.call("shutdown")["result"] is None
        client.notify("exit") if ending == "exit" else client.process.stdin.close()
        assert client.process.wait(PATIENCE_S) == 0


def test_a_whole_session_in_one_write_is_answered_in_full() -> None:
    with running() as client:
        ask = {"jsonrpc": "2.0", "method": "initialize", "id": 1, "params": {"capabilities": {}}}
        slow = {"jsonrpc": "2.0", "method": "agentLs/debug/sleep", "id": 2, "params": {"seconds": 0.01}}
        down = {"jsonrpc": "2.0", "method": "shutdown", "id": 3}
        out = {"jsonrpc": "2.0", "method": "exit"}
        client.send(b"".join(map(frame, (ask, slow, down, out))))
        assert client.answer(2)["result"] == {}
        assert client.next(lambda m: m.get("method") == "test/lastWords")
        assert client.answer(3)["result"] is None
        assert client.process.wait(PATIENCE_S) == 0


def test_exit_is_heard_before_initialize() -> None:
    with running() as client:
        client.notify("exit")
        assert client.process.wait(PATIENCE_S) == 1


def test_shutdown_cancels_what_runs_on_and_each_is_answered_once() -> None:
    with running() as client:
        client.initialize()
        long = client.ask("agentLs/debug/sleep", {"seconds": 600})
        assert client.leave() == 0
        client.close()
        client.next(lambda _: False)
        assert [m["error"]["code"] for m in client.seen if m.get("id") == long] == [-32800]


def test_a_client_that_stops_reading_is_given_up() -> None:
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(
        OURS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    )
    with process:
        for method, params in (("initialize", {"capabilities": {}}), ("test/flood", {"messages": 80})):
            process.stdin.write(frame({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
        process.stdin.flush()
        assert process.wait(PATIENCE_S) == 1


def connect(client: RawClient) -> socket.socket:
    port = client.said_on_stderr(rb"127\.0\.0\.1:(\d+)\n")
    return socket.create_connection(("127.0.0.1", int(port[1])), timeout=PATIENCE_S)


def say(connection: socket.socket, method: str, msg_id: int | None = None, **params: Any) -> bytes:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    connection.sendall(frame(message if msg_id is None else {**message, "id": msg_id}))
    return connection.recv(65536) if msg_id is not None else b""


def test_tcp_serves_one_client_like_stdio() -> None:
    with running((*OURS, "127.0.0.1:0")) as client, connect(client) as connection:
        assert b'"capabilities"' in say(connection, "initialize", 1, capabilities={})
        with pytest.raises(OSError):
            socket.create_connection(connection.getpeername(), timeout=PATIENCE_S)
        connection.sendall(frame({"jsonrpc": "2.0", "method": "shutdown", "id": 2}))
        say(connection, "exit")
        assert client.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("hangs", [False, True])
def test_tcp_a_client_that_is_gone_ends_it(hangs: bool) -> None:
    with running((*OURS, "127.0.0.1:0")) as client:
        with connect(client) as connection:
            say(connection, "initialize", 1, capabilities={})
            if hangs:
                assert b"hanging" in say(connection, "test/hang", 2, seconds=600)
        assert client.process.wait(PATIENCE_S) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.7.7", "example.org", "::"])
def test_tcp_only_loopback_unless_asked(host: str) -> None:
    with pytest.raises(UsageError, match="network"):
        accept_one(Address(host, 0))


@pytest.mark.parametrize("text", ["", "7658", "localhost:", "localhost:http", "localhost:99999"])
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        Address.parse(text)


def test_addresses() -> None:
    assert Address.parse("[::1]:80") == Address("::1", 80)
    assert Address.parse(":80") == Address("127.0.0.1", 80)
