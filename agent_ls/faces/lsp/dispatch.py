"""Requests to handlers and back: every request is answered exactly once, whatever happens.

This is the LSP door for broad ``except``: a handler's exception becomes one sentence for
the person, and its details go to the log only (they hold paths and text).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import Any, final

from agent_ls.core.errors import AgentLsError, UsageError
from agent_ls.faces.lsp.framing import encode
from agent_ls.faces.lsp.registry import Features, Handler
from agent_ls.faces.lsp.rpc import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    REQUEST_CANCELLED,
    REQUEST_FAILED,
    MsgId,
    Notification,
    Request,
    RpcError,
    answer,
    error_answer,
)
from agent_ls.faces.lsp.shapes import problem_with

_log = logging.getLogger(__name__)
Send = Callable[[bytes], None]


@final
class Dispatcher:
    """Runs handlers on the loop; owns the requests that are in flight."""

    def __init__(self, send: Send, features: Features) -> None:
        self._send = send
        self._features = features
        self._running: dict[MsgId, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def request(self, request: Request) -> bool:
        """Serve one request; ``True`` if a task was started for it.

        Never raises: what goes wrong is the request's answer.
        """
        if request.id in self._running:
            error = RpcError(INVALID_REQUEST, "A request with this id is still being worked on.")
            self.refuse(request.id, error)
            return False
        try:
            handler = self._handler(request)
            result = handler(request.params or {})
        except Exception as error:  # noqa: BLE001  (the request guard)
            self.refuse(request.id, as_rpc_error(error, request.method))
            return False
        if not inspect.iscoroutine(result):
            self._answer(request, result)
            return False
        task = self._start(result)
        self._running[request.id] = task
        task.add_done_callback(lambda done: self._finish(request, done))
        return True

    def notification(self, notification: Notification) -> bool:
        """Tell every listener; ``True`` if a task was started. Unknown methods and bad params are logged."""
        method = notification.method
        handlers = self._features.notifications.get(method)
        if handlers is None:
            if not method.startswith("$/"):
                _log.info("notification %.80s is not known and was ignored", method)
            return False
        problem = problem_with(method, notification.params)
        if problem is not None:
            _log.warning("notification %s was ignored: %s", method, problem)
            return False
        started = False
        for handler in handlers:
            started |= self._notify(handler, method, notification.params or {})
        return started

    def cancel(self, msg_id: Any) -> None:
        """Answer a running request as cancelled, now, and cancel its work. Unknown ids are fine."""
        task = self._running.pop(msg_id, None) if isinstance(msg_id, int | str) else None
        if task is not None:
            task.cancel()
            self.refuse(msg_id, RpcError(REQUEST_CANCELLED, "The request was cancelled."))

    async def settle(self, grace_s: float) -> None:
        """Let what runs finish for a moment, then cancel it: every request gets its answer."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=grace_s)
        for msg_id in list(self._running):
            self.cancel(msg_id)

    def refuse(self, msg_id: MsgId | None, error: RpcError) -> None:
        """Send an error answer."""
        self._send(encode(error_answer(msg_id, error)))

    def _handler(self, request: Request) -> Handler:
        handler = self._features.requests.get(request.method)
        if handler is None:
            if request.method in self._features.notifications:
                raise RpcError(INVALID_REQUEST, f"{request.method} is a notification and takes no id.")
            raise RpcError(METHOD_NOT_FOUND, f"{request.method[:80]!r} is not a method of this server.")
        problem = problem_with(request.method, request.params)
        if problem is not None:
            raise RpcError(INVALID_PARAMS, f"{request.method}: {problem}")
        return handler

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)
        return task

    def _finish(self, request: Request, task: asyncio.Task[Any]) -> None:
        if self._running.get(request.id) is not task:  # answered as cancelled already
            _swallow(task, request.method)
            return
        del self._running[request.id]
        if task.cancelled():
            self.refuse(request.id, RpcError(REQUEST_CANCELLED, "The request was cancelled."))
            return
        error = task.exception()
        if error is not None:
            self.refuse(request.id, as_rpc_error(error, request.method))
        else:
            self._answer(request, task.result())

    def _answer(self, request: Request, result: Any) -> None:
        try:
            frame = encode(answer(request.id, result))
        except (TypeError, ValueError, RecursionError) as error:
            self.refuse(request.id, as_rpc_error(error, request.method))
            return
        self._send(frame)

    def _notify(self, handler: Handler, method: str, params: dict[str, Any]) -> bool:
        try:
            result = handler(params)
        except Exception:  # noqa: BLE001  (the request guard, for those without an answer)
            _log.exception("a listener of %s failed", method)
            return False
        if not inspect.iscoroutine(result):
            return False
        self._start(result).add_done_callback(lambda done: _swallow(done, method))
        return True


def as_rpc_error(error: BaseException, method: str) -> RpcError:
    """The answer that an exception deserves. Details of unexpected ones stay in the log."""
    if isinstance(error, RpcError):
        return error
    if isinstance(error, AgentLsError):
        code = INVALID_PARAMS if isinstance(error, UsageError) else REQUEST_FAILED
        return RpcError(code, error.sentence(), {"code": error.code})
    _log.error("the handler of %s failed", method, exc_info=error)
    sentence = f"Something in agent-ls failed on {method}. Nothing was changed; its log has the details."
    return RpcError(INTERNAL_ERROR, sentence)


def _swallow(task: asyncio.Task[Any], method: str) -> None:
    """Take a finished task's exception, so that it is logged once and here."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("work for %s failed", method, exc_info=error)
