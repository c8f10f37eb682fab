"""A Neovim with the plugin in a real terminal: what stands on the screen, and keys as a person types them.

Its editing half runs without a screen and the terminal is attached to it: the unpacked Neovims bring their
own loader, and a Neovim that starts its editing half itself would start that loader without its program.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.editors.support import NVIM_PLUGIN, Neovim, eventually
from tests.editors.terminal import Screen, terminal

STATUS = "lua vim.o.statusline = [[%f %m %=%{v:lua.require'agent_ls'.statusline()} ]]"


@contextmanager
def neovim_screen(
    nvim: Neovim,
    home: Path,
    environment: dict[str, str],
    file: str,
    *,
    size: tuple[int, int] = (80, 24),
    commands: Sequence[str] = (),
) -> Iterator[Screen]:
    """Neovim with a file of the workspace open; ``commands`` are run before anything is loaded."""
    rooms = {f"XDG_{room}_HOME": str(home / room.lower()) for room in ("CONFIG", "DATA", "STATE", "CACHE")}
    for room in rooms.values():
        Path(room).mkdir(parents=True, exist_ok=True)
    (home / "state" / "nvim").mkdir(exist_ok=True)
    socket, root = home / "nvim.sock", Path(environment["AGENT_LS_ROOT"])
    own = environment | rooms | {"HOME": str(home), "NVIM_LOG_FILE": str(home / "nvim.log")}
    server = 'lua vim.g.agent_ls = { cmd = { vim.env.AGENT_LS_PYTHON, "-P", "-m", "agent_ls" } }'
    before = [word for c in (f"set rtp^={NVIM_PLUGIN}", server, STATUS, *commands) for word in ("--cmd", c)]
    editing = subprocess.Popen(
        [nvim.program, "--clean", "--headless", "--listen", str(socket), "-n", "-i", "NONE", *before, file],
        cwd=root,
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(socket.exists, "a Neovim that listens", within_s=60)
        attach = [nvim.program, "--server", str(socket), "--remote-ui"]
        with terminal(home, attach, cwd=root, env=own | {"LC_ALL": "C.UTF-8"}, size=size) as screen:
            screen.shows(file)
            yield screen
    finally:
        editing.kill()
        editing.wait(timeout=30)
