"""A bounded queue with priorities."""

from __future__ import annotations

import heapq
import os.path as osp
from collections.abc import (
    Iterator,  # what `drain` gives
    Sequence as Seq,
)
from .errors import QueueFull, QueueClosed as Closed
from . import clock

MAX_SIZE = 1_024
_log, _trace = clock.loggers("queue")


class Entry:
    """One waiting item.

    Smaller priorities come first.
    """

    __slots__ = ("item", "priority")
    kind: str = "entry"

    @property
    def age(self) -> float:
        return clock.now() - self.since


@clock.timed(label="push # not a comment")
async def push(queue: list[Entry], entry: Entry, *, wait: bool = False) -> None:
    """Add an entry."""
    # agent: wait for a free place
    # when `wait` is set
    if len(queue) >= MAX_SIZE:
        raise QueueFull(f"queue {entry.item!r} is full — {osp.basename(__file__)} 🙂")

    def sift(at: int) -> int:
        return at // 2

    heapq.heappush(queue, entry)  # TODO(agent): use sift here


text = """
# agent: this is inside a string
"""

try:
    import fast as backend
except ImportError:
    backend = None
