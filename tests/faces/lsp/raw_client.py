"""A client that speaks bytes: it can be as wrong as a test needs, and it sees every frame."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
OURS = (sys.executable, str(Path(__file__).with_name("edge_server.py")))
STUB = (sys.executable, str(ROOT / "benchmarks" / "stub.py"))
PATIENCE_S = 20.0
"""How long a test waits for what must come; a machine under load may use it all."""


def frame(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


class RawClient:
    """Owns one server process; a thread collects its frames in order."""

    def __init__(self, argv: tuple[str, ...] = OURS, **popen: Any) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            argv,
            **{"stdin": subprocess.PIPE, **popen},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            bufsize=0,
        )
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.seen: list[dict[str, Any]] = []
        self.errors = bytearray()
        self._more_errors = threading.Condition()
        self._last_id = 0
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        stream = self.process.stdout
        with open(os.dup(stream.fileno()), "rb") as pipe:
            while header := pipe.readline():
                match = re.fullmatch(rb"Content-Length: (\d+)\r\n", header)
                if match is None:
                    self.messages.put({"stray": header.decode("utf-8", "replace")})
                    continue
                while pipe.readline() not in (b"\r\n", b""):
                    pass
                self.messages.put(json.loads(pipe.read(int(match[1]))))
        self.messages.put(None)

    def _read_errors(self) -> None:
        while chunk := self.process.stderr.read(65536):
            with self._more_errors:
                self.errors += chunk
                self._more_errors.notify_all()

    def said_on_stderr(self, pattern: bytes) -> re.Match[bytes] | None:
        """Wait for a pattern on stderr; ``None`` if it did not come."""
        with self._more_errors:
            return self._more_errors.wait_for(lambda: re.search(pattern, self.errors), PATIENCE_S)

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def notify(self, method: str, params: Any = None) -> None:
        self.send(
            frame({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})
        )

    def ask(self, method: str, params: Any = None, msg_id: Any = None) -> Any:
        """Send a request; returns its id."""
        self._last_id += 1
        msg_id = self._last_id if msg_id is None else msg_id
        message = {"jsonrpc": "2.0", "id": msg_id, "method": method}
        self.send(frame(message if params is None else {**message, "params": params}))
        return msg_id

    def next(self, wanted: Any, patience_s: float = PATIENCE_S) -> dict[str, Any] | None:
        """The next message for which ``wanted`` holds; ``None`` when none came in time or at the end."""
        while True:
            try:
                message = self.messages.get(timeout=patience_s)
            except queue.Empty:
                return None
            if message is None:
                self.messages.put(None)
                return None
            self.seen.append(message)
            if wanted(message):
                return message

    def answer(self, msg_id: Any, patience_s: float = PATIENCE_S) -> dict[str, Any] | None:
        """The answer to a request that was sent with ``ask``."""
        return self.next(lambda m: "method" not in m and m.get("id") == msg_id, patience_s)

    def call(self, method: str, params: Any = None, patience_s: float = PATIENCE_S) -> dict[str, Any] | None:
        return self.answer(self.ask(method, params), patience_s)

    def initialize(self, **params: Any) -> dict[str, Any]:
        reply = self.call("initialize", {"processId": None, "rootUri": None, "capabilities": {}, **params})
        assert reply is not None
        self.notify("initialized", {})
        return reply["result"]["capabilities"]

    def open(self, text: str, uri: str = "file:///w/a.py", version: int = 1) -> str:
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}
        self.notify("textDocument/didChange", params)

    def text(self, uri: str) -> Any:
        """The server's text of a document; the stub and ours both know the command."""
        reply = self.call("workspace/executeCommand", {"command": "text", "arguments": [{"uri": uri}]})
        return reply and reply.get("result", {}).get("text")

    def leave(self) -> int:
        self.call("shutdown")
        self.notify("exit")
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()


@contextmanager
def running(argv: tuple[str, ...] = OURS, **popen: Any) -> Iterator[RawClient]:
    client = RawClient(argv, **popen)
    try:
        yield client
    finally:
        client.close()


def span(line: int, start: int, end: int | None = None, end_line: int | None = None) -> dict[str, Any]:
    """An LSP range."""
    stop = {"line": line if end_line is None else end_line, "character": start if end is None else end}
    return {"start": {"line": line, "character": start}, "end": stop}
