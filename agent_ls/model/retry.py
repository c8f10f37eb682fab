"""Asking for a whole turn until it is there: waits that honour the service, and a ceiling.

Turns are safe to repeat because nothing of an unfinished one is ever used. Two kinds of trouble
have ceilings of their own: a service that is busy or out of reach costs nothing but time, so it
is waited for as long as `RetryPolicy.total_s` says; an answer that broke off has been paid for,
so only a few of those are bought.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import final

from agent_ls.core.errors import ModelError
from agent_ls.model.protocol import ContextOverflowError, Model, Turn, TurnRequest


@final
@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits in seconds: ``first_s``, then double, at most ``longest_s``, each cut by up to half at random.

    ``total_s``: ceiling of the time from the first request on. ``broken_answers``: how many answers
    may break off before the turn is given up.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    total_s: float = 600.0
    broken_answers: int = 5


@final
@dataclass(frozen=True, slots=True)
class Waiting:
    """Why the turn is not there yet, for progress and for counting: ``tries`` requests failed so far.

    ``billed``: the last one broke off after the service had begun to answer, so it counts as an
    unrecorded request.
    """

    error: ModelError
    wait_s: float
    tries: int
    billed: bool

    @property
    def sentence(self) -> str:
        """``waiting 12 s: the service is overloaded``-like, for a progress line."""
        return f"waiting {max(1, round(self.wait_s))} s: {self.error.what}"


@final
@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance from outside, so that tests need neither."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


async def ask(
    model: Model,
    request: TurnRequest,
    *,
    policy: RetryPolicy | None = None,
    clock: Clock | None = None,
    on_text: Callable[[str], None] | None = None,
    on_wait: Callable[[Waiting], None] | None = None,
) -> Turn:
    """One whole turn, asked for as often as it takes within the policy.

    Text that ``on_text`` heard before an ``on_wait`` belongs to an answer that was thrown away.

    Raises:
        ContextOverflowError, ConfigError: at once; no later try can help.
        ModelError: the last failure, with how long and how often it was tried.
    """
    policy, clock = policy or RetryPolicy(), clock or Clock()
    began, tries, broken = clock.now(), 0, 0
    while True:
        try:
            return await model.turn(request, on_text)
        except ContextOverflowError:
            raise
        except ModelError as error:
            if not error.retryable:
                raise
            tries += 1
            broken += error.billed
            wait_s = _wait(policy, error, tries, clock.chance())
            spent_s = clock.now() - began
            if broken >= policy.broken_answers or spent_s + wait_s > policy.total_s:
                raise _given_up(error, tries, spent_s, wait_s) from error
            if on_wait is not None:
                on_wait(Waiting(error, wait_s, tries, error.billed))
        await clock.sleep(wait_s)


_LATER = "Try again later: a job that is resumed goes on from its last whole turn"


def _wait(policy: RetryPolicy, error: ModelError, tries: int, chance: float) -> float:
    """Seconds to wait. The service's own wish is a floor: it is never asked earlier, but may be later."""
    backoff = min(policy.longest_s, policy.first_s * 2.0 ** min(tries - 1, 30)) * (1 - chance / 2)
    return max(backoff, error.retry_after_s or 0.0)


def _given_up(error: ModelError, tries: int, spent_s: float, wait_s: float) -> ModelError:
    times = "once" if tries == 1 else f"{tries} times in {spent_s:.0f} s"
    asked = f" It asks to be left alone for {error.retry_after_s:.0f} s more" if error.retry_after_s else ""
    return ModelError(
        f"{error.what} (tried {times})",
        kept=error.kept,
        remedy=". ".join(part for part in (error.remedy.rstrip("."), f"{_LATER}.{asked}") if part),
        retryable=True,
        retry_after_s=error.retry_after_s or wait_s,
        billed=error.billed,
    )
