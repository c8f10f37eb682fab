"""JSON-RPC as values: what a JSON object is, and what an error answer looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, final

from agent_ls.faces.lsp.json_values import Json

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
NOT_INITIALIZED: Final = -32002
REQUEST_CANCELLED: Final = -32800
CONTENT_MODIFIED: Final = -32801
REQUEST_FAILED: Final = -32803

MsgId = int | str


class RpcError(Exception):
    """An error answer: a handler raises it to choose code and sentence itself."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_wire(self) -> Json:
        wire: Json = {"code": self.code, "message": self.message}
        return wire if self.data is None else {**wire, "data": self.data}


@final
@dataclass(frozen=True, slots=True)
class Request:
    """A call that must be answered exactly once."""

    id: MsgId
    method: str
    params: Any


@final
@dataclass(frozen=True, slots=True)
class Notification:
    """A call without an answer, not even an error."""

    method: str
    params: Any


@final
@dataclass(frozen=True, slots=True)
class Response:
    """The client's answer to a request of ours."""

    id: MsgId
    result: Any
    error: Any


@final
@dataclass(frozen=True, slots=True)
class Malformed:
    """Not JSON-RPC 2.0; ``id`` is the one to answer under, ``None`` where none can be told."""

    id: MsgId | None
    reason: str


Incoming = Request | Notification | Response | Malformed


def classify(value: Json) -> Incoming:
    """What a JSON object is. Only its top level is looked at. Never raises."""
    raw = value.get("id")
    msg_id = raw if isinstance(raw, int | str) and not isinstance(raw, bool) else None
    method = value.get("method")
    if value.get("jsonrpc") != "2.0":
        return Malformed(msg_id, 'A message must say "jsonrpc": "2.0".')
    if isinstance(method, str):
        if "id" not in value:
            return Notification(method, value.get("params"))
        if msg_id is None:
            return Malformed(None, "A request's id must be a number or a string.")
        return Request(msg_id, method, value.get("params"))
    if "method" not in value and msg_id is not None and ("result" in value or "error" in value):
        return Response(msg_id, value.get("result"), value.get("error"))
    if "method" not in value and raw is None and "error" in value:
        # The client could not read one of ours: nothing to answer, answering would ping-pong.
        return Notification("$/unreadable", value["error"])
    return Malformed(msg_id, "A message must have a method, or an id with a result or an error.")


def answer(msg_id: MsgId, result: Any) -> Json:
    return {"jsonrpc": "2.0", "id": msg_id, "result": result}


def error_answer(msg_id: MsgId | None, error: RpcError) -> Json:
    return {"jsonrpc": "2.0", "id": msg_id, "error": error.to_wire()}
