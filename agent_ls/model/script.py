"""Scripted turns as data: what a stand-in for a model says, and what it expects to be told.

Format (JSON)::

    {"note": "…",
     "turns": [{"expect": ["exact text", {"contains": "part"}],
                "content": [{"type": "text", "text": "…"},
                            {"type": "tool_use", "name": "read_file", "input": {"path": "a.py"}}],
                "usage": {"input": 900, "output": 40},
                "stop_reason": "tool_use",
                "pause_s": 0.2}]}

``expect`` are the tool results the turn was written against, in order; ``contains`` may also be
a list of parts. ``usage``, ``stop_reason`` and ``pause_s`` (the turn takes at least that long)
may be missing, and so may the ids of tool calls.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, final

from agent_ls.core.errors import ConfigError
from agent_ls.core.job import Usage
from agent_ls.model.protocol import Json

_SHOWN_LINES = 40


@final
@dataclass(frozen=True, slots=True)
class Expected:
    """A tool result as the script's writer saw it: the whole text, or parts that must be in it."""

    parts: tuple[str, ...]
    exact: bool

    def difference(self, actual: str) -> str:
        """``""`` where the result is as expected, else a readable account of what is different."""
        if self.exact:
            return "" if actual == self.parts[0] else _diff(self.parts[0], actual)
        missing = [part for part in self.parts if part not in actual]
        if not missing:
            return ""
        shown = "\n".join(actual.splitlines()[:_SHOWN_LINES])
        return "\n".join(f"missing: {part!r}" for part in missing) + f"\nin:\n{shown}"


@final
@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """One turn. ``stop_reason`` follows from the content where the script does not say."""

    expect: tuple[Expected, ...]
    content: tuple[Json, ...]
    stop_reason: str
    usage: Usage
    pause_s: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class Script:
    """A whole conversation's turns."""

    turns: tuple[ScriptedTurn, ...]
    note: str = ""

    @property
    def expected(self) -> int:
        """How many tool results the whole script expects."""
        return sum(len(turn.expect) for turn in self.turns)


def read_script(text: str, source: str) -> Script:
    """Read a script; ``source`` names it in errors.

    Raises:
        ConfigError: no JSON, or not of the format above.
    """
    try:
        return script_from_json(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"{source} is not a script of model turns: {error!r}",
            remedy="Give a JSON object with a list `turns`, each with its `content`",
        ) from error


def script_from_json(value: Any) -> Script:
    """The script in a JSON value. Raises `ValueError`, `KeyError` or `TypeError` where it is none."""
    turns = cast("Sequence[Mapping[str, Any]]", value["turns"])
    return Script(
        turns=tuple(_turn(number, turn) for number, turn in enumerate(turns)),
        note=str(value.get("note", "")),
    )


def tool_results(message: Mapping[str, Any]) -> list[str]:
    """The texts of a user message's tool results, in order."""
    content: object = message.get("content")
    if not isinstance(content, list):
        return []
    blocks = cast("list[Json]", content)
    return [_result_text(block.get("content")) for block in blocks if block.get("type") == "tool_result"]


def _result_text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(block.get("text", "")) for block in cast("list[Json]", content))
    return "" if content is None else str(content)


def _turn(number: int, turn: Mapping[str, Any]) -> ScriptedTurn:
    content = tuple(_block(number, i, block) for i, block in enumerate(turn["content"]))
    calls = any(block["type"] == "tool_use" for block in content)
    return ScriptedTurn(
        expect=tuple(_expected(item) for item in turn.get("expect", ())),
        content=content,
        stop_reason=str(turn.get("stop_reason") or ("tool_use" if calls else "end_turn")),
        usage=Usage(**turn.get("usage", {})),
        pause_s=float(turn.get("pause_s", 0.0)),
    )


def _block(turn: int, index: int, block: Mapping[str, Any]) -> Json:
    if "type" not in block:
        raise ValueError(f"turn {turn}: a block without a type")
    if block["type"] == "tool_use" and "id" not in block:
        # Derived from the place, so that a resumed conversation has the same ids.
        return {
            "type": "tool_use",
            "id": f"toolu_{turn:03}_{index}",
            **{k: v for k, v in block.items() if k != "type"},
        }
    return dict(block)


def _expected(item: object) -> Expected:
    if isinstance(item, str):
        return Expected((item,), exact=True)
    parts: object = cast("Json", item)["contains"]
    return Expected((parts,) if isinstance(parts, str) else tuple(cast("list[str]", parts)), exact=False)


def _diff(expected: str, actual: str) -> str:
    lines = list(
        difflib.unified_diff(
            expected.split("\n"),
            actual.split("\n"),
            "the script expects",
            "the tool answered",
            lineterm="",
            n=2,
        )
    )
    return "\n".join(lines[:_SHOWN_LINES])
