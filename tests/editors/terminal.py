"""A program in a real terminal without a screen: tmux, with a server of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.editors.support import eventually


@dataclass(frozen=True, slots=True)
class Screen:
    """One pane; keys go in, text comes out."""

    socket: Path

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    @property
    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def coloured(self) -> str:
        """The same with its colours, as ANSI sequences."""
        return self._tmux("capture-pane", "-p", "-e")

    @property
    def pid(self) -> int:
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    def shows(self, *texts: str, within_s: float = 60) -> str:
        """Wait until all of these texts are seen at once; returns the whole screen."""
        seen = ""

        def all_there() -> bool:
            nonlocal seen
            seen = self.text
            return all(text in seen for text in texts)

        try:
            eventually(all_there, f"{texts}", within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"never: {texts}\n{seen}") from error
        return seen

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), *words], check=True, capture_output=True, text=True
        )
        return done.stdout


@contextmanager
def terminal(
    folder: Path, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], size: tuple[int, int] = (80, 24)
) -> Iterator[Screen]:
    """Run a program in a terminal of this size; its tmux ends with the block."""
    if shutil.which("tmux") is None:
        raise RuntimeError("tmux is not installed: .ci/editors.sh installs it")
    screen = Screen(folder / "tmux")
    begin = folder / "begin.sh"
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in env.items())
    begin.write_text(
        f"{exports}\nexport TERM=screen-256color\ncd {shlex.quote(str(cwd))}\nexec {shlex.join(argv)}\n"
    )
    tmux = ["tmux", "-S", str(screen.socket), "-f", os.devnull]
    wide, high = (str(number) for number in size)
    subprocess.run(
        [*tmux, "new-session", "-d", "-x", wide, "-y", high, f"bash {shlex.quote(str(begin))}"],
        check=True,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    try:
        yield screen
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, capture_output=True)
