"""The Messages wire format: a turn's content blocks sliced into server-sent events, as a service does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
_SLICES = (3, 17, 8, 29, 12)  # uneven on purpose: a slice may fall inside any token


def message_events(
    content: Sequence[Json],
    *,
    message_id: str,
    model: str,
    stop_reason: str,
    usage: Mapping[str, int],
    cut_input_at: float | None = None,
) -> list[Json]:
    """All events of one answer. ``cut_input_at``: only this share of the last tool input's JSON is sent."""
    message = {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    events: list[Json] = [{"type": "message_start", "message": message}, {"type": "ping"}]
    calls = [i for i, block in enumerate(content) if block["type"] == "tool_use"]
    for index, block in enumerate(content):
        share = cut_input_at if calls and index == calls[-1] else None
        events += _block_events(index, block, share)
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop_reason, "stop_sequence": None},
            "usage": {"output_tokens": usage["output_tokens"]},
        }
    )
    events.append({"type": "message_stop"})
    return events


def whole_message(events: Sequence[Json], content: Sequence[Json]) -> Json:
    """The same answer for a request that does not stream."""
    delta = next(event for event in events if event["type"] == "message_delta")
    message = dict(events[0]["message"])
    message["usage"] = {**message["usage"], **delta["usage"]}
    return {**message, **delta["delta"], "content": list(content)}


def encode_event(event: Json) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _block_events(index: int, block: Json, share: float | None) -> Iterator[Json]:
    start, deltas = _started(block, share)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _started(block: Json, share: float | None) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "text":
            return {"type": "text", "text": ""}, [
                {"type": "text_delta", "text": piece} for piece in _sliced(block["text"])
            ]
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _sliced(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case "tool_use" | "server_tool_use":
            # `raw_input` is what a model wrote that is no JSON; `input` is written as one.
            text = (
                block["raw_input"] if "raw_input" in block else json.dumps(block["input"], ensure_ascii=False)
            )
            if share is not None:
                text = text[: int(len(text) * share)]
            pieces = ["", *_sliced(text)] if text != "{}" else [""]
            start = {k: v for k, v in block.items() if k != "raw_input"} | {"input": {}}
            return start, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        case _:  # redacted_thinking and kinds not known yet come whole
            return dict(block), []


def _sliced(text: str) -> Iterator[str]:
    at = turn = 0
    while at < len(text):
        size = _SLICES[turn % len(_SLICES)]
        yield text[at : at + size]
        at += size
        turn += 1
