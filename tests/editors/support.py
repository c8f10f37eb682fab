"""Real editors for tests: where they are and how they are run without a screen."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
NVIM_PLUGIN = ROOT / "editors" / "nvim"


@dataclass(frozen=True, slots=True)
class Neovim:
    """A Neovim program and its version, such as ``(0, 12)``."""

    program: str
    version: tuple[int, int]

    @property
    def label(self) -> str:
        return "nvim-{}.{}".format(*self.version)


def neovims(*, plugin: bool = True) -> list[Neovim]:
    """The programs of ``AGENT_LS_NEOVIMS``: those that can have the plugin, or those that are too old."""
    named = os.environ.get("AGENT_LS_NEOVIMS", "")
    if not named:
        raise RuntimeError(
            'set AGENT_LS_NEOVIMS="$(editors/get-neovim.sh CACHE | paste -sd:)", or run .ci/editors.sh'
        )
    found = [Neovim(program, _version(program)) for program in named.split(":")]
    return [nvim for nvim in found if (nvim.version >= (0, 10)) == plugin]


def _version(program: str) -> tuple[int, int]:
    told = subprocess.run(
        [program, "--version"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    major, minor = re.findall(r"\d+", told.stdout)[:2]
    return int(major), int(minor)


def headless(
    program: str,
    home: Path,
    script: Path,
    *,
    plugin: Path | None = None,
    timeout_s: float = 180,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run a Lua script in a Neovim that knows nothing of the user's own configuration."""
    with started(program, home, script, plugin=plugin, **environment) as nvim:
        try:
            output, _ = nvim.communicate(timeout=timeout_s)
        finally:
            nvim.kill()
    return subprocess.CompletedProcess(nvim.args, nvim.returncode, output)


def started(
    program: str, home: Path, script: Path, *, plugin: Path | None = None, **environment: str
) -> subprocess.Popen[str]:
    """The same, left running."""
    rooms = {f"XDG_{room}_HOME": str(home / room.lower()) for room in ("CONFIG", "DATA", "STATE", "CACHE")}
    for room in rooms.values():
        Path(room).mkdir(parents=True, exist_ok=True)
    (home / "state" / "nvim").mkdir(exist_ok=True)
    onto = ["--cmd", f"set rtp^={plugin}"] if plugin else []
    return subprocess.Popen(
        [program, "--clean", "--headless", "-n", "-i", "NONE", *onto, "-c", f"luafile {script}"],
        cwd=home,
        env=os.environ | rooms | {"HOME": str(home), "NVIM_LOG_FILE": str(home / "nvim.log")} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def servers_of(state: Path) -> list[str]:
    """The processes of agent-ls, workers included, that keep their things in this folder."""
    found: list[str] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if "agent_ls" in command and process.environ().get("AGENT_LS_STATE_DIR") == str(state):
                found.append(command)
    return found


def eventually(condition: Callable[[], bool], what: str, *, within_s: float = 30) -> None:
    """A deadline, not a measure: generous, because the machine may be busy."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
