"""``agent-ls eval``: engines with known rates are measured right, and what says nothing is told, not counted."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.evaluation.kit import SOLUTION, evaluate, make_task, rate, rows
from tests.faces.cli.kit import Shell
from tests.support.children import ended

SED = "right=sed -i s/41/42/ answer.py"
WRONG = "wrong=sed -i s/41/43/ answer.py"


def test_engines_and_bounds_side_by_side(shell: Shell, suite: Path) -> None:
    for name, steps in (("a", 2), ("b", 5), ("c", 20)):
        make_task(suite, name, steps=steps)
    said = evaluate(
        shell, suite, "--bounds", "--engine", SED, "--engine", WRONG, "--engine", "idle=true", "--json"
    )
    by_name = rows(said)
    found = {name: (rate(row), row["attempts"]) for name, row in by_name.items()}
    one, none = (1.0, 3), (0.0, 3)
    assert found == {"right": one, "wrong": none, "idle": none, "reference": one, "nothing": none}
    assert [length["steps"] for length in by_name["right"]["by_length"]] == ["1-3", "4-8", "16-30"]
    assert by_name["right"]["pass_at"]["1"] == {"rate": 1.0, "low": 0.4385, "high": 1.0, "tasks": 3}
    assert by_name["wrong"]["tasks"][0]["each"][0]["said"].count("43 != 42") == 1
    assert said.json["whole"] is True


def test_a_flaky_engine_with_known_luck(shell: Shell, suite: Path) -> None:
    """Its luck is decided by task and attempt: every figure is known beforehand."""
    luck = {
        name: [random.Random(f"{name}{number}").random() < 0.5 for number in range(1, 5)] for name in "aefg"
    }
    assert {sum(each) for each in luck.values()} == {1, 2, 3}
    for name in luck:
        make_task(suite, name)
    program = (
        "import random, sys; name = sys.argv[1][-3]; "
        "value = 42 if random.Random(name + sys.argv[2]).random() < 0.5 else 43; "
        "open('answer.py', 'w').write(f'value = {value}\\n')"
    )
    command = f"flaky=python3 -c \"{program}\" '{{task}}' {{attempt}}"
    said = evaluate(shell, suite, "--attempts", "4", "--engine", command, "--json")
    row = rows(said)["flaky"]
    assert {task["task"]: [one["passed"] for one in task["each"]] for task in row["tasks"]} == luck
    passed = [sum(each) for each in luck.values()]
    assert rate(row) == pytest.approx(sum(passed) / 16, abs=1e-4)
    pairs = [1 - (4 - c) * (3 - c) / 12 for c in passed]
    assert rate(row, 2) == pytest.approx(sum(pairs) / 4, abs=1e-4)
    assert rate(row, 4) == sum(c > 0 for c in passed) / 4
    # The wrong plan and the right one are as large and look as good: the choice is the majority's, or the first.
    assert rate(row, 1, "selected_at") == rate(row)
    assert (
        rate(row, 4, "selected_at")
        == sum(c > 2 or (c == 2 and luck[n][0]) for n, c in zip(luck, passed, strict=True)) / 4
    )


def test_broken_tasks_are_told_and_not_counted(shell: Shell, suite: Path) -> None:
    make_task(suite, "good")
    make_task(
        suite,
        "passes-before",
        start="value = 42\n",
        solution="--- a/answer.py\n+++ b/answer.py\n@@ -1 +1 @@\n-value = 42\n+value = 41\n",
    )
    make_task(suite, "wrong-solution", solution=SOLUTION.replace("+value = 42", "+value = 7"))
    make_task(suite, "no-solution", solution=None)
    make_task(suite, "old-solution", solution=SOLUTION.replace("-value = 41", "-value = 40"))
    said = evaluate(shell, suite, "--engine", SED, "--json", code=1)
    broken = said.json["broken"]
    assert sorted(broken) == ["no-solution", "old-solution", "passes-before", "wrong-solution"]
    assert "before anything is done" in broken["passes-before"]
    assert "7 != 42" in broken["wrong-solution"]
    assert "does not apply" in broken["old-solution"]
    assert rows(said)["right"]["attempts"] == 1


def test_no_solver_sees_the_hidden_files(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    program = (
        "import os; seen = [os.path.join(f, n) for f, _, names in os.walk('..') for n in names]; "
        "open('seen.txt', 'w').write(' '.join(seen)); open('answer.py', 'w').write('value = 42')"
    )
    look = f'look=python3 -c "{program}"'
    said = evaluate(shell, suite, "--engine", look, "--json")
    assert rate(rows(said)["look"]) == 1.0
    [patch] = [p for p in (shell.folder / "state").rglob("blobs/*/*") if b"answer.py" in p.read_bytes()]
    assert b"hidden" not in patch.read_bytes()


def test_a_solver_cannot_bring_its_own_hidden_check(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    cheat = "cheat=sh -c 'echo import unittest > test_hidden.py'"
    fake = "fake=sh -c 'echo > unittest.py'"
    found = rows(evaluate(shell, suite, "--engine", cheat, "--engine", fake, "--json"))
    assert (rate(found["cheat"]), rate(found["fake"])) == (0.0, 0.0)
    assert "unittest.py" in found["fake"]["tasks"][0]["each"][0]["said"]


def test_nothing_is_measured_twice_and_a_changed_task_is(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    folder = make_task(suite, "b")
    log = shell.folder / "log"
    engine = f"logs=sh -c 'echo {{attempt}} >> {log}; sed -i s/41/42/ answer.py'"
    evaluate(shell, suite, "--engine", engine, "--json")
    assert log.read_text().split() == ["1", "1"]
    said = evaluate(shell, suite, "--engine", engine, "--attempts", "2", "--json")
    assert (sorted(log.read_text().split()), rows(said)["logs"]["attempts"]) == (["1", "1", "2", "2"], 4)
    (folder / "workspace" / "new.txt").write_text("x")
    evaluate(shell, suite, "--engine", engine, "--attempts", "2")
    assert len(log.read_text().split()) == 6
    evaluate(shell, suite, "--engine", engine, "--fresh")
    assert len(log.read_text().split()) == 8


def test_a_killed_evaluation_goes_on(shell: Shell, suite: Path) -> None:
    for name in "abc":
        make_task(suite, name)
    log, there, gate = (shell.folder / name for name in ("log", "there", "gate"))
    # The engine of task b says that it is there, and waits until somebody opens the gate.
    waits = f"touch {there}; while [ ! -e {gate} ]; do sleep 0.05; done"
    program = f'case "$0" in *b*) {waits};; esac; echo "$0" >> {log}; sed -i s/41/42/ answer.py'
    command = f"slow=sh -c '{program}' '{{task}}'"
    running = shell.start("eval", str(suite), "--yes", "--engine", command, "--parallel", "1")
    try:
        ends = time.monotonic() + 100
        while not there.exists() and time.monotonic() < ends:
            time.sleep(0.02)
    finally:
        running.kill()
        ended(running, "the evaluation")
    assert log.read_text().split("\n") == ["Make value 42 (a).", ""]
    gate.touch()
    said = evaluate(shell, suite, "--engine", command, "--parallel", "1", "--json")
    assert rate(rows(said)["slow"]) == 1.0
    assert log.read_text().count("(a)") == 1  # b ran twice at most: a lost run of an engine is repeated
    assert "1 of 3 attempts are measured already" in said.err


def test_a_suite_is_not_run_without_the_users_word(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    said = shell("eval", str(suite), "--engine", SED)
    assert said.code == 2
    assert "not trusted" in said.err
    shell("trust", "-C", str(suite))
    assert shell("eval", str(suite), "--engine", SED).code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("task = 1", "Asked.task"),
        ("task = 'x'", "missing"),
        ("nonsense", "does not read"),
        ("task='x'\nkind='x'\nsize={steps=0, minutes=1}\ncheck={commands=[['a']]}", "above 0"),
        ("task='x'\nkind='x'\nsize={steps=1, minutes=1}\ncheck={commands=[]}", "names no command"),
        ("task='x'\nkind='x'\nsize={steps=1, minutes=1, hours=2}\ncheck={commands=[['a']]}", "size.hours"),
        (
            "task='x'\nkind='x'\nsize={steps=1, minutes=1}\ncheck={commands=[['a']]}\nworkspace={commit='x'}",
            "belong",
        ),
        (
            "task='x'\nkind='x'\nsize={steps=1, minutes=1}\ncheck={commands=[['a']]}\nworkspace={folder='../x'}",
            "leaves",
        ),
    ],
)
def test_a_task_that_does_not_read_is_named(shell: Shell, suite: Path, text: str, words: str) -> None:
    folder = make_task(suite, "odd")
    (folder / "task.toml").write_text(text)
    said = evaluate(shell, suite, "--engine", SED, code=2)
    assert "odd" in said.err
    assert words in said.err


def test_wrong_calls(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    for words in (
        ["--engine", "unknown"],
        ["--engine", "x="],
        ["--engine", "x='"],
        ["--engine", "x=true", "--engine", "x=false"],
        ["--task", "nothing"],
        ["--html", "/nowhere/x.html", "--engine", SED],
        [],  # no model is configured
    ):
        assert evaluate(shell, suite, *words, code=2).err.startswith("agent-ls: ")
    assert evaluate(shell, shell.root, code=2).err.count("holds no tasks") == 1


def test_a_commit_of_a_repository_is_a_workspace_too(shell: Shell, suite: Path) -> None:
    (shell.root / "lib").mkdir()
    (shell.root / "lib" / "answer.py").write_text("value = 41\n")
    (shell.root / ".gitattributes").write_text("lib/answer.py export-ignore\n")
    shell.commit_all()
    commit = shell.git("rev-parse", "HEAD").strip()
    (shell.root / "lib" / "answer.py").write_text("value = 1\n")
    source = f'repository = "{shell.root}"\ncommit = "{commit}"\nbelow = "lib"\n'
    make_task(suite, "a", more=f"[workspace]\n{source}")
    assert rate(rows(evaluate(shell, suite, "--engine", SED, "--json"))["right"]) == 1.0
    make_task(suite, "b", more=f"[workspace]\n{source.replace(commit, 'nowhere')}")
    said = evaluate(shell, suite, "--engine", SED, "--json", code=1)
    assert "cannot be taken" in said.json["problems"][0]
    assert rows(said)["right"]["attempts"] == 1
