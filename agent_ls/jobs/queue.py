"""Which run begins next: runs of a model and others queue apart, and jobs take turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import final

from agent_ls.core.job import JobId


@final
class Queue:
    """Runs that wait for room.

    ``job_of`` and ``lane`` say what a run belongs to. Runs that need no model have a lane of their own,
    so that a rename never waits behind three delegations. Of a lane the job with the fewest runs
    under way goes first, of those the one whose last turn is longest ago: eight attempts at one task
    do not hold up another task.
    """

    def __init__(self, job_of: Callable[[JobId], JobId], lane: Callable[[JobId], bool]) -> None:
        self._job_of = job_of
        self._lane = lane
        self._waiting: list[JobId] = []
        self._turns: dict[JobId, int] = {}

    def __contains__(self, run: JobId) -> bool:
        return run in self._waiting

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def waiting(self) -> tuple[JobId, ...]:
        return tuple(self._waiting)

    def add(self, run: JobId, *, first: bool = False) -> None:
        """Let a run wait; ``first``: before the others of its job and lane."""
        self._waiting.insert(0 if first else len(self._waiting), run)

    def remove(self, run: JobId) -> None:
        """Take a run out, if it is there."""
        if run in self._waiting:
            self._waiting.remove(run)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, running: Collection[JobId], most: int) -> JobId | None:
        """The run that may begin now, taken out; ``None`` where there is no room, or nobody waits."""
        busy = Counter(self._lane(run) for run in running)
        at_work = Counter(self._job_of(run) for run in running)
        ready = [run for run in self._waiting if run not in running and busy[self._lane(run)] < max(1, most)]
        if not ready:
            return None
        run = min(ready, key=lambda one: (at_work[self._job_of(one)], self._turns.get(self._job_of(one), 0)))
        self._waiting.remove(run)
        self._turns[self._job_of(run)] = max(self._turns.values(), default=0) + 1
        return run
