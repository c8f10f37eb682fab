"""Reads the JSON of commands and requests; what is wrong with it becomes a sentence."""

from __future__ import annotations

from typing import Any, cast

from agent_ls.core.errors import UsageError

Json = dict[str, Any]


def text(params: Json, key: str, *, default: str | None = None) -> str:
    """A text under a key.

    Raises:
        UsageError: it is missing (and there is no default) or something else.
    """
    value = params.get(key, default)
    if isinstance(value, str) and (value or default is not None):
        return value
    raise UsageError(f"{key!r} must be a text, not {value!r}" if value is not None else f"{key!r} is missing")


def whole(params: Json, key: str, default: int) -> int:
    """A whole number under a key."""
    value = params.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise UsageError(f"{key!r} must be a whole number, not {value!r}")


def amount(params: Json, key: str) -> float | None:
    """A number above 0 under a key, ``None`` where it is absent or null."""
    value = params.get(key)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
        return float(value)
    raise UsageError(f"{key!r} must be a number above 0, not {value!r}")


def truth(params: Json, key: str, *, default: bool | None = None) -> bool:
    """A yes or no under a key."""
    value = params.get(key, default)
    if isinstance(value, bool):
        return value
    raise UsageError(f"{key!r} must be true or false, not {value!r}")


def texts(params: Json, key: str) -> list[str] | None:
    """A list of texts under a key, ``None`` where it is absent or null."""
    value = params.get(key)
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[object]", value)):
        return cast("list[str]", value)
    raise UsageError(f"{key!r} must be a list of texts, not {value!r}")


def table(params: Json, key: str) -> Json | None:
    """An object under a key, ``None`` where it is absent or null."""
    value = params.get(key)
    if value is None or isinstance(value, dict):
        return cast("Json | None", value)
    raise UsageError(f"{key!r} must be an object, not {value!r}")


def tables(params: Json, key: str) -> list[Json]:
    """A list of objects under a key; empty where it is absent or null."""
    value = params.get(key)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in cast("list[object]", value)):
        return cast("list[Json]", value)
    raise UsageError(f"{key!r} must be a list of objects, not {value!r}")


def range_(params: Json, key: str) -> Json | None:
    """An LSP range under a key, ``None`` where it is absent or null."""
    value = table(params, key)
    if value is not None:
        for end in ("start", "end"):
            position(value, end)
    return value


def position(params: Json, key: str) -> Json:
    """An LSP position under a key."""
    value = table(params, key)
    if value is None:
        raise UsageError(f"{key!r} is missing")
    for unit in ("line", "character"):
        number = value.get(unit)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise UsageError(f"{key!r} must hold a line and a character, not {value!r}")
    return value
