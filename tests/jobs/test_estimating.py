"""What is said of the cost before anything is spent."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.job import JobState
from agent_ls.core.settings import Budgets, Models, Settings
from agent_ls.jobs.estimating import Done, estimate_usd, said
from agent_ls.model.prices import Price, load_prices
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import Opener, task

PRICE = Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)


@given(
    st.integers(0, 1 << 20),
    st.integers(1, 8),
    st.integers(1, 200),
    st.floats(0.01, 9),
    st.lists(st.integers(0, 99).map(Done)),
)
def test_the_range_is_one_and_never_above_the_ceilings(
    size: int, attempts: int, turns: int, ceiling: float, done: list[Done]
) -> None:
    low, high = estimate_usd(PRICE, size, attempts=attempts, most_turns=turns, ceiling_usd=ceiling, done=done)
    assert 0 < low <= high <= ceiling * attempts + 1e-3


def test_tasks_done_here_say_more_than_a_guess() -> None:
    def of(done: list[Done]) -> tuple[float, float]:
        return estimate_usd(PRICE, 0, attempts=1, most_turns=99, ceiling_usd=99, done=done)

    assert of([]) == of([Done(90)] * 4)
    assert of([Done(2)] * 9)[1] < of([])[0]
    assert of([Done(60)] * 9)[0] > of([])[1]
    assert said((0.004, 0.31)) == "less than $0.01 to $0.31"
    assert said((0.2, 0.2)) == "about $0.20"


async def test_the_estimate_is_told_and_stays_with_the_job(opener: Opener, dirs: StateDirs) -> None:
    (dirs.config).mkdir(parents=True, exist_ok=True)
    (dirs.config / "prices.toml").write_text('[models."m"]\ninput = 3\noutput = 15\n')
    service = await opener(settings=Settings(models=Models(work="m")))
    job = service.delegate(task({"turn": 1, "files": {}}, {"ask": "q", "text": "?"}, {"outcome": "failed"}))
    view = service.job(job).view
    assert view.estimate_usd is not None
    assert view.progress.step == f"will cost {said(view.estimate_usd)}"
    assert service.job(job).wire()["estimateUsd"] == list(view.estimate_usd)
    several = dataclasses.replace(task({"outcome": "failed"}), attempts=3)
    more = service.job(service.delegate(several)).view.estimate_usd
    assert more is not None
    assert all(abs(three - 3 * one) < 0.001 for three, one in zip(more, view.estimate_usd, strict=True))
    unknown = await service.wait(service.delegate(task({"outcome": "failed"})))
    assert unknown.state is JobState.FAILED
    await service.cancel(job)


async def test_where_no_price_is_known_nothing_is_said(opener: Opener, tmp_path: Path) -> None:
    service = await opener(settings=Settings(models=Models(work="nobody-knows"), budgets=Budgets()))
    view = service.job(service.delegate(task({"hang": True}))).view
    assert view.estimate_usd is None
    assert json.dumps(service.job(view.id).result()["estimate_usd"]) == "null"
    assert load_prices(tmp_path).price("nobody-knows") is None
