"""The loop in a real Kate, on an X display without a screen: it takes edits, and says neither that nor its name.

What stands in its menu is read off the wire, keys choose from it; bytes on the disk count.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.editors.other.staging import AGENT_LINE, BEFORE, stage
from tests.editors.sessions import assert_nobody_is_left
from tests.editors.support import eventually

PLANNED = BEFORE.replace(AGENT_LINE, "").replace("a - b", "a + b")
PATIENCE_S = 90

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kate:
    """A window with the keyboard's focus, and what the server has said to it."""

    display: str
    wire: Path
    file: Path

    def said(self) -> list[Json]:
        """Every message of the server so far; the last one may be under way."""
        found: list[Json] = []
        rest = self.wire.read_bytes() if self.wire.exists() else b""
        while head := re.match(rb"Content-Length: (\d+)\r\n\r\n", rest):
            end = head.end() + int(head[1])
            if end > len(rest):
                break
            found.append(json.loads(rest[head.end() : end]))
            rest = rest[end:]
        return found

    def keys(self, *keys: str) -> None:
        self._xdotool("key", "--delay", "80", *keys)

    def windows(self) -> list[str]:
        return self._xdotool("search", "--onlyvisible", "--class", "kate").split()

    def menus(self) -> list[list[str]]:
        """The titles of every code-action menu so far."""
        answers = [told["result"] for told in self.said() if isinstance(told.get("result"), list)]
        return [[entry["title"] for entry in a] for a in answers if all("title" in entry for entry in a)]

    def noticed(self, text: str) -> bool:
        return any(text in (told.get("params") or {}).get("message", "") for told in self.said())

    def choose(self, title: str) -> None:
        """Open the menu until it has such an entry, and choose it."""
        place = -1

        def offered() -> bool:
            nonlocal place
            before, windows = len(self.menus()), len(self.windows())
            self.keys("alt+Return")
            eventually(lambda: len(self.menus()) > before, "a menu on the wire", within_s=PATIENCE_S)
            eventually(lambda: len(self.windows()) > windows, "a menu on the screen", within_s=PATIENCE_S)
            place = next((n for n, own in enumerate(self.menus()[-1]) if own.startswith(title)), -1)
            if place < 0:
                self.keys("Escape")
                eventually(lambda: len(self.windows()) == windows, "no menu", within_s=PATIENCE_S)
            return place >= 0

        eventually(offered, f"an entry that begins with {title!r}", within_s=PATIENCE_S)
        self.keys(*["Down"] * (place + 1), "Return")

    def disk(self) -> str:
        """What is saved; Kate replaces the file, so that it is not there for a moment."""
        return self.file.read_text("utf-8") if self.file.exists() else ""

    def _xdotool(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words],
            check=False,  # a search that finds nothing is no failure
            env=os.environ | {"DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.stdout


@contextmanager
def display() -> Iterator[str]:
    for program in ("Xvfb", "xdotool", "kate", "dbus-run-session"):
        if shutil.which(program) is None:
            raise RuntimeError(f"{program} is not installed: .ci/other-editors.sh installs it")
    there, ours = os.pipe()
    screen = ["Xvfb", "-displayfd", str(ours), "-screen", "0", "1000x700x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        screen,
        pass_fds=[ours],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(ours)
    try:
        with os.fdopen(there) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def kate(tmp_path: Path, *, new_file: bool) -> Iterator[Kate]:
    """Kate with calc.py open, the cursor on the comment that asks for a job."""
    environment = stage(tmp_path, pause_s=0, new_file=new_file)
    root, home, wire = Path(environment["AGENT_LS_ROOT"]), tmp_path / "home", tmp_path / "wire"
    server = tmp_path / "agent-ls"
    server.write_text(f'#!/bin/sh\n"{sys.executable}" -P -m agent_ls "$@" | tee -a "{wire}"\n')
    server.chmod(0o755)
    told = {
        "command": [str(server)],
        "rootIndicationFileNames": [".git", ".agent-ls.toml"],
        "initializationOptions": {"applyEdit": True},
        "highlightingModeRegex": "^Python$",
    }
    settings = home / ".config" / "kate" / "lspclient" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"servers": {"python": told}}))
    (home / ".local" / "share" / "kate").mkdir(parents=True)
    (home / "run").mkdir(mode=0o700)
    # Kate asks once whether a server may be started.
    plugin = f"[Kate Plugins]\nlspclientplugin=true\n\n[lspclient]\nAllowedServerCommandLines={server}\n"
    for file in (home / ".config" / "katerc", home / ".local" / "share" / "kate" / "anonymous.katesession"):
        file.write_text(plugin)
    rooms = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "LC_ALL": "C.UTF-8",
    }
    with display() as number:
        editor = subprocess.Popen(
            ["dbus-run-session", "kate", "-n", "--line", "5", "calc.py"],
            cwd=root,
            env=os.environ | environment | rooms | {"DISPLAY": number},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            window = Kate(number, wire, root / "calc.py")
            eventually(lambda: len(window.said()) > 0, "a server that answers", within_s=PATIENCE_S)
            eventually(lambda: len(window.windows()) > 0, "a window", within_s=PATIENCE_S)
            window._xdotool("search", "--onlyvisible", "--name", "calc.py", "windowfocus")
            yield window
        finally:
            os.killpg(editor.pid, signal.SIGTERM)
            editor.wait(timeout=30)
    assert_nobody_is_left(environment)


def test_a_plan_applies_and_is_taken_back(tmp_path: Path) -> None:
    with kate(tmp_path, new_file=False) as window:
        window.choose("Do: make add")
        window.choose("Apply plan")
        eventually(
            lambda: window.noticed("Applied to 1 file; 1 file unsaved"), "applied", within_s=PATIENCE_S
        )
        assert window.disk() == BEFORE, "only the editor writes"
        window.keys("ctrl+s")
        eventually(lambda: window.disk() == PLANNED, "saved", within_s=PATIENCE_S)
        window.choose("Undo")
        eventually(lambda: window.noticed("Taken back in 1 file"), "undone", within_s=PATIENCE_S)
        window.keys("ctrl+s")
        eventually(lambda: window.disk() == BEFORE, "saved again", within_s=PATIENCE_S)


@pytest.mark.parametrize("name", ["extra.py"])
def test_a_plan_with_a_new_file_is_refused_whole(tmp_path: Path, name: str) -> None:
    with kate(tmp_path, new_file=True) as window:
        window.choose("Do: make add")
        window.choose("Apply plan")
        eventually(lambda: window.noticed(name), "a sentence that names the file", within_s=PATIENCE_S)
        window.keys("ctrl+s")
        window.choose("Delegate")  # the editor is at work again
        assert window.disk().replace(AGENT_LINE, "") == BEFORE.replace(AGENT_LINE, "")
        assert not (window.file.parent / name).exists()
