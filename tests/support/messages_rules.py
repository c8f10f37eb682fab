"""The rules that a request to the Messages API must keep, each with the words of its violation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_FIELDS = frozenset(
    [
        "model",
        "max_tokens",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "stream",
        "stop_sequences",
        "metadata",
        "thinking",
        "output_config",
        "service_tier",
        "cache_control",
        "container",
        "inference_geo",
        "speed",
    ]
)


def violations(body: Json, served: Mapping[int, Sequence[Json]]) -> list[str]:
    """What is wrong with a request. ``served``: what this conversation was answered, by turn number."""
    return [
        *_required(body),
        *_breakpoints(body),
        *_tools(body.get("tools", [])),
        *_messages(body.get("messages") or []),
        *_unchanged(body.get("messages") or [], served),
    ]


def _required(body: Json) -> Iterator[str]:
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield "model: Field required"
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        yield "max_tokens: Field required"
    if not body.get("messages"):
        yield "messages: at least one message is required"
    for name in sorted(body.keys() - _FIELDS):
        yield f"{name}: Extra inputs are not permitted"
    system = body.get("system", [])
    for i, block in enumerate([] if isinstance(system, str) else system):
        if block.get("type") != "text" or not str(block.get("text", "")).strip():
            yield f"system.{i}: text content blocks must be non-empty"


def _breakpoints(body: Json) -> Iterator[str]:
    marked = [b for b in _all_blocks(body) if "cache_control" in b]
    if len(marked) > 4:
        yield f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}."
    for block in marked:
        if block["cache_control"].get("type") != "ephemeral":
            yield "cache_control.type: must be ephemeral"
        if block.get("type") in ("thinking", "redacted_thinking"):
            yield "cache_control: not permitted on thinking blocks"


def _all_blocks(body: Json) -> Iterator[Json]:
    yield from body.get("tools", [])
    system = body.get("system", [])
    yield from [] if isinstance(system, str) else system
    for message in body.get("messages") or []:
        yield from [] if isinstance(message["content"], str) else message["content"]


def _tools(tools: Sequence[Json]) -> Iterator[str]:
    names = [tool.get("name", "") for tool in tools]
    if len(set(names)) != len(names):
        yield "tools: Tool names must be unique"
    for i, tool in enumerate(tools):
        if not _NAME.fullmatch(str(tool.get("name", ""))):
            yield f"tools.{i}.name: must match {_NAME.pattern}"
        if "type" not in tool and (tool.get("input_schema") or {}).get("type") != "object":
            yield f"tools.{i}.input_schema.type: must be object"


def _messages(messages: Sequence[Json]) -> Iterator[str]:
    open_calls: list[str] = []
    seen: set[str] = set()
    for i, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        # An answer may follow an answer: that is how a turn that paused goes on.
        before = messages[i - 1].get("role") if i else "assistant"
        if role not in ("user", "assistant") or (role == before and (role == "user" or i == 0)):
            yield f"messages.{i}: roles must alternate between user and assistant, starting with user"
        if not content:
            yield f"messages.{i}: all messages must have non-empty content"
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        for block in blocks:
            if block.get("type") == "text" and not str(block.get("text", "")).strip():
                yield f"messages.{i}: text content blocks must contain non-whitespace text"
        if role == "user":
            yield from _pairing(i, blocks, open_calls)
            open_calls = []
        else:
            if open_calls:
                yield f"messages.{i}: tool_use ids were found without tool_result blocks: {open_calls}"
            open_calls = []
            for block in (b for b in blocks if b.get("type") == "tool_use"):
                if not isinstance(block.get("input"), dict):
                    yield f"messages.{i}: tool_use.input: Input should be an object"
                if block.get("id") in seen:
                    yield f"messages.{i}: tool_use ids must be unique"
                seen.add(block.get("id", ""))
                open_calls.append(block.get("id", ""))
    if open_calls:
        yield f"tool_use ids were found without tool_result blocks: {open_calls}"


def _pairing(i: int, blocks: Sequence[Json], open_calls: list[str]) -> Iterator[str]:
    results = [b.get("tool_use_id") for b in blocks if b.get("type") == "tool_result"]
    kinds = [b.get("type") == "tool_result" for b in blocks]
    if kinds != sorted(kinds, reverse=True):
        yield f"messages.{i}: tool_result blocks must come first"
    if missing := [call for call in open_calls if call not in results]:
        yield f"messages.{i}: tool_use ids were found without tool_result blocks immediately after: {missing}"
    if extra := [result for result in results if result not in open_calls]:
        yield f"messages.{i}: unexpected tool_use_id found in tool_result blocks: {extra}"
    if len(set(results)) != len(results):
        yield f"messages.{i}: each tool_use must have a single result"


def _unchanged(messages: Sequence[Json], served: Mapping[int, Sequence[Json]]) -> Iterator[str]:
    """Each answer goes back as it came; of thinking blocks the service insists on it, of others we do."""
    answers = [m["content"] for m in messages if m.get("role") == "assistant"]
    for turn, content in enumerate(answers):
        if turn not in served or isinstance(content, str):
            continue
        bare = [{k: v for k, v in block.items() if k != "cache_control"} for block in content]
        if bare != list(served[turn]):
            thinking = any(b["type"] in ("thinking", "redacted_thinking") for b in served[turn])
            what = "thinking or redacted_thinking blocks cannot be modified" if thinking else "was changed"
            yield f"messages: answer {turn} {what}"
