"""Sessions with the real server in real editors: a workspace, scripted turns, what the editor saw."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.editors.support import ROOT, Neovim, eventually, headless, servers_of

HERE = Path(__file__).parent / "nvim"
BEFORE = '"""Sums 😀."""\n\n\ndef add(a, b):\n    return a - b\n\n\ndef main():\n    print(add(1, 2))\n'
AFTER = BEFORE.replace("a - b", "a + b")
EXTRA = "from calc import add\n\nTHREE = add(1, 2)\n"

Json = dict[str, Any]


def call(name: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "name": name, "input": arguments}


def edit(old: str, new: str) -> Json:
    return {"old_str": old, "new_str": new, "replace_all": False}


def script(pause_s: float, extra: str = EXTRA) -> Json:
    """Read, edit and create a file (slowly, so that there is time to type), finish."""
    edits = [
        call("edit_file", path="calc.py", edits=[edit("return a - b", "return a + b")]),
        call("write_file", path="extra.py", content=extra),
    ]
    return {
        "note": "scripted turns, no model was called",
        "turns": [
            {"content": [call("read_file", path="calc.py", start_line=None, end_line=None)]},
            {"expect": [{"contains": "return a - b"}], "content": edits, "pause_s": pause_s},
            {
                "expect": [{"contains": "calc.py"}, {"contains": "extra.py"}],
                "content": [call("finish", summary="add() adds now.")],
            },
        ],
    }


GAP = "".join(f"# {number}\n" for number in range(8))


def calc(*, first: bool, second: bool, third: bool) -> str:
    """A file with three places to change, the second one behind an emoji."""
    return (
        f"def add(a, b):\n    return a {'+' if first else '-'} b\n{GAP}"
        f'SIGNS = "😀", "{"plus" if second else "minus"}"\n{GAP}'
        f"print(add(1, {3 if third else 2}))\n\n"
    )


def many(pause_s: float = 2.5) -> Json:
    """Three hunks in one file, a created file, a rename with a change."""
    pairs = [("a - b", "a + b"), ('"minus"', '"plus"'), ("add(1, 2)", "add(1, 3)")]
    edits = [edit(old, new) for old, new in pairs]
    return {
        "turns": [
            {
                "content": [
                    call("read_file", path=path, start_line=None, end_line=None)
                    for path in ("calc.py", "old_name.py")
                ]
            },
            {
                "expect": [{"contains": "return a - b"}, {"contains": "OLD = 1"}],
                "pause_s": pause_s,
                "content": [
                    {"type": "text", "text": "The signs are wrong."},
                    call("edit_file", path="calc.py", edits=edits),
                    call("write_file", path="extra.py", content=EXTRA),
                    {"type": "text", "text": "Its name is old."},
                    call("edit_file", path="old_name.py", edits=[edit("OLD = 1", "NEW = 1")]),
                    call("move_path", old_path="old_name.py", new_path="new_name.py"),
                ],
            },
            {
                "expect": [
                    {"contains": name} for name in ("calc.py", "extra.py", "old_name.py", "new_name.py")
                ],
                "content": [call("finish", summary="Done.")],
            },
        ],
    }


def asking() -> Json:
    """A script in which the agent asks, and goes on only with the answer "total"."""
    question = call("ask_user", question="Which name?", choices=["sum", "total"], default="sum")
    create = call("write_file", path="extra.py", content="total = 1\n")
    return {
        "turns": [
            {"content": [question]},
            {"expect": [{"contains": "total"}], "content": [create]},
            {"expect": [{"contains": "extra.py"}], "content": [call("finish", summary="Named total.")]},
        ],
    }


STEPS = [{"text": "Make add add", "files": ["calc.py"]}, {"text": "Rewrite the rest", "files": []}]


def planning() -> Json:
    """A script whose agent proposes steps, and goes on only with the first one, reworded."""
    return {
        "turns": [
            {"content": [call("propose_plan", steps=STEPS)]},
            {
                "expect": [{"contains": "Make add add, carefully"}],
                "content": [call("edit_file", path="calc.py", edits=[edit("a - b", "a + b")])],
            },
            {"expect": [{"contains": "calc.py"}], "content": [call("finish", summary="It adds.")]},
        ],
    }


def stage(
    tmp_path: Path, *, pause_s: float = 2.5, turns: Json | None = None, files: dict[str, str] | None = None
) -> dict[str, str]:
    """A workspace and a script; returns the environment of the session."""
    root = tmp_path / "work"
    (root / ".git").mkdir(parents=True)
    for path, text in (files or {"calc.py": BEFORE}).items():
        (root / path).write_bytes(text.encode())
    played = tmp_path / "script.json"
    played.write_text(json.dumps(turns or script(pause_s)), "utf-8")
    return {
        "AGENT_LS_PYTHON": sys.executable,
        "AGENT_LS_ROOT": str(root),
        "AGENT_LS_SEEN": str(tmp_path / "seen.json"),
        "AGENT_LS_PLAIN": str(ROOT / "editors" / "plain" / "nvim.lua"),
        "AGENT_LS_SCRIPT": str(played),
        "AGENT_LS_STATE_DIR": str(tmp_path / "agent" / "state"),
        "AGENT_LS_CONFIG_DIR": str(tmp_path / "agent" / "config"),
        "AGENT_LS_CACHE_DIR": str(tmp_path / "agent" / "cache"),
        "PYTHONPATH": str(ROOT),
    }


def play(
    nvim: Neovim,
    tmp_path: Path,
    room: str,
    *,
    plugin: Path | None,
    pause_s: float = 2.5,
    turns: Json | None = None,
    then: str = "",
    files: dict[str, str] | None = None,
    paths: Sequence[str] = ("calc.py", "extra.py"),
) -> Json:
    """Run one of the session scripts to its end; returns what it saw. Nothing may be left behind."""
    environment = stage(tmp_path, pause_s=pause_s, turns=turns, files=files)
    done = headless(
        nvim.program,
        tmp_path,
        HERE / room,
        plugin=plugin,
        AGENT_LS_THEN=then,
        AGENT_LS_PATHS=",".join(paths),
        **environment,
    )
    seen = Path(environment["AGENT_LS_SEEN"])
    assert seen.exists(), done.stdout
    saw = json.loads(seen.read_text("utf-8"))
    assert "problem" not in saw, json.dumps(saw, indent=1, ensure_ascii=False) + done.stdout
    assert_nobody_is_left(environment)
    return saw


def assert_nobody_is_left(environment: dict[str, str]) -> None:
    state = Path(environment["AGENT_LS_STATE_DIR"])
    eventually(lambda: servers_of(state) == [], "no process of agent-ls is left")
