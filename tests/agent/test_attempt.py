"""A whole attempt, in this process: scripted turns, real tools, a real workspace on disk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from agent_ls.core.attempt import DraftFile
from agent_ls.core.job import JobState, Verdict
from agent_ls.core.paths import RelPath
from tests.agent.attempts import call, finish, stage, turn
from tests.agent.kit import PROJECT, OwnersEnd, tree


async def test_a_task_becomes_a_plan_and_the_workspace_stays_as_it_was(tmp_path: Path) -> None:
    set_up, owner = stage(tmp_path), OwnersEnd()
    before = tree(set_up.root)
    outcome = await set_up.run(owner)
    assert outcome.state is JobState.READY, outcome
    assert outcome.summary == "add() adds now."
    assert set_up.texts(outcome.files) == {
        "src/calc.py": PROJECT["src/calc.py"].replace("a - b", "a + b"),
        "src/extra.py": "from calc import add\n\nTHREE = add(1, 2)\n",
    }
    assert tree(set_up.root) == before
    assert outcome.verdict is Verdict.UNVERIFIED
    assert "not trusted" in outcome.problem
    assert owner.names() == [
        "Opened",
        *["RequestStarted", "TurnDone"] * 3,
        "RequestStarted",
        "Checked",
        "TurnDone",
        "Outcome",
    ]
    assert outcome.spent.turns == 4
    assert outcome.spent.cost_usd is None  # a script costs nothing, and nothing is said of money


async def test_a_file_that_runs_by_itself_is_marked_for_a_second_look(tmp_path: Path) -> None:
    turns = [turn(call("write_file", path="conftest.py", content="x = 1\n")), turn(finish())]
    outcome = await stage(tmp_path, turns).run(OwnersEnd())
    assert outcome.state is JobState.READY
    assert [note for note in outcome.evidence if note.startswith("conftest.py: ")]


async def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    shutil.rmtree(set_up.root)
    outcome = await set_up.run(OwnersEnd())
    assert outcome.state is JobState.FAILED
    assert "cannot be read as a folder" in outcome.problem


async def test_a_plan_alone_can_be_proven_on_the_files_of_now(tmp_path: Path) -> None:
    set_up, owner = stage(tmp_path, trusted=True, allow_unsandboxed=True), OwnersEnd()
    mended = set_up.blobs.put(PROJECT["src/calc.py"].replace("a - b", "a + b").encode())
    before = set_up.blobs.put(PROJECT["src/calc.py"].encode())
    plan = (DraftFile(RelPath("src/calc.py"), before, mended),)
    set_up.request = replace(set_up.request, plan=plan, check_only=True)
    outcome = await set_up.run(owner)
    assert (outcome.state, outcome.verdict) == (JobState.READY, Verdict.VERIFIED), outcome
    assert owner.names() == ["Checked", "Outcome"]
