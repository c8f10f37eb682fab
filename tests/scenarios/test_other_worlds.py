"""Editors that can do little, no model, no trust, a server that dies: what is left still works or says why not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from agent_ls.faces.cli.editor import ServerError
from tests.scenarios.kit import PATIENCE_S, World, ask, call, edits, finish, look, script, world

CALC = "def add(a, b):\n    return a - b\n"
FIX = ("return a - b", "return a + b")


async def test_an_editor_that_can_do_little(tmp_path: Path) -> None:
    """Plain edits only, commands instead of code actions, no buttons, no documents shown, no markdown."""
    little = {
        "workspace": {"applyEdit": True, "configuration": False},
        "textDocument": {"hover": {"contentFormat": ["plaintext"]}, "publishDiagnostics": {}},
    }
    async with world(
        tmp_path, capabilities=little, name="Plain", refused=("window/showMessageRequest",)
    ) as here:
        await edits_as_plain_changes(here)
        await file_operations_are_refused_whole(here)
        await the_rest_of_the_menu_is_told(here)
        await the_hover_is_plain(here)


async def edits_as_plain_changes(here: World) -> None:
    here.file("little.py", CALC)
    buffer = here.editor.open("little.py")
    menu = await here.until_facts(buffer, "Delegate: change add", CALC.index("return"))
    assert all(isinstance(entry["command"], str) for entry in menu), "commands, not code actions"
    job = await here.plan(buffer, edits("little.py", FIX))
    await here.operation("agentLs.apply", job)
    assert list(here.editor.applied[-1]) == ["changes"]
    assert buffer.text == CALC.replace("a - b", "a + b")
    await here.editor.command("agentLs.review", {"jobId": job})
    assert ".diff" in await here.until_told("The plan stands in ")


async def file_operations_are_refused_whole(here: World) -> None:
    here.file("whole.py", CALC)
    buffer = here.editor.open("whole.py")
    both = script(
        [look("whole.py")],
        [
            call("write_file", path="extra.py", content="x = 1\n"),
            json.loads(edits("whole.py", FIX))["turns"][1]["content"][0],
        ],
        [finish()],
    )
    job = await here.plan(buffer, both)
    applied = len(here.editor.applied)
    told = await here.operation("agentLs.apply", job)
    assert told == (
        "Nothing was changed: Plain cannot create files for a language server (extra.py);"
        " `agent-ls jobs apply` on the command line can."
    )
    assert len(here.editor.applied) == applied
    assert buffer.text == CALC
    # What it can take may be chosen.
    told = await here.operation("agentLs.apply", job, files=["whole.py"])
    assert told == "Applied to 1 file; 1 file unsaved."


async def the_rest_of_the_menu_is_told(here: World) -> None:
    here.file("rest.py", CALC)
    buffer = here.editor.open("rest.py")
    await here.plan(buffer, edits("rest.py", FIX))
    menu = await here.until_facts(buffer, "Agent jobs here", CALC.index("return"))
    entry = next(e for e in menu if "Agent jobs here" in e["title"])
    await here.editor.command(entry["command"], entry["arguments"][0])
    told = await here.until_told("Here is more: ")
    assert "Discard plan: " in told
    assert "agent-ls jobs" in told


async def the_hover_is_plain(here: World) -> None:
    here.file("plain_hover.py", "def only_here():\n    return 1\n\n\nonly_here()\n")
    buffer = here.editor.open("plain_hover.py")
    here.editor.save(buffer)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await here.editor.hover(buffer, 6)
            if found is not None and "reference" in found["contents"]["value"]:
                break
            await asyncio.sleep(0.05)
    assert found["contents"]["kind"] == "plaintext"
    assert "`" not in found["contents"]["value"]
    assert "\\" not in found["contents"]["value"]


async def test_without_a_model_everything_else_works(tmp_path: Path) -> None:
    async with world(tmp_path, model=False) as here:
        here.file("alone.py", CALC + "\n\nadd(1, 2)\n")
        buffer = here.editor.open("alone.py")
        menu = await here.until_facts(buffer, "Connect a model …", 5)
        assert not any("Delegate" in e["title"] or "Explain" in e["title"] for e in menu)
        told = len(here.editor.messages)
        await here.choose(menu, "Connect a model …")
        assert "ANTHROPIC_API_KEY" in await here.until_told("No model is configured", since=told)
        place = {"line": 0, "character": 5}
        at = {"uri": buffer.uri, "range": {"start": place, "end": place}}
        with pytest.raises(ServerError, match=r"No model is configured.*ANTHROPIC_API_KEY"):
            await here.editor.command("agentLs.delegate", {**at, "task": "x y"})
        with pytest.raises(ServerError, match="No model is configured"):
            await here.editor.command("agentLs.explain", {"uri": buffer.uri, "position": place})
        job = (await here.editor.command("agentLs.rename", {**at, "newName": "plus"}))["jobId"]
        assert await here.until_state(job, "ready", "failed") == "ready", await here.job(job)
        await here.operation("agentLs.apply", job)
        assert buffer.text == (CALC + "\n\nadd(1, 2)\n").replace("add", "plus")


async def test_an_untrusted_folder_runs_nothing(tmp_path: Path) -> None:
    """The plan is made all the same, unverified, with the sentence how to trust."""
    async with world(tmp_path) as here:
        here.file("calc.py", CALC)
        here.file(
            "test_calc.py",
            "import pathlib, unittest\npathlib.Path(__file__).with_name('ran').touch()\n"
            "class T(unittest.TestCase):\n    def test(self):\n        pass\n",
        )
        buffer = here.editor.open("calc.py")
        job = await here.plan(buffer, edits("calc.py", FIX))
        detail = await here.job(job)
        assert detail["verdict"] == "unverified"
        [check] = detail["checks"]
        assert check["status"] == "skipped"
        assert "trust" in check["output"]
        assert not (here.root / "ran").exists()
        with pytest.raises(ServerError, match="trust"):
            await here.editor.command("agentLs.run", {"engine": "shout"})


async def test_a_server_that_is_killed_has_lost_a_turn_at_most(tmp_path: Path) -> None:
    here = World(tmp_path)
    editor = await here.start()
    here.file("calc.py", CALC)
    buffer = editor.open("calc.py")
    here.play(edits("calc.py", FIX, held=True))
    job = await here.delegate(buffer)
    await here.until_state(job, "waiting")
    worker = (await editor.command("agentLs.status", {}))["folders"][0]["workerPid"]
    editor.process.send_signal(signal.SIGKILL)
    await editor.process.wait()
    await editor.close()
    async with asyncio.timeout(PATIENCE_S):
        while alive(worker):
            await asyncio.sleep(0.02)

    editor = await here.start()
    try:
        buffer = editor.open("calc.py")
        [listed] = (await editor.command("agentLs.jobs", {}))["jobs"]
        assert (listed["jobId"], listed["state"]) == (job, "interrupted")
        menu = await here.until_facts(buffer, "Resume: Delegate: do it")
        await here.choose(menu, "Resume: ")
        await here.answer(job)
        assert await here.until_state(job, "ready", "failed") == "ready", await here.job(job)
        events = [e["text"] for e in (await here.job(job))["events"]]
        assert sum(text.startswith("turn 1:") for text in events) == 1, "no turn is repeated"
        await here.operation("agentLs.apply", job)
        assert buffer.text == CALC.replace("a - b", "a + b")
    finally:
        assert await editor.close() == 0


async def test_a_question_without_an_answer_goes_on_with_its_default(tmp_path: Path) -> None:
    settings = {"jobs": {"answerMinutes": 0.001}}
    async with world(tmp_path, settings=settings) as here:
        here.file("calc.py", CALC)
        buffer = here.editor.open("calc.py")
        turns = [[look("calc.py")], [ask("Which?", ("a", "b"), "b")], [finish()]]
        job = await here.plan_or(buffer, script(*turns))
        events = [e["text"] for e in (await here.job(job))["events"]]
        assert "answered by default: b" in events
        assert any("goes on with: b" in message for message in here.editor.messages)


async def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "in_the_way").write_text("")
    environ = {"AGENT_LS_STATE_DIR": str(tmp_path / "in_the_way")}
    async with world(tmp_path / "w", environ=environ) as here:
        told = await here.until_told("cannot be used")
        assert "AGENT_LS_STATE_DIR" in told
        here.file("a.py", "a = 1\n")
        buffer = here.editor.open("a.py")
        assert await here.editor.menu(buffer, 0) == []


async def test_a_settings_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    here = World(tmp_path)
    (tmp_path / "config" / "config.toml").write_text("[[[\n")
    editor = await here.start()
    try:
        told = await here.until_told("config.toml cannot be read")
        assert "Mend or remove" in told
    finally:
        assert await editor.close() == 0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        if sys.platform == "linux"
        else True
    )
