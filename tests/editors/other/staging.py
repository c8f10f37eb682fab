"""A workspace with a comment that asks for a job, and the turns that do it (scripted: no model is called)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.editors.support import ROOT

AGENT_LINE = "    # agent: make add really add\n"
BEFORE = f'"""Sums 😀."""\n\n\ndef add(a, b):\n{AGENT_LINE}    return a - b\n'
EXTRA = "from calc import add\n\nTHREE = add(1, 2)\n"


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "input": arguments}


def stage(tmp_path: Path, *, pause_s: float, new_file: bool) -> dict[str, str]:
    """Lays it out below a folder; returns the environment of the session."""
    root = tmp_path / "work"
    (root / ".git").mkdir(parents=True)
    (root / "calc.py").write_text(BEFORE, "utf-8")
    edit = {"old_str": "return a - b", "new_str": "return a + b", "replace_all": False}
    edits = [call("edit_file", path="calc.py", edits=[edit])]
    if new_file:
        edits.append(call("write_file", path="extra.py", content=EXTRA))
    turns = [
        {"content": [call("read_file", path="calc.py", start_line=None, end_line=None)]},
        {"expect": [{"contains": "return a - b"}], "content": edits, "pause_s": pause_s},
        {"expect": [{"contains": ""} for _ in edits], "content": [call("finish", summary="add() adds now.")]},
    ]
    (tmp_path / "script.json").write_text(json.dumps({"turns": turns}), "utf-8")
    return {
        "AGENT_LS_ROOT": str(root),
        "AGENT_LS_SEEN": str(tmp_path / "seen.json"),
        "AGENT_LS_SCRIPT": str(tmp_path / "script.json"),
        "AGENT_LS_STATE_DIR": str(tmp_path / "agent" / "state"),
        "AGENT_LS_CONFIG_DIR": str(tmp_path / "agent" / "config"),
        "AGENT_LS_CACHE_DIR": str(tmp_path / "agent" / "cache"),
        "PYTHONPATH": str(ROOT),
    }
