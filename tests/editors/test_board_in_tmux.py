"""The terminal board in a real terminal of 80 × 24, with jobs of other processes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from tests.editors.support import eventually
from tests.editors.terminal import Screen, terminal
from tests.faces.cli.kit import Shell, call
from tests.support.children import ended


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, files={"a.py": "one\ntwo\nthree\n", "b.py": "alpha\nbeta\n"})


def test_the_board_from_the_first_look_to_undo(shell: Shell, tmp_path: Path) -> None:
    one = shell("run", "--json", "--", "sh", "-c", "sed -i s/two/TWO/ a.py").json["job"]
    shell("run", "--json", "--", "sh", "-c", "sed -i s/two/2/ a.py; sed -i s/beta/BETA/ b.py")
    with terminal(tmp_path, shell.argv("jobs", "--watch"), cwd=shell.root, env=shell.env) as screen:
        seen = screen.shows("Ready 2", "overlaps with", "2 ready", "a Apply", "q Quit")
        assert all(len(line) <= 80 for line in seen.splitlines())
        working = shell.start("run", "--json", "--", "sh", "-c", "while ! test -e go; do sleep 0.1; done")
        screen.shows("Running 1")
        working.kill()
        ended(working, "the job")
        screen.shows("Paused 1")

        screen.type("/two/TWO")
        screen.keys("Enter")
        screen.shows("Ready 1 of 2", one[:8])
        screen.keys("d")
        screen.shows("-two", "+TWO")
        screen.keys("a")
        eventually(lambda: shell.read("a.py") == "one\nTWO\nthree\n", "applied")
        screen.shows("Done 1")
        screen.keys("u")
        eventually(lambda: shell.read("a.py") == "one\ntwo\nthree\n", "undone")
        assert shell.read("b.py") == "alpha\nbeta\n"
        screen.keys("q")
        eventually(lambda: not _alive(screen), "the board is left")


def test_a_question_is_answered_from_the_board_and_a_paused_job_goes_on(shell: Shell, tmp_path: Path) -> None:
    turns = [
        call("ask_user", question="Which greeting?", choices=["hello", "goodbye"], default="hello"),
        call("edit_file", path="a.py", edits=[{"old_str": "two", "new_str": "TWO", "replace_all": False}]),
        call("finish", summary="Said goodbye"),
    ]
    shell.script(turns)
    shell("delegate", "--detach", "greet people")
    with terminal(tmp_path, shell.argv("jobs", "--watch"), cwd=shell.root, env=shell.env) as screen:
        screen.shows("Waiting for you 1", "Which greeting?")
        screen.keys("c")
        screen.shows("Done 1", "cancelled")
        screen.keys("s")
        screen.shows("Waiting for you 1")
        screen.keys("r")
        screen.shows("1. hello", "2. goodbye")
        screen.keys("2", "Enter")
        screen.shows("Ready 1", "1 file +1 -1")
        job = shell("jobs", "--json").json["jobs"][0]
        assert any(
            "goodbye" in e["text"] for e in shell("jobs", "log", job["jobId"], "--json").json["events"]
        )


def test_jobs_at_rest_cost_nothing(shell: Shell, tmp_path: Path) -> None:
    """A generous bound on CPU seconds, not on time: a board that redraws or reads all the time is far above it."""
    for number in range(3):
        shell("run", "--json", "--", "sh", "-c", f"echo {number} > a.py")
    with terminal(tmp_path, shell.argv("jobs", "--watch"), cwd=shell.root, env=shell.env) as screen:
        screen.shows("Ready 3")
        board = psutil.Process(screen.pid)
        before = sum(board.cpu_times()[:2])
        with pytest.raises(psutil.TimeoutExpired):
            board.wait(10)
        assert sum(board.cpu_times()[:2]) - before < 0.5


def _alive(screen: Screen) -> bool:
    try:
        return screen.text is not None
    except subprocess.CalledProcessError:  # with its last program tmux is gone as well
        return False
