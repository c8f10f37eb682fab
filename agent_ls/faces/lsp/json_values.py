"""JSON as it comes off the wire, narrowed by looking."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]
"""A JSON object. Handlers get it validated: the members that the method demands are there."""


def as_object(value: Any) -> Json | None:
    """The value if it is an object, else ``None``."""
    return cast("Json", value) if isinstance(value, dict) else None


def as_array(value: Any) -> list[Any] | None:
    """The value if it is an array, else ``None``."""
    return cast("list[Any]", value) if isinstance(value, list) else None
