"""What a call leaves out and still means one thing.

Strict schemas name every property as required, because services that support strict tools want
it so. Others do not hold a model to it: an absent property that may be null is null, an absent
flag is off. Anything else that is missing is the model's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


def completed(schema: Mapping[str, Any], value: Any) -> Any:
    """The value with what may be left out filled in; a new value, the given one stays as it is."""
    if isinstance(value, list) and "items" in schema:
        return [completed(schema["items"], item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict) or "properties" not in schema:
        return cast("Any", value)
    given = cast("dict[str, Any]", value)
    filled = {name: completed(schema["properties"].get(name, {}), item) for name, item in given.items()}
    for name, wanted in schema["properties"].items():
        if name not in filled:
            kinds = wanted.get("type")
            if isinstance(kinds, list) and "null" in kinds:
                filled[name] = None
            elif kinds == "boolean":
                filled[name] = False
    return filled
