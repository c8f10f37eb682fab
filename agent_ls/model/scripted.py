"""A model that plays turns from a script and holds every tool result against it.

It stands in for a service in demonstrations and tests. Which turn is next follows from the
conversation itself (the number of answers in it), never from a counter: a retried request gets
the same turn, and after ``kill -9`` a fresh object goes on where the journal ends, having
compared the whole past once more.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Sequence
from typing import Any, final

from agent_ls.core.errors import ModelError
from agent_ls.model.protocol import Json, Limits, ToolCall, Turn, TurnRequest
from agent_ls.model.script import Script, ScriptedTurn, tool_results


@final
class ScriptMismatchError(ModelError):
    """The tools answered something else than the script was written against; never retryable."""

    code = "script_mismatch"


@final
class Scripted:
    """`Model` over a `Script`. ``matched`` of ``expected`` tool results were as the script says."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.matched = 0

    @property
    def expected(self) -> int:
        """How many tool results the whole script expects."""
        return self._script.expected

    @property
    def score(self) -> str:
        """For people: ``12/12 tool results matched``."""
        return f"{self.matched}/{self.expected} tool results matched"

    async def turn(self, request: TurnRequest, on_text: Callable[[str], None] | None = None) -> Turn:
        """See `Model.turn`.

        Raises:
            ScriptMismatchError: a tool result differs (its text is the difference), or the script is over.
        """
        number = sum(message.get("role") == "assistant" for message in request.messages)
        self.matched = self._compare(request.messages)
        if number >= len(self._script.turns):
            raise ScriptMismatchError(
                f"The script has {len(self._script.turns)} turns and was asked for one more",
                kept=f"{self.score} before that",
                remedy="The agent did not finish where the script does",
            )
        turn = self._script.turns[number]
        if turn.pause_s:
            await asyncio.sleep(turn.pause_s)
        return _played(turn, request.model, on_text)

    async def limits(self, model: str) -> Limits:  # noqa: ARG002 - a script has none, whatever it plays
        """Unknown."""
        return Limits()

    async def close(self) -> None:
        """Nothing to let go of."""

    def _compare(self, messages: Sequence[Json]) -> int:
        """Hold all tool results of the conversation against the script; returns how many matched."""
        matched = answers = 0
        for message in messages:
            if message.get("role") == "assistant":
                answers += 1
            elif answers < len(self._script.turns):
                results = tool_results(message)
                # The first message has no results, and a told text may come as a message of its own.
                if answers and (results or self._script.turns[answers].expect):
                    matched += self._compare_turn(answers, results, matched)
        return matched

    def _compare_turn(self, number: int, results: list[str], before: int) -> int:
        expect = self._script.turns[number].expect
        if len(results) != len(expect):
            raise self._mismatch(number, before, f"{len(expect)} results expected, {len(results)} given")
        for position, (expected, actual) in enumerate(zip(expect, results, strict=True)):
            difference = expected.difference(actual)
            if difference:
                raise self._mismatch(number, before + position, f"result {position + 1}:\n{difference}")
        return len(expect)

    def _mismatch(self, number: int, matched: int, what: str) -> ScriptMismatchError:
        self.matched = matched
        return ScriptMismatchError(
            f"Before scripted turn {number + 1} the tools answered otherwise than the script expects; {what}\n",
            kept=f"{self.score} until there",
            remedy="Either a tool changed or the sample did: the script must be written anew against them",
        )


def _played(turn: ScriptedTurn, model: str, on_text: Callable[[str], None] | None) -> Turn:
    content: list[dict[str, Any]] = copy.deepcopy(list(turn.content))
    for block in content:
        if on_text is not None and block["type"] == "text":
            on_text(str(block["text"]))
    calls = tuple(
        ToolCall(id=block["id"], name=block["name"], input=block["input"])
        for block in content
        if block["type"] == "tool_use"
    )
    return Turn(content=content, calls=calls, stop_reason=turn.stop_reason, usage=turn.usage, model=model)
