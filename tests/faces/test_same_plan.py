"""The command line and the language server make the same plan from the same model turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent_ls.faces.cli.editor import Editor
from tests.faces.cli.kit import Shell, call

FILES: dict[str, str | bytes] = {
    "relay/client.py": "from relay.names import old\n\n\ndef send():\n    return old()  # caf\u00e9\r\n",
    "relay/names.py": "def old():\n    return 1\n",
    "notes/gone.txt": "g\n",
}
TURNS = [
    call(
        "edit_file",
        path="relay/client.py",
        edits=[{"old_str": "old", "new_str": "fresh", "replace_all": True}],
    ),
    {
        "content": [
            *call("edit_file", path="relay/names.py", edits=[{"old_str": "old", "new_str": "fresh", "replace_all": False}])["content"],
            *call("write_file", path="docs/new.md", content="# New\n")["content"],
            *call("move_path", old_path="notes/gone.txt", new_path="notes/kept.txt")["content"],
        ]
    },
    call("finish", summary="It is called fresh."),
]
TASK = "call it fresh"
SAME = ("kind", "state", "verdict", "files", "patch", "plan", "task", "hunks", "checks", "turns", "attempts")


async def by_editor(shell: Shell) -> dict[str, Any]:
    editor = await Editor.start(shell.argv("--stdio"), shell.root, env=shell.env)
    try:
        buffer = editor.open("relay/client.py")
        place = {"line": 3, "character": 4}
        where = {"uri": buffer.uri, "range": {"start": place, "end": place}, "version": buffer.version}
        job = (await editor.command("agentLs.delegate", {"task": TASK, **where}))["jobId"]
        await editor.until(lambda: editor.state(job) in ("ready", "failed"))
        return await editor.command("agentLs.job", {"jobId": job})
    finally:
        await editor.close()


async def test_the_same_plan(tmp_path: Path) -> None:
    shell = Shell(tmp_path, files=FILES)
    shell.script(TURNS)
    before = shell.tree()
    said = shell("delegate", TASK, "--at", "relay/client.py:4:5", "--json")
    assert said.code == 0, said.err
    here = shell("jobs", "show", said.json["job"], "--json").json
    there = await by_editor(shell)
    assert there["files"], json.dumps(there)
    assert {name: here[name] for name in SAME} == {name: there[name] for name in SAME}
    assert said.json["patch"] == there["patch"]
    assert [file["op"] for file in here["files"]] == ["create", "move", "edit", "edit"]
    assert shell.tree() == before, "neither of the two wrote anything"
