"""The verdict, as a function of what the runs said."""

from __future__ import annotations

from agent_ls.core.job import CheckReport, Verdict
from agent_ls.verify.baselines import before_of
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


def ran(text: str, *, timed_out: bool = False) -> Ran:
    code = None if timed_out else 101
    done = Finished(code, text.encode(), truncated=False, timed_out=timed_out, duration_s=1.0)
    return outcome_of(CARGO, done, 60.0, [])


def verdict(before: Ran, now: Ran) -> Verdict:
    report = CheckReport(CARGO.name, now.status, now.output, CARGO.argv, baseline=before.status)
    return judge([Judged(CARGO, report, now, before_of(before))], (), "", ())[0]


def test_what_fails_as_before_is_proof_only_where_everything_was_run() -> None:
    before = ran(KNOWN + REST)
    assert verdict(before, ran(KNOWN + REST)) is Verdict.VERIFIED
    assert verdict(before, ran(KNOWN, timed_out=True)) is Verdict.UNVERIFIED
    assert verdict(before, ran(KNOWN + CRASH)) is Verdict.UNVERIFIED


def test_what_a_run_that_was_cut_off_did_not_say_is_not_new() -> None:
    more = KNOWN.replace("old", "other").replace("tests::other stdout", "tests::more stdout")
    assert verdict(ran(KNOWN, timed_out=True), ran(KNOWN + more)) is Verdict.UNVERIFIED
    assert verdict(ran(KNOWN + REST), ran(KNOWN + more)) is Verdict.WORSE
