"""The connections of the loopback server: HTTP/1.1, answers sliced into events, and their faults."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent_ls.model.script import script_from_json
from tests.support.messages_cache import PromptCache
from tests.support.messages_sse import encode_event, message_events, whole_message

Json = dict[str, Any]
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_AS_WRITTEN = ("", "drip", "novelty")
_CALLS_TOO = ("half_json", "max_tokens", "novel_stop", "twice")


@dataclass
class Exchange:
    """One request and what became of it."""

    path: str
    headers: dict[str, str]
    body: Json
    connection: int
    conversation: str = ""
    turn: int = -1
    fault: str = ""
    arrived_at: float = 0.0  # loop time
    retry_after: float = 0.0
    answered: bool = False
    client_left: asyncio.Event = field(default_factory=asyncio.Event)
    client_left_at: float | None = None  # loop time at which the client closed before the answer's end

    def record(self) -> Json:
        kept = ("path", "body", "conversation", "turn", "fault")
        return {name: getattr(self, name) for name in kept}


class Conversation:
    def __init__(self, value: Mapping[str, Any]) -> None:
        self.match = str(value.get("match", ""))
        self.last = str(value.get("last", ""))
        self.by_arrival = value.get("by") == "arrival"
        self.script = script_from_json(value)
        self.faults = [[_fault(f) for f in turn.get("faults", [])] for turn in value["turns"]]
        self.served: dict[int, list[Json]] = {}
        self.arrivals: dict[str, int] = {}

    def turn_of(self, body: Json) -> int:
        if self.by_arrival:
            return self.arrivals.get(_digest(body), len(self.arrivals))
        return sum(message.get("role") == "assistant" for message in body["messages"])

    def arrived(self, body: Json, turn: int) -> None:
        """The turn is answered as written; whoever asks the same again gets the same again."""
        self.arrivals.setdefault(_digest(body), turn)

    def fault(self, turn: int) -> Json:
        """The next fault of a turn, used up; one that stands ``always`` stays."""
        faults = self.faults[turn]
        if not faults:
            return {"kind": "", "after": 3}
        return faults[0] if faults[0].get("always") else faults.pop(0)

    def heal(self) -> None:
        """No more faults from now on."""
        self.faults = [[] for _ in self.faults]


def _digest(body: Json) -> str:
    """The conversation as far as it was said, whatever breakpoints walk with it."""
    bare = re.sub(r', "cache_control": \{"type": "ephemeral"\}', "", json.dumps(body["messages"]))
    return hashlib.sha256(bare.encode()).hexdigest()


def _fault(value: Any) -> Json:
    fault = {"kind": value} if isinstance(value, str) else dict(value)
    return {"after": 3, **fault, "kind": str(fault["kind"])}


class Server(Protocol):
    """What a connection needs of the server it belongs to."""

    exchanges: list[Exchange]
    violations: list[str]
    arrived: asyncio.Event
    models: Mapping[str, Json] | None
    connections: set[Connection]
    thoughts: set[str]
    connection_count: int

    def refuse(self, exchange: Exchange) -> tuple[int, str] | None: ...
    def find(self, exchange: Exchange) -> Conversation | None: ...
    def wrong(self, conversation: Conversation, exchange: Exchange) -> list[str]: ...
    def compare(self, conversation: Conversation, exchange: Exchange) -> None: ...
    def usage(self, exchange: Exchange) -> dict[str, int]: ...
    def log(self, exchange: Exchange) -> None: ...
    def leave(self) -> None: ...


class Connection(asyncio.Protocol):
    """HTTP/1.1, one request at a time; knows at once when the client leaves."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._task: asyncio.Task[None] | None = None
        self._exchange: Exchange | None = None
        self._transport: asyncio.Transport | None = None
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connection_count += 1
        self._number = self._server.connection_count
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None or self._task.done():
            self._next_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        if self._exchange is not None and not self._exchange.answered:
            self._exchange.client_left_at = asyncio.get_running_loop().time()
        if self._exchange is not None:
            self._exchange.client_left.set()
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> asyncio.Task[None] | None:
        if self._transport is not None:
            self._transport.abort()
        if self._task is not None:
            self._task.cancel()
        return self._task

    def _next_request(self) -> None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not self._buffer[:1].isalpha() and self._buffer:  # not HTTP, such as a TLS greeting
            self.abort()
        if not separator:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, target, _ = lines[0].split(" ")
        body = json.loads(rest[:length]) if length else {}
        self._exchange = Exchange(target.partition("?")[0], headers, body, self._number)
        self._exchange.arrived_at = asyncio.get_running_loop().time()
        self._server.exchanges.append(self._exchange)
        self._task = asyncio.create_task(self._serve(method, self._exchange))

    async def _serve(self, method: str, exchange: Exchange) -> None:
        refused = self._server.refuse(exchange)
        try:
            if refused is not None:
                self._error(*refused)
            elif method == "GET" and exchange.path.startswith("/v1/models/"):
                self._model(exchange.path.rpartition("/")[2])
            elif exchange.path == "/v1/messages/count_tokens":
                counts = PromptCache(0).usage(exchange.body)
                self._json(200, {"input_tokens": sum(counts.values())})
            elif exchange.path == "/v1/messages":
                await self._turn(exchange)
            else:
                self._send(404, "text/html", b"<html><body>Not here</body></html>")
        finally:
            if exchange.turn < 0:  # turns are recorded as they arrive: some never end
                self._server.log(exchange)
            self._server.arrived.set()
        self._done(exchange)

    def _done(self, exchange: Exchange) -> None:
        exchange.answered = True
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._next_request)

    async def _turn(self, exchange: Exchange) -> None:
        server = self._server
        conversation = server.find(exchange)
        if conversation is None:
            server.violations.append("no conversation matches the request")
            return self._error(400, "no conversation matches the request")
        exchange.conversation = conversation.match
        wrong = server.wrong(conversation, exchange)
        if wrong:
            server.violations += wrong
            return self._error(400, "; ".join(wrong))
        exchange.turn = conversation.turn_of(exchange.body)
        if exchange.turn >= len(conversation.script.turns):
            server.violations.append(f"the script is over at turn {exchange.turn}")
            return self._error(400, "the script is over")
        server.log(exchange)
        fault = conversation.fault(exchange.turn)
        exchange.fault = fault["kind"]
        exchange.retry_after = float(fault.get("retry_after", 0))
        server.arrived.set()
        if fault["kind"] in _AS_WRITTEN:
            conversation.arrived(exchange.body, exchange.turn)
            server.compare(conversation, exchange)
        await self._answer(exchange, conversation, fault)
        return None

    async def _answer(self, exchange: Exchange, conversation: Conversation, fault: Json) -> None:
        kind, after = fault["kind"], fault["after"]
        if kind.isdigit():
            return self._error(int(kind), fault.get("message", "scripted"), fault)
        if kind == "html":
            return self._send(200, "text/html", b"<html><h1>Welcome to Hotel WiFi</h1>Sign in</html>")
        if kind == "json":
            return self._json(200, {"welcome": "to another service"})
        if kind == "gone":
            return self._server.leave()
        if after is None:
            return await self._break(kind)
        turn = conversation.script.turns[exchange.turn]
        content, stop_reason = _otherwise(kind, [dict(block) for block in turn.content], turn.stop_reason)
        if kind in _CALLS_TOO:  # the turn that is written may come yet, and ids are never used twice
            for block in (b for b in content if "id" in b):
                block["id"] += f"-{len(self._server.exchanges)}"
        thoughts = (b for b in content if b["type"] in ("thinking", "redacted_thinking"))
        self._server.thoughts.update(json.dumps(block, sort_keys=True) for block in thoughts)
        usage = self._server.usage(exchange)
        usage["output_tokens"] = max(1, len(json.dumps(content)) // 4)
        events = message_events(
            content,
            message_id=f"msg_{len(self._server.exchanges):04}",
            model=exchange.body["model"],
            stop_reason=stop_reason,
            usage=usage,
            cut_input_at=0.5 if kind in ("half_json", "max_tokens") else None,
        )
        if kind in _AS_WRITTEN:
            conversation.served[exchange.turn] = [
                _as_sent_back(block) for block in content if not _blank(block)
            ]
        if not exchange.body.get("stream"):
            return self._json(200, whole_message(events, content))
        await self._stream(events, kind, after)
        return None

    async def _stream(self, events: list[Json], kind: str, after: int) -> None:
        early = kind in ("reset", "cut", "end", "hang", "overloaded", "garbage")
        if early:
            events = events[:after]
        elif kind == "novelty":
            events = [event for known in events for event in ({"type": "novelty", "said": [1]}, known)]
        elif kind == "drip":
            return await self._drip(b"".join(map(encode_event, events)))
        self._head(200, "text/event-stream; charset=utf-8", "Transfer-Encoding: chunked")
        for event in events:
            self._chunk(encode_event(event))
            await asyncio.sleep(0)
        if kind == "overloaded":
            error = {"type": "overloaded_error", "message": "Overloaded"}
            self._chunk(encode_event({"type": "error", "error": error}))
        elif kind == "garbage":
            self._chunk(b"event: content_block_delta\ndata: {half\n\n")
        elif kind in ("reset", "cut", "hang"):
            return await self._break(kind)
        self._write(b"0\r\n\r\n")
        return None

    async def _break(self, kind: str) -> None:
        assert self._transport is not None
        assert self._exchange is not None
        if kind == "hang":
            await asyncio.Event().wait()
        self._exchange.answered = True  # it is we who leave
        if kind == "reset":
            # Let what was written reach the client first; lingering for 0 s turns the close into a reset.
            await asyncio.sleep(0.02)
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()

    async def _drip(self, data: bytes) -> None:
        self._head(200, "text/event-stream", "Transfer-Encoding: chunked")
        for byte in data:
            self._chunk(bytes((byte,)))
            await asyncio.sleep(0)
        self._write(b"0\r\n\r\n")

    def _model(self, name: str) -> None:
        known = (self._server.models or {}).get(name)
        if known is None:
            return self._error(404, f"model: {name}")
        base = {"id": name, "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
        return self._json(200, base | known)

    def _error(self, status: int, message: str, fault: Mapping[str, Any] | None = None) -> None:
        fault = fault or {}
        kind = fault.get("type") or _ERROR_TYPES.get(
            status, "api_error" if status >= 500 else "invalid_request_error"
        )
        extra = [f"retry-after: {fault['retry_after']}"] if "retry_after" in fault else []
        extra += [f"location: {fault['location']}"] if "location" in fault else []
        body = {"type": "error", "error": {"type": kind, "message": message}}
        self._send(status, "application/json", json.dumps(body).encode(), *extra)

    def _json(self, status: int, value: Json) -> None:
        self._send(status, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, data: bytes, *extra: str) -> None:
        self._head(status, kind, f"Content-Length: {len(data)}", *extra)
        self._write(data)

    def _head(self, status: int, kind: str, *extra: str) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {kind}", "request-id: req_scripted", *extra]
        self._write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _chunk(self, data: bytes) -> None:
        self._write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)


def _otherwise(kind: str, content: list[Json], stop_reason: str) -> tuple[list[Json], str]:
    """A whole answer, but another one than the script's."""
    talk: list[Json] = [{"type": "text", "text": "I was just about to"}]
    match kind:
        case "refusal":
            return [], "refusal"
        case "max_tokens":
            return content, "max_tokens"
        case "cut_text":
            return talk, "max_tokens"
        case "pause_turn":
            return talk, "pause_turn"
        case "window":
            return talk, "model_context_window_exceeded"
        case "empty":
            return [], "end_turn"
        case "novel_stop":
            return content, "a_new_reason"
        case "twice":
            again = [dict(block) for block in content if block["type"] == "tool_use"]
            return [*content, *again[-1:]], stop_reason
        case _:
            return content, stop_reason


def _blank(block: Json) -> bool:
    return block["type"] == "text" and not block["text"].strip()


def _as_sent_back(block: Json) -> Json:
    """A block as it must come back; input that was no JSON comes back as an empty object."""
    if "raw_input" not in block:
        return block
    return {k: v for k, v in block.items() if k != "raw_input"} | {"input": {}}
