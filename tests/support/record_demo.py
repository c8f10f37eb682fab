"""Writes the expected tool results into the demo's script anew.

    python -m tests.support.record_demo

The script's turns are written by hand; what the tools answer to them is recorded here, from a
real run on the sample. Read the difference before you commit it: it is what a model would see.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from agent_ls.core.job import Intent, IntentKind, Site
from agent_ls.core.paths import rel_path
from agent_ls.core.settings import Settings
from agent_ls.core.text import Span, content_hash
from agent_ls.faces.cli import demo
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.jobs.journal import read
from agent_ls.jobs.service import Service
from agent_ls.model.script import tool_results
from agent_ls.workspace.state import state_dirs

DATA = Path(demo.__file__).parent / "demo_data"
RUNS_A_CHECK = "run_checks"


async def record() -> None:
    script = json.loads((DATA / "script.json").read_text("utf-8"))
    for turn in script["turns"]:
        turn["expect"] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "relay-sample").resolve()
        shutil.copytree(DATA / "project", root)
        for number in range(1, len(script["turns"])):
            script["turns"][number]["expect"] = await results(script, number, root, Path(folder))
    (DATA / "script.json").write_text(json.dumps(script, indent=1, ensure_ascii=False) + "\n", "utf-8")


async def results(script: dict[str, Any], number: int, root: Path, folder: Path) -> list[Any]:
    """What the tools answer to the turn before ``number``, as the script should expect it."""
    path = folder / f"script-{number}.json"
    path.write_text(json.dumps({"turns": script["turns"][:number]}), "utf-8")
    environ = {
        **os.environ,
        "AGENT_LS_SCRIPT": str(path),
        "AGENT_LS_STATE_DIR": str(folder / f"state-{number}"),
    }
    dirs = state_dirs(environ)
    service = await Service.open(root, port=DiskPort(root), settings=Settings(), dirs=dirs, environ=environ)
    try:
        service.trust(trusted=True)
        await service.indexer.refresh()
        data = (root / demo.FILE).read_bytes()
        at = data.index(demo.CURSOR.encode()) + len("def ")
        site = Site(rel_path(demo.FILE), Span(at, at))
        intent = Intent(
            IntentKind.DELEGATE, "Record", task=demo.TASK, site=site, site_hash=content_hash(data)
        )
        job = service.delegate(intent)
        await service.wait(job)
        turns = [e for e in read(dirs.job(root, job) / "journal.jsonl").entries if e.kind == "TurnDone"]
    finally:
        await service.close()
    answers = tool_results({"content": turns[number - 1].value["user"]})
    calls = [block for block in script["turns"][number - 1]["content"] if block["type"] == "tool_use"]
    assert len(answers) == len(calls), (number, answers)
    # A check's output holds durations and an interpreter's own wording: its first and last lines are ours.
    return [
        {"contains": [answer.splitlines()[0], answer.splitlines()[-1]]}
        if call["name"] == RUNS_A_CHECK
        else answer
        for call, answer in zip(calls, answers, strict=True)
    ]


if __name__ == "__main__":
    asyncio.run(record())
