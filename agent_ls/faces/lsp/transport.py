"""The pipe or socket to the client: who reads, who writes, who guards stdout.

Reading has a daemon thread of its own, so that no pool can starve it and a hung event loop
does not hide the end of input. Writing goes through an `Outbox` that never blocks the loop:
a message the pipe has room for is written at once, the rest by a daemon thread, and a
client that stops reading is given up at a bound instead of filling the memory.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, final

from agent_ls.core.errors import UsageError

_CHUNK: Final = 256 * 1024
_ROOM: Final = 4096  # POLLOUT on a pipe promises at least PIPE_BUF bytes without blocking
MAX_UNREAD_BYTES: Final = 64 * 1024 * 1024


def take_stdio() -> tuple[int, int]:
    """Claim the wire: returns (input, output) descriptors that no child inherits.

    Afterwards descriptor 1 is stderr, so that a stray ``print`` of any library cannot break a
    frame, and descriptor 0 is empty, so that a child cannot eat messages.

    Raises:
        UsageError: one of the two is closed.
    """
    try:
        wire_in, wire_out = os.dup(0), os.dup(1)
    except OSError:
        raise UsageError(
            "The language server was started without standard input or output",
            remedy="Let an editor start it with both connected, or use --tcp HOST:PORT",
        ) from None
    for fd in (wire_in, wire_out):
        os.set_blocking(fd, True)  # some parents hand over their own non-blocking ends
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # started without stderr
        os.dup2(null, 1)
    os.close(null)
    return wire_in, wire_out


def start_reader(fd: int, on_chunk: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
    """Read ``fd`` to its end on a daemon thread; both callbacks run on that thread."""

    def read() -> None:
        while True:
            try:
                chunk = os.read(fd, _CHUNK)
            except OSError:  # a reset connection is the end, like any other
                break
            if not chunk:
                break
            on_chunk(chunk)
        on_end()

    threading.Thread(target=read, name="wire-reader", daemon=True).start()


@final
class Outbox:
    """Serialised, bounded writes to one descriptor; `send` never blocks."""

    def __init__(self, fd: int, on_broken: Callable[[str], None], limit: int = MAX_UNREAD_BYTES) -> None:
        self._fd = fd
        self._on_broken = on_broken
        self._limit = limit
        self._queue: deque[bytes] = deque()
        self._waiting = 0  # bytes in the queue and in the thread's hands
        self._broken = False
        self._changed = threading.Condition()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        self._thread: threading.Thread | None = None

    def send(self, data: bytes) -> None:
        """Write now if there is room, else queue. After a failure everything is dropped."""
        with self._changed:
            if self._broken:
                return
            if not self._waiting and len(data) <= _ROOM and self._has_room():
                data = data[self._write(data) :]
                if not data:
                    return
            if self._waiting + len(data) > self._limit:
                self._fail("the client stopped reading")
                return
            self._queue.append(data)
            self._waiting += len(data)
            if self._thread is None:
                self._thread = threading.Thread(target=self._drain, name="wire-writer", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is written; ``False`` if the client did not read in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._broken or not self._waiting, timeout_s)

    def _has_room(self) -> bool:
        return any(event & select.POLLOUT for _, event in self._poll.poll(0))

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except OSError:
            self._fail("the client is gone")
            return len(data)

    def _fail(self, reason: str) -> None:
        self._broken = True
        self._queue.clear()
        self._waiting = 0
        self._changed.notify_all()
        self._on_broken(reason)

    def _drain(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._broken)
                if self._broken:
                    return
                data = self._queue.popleft()
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._fd, view) :]
            except OSError:
                with self._changed:
                    if not self._broken:
                        self._fail("the client is gone")
                return
            with self._changed:
                if not self._broken:
                    self._waiting -= len(data)
                    self._changed.notify_all()
