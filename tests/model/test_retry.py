"""Retrying whole turns: how long is waited, what ends it, what is told. No time passes here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from agent_ls.core.errors import ConfigError, ModelError
from agent_ls.core.job import Usage
from agent_ls.model.protocol import ContextOverflowError, Limits, Turn, TurnRequest
from agent_ls.model.retry import Clock, RetryPolicy, Waiting, ask

REQUEST = TurnRequest("m", [], [], [{"role": "user", "content": "go"}], 100)
TURN = Turn([{"type": "text", "text": "x"}], (), "end_turn", Usage(), "m")


def busy(retry_after_s: float | None = None, *, billed: bool = False) -> ModelError:
    return ModelError("Overloaded", kept="all", retryable=True, retry_after_s=retry_after_s, billed=billed)


class Failing:
    """Fails with each of the errors in turn, then answers."""

    def __init__(self, errors: Sequence[Exception]) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def turn(self, request: TurnRequest, on_text: Callable[[str], None] | None = None) -> Turn:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return TURN

    async def limits(self, model: str) -> Limits:
        return Limits()

    async def close(self) -> None:
        pass


class FakeTime:
    def __init__(self, chance: float = 0.0) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.clock = Clock(now=lambda: self.now, sleep=self.sleep, chance=lambda: chance)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def check_waits(errors: list[Exception], expected: list[float], chance: float = 0.0) -> None:
    time, model = FakeTime(chance), Failing(errors)
    assert await ask(model, REQUEST, clock=time.clock) is TURN
    assert time.slept == expected
    assert model.asked == len(errors) + 1


async def test_waits_double_up_to_the_longest() -> None:
    await check_waits([busy() for _ in range(8)], [1, 2, 4, 8, 16, 32, 60, 60])


async def test_chance_shortens_a_wait_by_up_to_half() -> None:
    await check_waits([busy(), busy()], [0.5, 1.0], chance=1.0)


async def test_the_service_is_never_asked_earlier_than_it_wishes() -> None:
    await check_waits([busy(12.5), busy(0.1), busy()], [12.5, 2, 4])


async def test_a_storm_is_waited_for_until_the_ceiling() -> None:
    time, model = FakeTime(), Failing([busy() for _ in range(1000)])
    with pytest.raises(ModelError) as given_up:
        await ask(model, REQUEST, clock=time.clock, policy=RetryPolicy(total_s=600))
    assert 540 <= time.now <= 600
    assert f"tried {model.asked} times in {time.now:.0f} s" in given_up.value.what
    assert (given_up.value.kept, given_up.value.retryable) == ("all", True)
    assert "Try again later" in given_up.value.remedy


async def test_a_wish_beyond_the_ceiling_ends_it_at_once() -> None:
    time = FakeTime()
    with pytest.raises(ModelError) as given_up:
        await ask(Failing([busy(7200)]), REQUEST, clock=time.clock)
    assert time.slept == []
    assert "7200 s more" in given_up.value.remedy
    assert given_up.value.retry_after_s == 7200


async def test_only_a_few_broken_answers_are_paid_for() -> None:
    model = Failing([busy(billed=True) for _ in range(100)])
    with pytest.raises(ModelError):
        await ask(model, REQUEST, clock=FakeTime().clock, policy=RetryPolicy(broken_answers=3))
    assert model.asked == 3


@pytest.mark.parametrize(
    "error",
    [
        ContextOverflowError("too long", retryable=True),
        ConfigError("no key"),
        ModelError("refused"),
    ],
)
async def test_what_no_later_try_can_heal_is_raised_at_once(error: Exception) -> None:
    model, time = Failing([error]), FakeTime()
    with pytest.raises(type(error)) as raised:
        await ask(model, REQUEST, clock=time.clock)
    assert raised.value is error
    assert (model.asked, time.slept) == (1, [])


async def test_every_wait_is_told() -> None:
    told: list[Waiting] = []
    await ask(Failing([busy(12), busy(billed=True)]), REQUEST, clock=FakeTime().clock, on_wait=told.append)
    assert [(w.tries, w.wait_s, w.billed) for w in told] == [(1, 12, False), (2, 2, True)]
    assert told[0].sentence == "waiting 12 s: Overloaded"
