"""What a task will probably cost: an honest range, said before anything is spent.

How long a task takes nobody knows beforehand. The range is that of the tasks done here so far, as
soon as there are some, else that of a short and of a long one; every turn reads what stands before
it from the service's cache and adds to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

from agent_ls.core.job import Usage
from agent_ls.model.prices import Price

SHORT, LONG = 4, 24
"""Turns of a short and of a long task where nothing is known of this workspace."""
ENOUGH: Final = 5
"""So many ended tasks tell more than a guess."""
OPENING: Final = 8_500
"""Tokens of tools, instructions, the overview and what is probably relevant."""
_ADDED, _ANSWER = 2_200, 700  # tokens that a turn adds to the conversation, and that it answers with
_BYTES_PER_TOKEN = 3.5


@final
@dataclass(frozen=True, slots=True)
class Done:
    """A task that came to its end: its turns."""

    turns: int


def estimate_usd(
    price: Price,
    attached_bytes: int,
    *,
    attempts: int,
    most_turns: int,
    ceiling_usd: float,
    done: Iterable[Done] = (),
) -> tuple[float, float]:
    """Low and high, in US dollars, for all attempts together.

    ``attached_bytes``: texts that the first request carries besides; ``most_turns`` and ``ceiling_usd`` are an
    attempt's, and the range never goes above them. Never raises; pure.
    """
    low, high = _turns(sorted(one.turns for one in done if one.turns > 0))
    first = OPENING + int(attached_bytes / _BYTES_PER_TOKEN)
    costs = [min(ceiling_usd, _cost(price, first, min(turns, most_turns))) for turns in (low, high)]
    return round(costs[0] * attempts, 4), round(costs[1] * attempts, 4)


def _turns(known: Sequence[int]) -> tuple[int, int]:
    """The tenth and the ninetieth of a hundred tasks."""
    if len(known) < ENOUGH:
        return SHORT, LONG
    last = len(known) - 1
    return known[round(last * 0.1)], known[round(last * 0.9)]


def _cost(price: Price, first: int, turns: int) -> float:
    """A conversation in which each turn reads the ones before it from the cache."""
    usage = Usage(cache_write=first, output=_ANSWER)
    for number in range(1, turns):
        usage += Usage(cache_read=first + (number - 1) * _ADDED, cache_write=_ADDED, output=_ANSWER)
    return price.cost_usd(usage)


def said(range_usd: tuple[float, float]) -> str:
    """The range in words."""
    low, high = (f"${usd:.2f}" if usd >= 0.01 else "less than $0.01" for usd in range_usd)
    return f"about {low}" if low == high else f"{low} to {high}"
