"""What a server can do: handlers by method, registered by the rooms that own them.

One way for all: a handler takes the validated params as a JSON object (``{}`` where the
message had none) and returns JSON, at once (``def``) or later (``async def``). There are no
thread handlers: work that blocks belongs into a process. An ``async`` handler runs up to
its first ``await`` before the next message is looked at, so a snapshot taken there is the
one the editor meant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, final

from agent_ls.faces.lsp.json_values import Json, as_array, as_object
from agent_ls.faces.lsp.rpc import INVALID_PARAMS, RpcError

Handler = Callable[[Json], Any] | Callable[[Json], Awaitable[Any]]
_H = TypeVar("_H", bound=Handler)


@final
class Features:
    """A table of handlers. ``feature`` and ``command`` are decorators and plain calls alike."""

    def __init__(self) -> None:
        self.requests: dict[str, Handler] = {}
        self.notifications: dict[str, list[Handler]] = {}
        self.commands: dict[str, Handler] = {}

    def feature(self, method: str) -> Callable[[_H], _H]:
        """Register the handler of a request. One per method: a second one is a bug.

        Raises:
            ValueError: the method has a handler already.
        """

        def register(handler: _H) -> _H:
            if method in self.requests:
                raise ValueError(f"{method} has a handler already")
            self.requests[method] = handler
            return handler

        return register

    def notification(self, method: str) -> Callable[[_H], _H]:
        """Add a listener for a notification; listeners run in the order of registration."""

        def register(handler: _H) -> _H:
            self.notifications.setdefault(method, []).append(handler)
            return handler

        return register

    def command(self, name: str) -> Callable[[_H], _H]:
        """Register a command of ``workspace/executeCommand``; its handler takes the one JSON object argument.

        Raises:
            ValueError: the command has a handler already.
        """

        def register(handler: _H) -> _H:
            if name in self.commands:
                raise ValueError(f"command {name} has a handler already")
            self.commands[name] = handler
            return handler

        return register

    def include(self, other: Features) -> None:
        """Take over everything that ``other`` registered."""
        for method, handler in other.requests.items():
            self.feature(method)(handler)
        for method, handlers in other.notifications.items():
            for handler in handlers:
                self.notification(method)(handler)
        for name, handler in other.commands.items():
            self.command(name)(handler)

    def execute_command(self, params: Json) -> Any:
        """The handler of ``workspace/executeCommand``: finds the command, unpacks its argument."""
        name, arguments = str(params["command"]), as_array(params.get("arguments")) or [{}]
        handler = self.commands.get(name)
        if handler is None:
            raise RpcError(INVALID_PARAMS, f"There is no command {name[:80]!r} here.")
        argument = as_object(arguments[0])
        if argument is None or len(arguments) != 1:
            raise RpcError(INVALID_PARAMS, f"{name} takes one JSON object as its only argument.")
        return handler(argument)
