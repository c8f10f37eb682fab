"""Real Neovims from 0.7 on without any plugin, with the real server: the standard protocol alone.

Bytes of buffers and of the disk are asserted. The model's turns are scripted, everything else is real.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editors.sessions import AFTER, BEFORE, EXTRA, asking, calc, many, play
from tests.editors.support import Neovim, neovims

ALL = [*neovims(), *neovims(plugin=False)]
every_neovim = pytest.mark.parametrize("nvim", ALL, ids=lambda nvim: nvim.label)

TYPED = "# typed 😀 meanwhile\n"


def plain(nvim: Neovim, tmp_path: Path, session: str, **more: Any) -> dict[str, Any]:
    return play(nvim, tmp_path, "plain.lua", plugin=None, then=session, **more)


def disks(saw: dict[str, Any]) -> dict[str, Any]:
    return {path: told["disk"] for path, told in saw.items()}


@every_neovim
def test_the_loop(nvim: Neovim, tmp_path: Path) -> None:
    saw = plain(nvim, tmp_path, "loop")
    typed = "    # typed meanwhile\n"
    assert saw["applied"]["calc.py"] == {"buffer": (AFTER + typed).rstrip("\n"), "disk": BEFORE}
    assert disks(saw["saved"]) == {"calc.py": AFTER + typed, "extra.py": EXTRA}
    asked = BEFORE.replace("    return", "    # agent: make add really add\n    return")
    assert disks(saw["undone"]) == {"calc.py": asked + typed, "extra.py": False}


@every_neovim
def test_hunks_land_by_the_menu_and_by_the_command_and_all_is_taken_back(
    nvim: Neovim, tmp_path: Path
) -> None:
    """An edit behind an emoji first, then a created file and the change inside of a rename, then the rest."""
    before = calc(first=False, second=False, third=False)
    paths = ("calc.py", "extra.py", "old_name.py", "new_name.py")
    files = {"calc.py": before, "old_name.py": "OLD = 1\n"}
    saw = plain(nvim, tmp_path, "hunks", turns=many(0), files=files, paths=paths)

    one = calc(first=False, second=True, third=False) + TYPED
    assert saw["one"]["calc.py"] == {"buffer": one.rstrip("\n"), "disk": before}
    assert saw["one"]["extra.py"] == {"buffer": False, "disk": False}
    assert [(h["path"], h["op"], h["reason"]) for h in saw["hunks"]] == [
        *[("calc.py", "edit", "The signs are wrong.")] * 3,
        ("extra.py", "create", "The signs are wrong."),
        *[("new_name.py", op, "Its name is old.") for op in ("move", "edit")],
    ]
    assert disks(saw["two"]) == {
        "calc.py": one,
        "extra.py": EXTRA,
        "old_name.py": "NEW = 1\n",
        "new_name.py": False,
    }
    assert disks(saw["whole"]) == {
        "calc.py": calc(first=True, second=True, third=True) + TYPED,
        "extra.py": EXTRA,
        "old_name.py": False,
        "new_name.py": "NEW = 1\n",
    }
    assert disks(saw["undone"]) == {
        "calc.py": before + TYPED,
        "extra.py": False,
        "old_name.py": "OLD = 1\n",
        "new_name.py": False,
    }


@every_neovim
def test_lines_typed_over_are_a_clash_with_a_sentence_and_nothing_is_lost(
    nvim: Neovim, tmp_path: Path
) -> None:
    saw = plain(nvim, tmp_path, "clash")
    assert "# mine" in saw["typed"]
    assert saw["clash"]["calc.py"] == {"buffer": saw["typed"], "disk": BEFORE}
    assert saw["clash"]["extra.py"] == {"buffer": False, "disk": False}
    assert saw["state"] == "ready"
    assert saw["applied"]["calc.py"]["buffer"] == AFTER.rstrip("\n")


@every_neovim
def test_a_key_between_the_edit_and_its_doing_is_kept_and_told(nvim: Neovim, tmp_path: Path) -> None:
    saw = plain(nvim, tmp_path, "race")
    assert saw["raced"]["calc.py"] == {"buffer": saw["typed"], "disk": BEFORE}, saw["messages"]
    assert any("calc.py was typed in at that very moment" in m for m in saw["messages"]), saw["messages"]
    assert saw["state"] == "partly_applied"


ENGINE = """
[checks]
allow_unsandboxed = true

[[engines]]
name = "ends"
title = "Make ends"
argv = ["sh", "-c", "printf '1\\r\\n2\\r\\n' >extra.py; sed -i 's/a - b/a + b/' calc.py"]
"""


@every_neovim
def test_other_line_ends_are_kept_and_a_new_files_own_are_told(nvim: Neovim, tmp_path: Path) -> None:
    before, after = BEFORE.replace("\n", "\r\n"), AFTER.replace("\n", "\r\n")
    config = tmp_path / "agent" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(ENGINE)
    saw = plain(nvim, tmp_path, "ends", files={"calc.py": before})
    assert disks(saw["applied"]) == {"calc.py": after, "extra.py": "1\n2\n"}, "a new buffer has Neovim's own"
    assert any("extra.py got your editor's own line ends" in m for m in saw["messages"]), saw["messages"]
    assert disks(saw["undone"]) == {"calc.py": before, "extra.py": False}


@every_neovim
def test_a_question_is_answered_from_the_menu_and_a_job_is_told_something(
    nvim: Neovim, tmp_path: Path
) -> None:
    saw = plain(nvim, tmp_path, "answer", turns=asking())
    assert {"you said: be brief", "answered: total"} <= set(saw["events"])
    assert [state for state in saw["states"] if state != "running"] == ["waiting", "ready"]
