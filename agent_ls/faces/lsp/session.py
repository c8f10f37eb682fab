"""One client's session: messages in order, the standard duties, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, final

from agent_ls.faces.lsp.capabilities import choose_encoding, initialize_result, workspace_roots
from agent_ls.faces.lsp.client import Client
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.dispatch import Dispatcher, as_rpc_error
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.framing import Broken, Frame, encode
from agent_ls.faces.lsp.json_values import Json, as_object
from agent_ls.faces.lsp.lifecycle import Lifecycle, Phase
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.rpc import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    Malformed,
    Notification,
    Request,
    Response,
    RpcError,
    answer,
    classify,
)
from agent_ls.faces.lsp.shapes import problem_with
from agent_ls.faces.lsp.uris import uri_to_path

_log = logging.getLogger(__name__)
_GRACE_S: Final = 0.3  # for requests in flight when the session ends
_HOOKS_S: Final = 0.6  # for all shutdown hooks together

Hook = Callable[[], Awaitable[None]]


@final
class ServerContext:
    """What features get from the edge. Lives on the loop; the client's facts never change.

    Attributes:
        documents: The open documents.
        capabilities: ``ClientCapabilities`` as they came.
        client_info: ``{"name", "version"?}`` of the editor, ``{}`` if it did not say.
        options: ``initializationOptions`` if they are an object, else ``{}``.
        encoding: The negotiated position encoding.
        roots: The workspace folders of now, as paths.
        debug: The user asked for debug requests.
    """

    def __init__(self, params: Json, client: Client, *, debug: bool) -> None:
        self.capabilities: Json = params["capabilities"]
        self.client_info: Json = params.get("clientInfo") or {}
        self.options: Json = as_object(params.get("initializationOptions")) or {}
        self.encoding: Encoding = choose_encoding(self.capabilities)
        self.documents = Documents(self.encoding)
        self.roots: tuple[Path, ...] = workspace_roots(params)
        self.debug = debug
        self._client = client
        self._hooks: list[Hook] = []
        self.request = client.request
        self.notify = client.notify

    def on_shutdown(self, hook: Hook) -> None:
        """Run ``hook`` when the session ends, however it ends; last registered, first run.

        All hooks together have 0.6 s; then they are cancelled, and the process leaves.
        """
        self._hooks.append(hook)

    def change_folders(self, params: Json) -> None:
        """Follow ``workspace/didChangeWorkspaceFolders``."""
        event = params["event"]
        gone = {uri_to_path(folder["uri"]) for folder in event["removed"]}
        new = [uri_to_path(folder["uri"]) for folder in event["added"]]
        kept = [root for root in self.roots if root not in gone]
        self.roots = tuple(dict.fromkeys([*kept, *(path for path in new if path is not None)]))

    async def run_hooks(self) -> None:
        """Run every hook once; a failing one is logged and the others still run."""
        while self._hooks:
            hook = self._hooks.pop()
            try:
                await hook()
            except Exception:  # one hook's bug must not keep the others from saving  # noqa: BLE001
                _log.exception("a shutdown hook failed")


@final
class Session:
    """Takes frames in order, on the loop; knows when it is over."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        build: Callable[[ServerContext], Features],
        offers: Mapping[str, Any],
        on_parent: Callable[[int], None],
        *,
        debug: bool,
    ) -> None:
        self._send = send
        self._build = build
        self._offers = offers
        self._on_parent = on_parent
        self._debug = debug
        self._lifecycle = Lifecycle()
        self._features = Features()
        self._dispatcher = Dispatcher(send, self._features)
        self._client = Client(send)
        self._context: ServerContext | None = None
        self._queue: deque[Frame] = deque()
        self._pumping = False
        self._shutting_down: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self.over = asyncio.Event()

    @property
    def exit_code(self) -> int:
        return self._lifecycle.exit_code

    def receive(self, frames: Iterable[Frame]) -> None:
        """Queue what arrived. Messages are handled in order, one at a time."""
        self._queue.extend(frames)
        if not self._pumping:
            self._pump()

    def leave(self, reason: str) -> None:
        """The client is gone or wants us gone: handle what is queued, then end."""
        _log.info("leaving: %s", reason)
        self._queue.append(_LEAVE)
        if not self._pumping:
            self._pump()

    async def close(self) -> None:
        """Settle requests, run the shutdown hooks; once, however often it is asked for."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._dispatcher.settle(_GRACE_S)
        if self._context is not None:
            hooks = asyncio.get_running_loop().create_task(self._context.run_hooks())
            done, _ = await asyncio.wait([hooks], timeout=_HOOKS_S)
            if not done:
                hooks.cancel()
                _log.warning("shutdown hooks took too long and were cancelled")

    def _pump(self) -> None:
        """Handle queued frames up to the first that starts a task.

        That task then runs to its first ``await`` before the next frame is looked at: the text
        a handler sees is the text its request was about, also when a didChange came right behind.
        """
        self._pumping = False
        while self._queue:
            if self._handle(self._queue.popleft()):
                self._pumping = True
                asyncio.get_running_loop().call_soon(self._pump)
                return

    def _handle(self, frame: Frame) -> bool:
        if frame is _LEAVE:
            self.over.set()
            return False
        if isinstance(frame, Broken):
            self._dispatcher.refuse(None, RpcError(frame.code, frame.reason))
            return False
        match classify(frame.value):
            case Request() as request:
                return self._request(request)
            case Notification() as notification:
                return self._notification(notification)
            case Response() as response:
                self._client.respond(response)
            case Malformed(msg_id, reason):
                self._dispatcher.refuse(msg_id, RpcError(INVALID_REQUEST, reason))
        return False

    def _request(self, request: Request) -> bool:
        refusal = self._lifecycle.refusal(request.method)
        if refusal is not None:
            self._dispatcher.refuse(request.id, refusal)
            return False
        if request.method == "initialize":
            self._initialize(request)
            return False
        if request.method == "shutdown":
            self._shut_down(request)
            return False
        return self._dispatcher.request(request)

    def _shut_down(self, request: Request) -> None:
        """Refuse what comes from now on; answer when everything is saved."""
        self._lifecycle.phase = Phase.SHUT_DOWN
        closing = asyncio.get_running_loop().create_task(self.close())
        closing.add_done_callback(lambda _done: self._send(encode(answer(request.id, None))))
        self._shutting_down = closing

    def _notification(self, notification: Notification) -> bool:
        method = notification.method
        if not self._lifecycle.hears(method):
            _log.info("%.80s was ignored %s", method, self._lifecycle.phase.value)
        elif method == "exit":
            self.over.set()
        elif method == "$/cancelRequest":
            self._dispatcher.cancel((as_object(notification.params) or {}).get("id"))
        else:
            return self._dispatcher.notification(notification)
        return False

    def _initialize(self, request: Request) -> None:
        problem = problem_with("initialize", request.params)
        if problem is not None:
            self._dispatcher.refuse(request.id, RpcError(INVALID_PARAMS, f"initialize: {problem}"))
            return
        self._lifecycle.phase = Phase.RUNNING
        self._send(encode(answer(request.id, initialize_result(request.params, self._offers))))
        if request.params.get("processId") is not None:
            self._on_parent(int(request.params["processId"]))
        context = ServerContext(request.params, self._client, debug=self._debug)
        self._context = context
        _register_standard(self._features, context)
        if self._debug:
            _register_debug(self._features, context)
        try:
            self._features.include(self._build(context))
        except Exception as error:  # a server without features still says why  # noqa: BLE001
            failure = as_rpc_error(error, "start-up")
            self._client.notify("window/showMessage", {"type": 1, "message": f"agent-ls: {failure.message}"})
        if self._features.commands:
            self._features.feature("workspace/executeCommand")(self._features.execute_command)


def _register_standard(features: Features, context: ServerContext) -> None:
    """What the edge does itself, beneath every feature."""
    documents = context.documents

    def initialized(_params: Json) -> None:
        """Nothing waits for it; a method that is known takes no id."""

    features.notification("initialized")(initialized)
    features.notification("textDocument/didOpen")(documents.did_open)
    features.notification("textDocument/didChange")(documents.did_change)
    features.notification("textDocument/didSave")(documents.did_save)
    features.notification("textDocument/didClose")(documents.did_close)
    features.notification("workspace/didChangeWorkspaceFolders")(context.change_folders)


def _register_debug(features: Features, context: ServerContext) -> None:
    """Requests for tests and curious people; only with ``--debug``."""

    @features.feature("agentLs/debug/documentText")
    def document_text(params: Json) -> Json:
        document = context.documents.text(params["uri"])
        if document is None:
            return {"text": None, "version": None}
        return {"text": document.data.decode("utf-8"), "version": document.version}

    @features.feature("agentLs/debug/sleep")
    async def sleep(params: Json) -> Json:
        await asyncio.sleep(params["seconds"])
        return {}


_LEAVE: Final = Broken(0, "end of input")
