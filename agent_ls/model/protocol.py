"""The seam between the agent and whoever thinks: one whole turn in, one whole turn out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, final

from agent_ls.core.errors import ModelError
from agent_ls.core.job import Usage

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One request. All parts are in the wire format of the Messages API, byte-stable between turns.

    ``system``, ``tools`` and ``messages`` carry their cache breakpoints already. ``options`` are
    further top-level fields (``thinking``, ``tool_choice``, …): those that a service may not know,
    and that are left out for it when it says so.
    """

    model: str
    system: Sequence[Json]
    tools: Sequence[Json]
    messages: Sequence[Json]
    max_tokens: int
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


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

    ``content`` holds the blocks exactly as they must be sent back (thinking included); blank text
    blocks, which a service sends but does not accept, are left out, so it may be empty.
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


@final
class ContextOverflowError(ModelError):
    """The conversation is longer than the model's window: shorten it, then ask again."""

    code = "context_overflow"


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """What a model takes and gives at most, in tokens; ``None`` where its service does not say."""

    context: int | None = None
    output: int | None = None


class Model(Protocol):
    """A model behind some service, or a script that stands in for one."""

    async def turn(self, request: TurnRequest, on_text: Callable[[str], None] | None = None) -> Turn:
        """Ask for one turn; cancelling the task closes the connection.

        ``on_text`` hears of visible text as it arrives, for progress only.

        Raises:
            ContextOverflowError: the conversation no longer fits the model's window.
            ModelError: the service failed; ``retryable`` says whether the same turn may succeed later.
            ConfigError: key, model or base URL are wrong, which no later try can heal.
        """
        ...

    async def limits(self, model: str) -> Limits:
        """The model's limits as far as its service states them; unknown rather than an error."""
        ...

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        ...
