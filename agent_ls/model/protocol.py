"""The seam between the agent and whoever thinks: one whole turn in, one whole turn out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

from agent_ls.core.job import Usage

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One request. All parts are in the wire format of the Messages API, byte-stable between turns.

    ``system``, ``tools`` and ``messages`` carry their cache breakpoints already.
    """

    model: str
    system: Sequence[Json]
    tools: Sequence[Json]
    messages: Sequence[Json]
    max_tokens: int


@final
@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants to run. ``problem`` is set where its input is not one strict JSON object."""

    id: str
    name: str
    input: Json
    problem: str = ""


@final
@dataclass(frozen=True, slots=True)
class Turn:
    """One whole answer: it exists only after ``message_stop``.

    ``content`` holds the blocks exactly as they must be sent back (thinking included).
    """

    content: list[Json]
    calls: tuple[ToolCall, ...]
    stop_reason: str
    usage: Usage
    model: str
    request_id: str = ""

    @property
    def text(self) -> str:
        """The visible prose of the answer."""
        return "".join(str(block.get("text", "")) for block in self.content if block.get("type") == "text")


class Model(Protocol):
    """A model behind some service, or a script that stands in for one."""

    async def turn(self, request: TurnRequest, on_text: Callable[[str], None] | None = None) -> Turn:
        """Ask for one turn; cancelling the task closes the connection.

        ``on_text`` hears of visible text as it arrives, for progress only.

        Raises:
            ModelError: the service failed; ``retryable`` says whether the same turn may succeed later.
        """
        ...
