"""The damage generator on a small repository: it makes every kind of case, and none ends wrong."""

import random
import subprocess
from pathlib import Path

from benchmarks.damage import KINDS, Tally, cases, helpful, verdict
from benchmarks.damage_cases import Repository, change_of, with_hunks


def commit(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", folder, "add", name], check=True)
    subprocess.run(["git", "-C", folder, *who, "commit", "-qm", name], check=True)


def history(folder: Path) -> Repository:
    """Commits that change, add and remove lines of a file with repeated shapes."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    rng = random.Random(3)
    lines = [
        line
        for n in range(14)
        for line in (
            f"def function_{n}(item):",
            f"    if item is {n}:",
            f'        return "{n}"',
            "    return item",
            "",
        )
    ]
    for _ in range(25):
        commit(folder, "a.py", "\n".join(lines) + "\n")
        at = rng.randrange(len(lines) - 1)
        way = rng.randrange(3)
        new = [f"    value_{rng.randrange(999)} = 'x < y'", *([lines[at]] if way else [])]
        lines[at : at + 1] = new if way < 2 else []
    return Repository(folder)


def test_no_damage_lands_wrong(tmp_path: Path):
    tally = Tally()
    for case in cases(history(tmp_path), 600, random.Random(5), list(KINDS), each=28):
        tally.take(case)
    row = tally.rows["~~all"]
    assert row["WRONG"] == 0
    assert row["exact"] > 250
    assert row["needless"] == 0
    assert len(tally.rows) > 30


def test_a_change_is_its_hunks():
    base = "".join(f"line {n}\n" for n in range(30))
    after = base.replace("line 7\n", "").replace("line 20\n", "line 20\nnew\n")
    change = change_of("c", "a.py", base, after, random.Random(1))
    assert change is not None
    assert with_hunks(base, change.hunks) == after
    assert len(change.hunks) == 2


def test_the_judge_sees_what_is_wrong():
    base = "".join(f"line {n}\n" for n in range(30))
    change = change_of("c", "a.py", base, base.replace("line 7\n", "seven\n"), random.Random(1))
    assert change is not None
    case = KINDS["clean"](random.Random(1), change, "str_replace")
    assert case is not None
    assert verdict(case, {"status": "applied", "after_text": change.after}) == "exact"
    assert verdict(case, {"status": "applied", "after_text": base}) == "WRONG"
    assert verdict(case, {"status": "refused", "error": ""}) == "needless"
    assert not helpful(case, "    8 | line 7")
