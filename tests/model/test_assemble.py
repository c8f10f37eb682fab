"""From events to a turn: any slicing gives the same blocks, any prefix gives none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.errors import ModelError
from agent_ls.core.job import Usage
from agent_ls.model.assemble import TurnBuilder, parse_tool_input
from tests.support.messages_sse import message_events

words = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
blocks = st.one_of(
    st.builds(lambda t: {"type": "text", "text": t}, words),
    st.builds(lambda t, s: {"type": "thinking", "thinking": t, "signature": s}, st.text("ab ü"), words),
    st.builds(lambda v: {"type": "tool_use", "name": "t", "input": v}, st.dictionaries(words, json_values)),
    st.builds(lambda v: {"type": "invented", "payload": v}, json_values),
)


def events_of(content: list[dict], stop_reason: str = "tool_use") -> list[dict]:
    usage = {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 2}
    return message_events(content, message_id="msg", model="m", stop_reason=stop_reason, usage=usage)


def fed(events: list[dict]) -> TurnBuilder:
    builder = TurnBuilder()
    for event in events:
        # Through JSON, so that nothing is shared with what was sent.
        builder.feed(json.loads(json.dumps(event)))
    return builder


@given(st.lists(blocks, max_size=5))
def test_a_turn_holds_what_was_sent(content: list[dict]) -> None:
    content = [b | {"id": f"id{i}"} if b["type"] == "tool_use" else b for i, b in enumerate(content)]
    turn = fed(events_of(content)).turn()
    assert turn.content == content
    assert [(c.id, c.input) for c in turn.calls] == [
        (b["id"], b["input"]) for b in content if b["type"] == "tool_use"
    ]
    assert not [c.problem for c in turn.calls if c.problem]
    assert turn.usage == Usage(input=5, output=7, cache_read=2)


@settings(max_examples=30)
@given(st.lists(blocks, min_size=1, max_size=3))
def test_no_prefix_is_a_turn(content: list[dict]) -> None:
    events = events_of([b | {"id": "id"} if b["type"] == "tool_use" else b for b in content])
    for end in range(len(events)):
        with pytest.raises(ModelError) as early:
            fed(events[:end]).turn()
        assert early.value.retryable
        assert early.value.billed


@given(st.dictionaries(words, json_values))
def test_tool_input_reads_every_json_object(value: dict) -> None:
    assert parse_tool_input(json.dumps(value)) == (value, "")


@given(st.dictionaries(words, json_values, min_size=1), st.data())
def test_tool_input_refuses_every_proper_prefix(value: dict, data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = data.draw(st.integers(0, len(text) - 1))
    read, problem = parse_tool_input(text[:cut])
    assert read == {}
    assert problem


def test_tool_input_nested_too_deep_is_refused() -> None:
    assert parse_tool_input('{"a":' * 100_000) == ({}, "the input is nested too deep")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_stop", "index": 3},
        {"type": "content_block_start", "content_block": {"type": "text"}},
        {"type": "content_block_start", "index": 0},
        {"type": "message_start"},
        {"type": "message_delta", "delta": None},
    ],
)
def test_events_that_break_the_protocol_are_an_error(event: dict) -> None:
    with pytest.raises(ModelError, match="service sent") as broken:
        TurnBuilder().feed(event)
    assert broken.value.retryable


def test_unknown_events_and_fields_are_passed_over() -> None:
    content = [{"type": "text", "text": "x"}]
    events = events_of(content, "end_turn")
    events.insert(2, {"type": "weather", "index": "none"})
    assert fed(events).turn().content == content


def start(index: int, block: dict) -> dict:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, value: dict) -> dict:
    return {"type": "content_block_delta", "index": index, "delta": value}


def test_a_call_that_is_never_completed_is_a_problem() -> None:
    call = {"type": "tool_use", "id": "a", "name": "t", "input": {}}
    builder = fed([start(0, call), delta(0, {"type": "input_json_delta", "partial_json": "{}"})])
    builder.feed({"type": "message_stop"})
    assert builder.turn().calls[0].problem == "the call was never completed"


def test_a_call_cut_before_its_first_byte_is_not_a_call_without_arguments() -> None:
    turn = fed(
        [
            start(0, {"type": "tool_use", "id": "a", "name": "t", "input": {}}),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}},
            {"type": "message_stop"},
        ]
    ).turn()
    assert "length limit" in turn.calls[0].problem


def test_calls_without_ids_get_their_own() -> None:
    calls = [{"type": "tool_use", "id": i, "name": "t", "input": {"n": 1}} for i in ("", "a", "a")]
    turn = fed(
        [e for i, c in enumerate(calls) for e in (start(i, c), {"type": "content_block_stop", "index": i})]
        + [{"type": "message_stop"}]
    ).turn()
    ids = [call.id for call in turn.calls]
    assert len(set(ids)) == 3
    assert [block["id"] for block in turn.content] == ids
    assert turn.stop_reason == "tool_use"
    # Some servers send the whole input with the block's start.
    assert [call.input for call in turn.calls] == [{"n": 1}] * 3


def test_a_surrogate_pair_that_was_split_is_joined() -> None:
    pieces = [delta(0, {"type": "text_delta", "text": half}) for half in ("a\ud83d", "\ude00b", "\ud83d")]
    builder = TurnBuilder()
    for event in [start(0, {"type": "text", "text": ""}), *pieces, {"type": "message_stop"}]:
        builder.feed(event)
    assert builder.turn().text == "a😀b�"


def test_citations_are_kept() -> None:
    cited = [delta(0, {"type": "citations_delta", "citation": {"n": n}}) for n in (1, 2)]
    first = start(0, {"type": "text", "text": "x"})
    assert fed([first, *cited, {"type": "message_stop"}]).turn().content == [
        {"type": "text", "text": "x", "citations": [{"n": 1}, {"n": 2}]}
    ]
