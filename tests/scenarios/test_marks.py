"""Lenses through the real server: at work, waiting, made, and gone with a commit; each time the editor is told."""

from __future__ import annotations

import asyncio
import subprocess
from functools import partial
from pathlib import Path

from agent_ls.faces.cli.editor_texts import Buffer
from tests.scenarios.kit import PATIENCE_S, World, edits, world

SOURCE = "def add(a, b):\n    return a - b\n"
AT = {"line": 1, "character": 11}


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=u", "-c", "user.email=u@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, timeout=60)


async def lenses(here: World, buffer: Buffer) -> list[tuple[int, str]]:
    found = await here.editor.request("textDocument/codeLens", {"textDocument": {"uri": buffer.uri}})
    return [(lens["range"]["start"]["line"], lens["command"]["title"]) for lens in found]


async def until_lenses(here: World, buffer: Buffer, *expected: tuple[int, str]) -> None:
    """As an editor does: asked again whenever the server says so, and never otherwise."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            seen = refreshes(here)
            if await lenses(here, buffer) == list(expected):
                return
            await here.editor.until(partial(told_since, here, seen), timeout_s=PATIENCE_S)


def told_since(here: World, seen: int) -> bool:
    return refreshes(here) > seen


def refreshes(here: World) -> int:
    return sum(method == "workspace/codeLens/refresh" for method, _ in here.asked)


async def test_lenses_follow_a_job_until_its_lines_are_committed(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.file("calc.py", SOURCE)
        git(here.root, "init", "-q")
        git(here.root, "add", ".")
        git(here.root, "commit", "-qm", "begin")
        buffer = here.editor.open("calc.py")
        here.play(edits("calc.py", ("a - b", "a + b"), held=True))
        job = await here.delegate(buffer, task="really add", range={"start": AT, "end": AT})
        choices = [(1, f"Answer “{choice}”: Go on?") for choice in ("yes", "no")]
        await until_lenses(here, buffer, *choices, (1, "Cancel: Delegate: really add (waiting)"))
        await here.answer(job)
        await here.until_state(job, "ready")
        review = "Review plan: Delegate: really add (1 file +1 −1, unverified)"
        await until_lenses(here, buffer, (1, review), (1, "Apply plan"))
        await here.operation("agentLs.apply", job)
        await until_lenses(here, buffer, (1, "Delegate: really add · unverified"), (1, "Undo"))
        here.editor.type(buffer, 0, "# mine\n")
        assert await lenses(here, buffer) == [(2, "Delegate: really add · unverified"), (2, "Undo")]
        here.editor.save(buffer)
        git(here.root, "commit", "-qam", "add adds")
        change = {"uri": (here.root / ".git" / "HEAD").as_uri(), "type": 2}
        here.editor.notify("workspace/didChangeWatchedFiles", {"changes": [change]})
        await until_lenses(here, buffer)
