"""From the events of one stream to one whole `Turn`, strictly.

Pure: no SDK, no I/O. What the service sends is kept as it was sent, because thinking blocks
must go back unchanged and blocks of kinds that are not known yet must survive the round trip.
Tool input is parsed only when its block is complete, by a parser that repairs nothing: half an
``old_str`` that was mended into valid JSON is an edit nobody asked for.
"""

from __future__ import annotations

import json
from typing import Any, cast, final

from agent_ls.core.errors import ModelError
from agent_ls.core.job import Usage
from agent_ls.model.protocol import Json, ToolCall, Turn

_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_APPENDED = {"text_delta": "text", "thinking_delta": "thinking"}
_USAGE_FIELDS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def parse_tool_input(text: str) -> tuple[Json, str]:
    """Read a tool call's input: one JSON object, nothing repaired.

    Returns:
        The object and an empty problem, or an empty object and what is wrong with the text:
        no JSON, no object, a key given twice, ``NaN``, half a surrogate pair, or nested too deep.
    """
    try:
        value: object = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
        text.encode("utf-8")
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return {}, "the input holds half of a surrogate pair, which is not text"
    except RecursionError:
        return {}, "the input is nested too deep"
    except ValueError as error:
        return {}, f"the input is not valid JSON: {error}"
    if not isinstance(value, dict):
        return {}, f"the input is a JSON {type(value).__name__}, not an object"
    return cast("Json", value), ""


def _unique_keys(pairs: list[tuple[str, Any]]) -> Json:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} is given twice")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def broken_stream(what: str) -> ModelError:
    """The error for an answer that began and cannot be used, whose request may be sent again."""
    return ModelError(
        what,
        kept="Nothing of the unfinished answer was used; the draft is as it was before this turn",
        remedy="The turn can be asked for again",
        retryable=True,
        billed=True,
    )


@final
class TurnBuilder:
    """Collects one stream's events. Memory and time are linear in what was received."""

    def __init__(self, request_id: str = "") -> None:
        self.finished = False
        self._request_id = request_id
        self._model = ""
        self._stop_reason = ""
        self._usage: dict[str, int] = {}
        self._blocks: dict[int, Json] = {}
        self._parts: dict[tuple[int, str], list[str]] = {}
        self._closed: set[int] = set()

    def feed(self, event: Json) -> str:
        """Take one event; returns the visible text it adds (for progress only).

        Raises:
            ModelError: the event breaks the protocol (a delta before its block, no message).
        """
        match event.get("type"):
            case "message_start":
                message = _object(event, "message")
                self._model = str(message.get("model") or "")
                self._count(message.get("usage"))
            case "content_block_start":
                self._blocks[self._index(event)] = dict(_object(event, "content_block"))
            case "content_block_delta":
                return self._delta(self._index(event), _object(event, "delta"))
            case "content_block_stop":
                self._closed.add(self._index(event))
            case "message_delta":
                self._stop_reason = str(_object(event, "delta").get("stop_reason") or self._stop_reason)
                self._count(event.get("usage"))
            case "message_stop":
                self.finished = True
            case _:  # ping, and whatever is invented later
                pass
        return ""

    def turn(self) -> Turn:
        """The whole turn.

        Raises:
            ModelError: the stream ended before ``message_stop``; retryable.
        """
        if not self.finished:
            raise broken_stream("The model's answer ended in the middle")
        indexes = sorted(self._blocks)
        content: list[Json] = []
        calls: list[ToolCall] = []
        taken: set[str] = set()
        for index in indexes:
            block = self._whole_block(index)
            if block.get("type") == "tool_use":
                calls.append(self._call(index, block, taken, last=index == indexes[-1]))
            if block.get("type") != "text" or str(block.get("text", "")).strip():
                content.append(block)
        return Turn(
            content=content,
            calls=tuple(calls),
            stop_reason=self._stop_reason or ("tool_use" if calls else "end_turn"),
            usage=self.usage,
            model=self._model,
            request_id=self._request_id,
        )

    @property
    def usage(self) -> Usage:
        """What the service has counted so far; of an unfinished stream, what it will bill at least."""
        count = self._usage.get
        return Usage(
            input=count("input_tokens", 0),
            output=count("output_tokens", 0),
            cache_read=count("cache_read_input_tokens", 0),
            cache_write=count("cache_creation_input_tokens", 0),
        )

    def _index(self, event: Json) -> int:
        index = event.get("index")
        if not isinstance(index, int):
            raise broken_stream(f"The model's service sent a {event.get('type')} without its index")
        if event["type"] != "content_block_start" and index not in self._blocks:
            raise broken_stream(f"The model's service sent a {event['type']} for a block that never began")
        return index

    def _delta(self, index: int, delta: Json) -> str:
        kind = str(delta.get("type", ""))
        if kind in _APPENDED:
            piece = str(delta.get(_APPENDED[kind], ""))
            self._parts.setdefault((index, _APPENDED[kind]), []).append(piece)
            return piece if kind == "text_delta" else ""
        if kind == "input_json_delta":
            self._parts.setdefault((index, "input"), []).append(str(delta.get("partial_json", "")))
        elif kind == "citations_delta":
            block = self._blocks[index]
            block["citations"] = [*(block.get("citations") or []), delta.get("citation")]
        else:  # signature_delta, and later kinds: a field of the block, set once
            self._blocks[index].update({k: v for k, v in delta.items() if k != "type"})
        return ""

    def _whole_block(self, index: int) -> Json:
        block = dict(self._blocks[index])
        for name in _APPENDED.values():
            parts = self._parts.get((index, name))
            if parts is not None:
                block[name] = _sound_text(str(block.get(name) or "") + "".join(parts))
        if block.get("type") not in ("text", "thinking", "tool_use") and (index, "input") in self._parts:
            block["input"], _ = parse_tool_input("".join(self._parts[index, "input"]) or "{}")
        return block

    def _call(self, index: int, block: Json, taken: set[str], *, last: bool) -> ToolCall:
        """Parse one call's input into its block. ``taken`` holds the ids of the turn's earlier calls."""
        text = "".join(self._parts.get((index, "input"), ()))
        given: object = block.get("input")
        if text:
            value, problem = parse_tool_input(text)
        elif isinstance(given, dict):
            value, problem = cast("Json", given), ""
        else:
            value, problem = {}, "the input is not an object"
        cut = last and self._stop_reason in _CUT_SHORT
        if cut and (problem or not text):
            value, problem = (
                {},
                "the answer hit its length limit inside this call, so its input is incomplete",
            )
        elif index not in self._closed:
            value, problem = {}, "the call was never completed"
        # Some local servers send no ids, or one id twice; results could not be paired with them.
        call_id = str(block.get("id") or "")
        if not call_id or call_id in taken:
            call_id = f"{call_id or 'call'}_{index}"
        taken.add(call_id)
        name = str(block.get("name") or "")
        block.update(id=call_id, name=name, input=value)
        return ToolCall(id=call_id, name=name, input=value, problem=problem)

    def _count(self, usage: object) -> None:
        if isinstance(usage, dict):
            counts = cast("Json", usage)
            # message_delta's counts are totals so far, not increments.
            self._usage.update({k: v for k in _USAGE_FIELDS if isinstance(v := counts.get(k), int)})


def _object(event: Json, key: str) -> Json:
    value: object = event.get(key)
    if not isinstance(value, dict):
        raise broken_stream(f"The model's service sent a {event.get('type')} without its {key}")
    return cast("Json", value)


def _sound_text(text: str) -> str:
    """Text that can be encoded: a surrogate pair split over two deltas is joined, a lone half replaced."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
