"""The verdict, on real runs without a sandbox; the same with one is in ``tests/sandbox``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agent_ls.core.job import Verdict
from agent_ls.core.paths import rel_path
from agent_ls.verify.checks import Check, Kind, Proof, detect_checks, named_checks, prove
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import NoSandbox
from tests.workspace.files import draft_of, plant, tree_bytes

PLAIN = NoSandbox(
    "none in this test", "Install one", {"PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin"}
)
PROJECT = """\
-- calc.py --
def add(a, b):
    return a - b
-- test_calc.py --
import unittest
from calc import add
class T(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(1, 2), 3)
"""
FIXED = b"def add(a, b):\n    return a + b\n"
UNITTEST = [Check("unittest", ("python3", "-m", "unittest"))]


async def check_verdict(
    tmp_path: Path, project: str, edit: dict[str, bytes], checks: list[Check] | None = None, **how: object
) -> Proof:
    root = plant(tmp_path / "w", project)
    live = tree_bytes(root)
    draft = draft_of(root)
    for path, data in edit.items():
        draft.write(rel_path(path), data)
    scratch = await Scratch.prepare(root, draft, tmp_path / "scratch")
    laid = tree_bytes(scratch.tree)
    checks = detect_checks(draft.files(), draft.read) if checks is None else checks
    settings = {"trusted": True, "allow_unsandboxed": True, "timeout_s": 60.0, **how}
    proof = await prove(scratch, checks, PLAIN, **settings)  # type: ignore[arg-type]
    assert proof.tree_hash == scratch.tree_hash
    assert tree_bytes(scratch.tree) == laid, "the draft lies there as before"
    assert tree_bytes(root) == live
    await scratch.close()
    return proof


async def test_red_before_green_after(tmp_path: Path) -> None:
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": FIXED}, baseline=True)
    assert proof.verdict is Verdict.VERIFIED, proof
    (report,) = proof.reports
    assert (report.name, report.status, report.baseline, report.sandbox) == (
        "unittest",
        "passed",
        "failed",
        "none",
    )


async def test_worse_is_what_passed_before(tmp_path: Path) -> None:
    broken = PROJECT.replace("a - b", "a + b")
    proof = await check_verdict(tmp_path, broken, {"calc.py": b"def add(a, b):\n    return 0\n"})
    assert proof.verdict is Verdict.WORSE
    assert proof.reports[0].baseline == "passed"
    assert "AssertionError" in proof.reports[0].output


async def test_what_a_run_did_not_come_to_is_not_proven_by_what_failed_before(tmp_path: Path) -> None:
    tests = "".join(f"    def test_{name}(self):\n        self.assertEqual({name}(), 1)\n" for name in "abc")
    head = "import unittest\nfrom calc import a, b, c\nclass T(unittest.TestCase):\n"
    calc = "def a(): return 1\ndef b(): return 0\ndef c(): return {}\n"
    project = f"-- calc.py --\n{calc.format(1)}-- test_calc.py --\n{head}{tests}"
    stopping = [Check("unittest", ("python3", "-m", "unittest", "-f"))]
    proof = await check_verdict(tmp_path, project, {"calc.py": calc.format(0).encode()}, stopping)
    assert proof.verdict is Verdict.UNVERIFIED, "the test of c was never run"
    assert "did not run: unittest" in proof.reason


async def test_failing_as_before_is_unverified(tmp_path: Path) -> None:
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": b"def add(a, b):\n    return 7\n"})
    assert proof.verdict is Verdict.UNVERIFIED
    assert proof.reports[0].baseline == "failed"
    assert "as it did before" in proof.reason


async def test_a_new_syntax_problem_is_worse_whatever_passes(tmp_path: Path) -> None:
    proof = await check_verdict(
        tmp_path, PROJECT, {"calc.py": FIXED}, syntax_problems=["other.py:3: missing )"]
    )
    assert proof.verdict is Verdict.WORSE
    assert proof.reports[0].name == "syntax"


@pytest.mark.parametrize(
    ("how", "word"), [({"trusted": False}, "agent-ls trust"), ({"allow_unsandboxed": False}, "no sandbox")]
)
async def test_where_nothing_may_run_nothing_runs(tmp_path: Path, how: dict, word: str) -> None:
    ran = tmp_path / "ran"
    check = named_checks([(sys.executable, "-c", f"open({str(ran)!r},'w')")])
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": FIXED}, check, **how)
    assert proof.verdict is Verdict.UNVERIFIED
    assert [r.status for r in proof.reports] == ["skipped"]
    assert word in proof.reports[0].output
    assert not ran.exists()


async def test_a_check_that_does_not_look_at_the_draft_proves_nothing(tmp_path: Path) -> None:
    """As an editable install does: the tests import the user's text from another path."""
    elsewhere = plant(tmp_path / "installed", "-- calc.py --\ndef add(a, b):\n    return a + b\n")
    project = PROJECT.replace(
        "import unittest\n", f"import sys, unittest\nsys.path.insert(0, {str(elsewhere)!r})\n"
    )
    proof = await check_verdict(tmp_path, project, {"calc.py": FIXED})
    assert proof.reports[0].status == "passed", "without the canary this would be taken for proof"
    assert proof.verdict is Verdict.UNVERIFIED
    assert "does not look at the draft" in proof.reason


async def test_no_test_at_all_is_no_success(tmp_path: Path) -> None:
    empty = "-- test_calc.py --\nimport unittest\n-- calc.py --\n"
    proof = await check_verdict(tmp_path, empty, {"calc.py": FIXED})
    assert [r.status for r in proof.reports] == ["error"]
    assert proof.verdict is Verdict.UNVERIFIED


async def test_a_lint_pass_alone_proves_nothing_and_a_lint_that_failed_before_stops_nothing(
    tmp_path: Path,
) -> None:
    lint = Check("lint", (sys.executable, "-c", ""), kind=Kind.LINT)
    proof = await check_verdict(tmp_path / "1", PROJECT, {"calc.py": FIXED}, [lint])
    assert proof.verdict is Verdict.UNVERIFIED
    bad = Check("lint", (sys.executable, "-c", "raise SystemExit(1)"), kind=Kind.LINT)
    tests = Check("unittest", ("python3", "-m", "unittest"))
    proof = await check_verdict(tmp_path / "2", PROJECT, {"calc.py": FIXED}, [bad, tests])
    assert [(r.status, r.baseline) for r in proof.reports] == [("failed", "failed"), ("passed", "")]
    assert proof.verdict is Verdict.VERIFIED, proof.reason


async def test_a_missing_program_and_a_hang_are_reports(tmp_path: Path) -> None:
    checks = [
        Check("none", ("no-such-program",)),
        Check("slow", (sys.executable, "-c", "import time; time.sleep(600)")),
    ]
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": FIXED}, checks, timeout_s=1.0)
    assert [r.status for r in proof.reports] == ["error", "failed"]
    assert "not found" in proof.reports[0].output
    assert "longer than 1 s" in proof.reports[1].output


async def test_tests_that_no_longer_run_are_worse_whatever_else_passes(tmp_path: Path) -> None:
    """Else deleting the tests that fail would be the way to a verified plan."""
    code = "import os, unittest; os.path.exists('gone') and print('Ran 0 tests'); raise SystemExit(0)"
    vanishing = Check("vanishing", (sys.executable, "-c", code))
    proof = await check_verdict(
        tmp_path, PROJECT, {"gone": b"x", "calc.py": FIXED}, [vanishing, *UNITTEST], baseline=True
    )
    assert [(r.status, r.baseline) for r in proof.reports] == [("error", "passed"), ("passed", "failed")]
    assert proof.verdict is Verdict.WORSE
    assert "vanishing" in proof.reason


async def test_a_named_check_that_cannot_run_leaves_a_doubt(tmp_path: Path) -> None:
    checks = [*named_checks([["no-such-program-anywhere"]]), *UNITTEST]
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": FIXED}, checks, baseline=True)
    assert [r.status for r in proof.reports] == ["error", "passed"]
    assert proof.verdict is Verdict.UNVERIFIED
    assert "no-such-program-anywhere" in proof.reason


async def test_how_a_check_that_could_not_run_went_is_not_remembered(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "tool"
    check = [Check("tool", (str(program),))]
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": b"bad"}, check, baseline=True)
    assert [(r.status, r.baseline) for r in proof.reports] == [("error", "error")]
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ngrep -q 'a - b' calc.py\n")
    program.chmod(0o755)
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": b"bad"}, check, baseline=True)
    assert [(r.status, r.baseline) for r in proof.reports] == [("failed", "passed")]
    assert proof.verdict is Verdict.WORSE


async def test_one_check_cannot_help_the_next(tmp_path: Path) -> None:
    helper = Check(
        "helper",
        (sys.executable, "-c", "open('calc.py','w').write('def add(a, b): return a + b')"),
        kind=Kind.LINT,
    )
    tests = Check("unittest", ("python3", "-m", "unittest"))
    proof = await check_verdict(tmp_path, PROJECT, {"other.py": b"x = 1\n"}, [helper, tests])
    assert [r.status for r in proof.reports] == ["passed", "failed"]


async def test_the_baseline_of_a_tree_is_run_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    code = f"import sys; open({str(count)!r},'a').write('x'); sys.exit('a - b' in open('calc.py').read() or 'bad' in open('calc.py').read())"
    check = [Check("counted", (sys.executable, "-c", code))]
    await check_verdict(tmp_path, PROJECT, {"calc.py": b"bad 1"}, check)
    assert count.read_text() == "xx"
    await check_verdict(tmp_path, PROJECT, {"calc.py": b"bad 2"}, check)
    assert count.read_text() == "xxx"


async def test_secrets_in_check_output_are_removed(tmp_path: Path) -> None:
    check = [Check("leaky", (sys.executable, "-c", "print('ghp_' + 'a1B2' * 9)"))]
    proof = await check_verdict(tmp_path, PROJECT, {"calc.py": FIXED}, check)
    assert "ghp_" not in proof.reports[0].output
