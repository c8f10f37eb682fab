"""The verdict, as a function of what the runs said."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.job import CheckReport, Verdict
from agent_ls.verify.baselines import Baselines, Before, before_of
from agent_ls.verify.check import Check
from agent_ls.verify.judging import Judged, judge
from agent_ls.verify.outcome import Ran, outcome_of
from agent_ls.workspace.process import Finished

CARGO = Check("cargo test", ("cargo", "test", "--no-fail-fast"))
KNOWN = """\
running 3 tests
failures:

---- tests::old stdout ----
thread 'tests::old' panicked at src/old.rs:3:9:
no

test result: FAILED. 2 passed; 1 failed; 0 ignored

"""
REST = "running 4 tests\n....\ntest result: ok. 4 passed; 0 failed; 0 ignored\n"
CRASH = "error: test failed, to rerun pass `--test more`\nCaused by:\n  process didn't exit successfully: `more` (signal: 11, SIGSEGV)\n"


def ran(text: str, *, timed_out: bool = False, check: Check = CARGO) -> Ran:
    code = None if timed_out else 101
    done = Finished(code, text.encode(), truncated=False, timed_out=timed_out, duration_s=1.0)
    return outcome_of(check, done, 60.0, [])


def judged(before: Ran, now: Ran, check: Check = CARGO) -> tuple[Verdict, str]:
    report = CheckReport(check.name, now.status, now.output, check.argv, baseline=before.status)
    return judge([Judged(check, report, now, before_of(before))], (), "", ())


def verdict(before: Ran, now: Ran) -> Verdict:
    return judged(before, now)[0]


def test_what_fails_as_before_is_proof_only_where_everything_was_run() -> None:
    before = ran(KNOWN + REST)
    assert verdict(before, ran(KNOWN + REST)) is Verdict.VERIFIED
    assert verdict(before, ran(KNOWN, timed_out=True)) is Verdict.UNVERIFIED
    assert verdict(before, ran(KNOWN + CRASH)) is Verdict.UNVERIFIED


def test_what_a_run_that_was_cut_off_did_not_say_is_not_new() -> None:
    more = KNOWN.replace("old", "other").replace("tests::other stdout", "tests::more stdout")
    assert verdict(ran(KNOWN, timed_out=True), ran(KNOWN + more)) is Verdict.UNVERIFIED
    assert verdict(ran(KNOWN + REST), ran(KNOWN + more)) is Verdict.WORSE


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (Check("go test", ("go", "test", "-failfast", "./...")), ""),
        (Check("npm test", ("npm", "test"), stops=True), ""),
        (Check("cargo test", ("cargo", "test")), "error: test failed, to rerun pass `--lib`\n"),
        (CARGO, "!!!!!!!!!!!!!! stopping after 1 failures !!!!!!!!!!!!!!\n"),
        (CARGO, "Test Suites: 1 failed, 1 of 3 total\n"),
        (CARGO, "[INFO] more ....................... SKIPPED\n"),
    ],
)
def test_a_run_that_stopped_at_its_first_failures_proves_nothing_about_the_rest(
    check: Check, said: str
) -> None:
    known = ran(KNOWN + said, check=check)
    assert judged(known, known, check)[0] is Verdict.UNVERIFIED
    assert "nobody knows of what it did not run: " + check.name in judged(known, known, check)[1]
    other = ran(KNOWN.replace("old", "other") + said, check=check)
    assert judged(known, other, check)[0] is Verdict.UNVERIFIED, "it may have failed before, behind the other"
    passed = outcome_of(check, Finished(0, REST.encode(), False, False, 1.0), 60.0, [])
    assert judged(passed, known, check)[0] is Verdict.WORSE
    assert judged(known, passed, check)[0] is Verdict.VERIFIED


def test_a_run_that_says_it_went_on_behind_its_failures_is_whole() -> None:
    check = Check("make test", ("make", "test"))
    said = "error: test failed, to rerun pass `--lib`\nerror: 1 target failed:\n    `--lib`\n"
    known = ran(KNOWN + said, check=check)
    assert judged(known, known, check)[0] is Verdict.VERIFIED


def test_how_a_check_went_is_remembered_where_it_would_go_so_again(tmp_path: Path) -> None:
    stopped = before_of(ran(KNOWN, check=Check("cargo test", ("cargo", "test"), stops=True)))
    for before, lasting in [
        (before_of(ran(KNOWN)), True),
        (stopped, True),
        (before_of(ran(KNOWN, timed_out=True)), False),
        (before_of(ran(KNOWN + CRASH)), False),
        (Before("error", lasting=False), False),
    ]:
        Baselines(tmp_path).put(str(before), ("x",), "none", before)
        assert Baselines(tmp_path).get(str(before), ("x",), "none") == (before if lasting else None)
