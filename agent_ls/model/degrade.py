"""Doing without: optional request fields that a service refuses are left out from then on.

Local servers and gateways speak the Messages API in part. What may go missing without changing
what is asked is a closed set: ``cache_control`` (costs more), ``strict`` (our own validation
remains) and the request's ``options`` such as ``thinking``. A ``max_tokens`` that is above the
model's limit is lowered to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast, final

from agent_ls.model.protocol import TurnRequest

_NESTED = ("cache_control", "strict")
_TOO_MANY_TOKENS = re.compile(r"max_tokens\D{1,20}\d+ > (\d+)")
_OUR_MISTAKE = re.compile(r"maximum of \d+ blocks")
"""More breakpoints than allowed: doing without any would hide it behind a tenfold bill."""


@final
class Degraded:
    """Remembers per model what its service refused, for as long as the object lives."""

    def __init__(self) -> None:
        self._dropped: dict[str, set[str]] = {}
        self._max_tokens: dict[str, int] = {}

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """Per model, the names of the fields that are no longer sent."""
        return {model: tuple(sorted(names)) for model, names in self._dropped.items()}

    def learn(self, request: TurnRequest, said: str) -> bool:
        """Whether the refusal names what can be left out or lowered; then the next `body` is without it."""
        limit = _TOO_MANY_TOKENS.search(said)
        if limit is not None and 0 < int(limit[1]) < self._allowed(request):
            self._max_tokens[request.model] = int(limit[1])
            return True
        if _OUR_MISTAKE.search(said):
            return False
        dropped = self._dropped.get(request.model, frozenset[str]())
        for name in (*_NESTED, *request.options):
            if name not in dropped and re.search(rf"\b{re.escape(name)}\b", said):
                self._dropped.setdefault(request.model, set()).add(name)
                return True
        return False

    def body(self, request: TurnRequest) -> dict[str, Any]:
        """The arguments of the request, in the order the cache wants, without what was refused."""
        dropped = self._dropped.get(request.model, set())
        nested = frozenset(dropped.intersection(_NESTED))
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": self._allowed(request),
            "tools": _without(request.tools, nested),
            "system": _without(request.system, nested),
            "messages": _without(request.messages, nested),
        }
        body |= {name: value for name, value in request.options.items() if name not in dropped}
        return {name: value for name, value in body.items() if name not in ("tools", "system") or value}

    def _allowed(self, request: TurnRequest) -> int:
        return min(request.max_tokens, self._max_tokens.get(request.model, request.max_tokens))


def _without(items: Sequence[Mapping[str, Any]], names: frozenset[str]) -> list[Any]:
    if not names:
        return list(items)
    return [_stripped(item, names) for item in items]


def _stripped(item: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """One tool, block or message without the named fields.

    Goes down only where the fields can stand (a message's blocks, a result's blocks): a tool's
    schema or input may have a property of the same name.
    """
    result = {name: value for name, value in item.items() if name not in names}
    content: object = result.get("content")
    if isinstance(content, list):
        blocks = cast("list[object]", content)
        result["content"] = [
            _stripped(cast("Mapping[str, Any]", block), names) if isinstance(block, Mapping) else block
            for block in blocks
        ]
    return result
