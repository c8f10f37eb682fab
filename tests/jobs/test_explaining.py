"""What explanations cost and send: counted in the day, readable afterwards."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent_ls.core.errors import ConfigError
from agent_ls.core.job import JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Budgets, Settings
from agent_ls.core.text import Span
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import Opener, close, task
from tests.support.fake_worker import EXPLAINED_USD


async def test_explanations_count_in_the_day_and_end_with_its_ceiling(opener: Opener, root: Path) -> None:
    service = await opener(settings=Settings(budgets=Budgets(day_usd=2 * EXPLAINED_USD)))
    for number in (0, 1):
        await service.explain(Site(RelPath("a.py"), Span(number, number)), wait=True, refresh=True)
        assert service.status()["spentTodayUsd"] == (number + 1) * EXPLAINED_USD
    with pytest.raises(ConfigError, match=r"ceiling of \$0\.50 is reached"):
        await service.explain(Site(RelPath("b.py"), Span(0, 0)))
    known = await service.explain(Site(RelPath("a.py"), Span(0, 0)))
    assert known.markdown.startswith("explained"), "what is known costs nothing"
    job = service.delegate(task({"outcome": "ready"}))
    view = await service.wait(job)
    assert view.state is JobState.OUT_OF_BUDGET
    assert "config.toml" in view.problem


async def test_what_explanations_sent_is_in_the_whole_wire_log_until_it_is_old(
    opener: Opener, dirs: StateDirs, root: Path
) -> None:
    service = await opener()
    await service.explain(Site(RelPath("a.py"), Span(0, 0)), wait=True)
    (day,) = (dirs.workspace(root) / "explained-wire").iterdir()
    assert list(service.whole_wire_log()) == [
        {"of": "explanation", "direction": "sent", "text": str(day)},
    ]
    await close(service)
    later = await opener(clock=lambda: time.time() + 40 * 86400)
    assert list(later.whole_wire_log()) == []
