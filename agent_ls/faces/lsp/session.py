"""One client's session: messages in order, the standard duties, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, final

from agent_ls.faces.lsp.capabilities import initialize_result
from agent_ls.faces.lsp.client import Client
from agent_ls.faces.lsp.context import ServerContext
from agent_ls.faces.lsp.dispatch import Dispatcher, as_rpc_error
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

_log = logging.getLogger(__name__)
_GRACE_S: Final = 0.3  # for requests in flight when the session ends
_HOOKS_S: Final = 0.6  # for all shutdown hooks together


Build = Callable[[ServerContext], Features | Awaitable[Features]]
"""Imports and registers the features; messages wait in order until it is done.

The client may be asked things only after its ``initialized``: listen for that notification.
"""


@final
class Session:
    """Takes frames in order, on the loop; knows when it is over."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        build: Build,
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
        self._pumping = False  # the rest of the queue is scheduled
        self._building: asyncio.Task[None] | None = None
        self._shutdown: Request | None = None
        self._closing: asyncio.Task[None] | None = None
        self.over = asyncio.Event()

    @property
    def exit_code(self) -> int:
        return self._lifecycle.exit_code

    def receive(self, frames: Iterable[Frame]) -> None:
        """Queue what arrived. Messages are handled in order, one at a time."""
        self._queue.extend(frames)
        self._go_on()

    def leave(self, reason: str) -> None:
        """The client is gone or wants us gone: handle what is queued, then end."""
        _log.info("leaving: %s", reason)
        if self._building is not None:  # what is queued waits for features, but not for ever
            asyncio.get_running_loop().call_later(_GRACE_S, self.over.set)
        self._queue.append(_LEAVE)
        self._go_on()

    async def close(self) -> None:
        """Settle requests, run the shutdown hooks; once, however often it is asked for."""
        await asyncio.shield(self._begin_close())

    def _begin_close(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        return self._closing

    async def _close(self) -> None:
        await self._dispatcher.settle(_GRACE_S)
        if self._building is not None:
            self._building.cancel()
        if self._context is not None:
            hooks = asyncio.get_running_loop().create_task(self._context.end())
            done, _ = await asyncio.wait([hooks], timeout=_HOOKS_S)
            if not done:
                hooks.cancel()
                _log.warning("shutdown hooks took too long and were cancelled")
        if self._shutdown is not None:
            self._send(encode(answer(self._shutdown.id, None)))

    def _go_on(self) -> None:
        if not self._pumping:
            self._pump()

    def _pump(self) -> None:
        """Handle queued frames up to the first that starts a task.

        That task then runs to its first ``await`` before the next frame is looked at: the text
        a handler sees is the text its request was about, also when a didChange came right behind.
        """
        self._pumping = False
        while self._queue and self._building is None:
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
        self._shutdown = request
        self._begin_close()

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
        parent = request.params.get("processId")
        if parent is not None and parent > 0:
            self._on_parent(int(parent))
        context = ServerContext(request.params, self._client, debug=self._debug)
        self._context = context
        _register_standard(self._features, context)
        if self._debug:
            _register_debug(self._features, context)
        self._building = asyncio.get_running_loop().create_task(self._add_features(context))

    async def _add_features(self, context: ServerContext) -> None:
        try:
            built = self._build(context)
            self._features.include(built if isinstance(built, Features) else await built)
        except Exception as error:  # noqa: BLE001  (a server without features still says why)
            failure = as_rpc_error(error, "start-up")
            self._client.notify("window/showMessage", {"type": 1, "message": f"agent-ls: {failure.message}"})
        if self._features.commands:
            self._features.feature("workspace/executeCommand")(self._features.execute_command)
        self._building = None
        self._go_on()


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
