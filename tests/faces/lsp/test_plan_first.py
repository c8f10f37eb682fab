"""A plan that waits for its user: over the wire, and from a terminal beside the editor."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent_ls.faces.cli.editor import Editor, ServerError
from tests.agent.attempts import call, edit, filled, finish, turn

ROOT = Path(__file__).parents[3]
STEPS = [{"text": "Shout", "files": ["a.py"]}]
TURNS = [turn(call("propose_plan", steps=STEPS)), turn(edit("a.py", "two", "TWO")), turn(finish("Shouted."))]
PATIENCE_S = 60.0


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": filled(TURNS)}))
    folders = {f"AGENT_LS_{name}_DIR": str(tmp_path / name) for name in ("STATE", "CONFIG", "CACHE")}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AGENT_LS_SCRIPT": str(script), **folders}


@pytest.fixture
async def editor(tmp_path: Path, environ: dict[str, str]) -> AsyncIterator[Editor]:
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.py").write_text("one\ntwo\n")
    made = await Editor.start([sys.executable, "-P", "-m", "agent_ls"], work, env=environ)
    async with asyncio.timeout(PATIENCE_S):
        while not (await made.command("agentLs.status", {}))["folders"]:
            pass  # the folders open after the handshake
    yield made
    assert await made.close() == 0


async def waiting(editor: Editor) -> str:
    buffer = editor.open("a.py")
    wish = {"task": "shout", "uri": buffer.uri, "planFirst": True}
    job: str = (await editor.command("agentLs.delegate", wish))["jobId"]
    await until(editor, job, "waiting")
    return job


async def until(editor: Editor, job: str, state: str) -> None:
    await editor.until(lambda: editor.state(job) == state, timeout_s=PATIENCE_S)


async def test_a_plan_is_shown_edited_and_worked_off(editor: Editor) -> None:
    job = await waiting(editor)
    shown: dict[str, Any] = await editor.command("agentLs.job", {"jobId": job})
    assert (shown["steps"], shown["planState"]) == (STEPS, "proposed")
    for wrong in ({"action": "perhaps"}, {"action": "edit"}, {"action": "edit", "steps": [{"files": ["a"]}]}):
        with pytest.raises(ServerError):
            await editor.command("agentLs.plan", {"jobId": job, **wrong})
    outside = [{"text": "x", "files": ["../b"]}]
    with pytest.raises(ServerError):
        await editor.command("agentLs.plan", {"jobId": job, "action": "edit", "steps": outside})
    steps = [{"text": "Shout louder", "files": ["a.py"]}]
    await editor.command("agentLs.plan", {"jobId": job, "action": "edit", "steps": steps})
    await until(editor, job, "ready")
    shown = await editor.command("agentLs.job", {"jobId": job})
    assert (shown["steps"], shown["planState"]) == (steps, "approved")


async def test_a_plan_is_rejected(editor: Editor) -> None:
    job = await waiting(editor)
    await editor.command("agentLs.plan", {"jobId": job, "action": "reject"})
    await until(editor, job, "cancelled")
    assert (await editor.command("agentLs.job", {"jobId": job}))["files"] == []


async def terminal(environ: dict[str, str], *argv: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "agent_ls", *argv),
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode, out.decode()


async def test_a_terminal_beside_the_editor_shows_and_approves_it(
    editor: Editor, environ: dict[str, str]
) -> None:
    job = await waiting(editor)
    code, shown = await terminal(environ, "jobs", "show", job, "-C", str(editor.root))
    assert code == 0
    assert "steps (proposed):\n  1. Shout [a.py]" in shown
    code, _ = await terminal(environ, "jobs", "approve", job, "-C", str(editor.root))
    assert code == 0
    await until(editor, job, "ready")
    code, again = await terminal(environ, "jobs", "approve", job, "-C", str(editor.root))
    assert code == 2
    assert "does not wait with a plan" in again
