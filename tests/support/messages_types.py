"""Requests held against the SDK's own types: what `MessageCreateParams` does not allow, no service need take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from pydantic import TypeAdapter, ValidationError


def type_violations(body: Mapping[str, Any]) -> list[str]:
    """Where a request differs from the SDK's typed parameters; unknown fields included. Cost: a few ms."""
    kind = MessageCreateParamsStreaming if body.get("stream") else MessageCreateParamsNonStreaming
    try:
        read = _exhausted(_adapter(kind).validate_python(dict(body)))
    except ValidationError as error:
        return [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5]]
    return list(_lost(dict(body), read, ""))


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _exhausted(value: Any) -> Any:
    """The whole value: the SDK's ``Iterable`` fields are checked only when they are read."""
    if isinstance(value, Mapping):
        return {key: _exhausted(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [_exhausted(inner) for inner in value]
    return value


def _lost(sent: Any, read: Any, where: str) -> Iterator[str]:
    """Fields that were sent and that the types do not know: pydantic passes over them silently."""
    if isinstance(sent, Mapping) and isinstance(read, Mapping):
        for key, inner in sent.items():
            if key not in read:
                yield f"{where}{key}: no such field"
            else:
                yield from _lost(inner, read[key], f"{where}{key}.")
    elif isinstance(sent, list) and isinstance(read, list):
        for place, (one, other) in enumerate(zip(sent, read, strict=True)):
            yield from _lost(one, other, f"{where}{place}.")
