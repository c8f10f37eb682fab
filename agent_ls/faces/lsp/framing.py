"""Bytes to messages and back: the base protocol's frames, forgiving to what clients really send.

Headers are matched in any case and spacing, Content-Type is tolerated, and one bad frame
costs one error answer, never the connection. The way back into step rests on a fact about
JSON: a raw ``Content-Length: n`` followed by a line end cannot occur inside a valid body
(control characters are escaped in strings, and outside strings the words are no JSON). So
where that pattern shows up in a body, the announced length was wrong and the next frame
starts there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, final

from agent_ls.faces.lsp.json_values import Json, as_array, as_object
from agent_ls.faces.lsp.rpc import INVALID_REQUEST, PARSE_ERROR

MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
"""Far above any source file; below what would hurt the editor's machine."""

_MAX_HEADER_BYTES: Final = 64 * 1024
_TAIL_BYTES: Final = 256  # a header that is still arriving fits in here
_HEADER = re.compile(
    rb"content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n", re.IGNORECASE
)
_BLANK_LINE = re.compile(rb"[^\r\n][ \t]*\r?\n\r?\n")
_HARMLESS = re.compile(rb"(?:[ \t]*(?:[!-9;-z]+[ \t]*:[^\r\n]*)?\r?\n)*[ \t]*")  # other headers, blank lines


@final
@dataclass(frozen=True, slots=True)
class Message:
    """One JSON object as it came; whether it is JSON-RPC is the lifecycle's question."""

    value: Json


@final
@dataclass(frozen=True, slots=True)
class Broken:
    """Input that was no message; ``code`` and ``reason`` are the error answer it deserves."""

    code: int
    reason: str


Frame = Message | Broken


def encode(message: Json) -> bytes:
    """A message as one frame. Non-ASCII stays escaped, so lone surrogates pass as they are."""
    body = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@final
class Framer:
    """Feed it chunks as they arrive; it gives back whole messages and what was wrong between them."""

    __slots__ = ("_buffer", "_complained", "_discard", "_limit", "_need", "_scanned")

    def __init__(self, limit: int = MAX_MESSAGE_BYTES) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._need: int | None = None  # bytes of the body that is arriving
        self._discard = 0  # bytes of an oversized body still to be dropped
        self._scanned = 0  # prefix of the arriving body known to hold no header
        self._complained = False  # one complaint per run of junk

    def feed(self, chunk: bytes) -> list[Frame]:
        """Everything that the bytes so far complete. Linear in the bytes; never raises."""
        self._buffer += chunk
        frames: list[Frame] = []
        while self._step(frames):
            pass
        return frames

    def _step(self, frames: list[Frame]) -> bool:
        if self._discard:
            return self._drop_oversized()
        if self._need is not None:
            return self._take_body(frames, self._need)
        return self._take_header(frames)

    def _take_header(self, frames: list[Frame]) -> bool:
        match = _HEADER.search(self._buffer)
        if match is None:
            self._drop_junk(frames)
            return False
        if not _HARMLESS.fullmatch(self._buffer, 0, match.start()):
            self._complain(frames, "Bytes that belong to no message were skipped")
        length = int(match[1])
        del self._buffer[: match.end()]
        self._scanned = 0
        if length > self._limit:
            self._discard = length
            frames.append(
                Broken(
                    INVALID_REQUEST,
                    f"A message of {length} bytes was refused: at most {self._limit} are accepted.",
                )
            )
        else:
            self._need = length
        return True

    def _take_body(self, frames: list[Frame], need: int) -> bool:
        start = self._next_frame_inside(min(need, len(self._buffer)))
        if start is not None:
            del self._buffer[:start]
            self._need = None
            self._complain(frames, "A message's Content-Length was larger than the message")
            return True
        if len(self._buffer) < need:
            return False
        self._need = None
        frame = _parse(bytes(memoryview(self._buffer)[:need]))
        if isinstance(frame, Broken) and frame.code == PARSE_ERROR:
            # The body stays in the buffer: if its length was wrong, the next header may start inside it.
            self._complain(frames, frame.reason)
            return True
        del self._buffer[:need]
        self._complained = False
        frames.append(frame)
        return True

    def _next_frame_inside(self, arrived: int) -> int | None:
        """Where another frame's header starts in the arrived part of a body, if it does."""
        first = max(0, self._scanned - _TAIL_BYTES)
        self._scanned = arrived
        if self._buffer.find(b"\r\n", first, arrived) < 0:  # the usual case, at memory speed
            return None
        match = _HEADER.search(self._buffer, first)
        return match.start() if match is not None and match.start() < arrived else None

    def _drop_oversized(self) -> bool:
        match = _HEADER.search(self._buffer) if b"\n" in self._buffer else None
        if match is not None and match.start() < self._discard:
            del self._buffer[: match.start()]
            self._discard = 0
            return True
        drop = min(self._discard, max(0, len(self._buffer) - _TAIL_BYTES))
        if self._discard <= len(self._buffer):
            drop = self._discard
        del self._buffer[:drop]
        self._discard -= drop
        return self._discard == 0

    def _drop_junk(self, frames: list[Frame]) -> None:
        """A header block without a usable length, or endless bytes without any header."""
        block = _BLANK_LINE.search(self._buffer)
        if block is not None:
            self._complain(frames, "A header without a usable Content-Length was skipped")
            del self._buffer[: block.end()]
        elif self._complained or len(self._buffer) > _MAX_HEADER_BYTES:
            if len(self._buffer) > _TAIL_BYTES:
                self._complain(frames, "Bytes that belong to no message were skipped")
            del self._buffer[: max(0, len(self._buffer) - _TAIL_BYTES)]

    def _complain(self, frames: list[Frame], reason: str) -> None:
        if not self._complained:
            frames.append(Broken(PARSE_ERROR, f"{reason}; the messages after it are answered."))
        self._complained = True


def _parse(body: bytes) -> Frame:
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return Broken(PARSE_ERROR, "A message was not valid JSON in UTF-8")
    message = as_object(value)
    if message is not None:
        return Message(message)
    if as_array(value) is not None:
        return Broken(INVALID_REQUEST, "Batches are not part of the Language Server Protocol.")
    return Broken(INVALID_REQUEST, "A message must be a JSON object.")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
