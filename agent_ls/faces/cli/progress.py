"""A job's progress on stderr: one line that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import final

from agent_ls.faces.cli.terminal import Terminal, clean
from agent_ls.jobs.views import JobView


@final
class ProgressLine:
    """Shows the newest view."""

    def __init__(self, err: Terminal) -> None:
        self._err = err
        self._shown = ""

    def show(self, view: JobView) -> None:
        line = progress_text(view)
        if line == self._shown:
            return
        self._shown = line
        if self._err.tty:
            sys.stderr.write(f"\r\x1b[K{clean(line)[:100]}")
            sys.stderr.flush()
        else:
            self._err.line(line)

    def end(self) -> None:
        if self._err.tty and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def progress_text(view: JobView) -> str:
    """``running 3/8 editing client.py · 4 turns · $0.04``."""
    count = f" {view.progress.done}/{view.progress.total}" if view.progress.total else ""
    step = f" {view.progress.step}" if view.progress.step else ""
    turns = f" · {view.spent.turns} turns" if view.spent.turns else ""
    cost = f" · ${view.spent.cost_usd:.2f}" if view.spent.cost_usd else ""
    return f"{view.state.value.replace('_', ' ')}{count}{step}{turns}{cost}"
