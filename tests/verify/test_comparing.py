"""What failed before a draft is not held against it; what is new is, and numbers count."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent_ls.core.job import Measure, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.verify.check import Check, Kind, Narrowing, measured_checks
from agent_ls.verify.checks import Proof
from agent_ls.verify.outcome import got_worse, printed_number
from tests.verify.test_checks import check_verdict

PY = sys.executable
PROJECT = """\
-- calc.py --
def add(a, b):
    return a + b
-- old.py --
def half(x):
    return x / 0
-- test_calc.py --
import unittest
from calc import add
class T(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
    def test_more(self):
        self.assertEqual(add(0, 0), 0)
-- test_old.py --
import unittest
from old import half
class T(unittest.TestCase):
    def test_half(self):
        self.assertEqual(half(4), 2)
"""
WHOLE = Check("unittest", ("python3", "-m", "unittest", "discover", "-s", "."), narrowing=Narrowing.PATTERN)
NEAR = [RelPath("test_calc.py")]
WRONG = {"calc.py": b"def add(a, b):\n    return a - b\n"}
TIDY = {"calc.py": b"def add(first, second):\n    return first + second\n"}


def told(proof: Proof) -> list[tuple[str, bool]]:
    return [(f.test, f.before) for f in proof.reports[0].failures]


async def test_a_failure_that_was_there_far_from_the_change_is_not_held_against_it(tmp_path: Path) -> None:
    proof = await check_verdict(tmp_path, PROJECT, TIDY, [WHOLE])
    assert proof.verdict is Verdict.VERIFIED, proof
    assert "test_old.T.test_half" in proof.reason
    assert told(proof) == [("test_old.T.test_half", True)]
    assert (proof.reports[0].status, proof.reports[0].baseline, proof.reports[0].ran) == (
        "failed",
        "failed",
        3,
    )


async def test_a_failure_that_was_there_in_what_is_changed_leaves_a_doubt(tmp_path: Path) -> None:
    proof = await check_verdict(tmp_path, PROJECT, {"old.py": b"def half(x):\n    return x / 0.0\n"}, [WHOLE])
    assert proof.verdict is Verdict.UNVERIFIED
    assert "as it did before" in proof.reason


async def test_a_new_failure_beside_an_old_one_is_worse(tmp_path: Path) -> None:
    """Both runs fail: by exit code alone nothing would be seen."""
    proof = await check_verdict(tmp_path, PROJECT, WRONG, [WHOLE])
    assert proof.verdict is Verdict.WORSE
    assert "test_calc.T.test_add" in proof.reason
    assert "test_half" not in proof.reason
    assert told(proof) == [("test_calc.T.test_add", False), ("test_old.T.test_half", True)]
    first = proof.reports[0].failures[0]
    assert (first.path, first.line, first.message) == ("test_calc.py", 5, "AssertionError: -1 != 3")
    assert ">     5          self.assertEqual(add(1, 2), 3)" in first.excerpt


async def test_tests_that_could_not_be_seen_before_are_not_new(tmp_path: Path) -> None:
    project = PROJECT.replace("-- old.py --\n", "-- old.py --\nimport nothing_such\n")
    proof = await check_verdict(tmp_path, project, {"old.py": b"def half(x):\n    return x / 0\n"}, [WHOLE])
    assert proof.verdict is Verdict.UNVERIFIED, proof


async def test_the_nearest_tests_answer_first(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    slow = Check("slow", (PY, "-c", f"open({str(ran)!r}, 'w')"), kind=Kind.LINT)
    proof = await check_verdict(tmp_path, PROJECT, WRONG, [WHOLE, slow], nearest=NEAR)
    assert proof.verdict is Verdict.WORSE
    report, other = proof.reports
    assert (report.name, report.nearest, report.baseline, report.argv[-2:]) == (
        *("unittest", True, "passed"),
        ("-p", "test_calc.py"),
    )
    assert [f.test for f in report.failures] == ["test_calc.T.test_add"]
    assert other.status == "skipped"
    assert not ran.exists()


async def test_where_the_nearest_tests_pass_the_whole_is_run(tmp_path: Path) -> None:
    proof = await check_verdict(tmp_path, PROJECT, TIDY, [WHOLE], nearest=NEAR)
    assert [(r.nearest, r.ran) for r in proof.reports] == [(False, 3)]
    assert proof.verdict is Verdict.VERIFIED


async def test_a_nearest_test_that_failed_before_does_not_end_it(tmp_path: Path) -> None:
    edit = {"old.py": b"def half(x):\n    return 1 / 0\n"}
    proof = await check_verdict(tmp_path, PROJECT, edit, [WHOLE], nearest=[RelPath("test_old.py")])
    assert [(r.nearest, r.ran) for r in proof.reports] == [(False, 3)]
    assert proof.verdict is Verdict.UNVERIFIED


async def test_a_test_that_the_draft_brings_and_fails_is_new(tmp_path: Path) -> None:
    edit = {
        "test_new.py": b"import unittest\nclass T(unittest.TestCase):\n    def test_x(self): self.fail('x')\n"
    }
    proof = await check_verdict(tmp_path, PROJECT, edit, [WHOLE], nearest=[RelPath("test_new.py")])
    assert proof.verdict is not Verdict.VERIFIED
    assert ("test_new.T.test_x", False) in told(proof)


async def test_only_what_does_not_pass_is_held_against_the_time_before(tmp_path: Path) -> None:
    count = tmp_path / "count"
    counted = Check("counted", (PY, "-c", f"open({str(count)!r}, 'a').write('x')"), kind=Kind.NAMED)
    proof = await check_verdict(tmp_path, PROJECT, TIDY, [counted])
    assert [r.baseline for r in proof.reports] == [""]
    assert count.read_text() == "xx", "the second is the canary of a run without a sandbox"


NUMBER = "print('speed: 1,2' + open('speed').read() + ' ops')"


def measure(**how: object) -> list[Check]:
    return measured_checks([Measure((PY, "-c", NUMBER), r"speed: (\S+)", **how)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "how", "worse"),
    [
        (b"10", {}, True),
        (b"40", {}, False),
        (b"31", {}, False),
        (b"29", {"tolerance": 0.01}, False),
        (b"10", {"tolerance": 0.01}, True),
        (b"40", {"direction": "lower"}, True),
        (b"10", {"direction": "lower"}, False),
    ],
)
async def test_a_number_that_gets_worse_is_worse(tmp_path: Path, now: bytes, how: dict, worse: bool) -> None:
    project = f"{PROJECT}-- speed --\n30"
    proof = await check_verdict(tmp_path, project, {"speed": now}, measure(**how))
    assert proof.verdict is (Verdict.WORSE if worse else Verdict.UNVERIFIED), proof.reason
    (report,) = proof.reports
    assert (report.number, report.number_before) == (float(b"12" + now), 1230.0)
    assert report.direction == how.get("direction", "higher")
    assert not worse or "1230 before" in proof.reason


async def test_a_measure_alone_proves_nothing_and_one_without_a_number_could_not_be_run(
    tmp_path: Path,
) -> None:
    project = f"{PROJECT}-- speed --\n30"
    checks = [*measure(), Check("ok", (PY, "-c", "import calc; assert calc.add(1, 1) == 2"), kind=Kind.NAMED)]
    proof = await check_verdict(
        tmp_path / "1", project, {"calc.py": b"def add(a, b): return b + a\n"}, checks
    )
    assert proof.reports[0].number == 1230.0
    silent = measured_checks([Measure((PY, "-c", "pass"), "([0-9]+)", name="silent")])
    proof = await check_verdict(tmp_path / "2", project, {"speed": b"40"}, silent)
    assert [(r.name, r.status, r.number) for r in proof.reports] == [("silent", "error", None)]
    assert proof.verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("text", "pattern", "number"),
    [
        ("a 1\nb 2\n", "([0-9]+)", 2.0),
        ("x=1 x=2", "x=([0-9])", 2.0),
        ("took 1.5e-3 s", "took .* s", 0.0015),
        ("-4 below", r"^-?\d+", -4.0),
        ("1_000 and", r"^\S+", 1000.0),
        ("none here", "([0-9]+)", None),
        ("word", "(word)", None),
        ("", "", None),
    ],
)
def test_the_last_match_is_the_number(text: str, pattern: str, number: float | None) -> None:
    assert printed_number(text, Measure(("x",), pattern)) == number


def test_tolerance_is_a_share_of_the_number_before() -> None:
    assert not got_worse(Measure(tolerance=0.1), -10, -11)
    assert got_worse(Measure(tolerance=0.1), -10, -12)
    assert got_worse(Measure(direction="lower"), 0, 1e-9)


async def test_what_needs_the_network_could_not_be_run(tmp_path: Path) -> None:
    code = "print('error: no matching package named `serde` found'); raise SystemExit(101)"
    proof = await check_verdict(tmp_path, PROJECT, TIDY, [Check("cargo test", (PY, "-c", code))])
    assert [r.status for r in proof.reports] == ["error"]
    assert "no network" in proof.reason
    assert proof.verdict is Verdict.UNVERIFIED
