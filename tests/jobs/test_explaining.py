"""Explanations: of what, kept how long, what they cost and send: counted in the day, readable afterwards."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from agent_ls.core.errors import ConfigError, UsageError
from agent_ls.core.job import JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Budgets, Settings
from agent_ls.core.text import Span
from agent_ls.index.skeleton import skeleton
from agent_ls.jobs.views import Explanation
from agent_ls.workspace.state import StateDirs
from tests.jobs.conftest import Opener, close, task
from tests.support.fake_worker import EXPLAINED_USD
from tests.support.paper_editor import PaperEditor

PATH = RelPath("parser.py")
TEXT = b"def parse(text):\n    return text.split()\n"


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


async def test_a_selection_is_explained_for_itself_and_anew_on_request(opener: Opener, root: Path) -> None:
    (root / PATH).write_bytes(TEXT)
    editor = PaperEditor(root)
    service = await opener(editor)
    await service.indexer.refresh()
    symbol, selection = Site(PATH, Span(5, 5)), Site(PATH, Span(0, 12))
    offers = {offer.title: offer for offer in service.offers(selection)}
    assert offers["Explain the selection"].site == selection
    assert "Explain parse" not in offers
    [offer] = [offer for offer in service.offers(symbol) if offer.title == "Explain parse"]
    assert offer.site is not None
    assert offer.site.span.empty, "a range would be a selection"
    asked = service.status()["spentTodayUsd"] or 0
    for site in (symbol, selection, symbol, selection):
        assert (await service.explain(site, wait=True)).markdown
    paid = service.status()["spentTodayUsd"] - asked
    assert paid == 2 * EXPLAINED_USD, "two texts, each asked for once"
    menu = [*service.offers(selection), *service.hidden_offers(selection)]
    [again] = [offer for offer in menu if offer.title == "Explain the selection anew"]
    assert (again.arguments, again.site) == ({"refresh": True}, selection)
    assert (await service.explain(selection, refresh=True)).pending
    assert editor.notices == [], "who asks again has it"
    assert (await service.explain(selection)).pending, "until the new one is there, the old one is not told"
    assert (await service.explain(selection, wait=True)).markdown
    assert service.status()["spentTodayUsd"] - asked == 3 * EXPLAINED_USD


async def test_places_of_a_small_text_are_told_apart(opener: Opener, root: Path) -> None:
    (root / PATH).write_bytes(b"one two\n\n\n")
    service = await opener(PaperEditor(root))
    sites = [Site(PATH, Span(*at)) for at in ((0, 3), (4, 7), (8, 8), (9, 9))]
    for number, site in enumerate([*sites, *sites]):
        assert (await service.explain(site, wait=True)).markdown
        assert service.status()["spentTodayUsd"] == min(number + 1, len(sites)) * EXPLAINED_USD


async def test_a_folder_is_explained_by_its_skeleton_until_that_changes(opener: Opener, root: Path) -> None:
    service = await opener()
    (root / "src").mkdir(exist_ok=True)
    (root / "src" / "one.py").write_text('def first(a):\n    """Begins."""\n')
    await service.indexer.refresh()
    assert skeleton(service.index, "src", 10_000) == "src/one.py\n  def first(a) — Begins."
    asked = service.status()["spentTodayUsd"] or 0
    told = [(await service.explain_folder("src", wait=True)).markdown for _ in range(2)]
    assert told[0] == told[1]
    assert told[0].startswith("explained")
    (root / "src" / "one.py").write_text('def first(a):\n    """Begins."""\n    return a\n')
    await service.indexer.refresh()
    await service.explain_folder("src", wait=True)
    assert service.status()["spentTodayUsd"] - asked == EXPLAINED_USD, "the same skeleton is the same folder"
    (root / "src" / "two.py").write_text("def second(): ...\n")
    await service.indexer.refresh()
    assert (await service.explain_folder("src")).pending
    assert (await service.explain_folder("", wait=True)).markdown
    with pytest.raises(UsageError, match="Nothing of docs is indexed"):
        await service.explain_folder("docs")


async def test_a_large_folder_loses_definitions_before_files(opener: Opener, root: Path) -> None:
    service = await opener()
    for number in range(20):
        lines = "".join(f"def name_{number}_{one}(): ...\n" for one in range(30))
        (root / f"m{number:02}.py").write_text(lines)
    await service.indexer.refresh()
    page = skeleton(service.index, "", 3000)
    assert len(page) <= 3000
    assert all(f"m{number:02}.py" in page for number in range(20))
    assert "name_0_1()" in page
    assert "… 25 more" in page
    tiny = skeleton(service.index, "", 60)
    assert tiny.splitlines()[0] == "a.py"
    assert tiny.endswith(" more files")


async def test_asking_again_after_a_failure_is_no_new_request(opener: Opener, root: Path) -> None:
    (root / PATH).write_bytes(TEXT)
    editor = PaperEditor(root)
    service = await opener(editor, worker_module="no.such.worker")
    site = Site(PATH, Span(5, 5))
    assert (await service.explain(site)).pending
    async with asyncio.timeout(60):
        while not editor.notices:
            await asyncio.sleep(0.01)
    assert await service.explain(site) == Explanation()
    assert (await service.explain(site)).pending, "the next wish is a wish"
