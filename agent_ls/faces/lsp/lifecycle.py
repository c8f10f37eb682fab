"""The life of a server: what may be asked when. A pure state machine; it knows no I/O."""

from __future__ import annotations

from enum import Enum
from typing import final

from agent_ls.faces.lsp.rpc import INVALID_REQUEST, NOT_INITIALIZED, RpcError


class Phase(Enum):
    """Where the session stands."""

    NEW = "before initialize"
    RUNNING = "running"
    SHUT_DOWN = "after shutdown"


@final
class Lifecycle:
    """The phase, and what it refuses."""

    __slots__ = ("phase",)

    def __init__(self) -> None:
        self.phase = Phase.NEW

    @property
    def exit_code(self) -> int:
        """What ``exit`` (or the end of input) means: 0 only after a ``shutdown``."""
        return 0 if self.phase is Phase.SHUT_DOWN else 1

    def refusal(self, method: str) -> RpcError | None:
        """Why a request cannot be served now, or ``None``."""
        if self.phase is Phase.SHUT_DOWN:
            return RpcError(INVALID_REQUEST, "The server was shut down; only exit may follow.")
        if self.phase is Phase.NEW and method != "initialize":
            return RpcError(NOT_INITIALIZED, "The server waits for initialize first.")
        if self.phase is Phase.RUNNING and method == "initialize":
            return RpcError(
                INVALID_REQUEST, "The server is initialized already; documents and jobs are kept."
            )
        return None

    def hears(self, method: str) -> bool:
        """Whether a notification counts now; ``exit`` always does."""
        return method == "exit" or self.phase is Phase.RUNNING
