"""The main job in real Neovims with the real server: bytes of buffers and disk are asserted.

The model's turns are scripted (no model is called); everything else is real.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.editors.support import (
    NVIM_PLUGIN,
    ROOT,
    Neovim,
    eventually,
    headless,
    neovims,
    servers_of,
    started,
)

HERE = Path(__file__).parent / "nvim"
BEFORE = '"""Sums 😀."""\n\n\ndef add(a, b):\n    return a - b\n\n\ndef main():\n    print(add(1, 2))\n'
AFTER = BEFORE.replace("a - b", "a + b")
EXTRA = "from calc import add\n\nTHREE = add(1, 2)\n"

Json = dict[str, Any]


def call(name: str, **arguments: Any) -> Json:
    return {"type": "tool_use", "name": name, "input": arguments}


def script(pause_s: float) -> Json:
    """Read, edit and create a file (slowly, so that there is time to type), finish."""
    edit = {"old_str": "return a - b", "new_str": "return a + b", "replace_all": False}
    edits = [
        call("edit_file", path="calc.py", edits=[edit]),
        call("write_file", path="extra.py", content=EXTRA),
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


def many() -> Json:
    """Three hunks in one file, a created file, a rename."""
    pairs = [("a - b", "a + b"), ('"minus"', '"plus"'), ("add(1, 2)", "add(1, 3)")]
    edits = [{"old_str": old, "new_str": new, "replace_all": False} for old, new in pairs]
    return {
        "turns": [
            {"content": [call("read_file", path="calc.py", start_line=None, end_line=None)]},
            {
                "expect": [{"contains": "return a - b"}],
                "pause_s": 2.5,
                "content": [
                    call("edit_file", path="calc.py", edits=edits),
                    call("write_file", path="extra.py", content=EXTRA),
                    call("move_path", old_path="old_name.py", new_path="new_name.py"),
                ],
            },
            {
                "expect": [{"contains": name} for name in ("calc.py", "extra.py", "new_name.py")],
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


def stage(
    tmp_path: Path, *, pause_s: float = 2.5, turns: Json | None = None, files: dict[str, str] | None = None
) -> dict[str, str]:
    """A workspace and a script; returns the environment of the session."""
    root = tmp_path / "work"
    (root / ".git").mkdir(parents=True)
    for path, text in (files or {"calc.py": BEFORE}).items():
        (root / path).write_text(text, "utf-8")
    played = tmp_path / "script.json"
    played.write_text(json.dumps(turns or script(pause_s)), "utf-8")
    return {
        "AGENT_LS_PYTHON": sys.executable,
        "AGENT_LS_ROOT": str(root),
        "AGENT_LS_SEEN": str(tmp_path / "seen.json"),
        "AGENT_LS_PLAIN": str(ROOT / "editors" / "plain" / "nvim-0.7.lua"),
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
) -> Json:
    """Run one of the session scripts to its end; returns what it saw. Nothing may be left behind."""
    environment = stage(tmp_path, pause_s=pause_s, turns=turns, files=files)
    done = headless(nvim.program, tmp_path, HERE / room, plugin=plugin, AGENT_LS_THEN=then, **environment)
    seen = Path(environment["AGENT_LS_SEEN"])
    assert seen.exists(), done.stdout
    saw = json.loads(seen.read_text("utf-8"))
    assert "problem" not in saw, json.dumps(saw, indent=1, ensure_ascii=False) + done.stdout
    assert_nobody_is_left(environment)
    return saw


def assert_nobody_is_left(environment: dict[str, str]) -> None:
    state = Path(environment["AGENT_LS_STATE_DIR"])
    eventually(lambda: servers_of(state) == [], "no process of agent-ls is left")


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_the_whole_loop_with_the_plugin(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN)

    assert saw["state_when_typed"] == "running"
    typed = "    # typed 😀 meanwhile\n"  # indented by Neovim
    assert saw["ready"]["calc.py"] == {"buffer": (BEFORE + typed).rstrip("\n"), "disk": BEFORE}
    assert saw["ready"]["extra.py"] == {"buffer": False, "disk": False}
    assert saw["review"]["text"] + "\n" == AFTER + typed, "the plan is drawn over the text of now"
    assert "1/2 calc.py" in saw["review"]["bar"]

    applied = saw["applied"]
    assert applied["calc.py"] == {"buffer": (AFTER + typed).rstrip("\n"), "disk": BEFORE}, "unsaved"
    assert applied["extra.py"]["buffer"] + "\n" == EXTRA
    assert saw["saved"]["calc.py"]["disk"] == AFTER + typed
    assert saw["saved"]["extra.py"]["disk"] == EXTRA

    later = "# later\ndef main"
    assert saw["undone"]["calc.py"]["buffer"] + "\n" == BEFORE.replace("def main", later) + typed
    assert saw["undone"]["extra.py"]["disk"] is False
    assert saw["again"]["extra.py"] == {"buffer": EXTRA.rstrip("\n"), "disk": False}, "not saved yet"
    assert saw["undone_again"]["extra.py"] == {"buffer": False, "disk": False}
    assert saw["undone_again"]["calc.py"] == saw["undone"]["calc.py"]
    assert saw["states"][-5:] == ["ready", "applied", "undone", "applied", "undone"]


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_hunks_land_in_two_parts_and_all_of_it_is_taken_back(nvim: Neovim, tmp_path: Path) -> None:
    before = calc(first=False, second=False, third=False)
    files = {"calc.py": before, "old_name.py": "OLD = 1\n"}
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, turns=many(), then="hunks", files=files)
    typed = "# typed meanwhile\n"
    partly = calc(first=True, second=False, third=True) + typed
    assert saw["review"] + "\n" == partly, "what the right side shows is what lands"
    assert {path: told["disk"] for path, told in saw["partly"].items()} == {
        "calc.py": partly,
        "extra.py": EXTRA,
        "new_name.py": "OLD = 1\n",
    }
    whole = calc(first=True, second=True, third=True) + typed
    assert saw["rest"] + "\n" == whole
    assert saw["whole"]["calc.py"]["disk"] == whole
    assert {path: told["disk"] for path, told in saw["undone"].items()} == {
        "calc.py": before + typed,
        "extra.py": False,
        "old_name.py": "OLD = 1\n",
    }


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_second_neovim_reviews_and_the_first_ones_texts_change(nvim: Neovim, tmp_path: Path) -> None:
    job = tmp_path / "job"
    environment = stage(tmp_path) | {"AGENT_LS_JOB": str(job)}
    seen, second = Path(environment["AGENT_LS_SEEN"]), tmp_path / "second.json"
    loop = HERE / "loop.lua"
    first = started(nvim.program, tmp_path, loop, plugin=NVIM_PLUGIN, AGENT_LS_THEN="share", **environment)
    with first:
        try:
            eventually(job.exists, "a plan in the first", within_s=60)
            told = environment | {"AGENT_LS_SEEN": str(second), "AGENT_LS_THEN": "second"}
            done = headless(nvim.program, tmp_path, loop, plugin=NVIM_PLUGIN, **told)
            eventually(seen.exists, "the first has seen the end", within_s=60)
        finally:
            first.kill()
    theirs = json.loads(second.read_text("utf-8"))
    assert "problem" not in theirs, json.dumps(theirs, indent=1) + done.stdout
    ours = json.loads(seen.read_text("utf-8"))
    assert "problem" not in ours, json.dumps(ours, indent=1)
    assert theirs["review"] + "\n" == AFTER
    assert ours["applied"]["calc.py"] == {"buffer": AFTER.rstrip("\n"), "disk": BEFORE}, "unsaved, here"
    assert theirs["applied"]["calc.py"] == {"buffer": BEFORE.rstrip("\n"), "disk": BEFORE}
    assert ours["undone"]["calc.py"]["buffer"] == BEFORE.rstrip("\n")
    assert_nobody_is_left(environment)


@pytest.mark.parametrize("nvim", neovims(plugin=False), ids=lambda nvim: nvim.label)
def test_the_loop_without_any_plugin(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop_plain.lua", plugin=None)

    typed = "    # typed meanwhile\n"
    assert saw["applied"] == {"buffer": (AFTER + typed).rstrip("\n"), "disk": BEFORE}
    asked = BEFORE.replace("    return", "    # agent: make add really add\n    return")
    assert saw["saved"] == EXTRA
    assert saw["undone"] == {"buffer": (asked + typed).rstrip("\n"), "extra": False}


LONG_S = 600
"""A turn that is still under way when the test has done what it is about."""


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_cancel_leaves_every_text_as_it_is(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, pause_s=LONG_S, then="cancel")
    assert saw["cancelled"]["calc.py"] == {"buffer": BEFORE.rstrip("\n"), "disk": BEFORE}
    assert saw["cancelled"]["extra.py"] == {"buffer": False, "disk": False}


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_question_is_answered_with_a_choice(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, turns=asking(), then="answer")
    assert saw["question"] == {"prompt": "Which name?", "choices": ["sum", "total"]}
    assert "waiting" in saw["states"]
    assert any("Which name?" in notice for notice in saw["notices"])


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_killed_neovim_leaves_no_process_behind(nvim: Neovim, tmp_path: Path) -> None:
    environment = stage(tmp_path, pause_s=LONG_S)
    seen, state = Path(environment["AGENT_LS_SEEN"]), Path(environment["AGENT_LS_STATE_DIR"])
    session = started(
        nvim.program,
        tmp_path,
        HERE / "loop.lua",
        plugin=NVIM_PLUGIN,
        AGENT_LS_THEN="hold",
        **environment,
    )
    with session:
        try:
            eventually(seen.exists, "a running job", within_s=60)
            assert any("agent_ls.agent.worker" in command for command in servers_of(state))
        finally:
            session.kill()
    assert_nobody_is_left(environment)
    assert (Path(environment["AGENT_LS_ROOT"]) / "calc.py").read_text("utf-8") == BEFORE
