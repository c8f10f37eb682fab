"""The other direction: requests and notifications to the client, each wait with a deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, final

from agent_ls.faces.lsp.framing import encode
from agent_ls.faces.lsp.json_values import as_object
from agent_ls.faces.lsp.rpc import Response

_log = logging.getLogger(__name__)
DEFAULT_TIMEOUT_S: Final = 30.0


class ClientError(Exception):
    """The client answered a request with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message


@final
class Client:
    """Speaks to the client. Lives on the loop."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last_id = 0

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification; nothing comes back."""
        self._send(encode(_message(method, params)))

    async def request(self, method: str, params: Any = None, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Any:
        """Send a request and wait for its result.

        The request is on its way when this is first awaited. When the wait ends early (deadline
        or cancellation) the client is told by ``$/cancelRequest`` and a late answer is dropped.

        Raises:
            ClientError: the client answered with an error.
            TimeoutError: no answer within ``timeout_s``.
        """
        self._last_id += 1
        msg_id = self._last_id
        frame = encode({**_message(method, params), "id": msg_id})
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[msg_id] = future
        self._send(frame)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except (TimeoutError, asyncio.CancelledError):
            self.notify("$/cancelRequest", {"id": msg_id})
            raise
        finally:
            del self._waiting[msg_id]

    def respond(self, response: Response) -> None:
        """Hand an answer to whoever waits for it. One that nobody waits for is logged."""
        future = self._waiting.get(response.id) if isinstance(response.id, int) else None
        if future is None or future.done():
            _log.info("an answer nobody waits for was dropped (id %.40r)", response.id)
        elif response.error is None:
            future.set_result(response.result)
        else:
            future.set_exception(_client_error(response.error))


def _message(method: str, params: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def _client_error(error: Any) -> ClientError:
    described = as_object(error) or {}
    code, message = described.get("code"), described.get("message")
    return ClientError(code if isinstance(code, int) else 0, str(message or "The client gave no reason"))
