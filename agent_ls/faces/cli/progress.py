"""A job's progress on stderr: one line that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import final

from agent_ls.core.job import JobState, Spent
from agent_ls.faces.cli.terminal import Terminal, clean
from agent_ls.jobs.views import JobView


@final
class ProgressLine:
    """Shows the newest view."""

    def __init__(self, err: Terminal) -> None:
        self._err = err
        self._shown = ""

    def show(self, view: JobView) -> None:
        # In a log each step is one line: it would come again with every cent.
        line = progress_text(view if self._err.tty else replace(view, spent=Spent()))
        if line == self._shown or not view.state.live:
            return  # how it ended is told by what follows
        self._shown = line
        if self._err.tty:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{clean(line)[:width]}")
            sys.stderr.flush()
        else:
            self._err.line(line)

    def end(self) -> None:
        if self._err.tty and self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._shown = ""


def progress_text(view: JobView) -> str:
    """``turn 4: edit_file client.py · $0.04``, or ``ready · 7 turns · $0.09`` of a job that has ended."""
    progress, spent = view.progress, view.spent
    place = f"{progress.done}/{progress.total}" if progress.total else f"turn {progress.done}"
    doing = [f"{place}: {progress.step}" if progress.done else progress.step] if progress.step else []
    if not doing or view.state not in (JobState.RUNNING, JobState.CHECKING):
        doing.insert(0, view.state.value.replace("_", " "))
    turns = [f"{spent.turns} turns"] if spent.turns and not view.state.live else []
    cost = [f"${spent.cost_usd:.2f}"] if spent.cost_usd else []
    return " · ".join([" ".join(doing), *turns, *cost])
