"""What an attempt may still spend: dollars, turns, and time on the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace

from agent_ls.agent.history import add_cost, add_turn
from agent_ls.core.attempt import Compacted, Explored, TurnDone
from agent_ls.core.job import Budget, Spent

_KEPT = "The work so far is kept: resume the job to go on for as much again."


class Meter:
    """Counts one attempt against its ceilings.

    Time counts per run of the attempt (a resumed attempt gets its minutes anew, dollars and
    turns go on), and stands still while a person is being asked.
    """

    def __init__(self, budget: Budget, spent: Spent, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.spent = spent
        self._clock = clock
        self._ends = clock() + budget.wall_s
        self._timeout: asyncio.Timeout | None = None

    @property
    def left_s(self) -> float:
        return max(0.0, self._ends - self._clock())

    def add(self, turn: TurnDone) -> None:
        self.spent = add_turn(self.spent, turn)

    def add_inner(self, paid: Explored | Compacted) -> None:
        """A request inside a turn: it costs, but is no turn."""
        self.spent = add_cost(self.spent, paid)

    def lost_request(self) -> None:
        """A request was sent whose answer never became a turn."""
        self.spent = replace(self.spent, unrecorded_requests=self.spent.unrecorded_requests + 1)

    def reached(self) -> str:
        """The ceiling that is reached, as a sentence for people; empty while there is room."""
        budget, spent = self.budget, self.spent
        if spent.turns >= budget.turns:
            return f"The ceiling of {budget.turns} turns is reached. {_KEPT}"
        if spent.cost_usd is not None and spent.cost_usd >= budget.usd:
            return f"The ceiling of ${budget.usd:g} is reached (${spent.cost_usd:.4f} spent). {_KEPT}"
        if self.left_s <= 0:
            return self.out_of_time
        return ""

    @property
    def out_of_time(self) -> str:
        return f"The ceiling of {self.budget.wall_s:g} seconds is reached. {_KEPT}"

    def limit(self) -> asyncio.Timeout:
        """Bound what runs inside by the time that is left; used as ``async with``, ends in `TimeoutError`."""
        self._timeout = asyncio.timeout(self.left_s)
        return self._timeout

    @contextmanager
    def paused(self) -> Generator[None]:
        """Stop the clock inside `limit`: what happens here waits for a person."""
        left = self.left_s
        if self._timeout is not None:
            self._timeout.reschedule(None)
        try:
            yield
        finally:
            self._ends = self._clock() + left
            if self._timeout is not None:
                self._timeout.reschedule(asyncio.get_running_loop().time() + left)
