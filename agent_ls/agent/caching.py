"""Cache breakpoints: at most four, on a prefix that never changes a byte.

Order of a request: tools → system → messages. One breakpoint ends the system prompt, one the
overview of the repository (both are the same for every job there); two walk with the
conversation's end, so that each turn reads what the last one wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

MARK: Json = {"type": "ephemeral"}
_WALKING = 2


def marked(block: Json) -> Json:
    """The block with a breakpoint behind it."""
    return {**block, "cache_control": MARK}


def with_walking_marks(messages: Sequence[Json]) -> list[Json]:
    """The messages with breakpoints behind the last two user messages."""
    out = list(messages)
    users = [i for i, message in enumerate(out) if message["role"] == "user"]
    for i in users[-_WALKING:]:
        content = list(out[i]["content"])
        if content:
            out[i] = {**out[i], "content": [*content[:-1], marked(content[-1])]}
    return out
