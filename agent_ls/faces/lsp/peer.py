"""The editor as something to talk to: the part of `session.ServerContext` that these rooms need."""

from __future__ import annotations

from typing import Any, Protocol


class Peer(Protocol):
    """Requests and notifications to the editor."""

    async def request(self, method: str, params: Any = None, *, timeout_s: float = ...) -> Any:
        """Ask the editor; its result.

        Raises:
            ClientError: it answered with an error.
            TimeoutError: it did not answer in time.
        """
        ...

    def notify(self, method: str, params: Any = None) -> None:
        """Tell the editor."""
        ...
