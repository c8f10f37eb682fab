"""The tasks that ship hold: hidden checks fail before the work, and pass after the reference solution."""

from __future__ import annotations

import os
from pathlib import Path

from agent_ls.evaluation.suite import read_suite
from tests.evaluation.kit import evaluate
from tests.faces.cli.kit import Shell

SUITE = Path(__file__).parents[1] / "suite"


def test_every_task_is_sound(shell: Shell) -> None:
    said = evaluate(shell, SUITE, "--validate", "--json", env={"PATH": os.environ["PATH"]})
    assert said.json["broken"] == {}
    assert said.json["tasks"] >= 20


def test_it_is_a_mix(shell: Shell) -> None:
    asked = [task.asked for task in read_suite(SUITE).tasks]
    assert {a.kind for a in asked} >= {
        *("bug fix", "feature", "refactoring", "tests", "configuration", "documentation", "ill-specified")
    }
    steps = sorted(a.size.steps for a in asked)
    assert (steps[0] <= 2, steps[-1] >= 30) == (True, True)
    assert sum(s >= 9 for s in steps) >= 7
