"""What a tool is: a name, a strict schema, and a function from arguments to text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from agent_ls.agent.bench import Bench
from agent_ls.core.errors import AgentLsError

Json = dict[str, Any]

RESULT_LIMIT = 10_000
"""Characters of a tool result. Beyond it a model reads worse, and every later turn pays for it."""


class ToolRefusedError(AgentLsError):
    """A call that cannot be done as asked; the text goes to the model and says what is right."""

    code = "tool_refused"


@final
@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. ``run`` works on the bench's turn draft and returns the result's text.

    ``run`` raises `AgentLsError` for what the model can put right; the call then changes nothing.
    ``changes``: it edits the draft, which needs the user's leave where a plan was asked for first.
    """

    name: str
    description: str
    properties: Mapping[str, Json]
    run: Callable[[Bench, Json], Awaitable[str]]
    changes: bool = False

    @property
    def schema(self) -> Json:
        """Strict: every property required (optional ones may be null), nothing else allowed."""
        return strict_object(self.properties)

    def definition(self) -> Json:
        """The tool in the wire format of the Messages API."""
        return {
            "name": self.name,
            "description": self.description,
            "input_schema": self.schema,
            "strict": True,
        }


def strict_object(properties: Mapping[str, Json]) -> Json:
    """A JSON Schema object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def string(description: str) -> Json:
    return {"type": "string", "description": description}


def boolean(description: str) -> Json:
    return {"type": "boolean", "description": description}


def optional_string(description: str) -> Json:
    return {"type": ["string", "null"], "description": description}


def optional_integer(description: str) -> Json:
    return {"type": ["integer", "null"], "description": description}


def array(items: Json, description: str) -> Json:
    return {"type": "array", "items": items, "description": description}


def fit(text: str, limit: int = RESULT_LIMIT) -> str:
    """The text within a limit of characters: head and tail, and how much lies between."""
    if len(text) <= limit:
        return text
    room = limit - 80
    head, tail = text[: room * 3 // 5], text[len(text) - room * 2 // 5 :]
    return f"{head}\n[… {len(text) - len(head) - len(tail)} characters left out …]\n{tail}"
