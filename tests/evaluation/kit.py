"""Suites made in a test, and people who evaluate them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.faces.cli.kit import Said, Shell

CHECK = """
import unittest
import answer

class Answer(unittest.TestCase):
    def test_it(self):
        self.assertEqual(answer.value, 42)
"""
SOLUTION = "--- a/answer.py\n+++ b/answer.py\n@@ -1 +1 @@\n-value = 41\n+value = 42\n"


def make_task(
    suite: Path,
    name: str,
    *,
    steps: int = 2,
    start: str = "value = 41\n",
    solution: str | None = SOLUTION,
    check: str = CHECK,
    more: str = "",
) -> Path:
    """A task that is solved by making ``value`` in answer.py 42."""
    folder = suite / name
    (folder / "workspace").mkdir(parents=True)
    (folder / "hidden").mkdir()
    (folder / "workspace" / "answer.py").write_text(start)
    (folder / "hidden" / "test_hidden.py").write_text(check)
    if solution is not None:
        (folder / "solution.patch").write_text(solution)
    (folder / "task.toml").write_text(
        f'task = "Make value 42 ({name})."\nkind = "bug fix"\nsize = {{ steps = {steps}, minutes = 1 }}\n{more}\n'
        '[check]\ncommands = [["python3", "-m", "unittest", "-q", "test_hidden"]]\n'
    )
    return folder


def evaluate(shell: Shell, suite: Path, *words: str, code: int | None = 0, **more: Any) -> Said:
    """Run ``eval`` on a suite that is trusted for the run; ``code None``: any."""
    said = shell("eval", str(suite), "--yes", *words, **more)
    assert code is None or said.code == code, said.err + said.out
    return said


def rows(said: Said) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in said.json["solvers"]}


def rate(row: dict[str, Any], k: int = 1, which: str = "pass_at") -> float:
    return row[which][str(k)]["rate"]
