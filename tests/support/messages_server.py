"""A loopback server that speaks the Messages wire format, with scripted answers and faults.

The honest test double for the SDK: real HTTP/1.1, real server-sent events, usage with cache
fields computed from the requests' real prefixes, requests held against the API's rules.

In a test::

    async with MessagesServer([{"turns": [{"content": [{"type": "text", "text": "hi"}]}]}]) as server:
        claude = Claude(api_key="k", base_url=server.url)

As a process: ``python -m tests.support.messages_server --script FILE [--port 0] [--record FILE]``
prints one line ``{"port": …}``. ``FILE`` is a script (`agent_ls.model.script`), or
``{"conversations": [script, …], "models": {...}, "rejects": [...], "key": …}``.

A conversation is a script with two more fields: ``match`` (an API key, or a text in the first
user message; ``""`` matches all) and per turn ``faults``, used up one per request before the
turn is answered as written. Which turn is asked for follows from the answers in the request, or
with ``"by": "arrival"`` from the number of different conversations that were answered. A fault is a name or ``{"kind": …}``:

====================  ======================================================================
``429 529 500 …``      that status; ``retry_after`` (s), ``type``, ``message``, ``location`` may be given
``reset``              the connection is reset after ``after`` events (``null``: before the headers)
``cut``                the same, closed without the end of the body
``end``                the body ends properly, but early
``hang``               nothing more comes
``overloaded``         an ``overloaded_error`` event
``garbage``            an event that is no JSON
``half_json``          the last tool input stops half-way, the message goes on as if whole
``max_tokens``         the same, with that stop reason
``cut_text``           half a sentence without a call, with the stop reason ``max_tokens``
``pause_turn window``  the same with ``pause_turn``, ``model_context_window_exceeded``
``empty``              no content at all
``novel_stop``         the answer with a stop reason that nobody knows
``novelty``            the answer with an event that nobody knows before each event
``twice``              the last call comes twice, with one id
``refusal``            no content, with that stop reason
``gone``               the server leaves: nobody listens until `MessagesServer.come_back`
``html json``          200 with a sign-in page, with some JSON
``drip``               the whole answer, one byte per write
====================  ======================================================================

``after`` counts events; the default is 3, negative numbers count from the end. A fault with ``always`` is
never used up. What is answered although it is not what is written counts as no arrival. ``last``: a text in
the last message, which goes before the other conversations that match.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from agent_ls.model.script import tool_results
from tests.support.messages_cache import PromptCache
from tests.support.messages_http import Connection, Conversation, Exchange
from tests.support.messages_rules import violations

Json = dict[str, Any]
_REFUSED_FIELD = "{}: Extra inputs are not permitted"


class MessagesServer:
    """See the module. ``rejects``: optional fields that are answered with 400, as older services do.
    ``typed``: requests are held against the SDK's types as well.

    ``exchanges`` are all requests so far, ``violations`` what was wrong with them (each is also
    answered with 400), ``mismatches`` tool results that differ from the scripts' ``expect``.
    """

    def __init__(
        self,
        conversations: Sequence[Mapping[str, Any]],
        *,
        models: Mapping[str, Json] | None = None,
        rejects: Iterable[str] = (),
        key: str = "",
        cache_minimum: int = 1024,
        record: Path | None = None,
        port: int = 0,
        typed: bool = False,
    ) -> None:
        self.conversations = [Conversation(value) for value in conversations]
        self.models = models
        self.rejects = tuple(rejects)
        self.key = key
        self.exchanges: list[Exchange] = []
        self.violations: list[str] = []
        self.mismatches: list[str] = []
        self.matched = 0
        self.arrived = asyncio.Event()  # set at every request; a test may clear it and wait
        self.port = port
        self.connections: set[Connection] = set()
        self.connection_count = 0
        self._cache: dict[str, PromptCache] = {}
        self._cache_minimum = cache_minimum
        self._record = record
        self._typed = typed
        self.thoughts: set[str] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def turns(self) -> list[Exchange]:
        """The requests for turns, without look-ups of models and counts."""
        return [e for e in self.exchanges if e.path == "/v1/messages"]

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def leave(self) -> None:
        """Refuse connections from now on, and break those that are open."""
        assert self._server is not None
        self._server.close()
        for connection in tuple(self.connections):
            connection.abort()

    async def come_back(self) -> None:
        """Listen again, at the same address."""
        if self._server is not None and not self._server.is_serving():
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", self.port)

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [task for c in self.connections if (task := c.abort()) is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def wait_for_requests(self, count: int, timeout_s: float = 10.0) -> None:
        """Until that many turns have been asked for."""
        async with asyncio.timeout(timeout_s):
            while len(self.turns) < count:
                self.arrived.clear()
                await self.arrived.wait()

    def log(self, exchange: Exchange) -> None:
        if self._record is not None:
            with self._record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(exchange.record(), ensure_ascii=False) + "\n")

    def refuse(self, exchange: Exchange) -> tuple[int, str] | None:
        """Status and words where the request does not even reach a model."""
        key = _key(exchange.headers)
        if not key or (self.key and key != self.key):
            return 401, f"invalid x-api-key {key}"
        model = exchange.body.get("model")
        if self.models is not None and model is not None and model not in self.models:
            return 404, f"model: {model}"
        if exchange.body:
            text = json.dumps({k: v for k, v in exchange.body.items() if k != "messages"})
            text += json.dumps(exchange.body.get("messages", []))
            for name in self.rejects:
                if f'"{name}":' in text:
                    return 400, _REFUSED_FIELD.format(f"request.0.{name}")
        return None

    def find(self, exchange: Exchange) -> Conversation | None:
        messages = exchange.body.get("messages") or [{}]
        first, last = (json.dumps(messages[place], ensure_ascii=False) for place in (0, -1))
        key = _key(exchange.headers)
        open_ones = [c for c in self.conversations if c.last in last]
        open_ones.sort(key=lambda c: not c.last)
        found = [c for c in open_ones if c.match and (c.match == key or c.match in first)]
        return next(iter(found or [c for c in open_ones if not c.match]), None)

    def wrong(self, conversation: Conversation, exchange: Exchange) -> list[str]:
        served = {} if conversation.by_arrival else conversation.served
        wrong = violations(exchange.body, served)
        if conversation.by_arrival:
            wrong += self._changed_thinking(exchange.body)
        if self._typed:
            from tests.support.messages_types import type_violations  # the SDK takes a second

            wrong += type_violations(exchange.body)
        return wrong

    def _changed_thinking(self, body: Json) -> list[str]:
        """Where answers go by arrival, each thinking block of a request must be one that was sent."""
        blocks = (b for m in body["messages"] if isinstance(m["content"], list) for b in m["content"])
        thoughts = [b for b in blocks if b.get("type") in ("thinking", "redacted_thinking")]
        changed = [b for b in thoughts if json.dumps(b, sort_keys=True) not in self.thoughts]
        return ["messages: thinking or redacted_thinking blocks cannot be modified"] if changed else []

    def usage(self, exchange: Exchange) -> dict[str, int]:
        cache = self._cache.setdefault(_key(exchange.headers), PromptCache(self._cache_minimum))
        return cache.usage(exchange.body)

    def compare(self, conversation: Conversation, exchange: Exchange) -> None:
        expect = conversation.script.turns[exchange.turn].expect
        results = tool_results(exchange.body["messages"][-1])
        if expect and len(expect) != len(results):
            self.mismatches.append(
                f"turn {exchange.turn}: {len(expect)} results expected, {len(results)} given"
            )
        for expected, actual in zip(expect, results, strict=False):
            difference = expected.difference(actual)
            if difference:
                self.mismatches.append(f"turn {exchange.turn}: {difference}")
            else:
                self.matched += 1


def _key(headers: Mapping[str, str]) -> str:
    return headers.get("x-api-key", "") or headers.get("authorization", "").removeprefix("Bearer ")


async def _main(arguments: argparse.Namespace) -> None:
    value = json.loads(arguments.script.read_text(encoding="utf-8"))
    server = MessagesServer(
        value.get("conversations", [value]),
        models=value.get("models"),
        rejects=value.get("rejects", ()),
        key=value.get("key", ""),
        record=arguments.record,
        port=arguments.port,
    )
    async with server:
        sys.stdout.write(json.dumps({"port": server.port}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback Messages server with scripted answers")
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
