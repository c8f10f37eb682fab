"""Deterministic actions as attempts: deterministic, over unsaved text, what does not resolve is named."""

from __future__ import annotations

from pathlib import Path

from agent_ls.core.attempt import Outcome
from agent_ls.core.job import ASK, Intent, IntentKind, JobState, Site
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


async def act(
    tmp_path: Path, kind: IntentKind, at: int, wish: str = "", **files: str
) -> tuple[Outcome, Stage]:
    """``kind`` on ``src/app.py`` of these files."""
    tree_of = {f"src/{name}.py": text for name, text in files.items()}
    wished = Intent(kind, "a", new_name=wish, site=Site(RelPath("src/app.py"), Span(at, at)))
    set_up = await indexed(stage(tmp_path, files=tree_of, intent=wished))
    return await set_up.run(OwnersEnd()), set_up


async def test_a_missing_import_is_a_plan(tmp_path: Path) -> None:
    outcome, set_up = await act(
        tmp_path, IntentKind.ADD_IMPORT, 1, app="shout()\n", calc="def shout(): ...\n"
    )
    assert outcome.state is JobState.READY, outcome
    assert set_up.texts(outcome.files)["src/app.py"] == "from calc import shout\n\nshout()\n"
    assert "Added `from calc import shout` to src/app.py, line 1" in outcome.summary


async def test_several_meanings_are_listed_and_one_can_be_named(tmp_path: Path) -> None:
    files = {"app": "shout()\n", "calc": "def shout(): ...\n", "loud": "def shout(): ...\n"}
    outcome, _ = await act(tmp_path / "1", IntentKind.ADD_IMPORT, 1, **files)
    assert outcome.state is JobState.FAILED
    assert "Choices: from calc import shout; from loud import shout" in outcome.problem
    outcome, set_up = await act(tmp_path / "2", IntentKind.ADD_IMPORT, 1, "loud", **files)
    assert set_up.texts(outcome.files)["src/app.py"] == "from loud import shout\n\nshout()\n"


async def test_several_meanings_are_a_question_where_one_may_be_asked(tmp_path: Path) -> None:
    files = {"app": "shout()\n", "calc": "def shout(): ...\n", "loud": "def shout(): ...\n"}
    tree_of = {f"src/{name}.py": text for name, text in files.items()}
    wished = Intent(IntentKind.ADD_IMPORT, "a", new_name=ASK, site=Site(RelPath("src/app.py"), Span(1, 1)))
    set_up = await indexed(stage(tmp_path, files=tree_of, intent=wished))
    question = "`shout` can mean 2 things: choose one of the imports"
    owner = OwnersEnd({question: "from loud import shout"})
    outcome = await set_up.run(owner)
    assert set_up.texts(outcome.files)["src/app.py"] == "from loud import shout\n\nshout()\n"


async def test_unused_imports_go_and_doubts_are_named(tmp_path: Path) -> None:
    outcome, set_up = await act(
        tmp_path, IntentKind.REMOVE_IMPORTS, 0, app="import os\nimport a.b\nimport sys\n\nprint(sys)\n"
    )
    assert outcome.state is JobState.READY, outcome
    assert set_up.texts(outcome.files)["src/app.py"] == "import a.b\nimport sys\n\nprint(sys)\n"
    assert "src/app.py:2" in outcome.problem
    assert "submodule" in outcome.problem
