"""A small but honest editor without a window: `demo` shows the main job with it.

It starts the real server, speaks the standard protocol as an editor does, keeps buffers,
sends what is typed, checks versions before it applies an edit, and writes files only when
told to save.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self, final

from agent_ls.faces.cli.editor_edits import Landing, did_change
from agent_ls.faces.cli.editor_texts import Buffer, EditRefusedError, position
from agent_ls.workspace.process.piped import Process, start_piped

Json = dict[str, Any]
_ANSWER_S: Final = 30.0
_LEAVE_S: Final = 5.0

FULL: Final[Json] = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
        "configuration": True,
        "workspaceFolders": True,
    },
    "textDocument": {
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}}
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "general": {"positionEncodings": ["utf-16"]},
}
"""Capabilities of an editor that can do all that the main job uses."""


class ServerError(Exception):
    """The server answered a request with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@final
class Editor:
    """One editor with one server. Use `start`, then `close`."""

    def __init__(self, process: Process, root: Path) -> None:
        self.process = process
        self.root = root
        self.encoding = "utf-16"
        self.server: Json = {}
        self.buffers: dict[str, Buffer] = {}
        self.settings: Json = {}
        self.messages: list[str] = []
        self.shown: list[str] = []
        self.progress: list[Json] = []
        self.job_events: list[Json] = []
        self.diagnostics: dict[str, list[Json]] = {}
        self.applied: list[Json] = []
        self.choose: Callable[[str, list[str]], str | None] = lambda _text, _choices: None
        self.on_event: Callable[[str, Any], None] = lambda _method, _params: None
        self._edits = Landing(root, self.buffers, opened=self.open, notify=self.notify)
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        root: Path,
        *,
        env: Mapping[str, str],
        capabilities: Json | None = None,
        name: str = "agent-ls demo",
        version: str = "",
        options: Json | None = None,
    ) -> Self:
        """Start a server on a folder and shake hands."""
        process = await start_piped(argv, cwd=root, env=env)
        editor = cls(process, root)
        editor._reading = asyncio.create_task(editor._read())
        answer = await editor.request(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": name, "version": version},
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "capabilities": FULL if capabilities is None else capabilities,
                "initializationOptions": {"events": True} if options is None else options,
            },
        )
        editor.server = answer
        editor.encoding = answer["capabilities"].get("positionEncoding", "utf-16")
        editor.notify("initialized", {})
        return editor

    async def close(self) -> int | None:
        """Leave in order; the server's exit code, ``None`` if it had to be killed."""
        code: int | None = None
        with contextlib.suppress(ServerError, TimeoutError, ConnectionError):
            await self.request("shutdown", None, timeout_s=_LEAVE_S)
            self.notify("exit", None)
        with contextlib.suppress(TimeoutError):
            code = await asyncio.wait_for(self.process.wait(), _LEAVE_S)
        if code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self.process.stdin is not None:
            self.process.stdin.close()
        transport = getattr(self.process, "_transport", None)  # the public API has no way to close the pipes
        if transport is not None:
            transport.close()
        return code

    # --- what a person does -----------------------------------------------------------

    def open(self, name: str, language: str = "python") -> Buffer:
        """Open a file of the folder in a buffer."""
        path = self.root / name
        buffer = Buffer(path, path.read_bytes().decode("utf-8"), 1, language)
        self.buffers[buffer.uri] = buffer
        item = {"uri": buffer.uri, "languageId": language, "version": 1, "text": buffer.text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return buffer

    def type(self, buffer: Buffer, at: int, text: str, *, delete: int = 0) -> None:
        """Type a text at a character offset, over ``delete`` characters; the server is told as it happens."""
        start, end = (position(buffer.text, x, self.encoding) for x in (at, at + delete))
        buffer.text = buffer.text[:at] + text + buffer.text[at + delete :]
        buffer.version += 1
        change = {"range": {"start": start, "end": end}, "text": text}
        self.notify("textDocument/didChange", did_change(buffer, [change]))

    def save(self, buffer: Buffer) -> None:
        """Write a buffer to its file."""
        buffer.path.parent.mkdir(parents=True, exist_ok=True)
        buffer.path.write_bytes(buffer.text.encode("utf-8"))
        self.notify("textDocument/didSave", {"textDocument": {"uri": buffer.uri}})

    def save_all(self) -> None:
        for buffer in list(self.buffers.values()):
            self.save(buffer)

    async def menu(
        self,
        buffer: Buffer,
        start: int,
        end: int | None = None,
        *,
        diagnostics: Sequence[Json] = (),
        only: Sequence[str] | None = None,
    ) -> list[Json]:
        """The code actions for a place."""
        ends = [position(buffer.text, x, self.encoding) for x in (start, start if end is None else end)]
        context: Json = {"diagnostics": list(diagnostics), "triggerKind": 1}
        if only is not None:
            context["only"] = list(only)
        return await self.request(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": buffer.uri},
                "range": {"start": ends[0], "end": ends[1]},
                "context": context,
            },
        )

    async def hover(self, buffer: Buffer, at: int) -> Json | None:
        return await self.request(
            "textDocument/hover",
            {"textDocument": {"uri": buffer.uri}, "position": position(buffer.text, at, self.encoding)},
        )

    async def command(self, name: str, argument: Json) -> Any:
        return await self.request("workspace/executeCommand", {"command": name, "arguments": [argument]})

    async def until(self, condition: Callable[[], bool], *, timeout_s: float = 60.0) -> None:
        """Wait until something that the server tells makes a condition true."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                if self.process.returncode is not None or (
                    self._reading is not None and self._reading.done()
                ):
                    raise ConnectionError("the server is gone")
                await self._changed.wait()

    async def more_events(self, seen: int, *, timeout_s: float = 60.0) -> None:
        """Wait for a job event behind the first ``seen``."""
        await self.until(lambda: len(self.job_events) > seen, timeout_s=timeout_s)

    def state(self, job: str) -> str:
        """The newest state that the server told of a job."""
        return next((e["state"] for e in reversed(self.job_events) if e["jobId"] == job), "")

    # --- the wire ---------------------------------------------------------------------

    async def request(self, method: str, params: Any, *, timeout_s: float = _ANSWER_S) -> Any:
        number = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send({"id": number, "method": method, "params": params})
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            self._waiting.pop(number, None)

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode("utf-8")
        if self.process.stdin is None or self.process.stdin.is_closing():
            raise ConnectionError("the server is gone")
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def _read(self) -> None:
        stdout = self.process.stdout
        if stdout is None:
            return
        try:
            while True:
                header = await stdout.readuntil(b"\r\n\r\n")
                length = next(
                    int(h.split(b":")[1])
                    for h in header.split(b"\r\n")
                    if h.lower().startswith(b"content-length")
                )
                self._receive(json.loads(await stdout.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(ConnectionError("the server is gone"))
        finally:
            self._changed.set()

    def _receive(self, message: Json) -> None:
        if "method" not in message:
            self._answered(message)
        elif "id" in message:
            self._send({"id": message["id"], "result": self._serve(message["method"], message.get("params"))})
        else:
            self._told(message["method"], message.get("params"))
        self._changed.set()

    def _answered(self, message: Json) -> None:
        future = self._waiting.get(message["id"])
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(ServerError(message["error"]["code"], message["error"]["message"]))
        else:
            future.set_result(message.get("result"))

    def _told(self, method: str, params: Any) -> None:
        match method:
            case "agentLs/jobChanged":
                self.job_events.append(params)
            case "$/progress":
                self.progress.append(params["value"])
            case "window/showMessage":
                self.messages.append(params["message"])
            case "textDocument/publishDiagnostics":
                self.diagnostics[params["uri"]] = params["diagnostics"]
            case _:
                pass
        self.on_event(method, params)

    def _serve(self, method: str, params: Any) -> Any:
        match method:
            case "workspace/applyEdit":
                return self._apply(params["edit"])
            case "workspace/configuration":
                return [self.settings for _ in params["items"]]
            case "window/showDocument":
                self.shown.append(params["uri"])
                return {"success": True}
            case "window/showMessageRequest":
                actions: list[Json] = params.get("actions") or []
                titles = [str(action["title"]) for action in actions]
                self.messages.append(params["message"])
                chosen = self.choose(params["message"], titles)
                return None if chosen is None else {"title": chosen}
            case _:
                return None

    def _apply(self, edit: Json) -> Json:
        self.applied.append(edit)
        try:
            self._edits.land(edit, self.encoding)
        except EditRefusedError as error:
            return {"applied": False, "failureReason": str(error)}
        return {"applied": True}
