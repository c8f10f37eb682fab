"""Files to parse, dealt out in batches: large ones while there is much to do, so that parts are few.

A file that may have ended a worker goes alone the next time; at the second time it is given up.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.paths import RelPath

_FIRST, _LEAST, _MOST = 500_000, 1_500_000, 12_000_000
"""Bytes per batch: few at first, so that there is something to find soon."""
_MOST_FILES = 4000
_SHARES = 2
_SUSPECTS = 32
_STRIKES = 2


@final
@dataclass(frozen=True, slots=True)
class ParseJob:
    """A file to parse: its state on disk, the ``hash`` of its known bytes (``""``: new), its ``row`` to be."""

    path: RelPath
    language: str
    hash: str = ""
    size: int = 0
    mtime_ns: int = 0
    row: int = 0


Batch = Sequence[ParseJob]


@final
class Batches:
    """What is left to do. ``strikes``: how often a file may have ended a worker; outlives this."""

    def __init__(self, jobs: Sequence[ParseJob], lanes: int, strikes: Counter[RelPath]) -> None:
        self._queue = deque(jobs)
        self._alone: deque[ParseJob] = deque()
        self._left = sum(job.size for job in jobs)
        self._lanes = lanes
        self._first = lanes
        self._strikes = strikes

    def take(self) -> Batch:
        """The next batch; an empty one when nothing is left."""
        if self._alone:
            return [self._alone.popleft()]
        wanted = min(_MOST, max(_LEAST, self._left // (_SHARES * self._lanes)))
        if self._first > 0:
            self._first -= 1
            wanted = _FIRST
        batch: list[ParseJob] = []
        size = 0
        while self._queue and size < wanted and len(batch) < _MOST_FILES:
            job = self._queue.popleft()
            size += job.size
            batch.append(job)
        self._left -= size
        return batch

    def done(self, batch: Batch) -> None:
        """A batch was answered."""
        for job in batch:
            self._strikes.pop(job.path, None)

    def give_back(self, batch: Batch) -> None:
        """A batch that nobody looked at."""
        self._queue.extendleft(reversed(batch))
        self._left += sum(job.size for job in batch)

    def blame(self, batch: Batch, seen: int) -> ParseJob | None:
        """A worker died or hung with this batch, ``seen`` files of which it was past.

        Returns a file that did so twice: it is given up.
        """
        suspects = batch[seen : seen + _SUSPECTS]
        self._strikes.update(job.path for job in suspects)
        if len(batch) == 1 and self._strikes[batch[0].path] >= _STRIKES:
            return batch[0]
        self.give_back([*batch[:seen], *batch[seen + _SUSPECTS :]])
        self._alone.extend(suspects)
        return None
