"""``run_checks`` of kind script: a file of the draft as a codemod, within trust, gate and scratch tree."""

from __future__ import annotations

from pathlib import Path

from agent_ls.core.attempt import TurnDone
from agent_ls.core.job import JobState
from tests.agent.attempts import Stage, call, finish, stage, turn
from tests.agent.kit import PROJECT, OwnersEnd, tree

CODEMOD = """\
import pathlib
for path in pathlib.Path("src").glob("*.py"):
    path.write_text(path.read_text().replace("add", "plus"))
pathlib.Path("made.txt").write_text("made\\n")
pathlib.Path(".git/hooks").mkdir(parents=True, exist_ok=True)
pathlib.Path(".git/hooks/pre-commit").write_text("echo owned\\n")
pathlib.Path(".env").write_text("KEY=1\\n")
print("changed what was to be changed")
"""
WRITE = turn(call("write_file", path="mod.py", content=CODEMOD))
RUN = turn(call("run_checks", kind="script", names=None, path="mod.py"))
END = [turn(call("delete_file", path="mod.py")), turn(finish())]


def results(owner: OwnersEnd, turn_number: int) -> str:
    done: TurnDone = owner.of(TurnDone)[turn_number - 1]
    return str(done.user[0]["content"])


def trusted(tmp_path: Path) -> Stage:
    return stage(tmp_path, [WRITE, RUN, *END], trusted=True, allow_unsandboxed=True)


async def test_what_a_script_writes_becomes_draft_edits(tmp_path: Path) -> None:
    set_up, owner = trusted(tmp_path), OwnersEnd()
    before = tree(set_up.root)
    outcome = await set_up.run(owner)
    assert outcome.state is JobState.READY, outcome.problem
    said = results(owner, 2)
    assert "mod.py: exit code 0" in said
    assert "wrote src/calc.py: +2 -2 lines" in said
    assert "changed what was to be changed" in said
    texts = set_up.texts(outcome.files)
    assert texts["src/calc.py"] == PROJECT["src/calc.py"].replace("add", "plus")
    assert texts["made.txt"] == "made\n"
    assert tree(set_up.root) == before


async def test_what_no_tool_may_write_no_script_may_either(tmp_path: Path) -> None:
    set_up, owner = trusted(tmp_path), OwnersEnd()
    outcome = await set_up.run(owner)
    assert not [f.path for f in outcome.files if f.path.startswith((".git", ".env"))]
    assert "not taken over: .env" in results(owner, 2)


async def test_an_untrusted_workspace_runs_no_script(tmp_path: Path) -> None:
    set_up, owner = stage(tmp_path, [WRITE, RUN, *END]), OwnersEnd()
    await set_up.run(owner)
    assert "not trusted" in results(owner, 2)
    assert owner.of(TurnDone)[1].user[0]["is_error"]
    assert owner.of(TurnDone)[1].draft == owner.of(TurnDone)[0].draft


async def test_a_script_that_cannot_be_run_is_told_why(tmp_path: Path) -> None:
    asks = [
        turn(
            call("run_checks", kind="script", names=None, path="README.md"),
            call("run_checks", kind="script", names=None, path=None),
            call("run_checks", kind="script", names=None, path="../outside.py"),
            call("run_checks", kind="script", names=None, path="--version"),
        ),
        turn(finish()),
    ]
    set_up, owner = stage(tmp_path, asks, trusted=True, allow_unsandboxed=True), OwnersEnd()
    await set_up.run(owner)
    blocks = owner.of(TurnDone)[0].user[:4]
    assert all(block["is_error"] for block in blocks)
    wanted = ["Scripts end in .py", "needs the path", "outside", "There is no file"]
    assert [w for w, b in zip(wanted, blocks, strict=True) if w not in b["content"]] == []
