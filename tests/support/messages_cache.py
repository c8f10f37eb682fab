"""Prompt caching as the Messages API does it, computed on the real prefixes of the requests.

Tokens are characters / 4 of each block's JSON. A prefix that a breakpoint closes is written;
a later request reads the longest written prefix that ends at one of its breakpoints or at most
20 blocks before one; shorter prefixes than the minimum are not cached.
"""

from __future__ import annotations

import hashlib
import json
from itertools import accumulate
from typing import Any

Json = dict[str, Any]
_LOOK_BACK = 20


class PromptCache:
    def __init__(self, minimum_tokens: int = 1024) -> None:
        self._minimum = minimum_tokens
        self._written: set[str] = set()

    def usage(self, body: Json) -> dict[str, int]:
        """The input side of the usage of a request, which is remembered for the next ones."""
        blocks = list(_blocks(body))
        hashes = list(_prefix_hashes(str(body.get("model")), [text for text, _ in blocks]))
        totals = list(accumulate(len(text) / 4 for text, _ in blocks))
        breakpoints = [i for i, (_, marked) in enumerate(blocks) if marked and totals[i] >= self._minimum]
        hits = [
            i for b in breakpoints for i in range(max(0, b - _LOOK_BACK), b + 1) if hashes[i] in self._written
        ]
        total = round(totals[-1]) if totals else 0
        read = round(totals[max(hits)]) if hits else 0
        cached = round(totals[breakpoints[-1]]) if breakpoints else 0
        self._written.update(hashes[b] for b in breakpoints)
        return {
            "input_tokens": max(total - max(cached, read), 0),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": max(cached - read, 0),
        }


def _blocks(body: Json):
    """Every cacheable block in the order of the prefix: tools, system, messages; whether it is marked."""
    system = body.get("system", [])
    blocks = [("tool", tool) for tool in body.get("tools", [])]
    blocks += [
        ("system", b) for b in ([{"type": "text", "text": system}] if isinstance(system, str) else system)
    ]
    for message in body.get("messages", []):
        content = message["content"]
        content = [{"type": "text", "text": content}] if isinstance(content, str) else content
        blocks += [(message["role"], block) for block in content]
    for place, block in blocks:
        bare = {k: v for k, v in block.items() if k != "cache_control"}
        yield place + json.dumps(bare, ensure_ascii=False), "cache_control" in block


def _prefix_hashes(model: str, texts: list[str]):
    running = hashlib.sha256(model.encode())
    for text in texts:
        running.update(text.encode("utf-8", "surrogatepass") + b"\0")
        yield running.hexdigest()
