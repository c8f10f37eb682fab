"""Scripted turns: played by place in the conversation, and held against what the tools really said."""

from __future__ import annotations

import json

import pytest

from agent_ls.core.errors import ConfigError
from agent_ls.model.protocol import TurnRequest
from agent_ls.model.script import read_script
from agent_ls.model.scripted import Scripted, ScriptMismatchError

SCRIPT = {
    "note": "reads, then ends",
    "turns": [
        {
            "content": [
                {"type": "text", "text": "Reading."},
                {"type": "tool_use", "name": "read_file", "input": {"path": "a.py"}},
                {"type": "tool_use", "name": "outline", "input": {"path": "a.py"}},
            ],
            "usage": {"input": 9, "output": 4},
        },
        {
            "expect": ["1  a = 1\n", {"contains": ["def", "parse"]}],
            "content": [{"type": "tool_use", "id": "own", "name": "finish", "input": {}}],
        },
        {"expect": [{"contains": "ok"}], "content": [{"type": "text", "text": "Done."}]},
    ],
}


def scripted() -> Scripted:
    return Scripted(read_script(json.dumps(SCRIPT), "demo.json"))


def request(messages: list[dict]) -> TurnRequest:
    return TurnRequest("m", [], [], messages, 100)


def results(*pairs: tuple[str, object]) -> dict:
    content = [{"type": "tool_result", "tool_use_id": i, "content": text} for i, text in pairs]
    return {"role": "user", "content": [*content, {"type": "text", "text": "told meanwhile"}]}


async def conversation(model: Scripted, *answers: list[object]) -> list[dict]:
    """Plays the script until the given tool answers are used up; returns all messages."""
    messages: list[dict] = [{"role": "user", "content": "go"}]
    for texts in answers:
        turn = await model.turn(request(messages))
        ids = [call.id for call in turn.calls]
        messages.append({"role": "assistant", "content": turn.content})
        messages.append(results(*zip(ids, texts, strict=True)))
    return messages


RIGHT = (["1  a = 1\n", [{"type": "text", "text": "def parse()"}]], ["ok, finished"])


async def test_a_whole_script_matches() -> None:
    model = scripted()
    heard: list[str] = []
    first = await model.turn(request([{"role": "user", "content": "go"}]), heard.append)
    assert heard == ["Reading."]
    assert [call.id for call in first.calls] == ["toolu_000_1", "toolu_000_2"]
    assert (first.stop_reason, first.usage.input) == ("tool_use", 9)
    last = await model.turn(request(await conversation(model, *RIGHT)))
    assert (last.text, last.stop_reason) == ("Done.", "end_turn")
    assert (model.matched, model.expected, model.score) == (3, 3, "3/3 tool results matched")


async def test_a_fresh_object_goes_on_where_the_conversation_is() -> None:
    messages = await conversation(scripted(), *RIGHT)
    resumed = scripted()
    assert (await resumed.turn(request(messages))).text == "Done."
    assert resumed.score == "3/3 tool results matched"


@pytest.mark.parametrize(
    ("answers", "difference", "score"),
    [
        ((["1  a = 2\n", "def parse"],), "-1  a = 1\n+1  a = 2", "0/3"),
        ((["1  a = 1\n", "def other"],), "missing: 'parse'", "1/3"),
        ((RIGHT[0], ["refused"]), "missing: 'ok'", "2/3"),
    ],
)
async def test_another_result_ends_it_with_the_difference(
    answers: tuple[list[object], ...], difference: str, score: str
) -> None:
    model = scripted()
    messages = await conversation(model, *answers)
    with pytest.raises(ScriptMismatchError) as mismatch:
        await model.turn(request(messages))
    assert difference in mismatch.value.what
    assert not mismatch.value.retryable
    assert model.score == f"{score} tool results matched"
    assert score in mismatch.value.kept


async def test_a_missing_result_is_a_mismatch() -> None:
    model = scripted()
    messages = await conversation(model, RIGHT[0])
    messages[-1]["content"] = messages[-1]["content"][1:]
    with pytest.raises(ScriptMismatchError, match="2 results expected, 1 given"):
        await model.turn(request(messages))


async def test_a_script_that_is_over_says_so() -> None:
    model = scripted()
    messages = [*await conversation(model, *RIGHT), {"role": "assistant", "content": []}]
    with pytest.raises(ScriptMismatchError, match="3 turns and was asked for one more"):
        await model.turn(request([*messages, {"role": "user", "content": "go on"}]))


async def test_turns_cannot_be_changed_through_what_was_played() -> None:
    model = scripted()
    turn = await model.turn(request([{"role": "user", "content": "go"}]))
    turn.content[1]["input"]["path"] = "evil.py"
    again = await model.turn(request([{"role": "user", "content": "go"}]))
    assert again.calls[0].input == {"path": "a.py"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"turns": 3}', '{"turns": [{}]}', '{"turns": [{"content": [{}]}]}', "null"]
)
def test_what_is_no_script_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"demo\.json is not a script"):
        read_script(text, "demo.json")
