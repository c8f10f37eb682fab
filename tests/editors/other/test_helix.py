"""The loop in a real Helix, in a terminal of its own: it knows neither questions nor showDocument; bytes on the disk count."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.editors.other.staging import AGENT_LINE, BEFORE, EXTRA, stage
from tests.editors.support import eventually
from tests.editors.terminal import Screen, terminal

PLANNED = BEFORE.replace(AGENT_LINE, "").replace("a - b", "a + b")
LANGUAGES = """\
[language-server.agent-ls]
command = "{command}"

[[language]]
name = "python"
language-servers = ["agent-ls"]
"""


@contextmanager
def helix(tmp_path: Path, *, new_file: bool) -> Iterator[tuple[Screen, Path]]:
    """Helix with calc.py open, the cursor on the comment that asks for a job."""
    environment = stage(tmp_path, pause_s=0.5, new_file=new_file)
    home, server = tmp_path / "home", tmp_path / "agent-ls"
    (home / ".config" / "helix").mkdir(parents=True)
    server.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m agent_ls "$@"\n')
    server.chmod(0o755)
    (home / ".config" / "helix" / "languages.toml").write_text(LANGUAGES.format(command=server))
    program = os.environ.get("AGENT_LS_HELIX")
    if not program:
        raise RuntimeError("set AGENT_LS_HELIX=$(editors/get-helix.sh CACHE), or run .ci/other-editors.sh")
    root = Path(environment["AGENT_LS_ROOT"])
    own = environment | {"HOME": str(home), "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": str(home / ".config")}
    with terminal(tmp_path, [program, "calc.py:5"], cwd=root, env=own, size=(100, 30)) as screen:
        screen.shows("agent: make add really add", "NOR")
        yield screen, root


def choose(screen: Screen, title: str, *, line: int) -> None:
    """Choose an entry of the code-action menu on a line: the menu hangs below it, its first entry chosen."""
    row = 0

    def listed() -> bool:
        nonlocal row
        screen.keys("Escape")
        screen.type(f"{line}gg a")
        try:
            lines = screen.shows(title, within_s=4).splitlines()
        except AssertionError:
            return False
        row = next(number for number, text in enumerate(lines) if title in text)
        return row >= line

    eventually(listed, f"an entry with {title!r}", within_s=90)
    screen.keys(*["Down"] * (row - line), "Enter")


def saved(screen: Screen) -> None:
    screen.type(":write-all")
    screen.keys("Enter")


def disk(root: Path) -> tuple[str | None, str | None]:
    """Both files; one that an editor is just replacing is not there for a moment."""

    def text(name: str) -> str | None:
        try:
            return (root / name).read_text("utf-8")
        except FileNotFoundError:
            return None

    return text("calc.py"), text("extra.py")


@pytest.mark.parametrize("new_file", [False, True], ids=["an edit", "an edit and a new file"])
def test_a_plan_applies_whole_and_is_taken_back_whole(tmp_path: Path, *, new_file: bool) -> None:
    with helix(tmp_path, new_file=new_file) as (screen, root):
        choose(screen, "Do: make add", line=5)
        choose(screen, "Apply plan", line=4)
        screen.shows("return a + b")
        saved(screen)
        eventually(lambda: disk(root) == (PLANNED, EXTRA if new_file else None), "applied")
        choose(screen, "Undo", line=4)
        screen.shows("return a - b")
        saved(screen)
        eventually(lambda: disk(root) == (BEFORE, None), "undone")
