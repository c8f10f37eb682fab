"""The verdict on a draft, as a pure function of how its checks went and how they went before it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.job import CheckReport, Failure, Verdict
from agent_ls.verify.baselines import Before
from agent_ls.verify.check import Check, Kind
from agent_ls.verify.outcome import End, Ran, got_worse

_NAMED = 3


@final
@dataclass(frozen=True, slots=True)
class Judged:
    """One check on the draft. ``before``: without it, where that was looked at."""

    check: Check
    report: CheckReport
    ran: Ran | None = None
    before: Before | None = None

    @property
    def new(self) -> frozenset[str] | None:
        """What fails now and did not before; ``None`` where that cannot be told."""
        return None if self.ran is None or self.before is None else self.before.new_in(self.ran)

    @property
    def worse(self) -> bool:
        """It passed before and no longer does, or something fails that did not, or its number is worse.

        Also where it no longer runs: tests that were deleted fail nothing.
        """
        if self.before is None or self.report.status == "skipped":
            return False
        if self.report.status != "passed":
            return self.before.status == "passed" or bool(self.new)
        measure, now, then = self.check.measure, self.report.number, self.before.number
        return measure is not None and now is not None and then is not None and got_worse(measure, then, now)

    @property
    def as_before(self) -> bool:
        """Everything that fails failed before, some tests passed, and the tool said enough to know it."""
        findings = None if self.ran is None else self.ran.findings
        if self.check.kind is not Kind.TESTS or self.new != frozenset() or findings is None:
            return False
        if self.ran is None or self.ran.end is not End.WHOLE:
            return False
        whole = findings.failed == len(findings.failures)
        return (
            whole
            and findings.ran is not None
            and findings.failed is not None
            and findings.ran > findings.failed
        )

    @property
    def stopped(self) -> bool:
        """It failed before as well, and there are tests that it left out because of that."""
        before = self.before is not None and self.before.status == "failed"
        return before and self.ran is not None and self.ran.end is End.STOPPED

    def failures(self) -> tuple[Failure, ...]:
        """The tests that failed."""
        return () if self.ran is None else self.ran.findings.failures


def judge(
    judged: Sequence[Judged], syntax_problems: Sequence[str], doubt: str, near: Collection[str]
) -> tuple[Verdict, str]:
    """Verdict and reason, in one sentence for people.

    ``doubt``: why plain runs prove nothing, or ``""``. ``near``: the changed files and the tests
    next to them: a failure there is the draft's business even if it was there before.
    """
    if syntax_problems:
        return Verdict.WORSE, f"New syntax problems: {len(syntax_problems)}"
    if worse := [_worse(item) for item in judged if item.worse]:
        return Verdict.WORSE, "; ".join(worse)
    kept = {item.report.name: item for item in judged if item.as_before and not _touched(item, near)}
    failed = [
        item.report.name
        for item in judged
        if item.report.status == "failed"
        and item.report.name not in kept
        and not (item.check.kind is Kind.LINT and item.report.baseline == "failed")
    ]
    stopped = [item.report.name for item in judged if item.report.name in failed and item.stopped]
    if stopped:
        return Verdict.UNVERIFIED, (
            f"Fails, as it did before, and stops there, so that nobody knows of what it did not run: {', '.join(stopped)}"
        )
    if failed:
        return Verdict.UNVERIFIED, f"Fails, as it did before or with nothing to compare: {', '.join(failed)}"
    unrun = [
        i.report.name
        for i in judged
        if i.report.status == "error" and i.check.kind in (Kind.NAMED, Kind.MEASURE)
    ]
    if unrun:
        return Verdict.UNVERIFIED, f"Could not be run: {', '.join(unrun)}"
    proofs = [i for i in judged if i.check.kind in (Kind.TESTS, Kind.NAMED)]
    if not any(i.report.status == "passed" or i.report.name in kept for i in proofs):
        return Verdict.UNVERIFIED, _nothing_ran(proofs)
    if doubt:
        return Verdict.UNVERIFIED, f"Run without a sandbox, and {doubt}"
    return Verdict.VERIFIED, _verified(list(kept.values()))


def _worse(item: Judged) -> str:
    name = item.report.name
    if item.report.status == "passed":
        return f"{name}: {item.report.number_before:g} before, {item.report.number:g} now"
    tests = sorted(name.partition(" ")[2] for name in item.new or ())
    listed = ", ".join(tests[:_NAMED]) + (f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else "")
    return f"Passed before, fails now: {name}{f' ({listed})' if listed else ''}"


def _touched(item: Judged, near: Collection[str]) -> bool:
    return any(
        f.path in near or any(f.test.startswith(f"{path}::") for path in near) for f in item.failures()
    )


def _nothing_ran(proofs: Sequence[Judged]) -> str:
    if not proofs:
        return "The project has no checks that agent-ls knows"
    unable = [item for item in proofs if item.report.status == "error"]
    if not unable:
        return "No test ran"
    said = [line.strip() for line in unable[0].report.output.splitlines() if line.strip()]
    return f"No test ran: {unable[0].report.name}: {said[-1][:200] if said else 'it could not be started'}"


def _verified(as_before: Sequence[Judged]) -> str:
    tests = [failure.test for item in as_before for failure in item.failures()]
    if not tests:
        return "Checks passed on the draft"
    return f"Checks passed on the draft but for what fails without it, too: {', '.join(tests[:_NAMED])}" + (
        f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
    )
