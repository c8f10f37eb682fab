"""Output without end in memory with one: the head and the tail of a byte stream."""

from __future__ import annotations

from typing import final


@final
class Bounded:
    """Keeps the first and the last half of ``limit`` bytes of what is added; counts what it dropped."""

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._seen = 0

    def add(self, chunk: bytes) -> None:
        self._seen += len(chunk)
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        if len(self._tail) > 2 * self._half:  # trimmed in large steps: each byte is moved at most twice
            del self._tail[: -self._half]

    @property
    def dropped(self) -> int:
        """How many bytes are in neither end."""
        return max(0, self._seen - 2 * self._half)

    def value(self) -> bytes:
        """The kept bytes, with one line that says how many are missing between them."""
        if not self.dropped:
            return bytes(self._head + self._tail)
        gap = f"\n… {self.dropped} bytes left out …\n".encode()
        return bytes(self._head) + gap + bytes(self._tail[-self._half :])
