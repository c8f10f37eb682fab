"""Rename as an attempt: deterministic, over unsaved text, what does not resolve is named."""

from __future__ import annotations

from pathlib import Path

from agent_ls.core.job import Intent, IntentKind, JobState, Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.indexer import Indexer
from tests.agent.attempts import Stage, stage
from tests.agent.kit import PROJECT, OwnersEnd, tree


async def indexed(set_up: Stage) -> Stage:
    indexer = Indexer(set_up.root, Path(set_up.request.index_db), set_up.dirs.base, set_up.environ)
    try:
        await indexer.refresh()
    finally:
        await indexer.close()
    return set_up


def intent(new_name: str, at: int = 4) -> Intent:
    return Intent(IntentKind.RENAME, "r", new_name=new_name, site=Site(RelPath("src/calc.py"), Span(at, at)))


async def test_a_symbol_is_renamed_where_the_index_resolves_it(tmp_path: Path) -> None:
    set_up = await indexed(stage(tmp_path, intent=intent("plus")))
    before = tree(set_up.root)
    outcome = await set_up.run(OwnersEnd())
    assert outcome.state is JobState.READY, outcome
    texts = set_up.texts(outcome.files)
    assert texts["src/calc.py"] == PROJECT["src/calc.py"].replace("add(", "plus(")
    assert "from calc import plus, double" in (texts["src/app.py"] or "")
    assert tree(set_up.root) == before


async def test_a_rename_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    for name in ("class", "add", "double"):
        set_up = await indexed(stage(tmp_path / name, intent=intent(name)))
        outcome = await set_up.run(OwnersEnd())
        assert outcome.state is JobState.FAILED
        assert outcome.problem
        assert outcome.files == ()
