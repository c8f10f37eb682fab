"""Does a draft hold: its checks run in the scratch tree, compared with how they went before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import CheckReport, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.verify.baselines import Baselines, Before, before_of
from agent_ls.verify.check import Check, Kind, measured_checks, named_checks
from agent_ls.verify.detection import Read, detect_checks
from agent_ls.verify.findings import with_excerpts
from agent_ls.verify.judging import Judged, judge
from agent_ls.verify.narrowing import narrowed
from agent_ls.verify.outcome import Ran, outcome_of
from agent_ls.verify.running import refusal, run_in
from agent_ls.verify.sandbox import Sandbox
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.workspace.overlay import Overlay

__all__ = ["Check", "Kind", "Proof", "Read", "detect_checks", "measured_checks", "named_checks", "prove"]

_SHOWN = 10
_QUICK_S = 3.0  # a whole run that is known to be this quick needs no quicker one before it
_CHEAP_S = 10.0  # what passed is run on the tree without the draft only where that costs no more


@final
@dataclass(frozen=True, slots=True)
class Proof:
    """What the checks say about the draft whose tree has ``tree_hash``. ``reason``: one sentence for people."""

    reports: tuple[CheckReport, ...]
    verdict: Verdict
    tree_hash: str
    reason: str = ""


async def prove(
    scratch: Scratch,
    checks: Sequence[Check],
    sandbox: Sandbox | NoSandbox,
    *,
    trusted: bool,
    allow_unsandboxed: bool = False,
    timeout_s: float = 600.0,
    baseline: bool = False,
    nearest: Sequence[RelPath] = (),
    syntax_problems: Sequence[str] = (),
    on_check: Callable[[Check], None] | None = None,
) -> Proof:
    """Run checks on the draft that lies in ``scratch``.

    Args:
        scratch: Holds the draft; it holds the same draft afterwards.
        checks: What to run, in this order.
        sandbox: From `sandbox.detect`.
        trusted: The user's word for this workspace; without it nothing runs.
        allow_unsandboxed: The user's word that checks may run plainly where there is no sandbox.
        timeout_s: For each check by itself.
        baseline: Also look how quick checks that pass went without the draft ("red before, green
            after"). Those that do not pass, and measures, are always held against it. Outcomes
            are kept by tree and command.
        nearest: Test files next to the change, best first: they are run before the whole, and
            where one fails that did not before, the answer is there without the rest.
        syntax_problems: New ones that the caller found: any makes the verdict ``worse``.
        on_check: Told of each check before it starts.

    Returns:
        Verified: tests passed, and nothing fails but what fails without the draft, far from what
        it changed; nothing got worse, no new syntax problem, and every named check ran. Worse:
        something fails that did not before, or a number got worse. Else unverified, with the reason.

    Never raises for a check that cannot run: that is a report. Cancellation kills what runs.
    """
    reports = [_syntax_report(syntax_problems)] if syntax_problems else []
    if no := refusal(sandbox, trusted=trusted, allow_unsandboxed=allow_unsandboxed):
        skipped = [CheckReport(c.name, "skipped", no.sentence(), c.argv) for c in checks]
        verdict = Verdict.WORSE if syntax_problems else Verdict.UNVERIFIED
        return Proof((*reports, *skipped), verdict, scratch.tree_hash, no.sentence())
    draft, tree_hash = scratch.draft, scratch.tree_hash
    proving = await asyncio.to_thread(_Proving, scratch, sandbox, timeout_s, on_check or (lambda _: None))
    judged = await proving.nearest(checks, nearest)
    if not judged:
        judged = [await proving.judge(check) for check in checks]
        judged = [await proving.compared(item, passed_too=baseline) for item in judged]
    doubt = ""
    if not sandbox.in_place:
        doubt = await proving.canary([item.check for item in judged if item.report.status == "passed"])
    await proving.fresh(draft)
    near = {str(path) for path in (*nearest, *draft.changes().paths)}
    verdict, reason = judge(judged, syntax_problems, doubt, near)
    own = [_told(item, draft) for item in judged]
    return Proof((*reports, *own), verdict, tree_hash, reason)


@final
class _Proving:
    """One round of checks on a draft: knows whether the tree is as it was laid. Made in a thread."""

    def __init__(
        self,
        scratch: Scratch,
        sandbox: Sandbox | NoSandbox,
        timeout_s: float,
        on_check: Callable[[Check], None],
    ) -> None:
        self._scratch = scratch
        self._sandbox = sandbox
        self._timeout_s = timeout_s
        self._on_check = on_check
        self._draft = scratch.draft
        self._before = Overlay(scratch.draft.base)
        self._laid: Overlay | None = scratch.draft
        self._baselines = Baselines(scratch.tree.parent)

    async def fresh(self, draft: Overlay) -> None:
        """Have the tree hold a draft, untouched by what ran before: one check must not help the next."""
        if self._laid is not draft:
            await self._scratch.lay(draft)
            self._laid = draft

    async def nearest(self, checks: Sequence[Check], tests: Sequence[RelPath]) -> list[Judged]:
        """What all checks come to where a test next to the change fails that did not before; else nothing.

        Only where the draft changes something, and where the whole is not known to be quick.
        """
        for check in checks:
            near = narrowed(check, [path for path in tests if self._draft.exists(path)])
            slow = (self._baselines.seconds(check.argv) or _QUICK_S) >= _QUICK_S
            if near is None or not slow or not self._draft.changes():
                continue
            item = await self.judge(near)
            if item.report.status != "failed":
                continue
            item = await self.compared(item, passed_too=False)
            if item.worse:
                report = replace(item.report, name=check.name, nearest=True)
                others = [_not_run(other, check) for other in checks if other is not check]
                return [replace(item, report=report), *others]
        return []

    async def judge(self, check: Check) -> Judged:
        """Run a check on the draft."""
        self._on_check(check)
        await self.fresh(self._draft)
        report, ran = await self._run(check)
        if ran is not None:
            await asyncio.to_thread(self._baselines.took, check.argv, report.duration_s)
        return Judged(check, report, ran)

    async def compared(self, item: Judged, *, passed_too: bool) -> Judged:
        """The same with how it went without the draft, where that says something."""
        passed = item.report.status == "passed"
        cheap = passed_too and item.report.duration_s <= _CHEAP_S
        if not self._draft.changes() or (passed and not cheap and item.check.measure is None):
            return item
        if passed and item.check.kind is Kind.LINT:
            return item
        before = await self._without(item.check)
        direction = item.check.measure.direction if item.check.measure else ""
        report = replace(
            item.report, baseline=before.status, number_before=before.number, direction=direction
        )
        return replace(item, report=report, before=before)

    async def canary(self, passed: Sequence[Check]) -> str:
        """Whether runs at another path looked at the draft at all; the reason for doubt, or ``""``.

        Where the tree cannot be mounted at the workspace's own path, an editable install or a link may
        lead the tests to the user's own text. With every changed file broken they must fail.
        """
        changed = [change.path for change in self._draft.changes() if change.after is not None]
        if not changed:
            return "nothing is changed, so nothing could be told apart"
        broken = self._draft.fork()
        for path in changed:
            broken.write(path, b"((( agent-ls canary: this must not work >>>\n")
        for check in passed:
            await self.fresh(broken)
            if (await self._run(check))[0].status == "passed":
                return f"{check.name} passes with the changed files broken too: it does not look at the draft"
        return ""

    async def _without(self, check: Check) -> Before:
        """How a check goes without the draft."""
        await self.fresh(self._before)
        key = (self._scratch.tree_hash, check.argv, self._sandbox.name)
        if known := self._baselines.get(*key):
            return known
        report, ran = await self._run(check)
        before = before_of(ran) if ran is not None else Before(report.status, lasting=False)
        await asyncio.to_thread(self._baselines.put, *key, before)
        return before

    async def _run(self, check: Check) -> tuple[CheckReport, Ran | None]:
        self._laid = None
        try:
            done = await run_in(self._scratch, check.argv, self._sandbox, timeout_s=self._timeout_s)
        except AgentLsError as error:
            why = error.sentence()
            return CheckReport(check.name, "error", why, check.argv, sandbox=self._sandbox.name), None
        roots = [str(self._scratch.root), str(self._scratch.tree)]
        ran = await asyncio.to_thread(outcome_of, check, done, self._timeout_s, roots)
        report = CheckReport(
            name=check.name,
            status=ran.status,
            output=ran.output,
            argv=check.argv,
            exit_code=done.exit_code,
            duration_s=round(done.duration_s, 3),
            sandbox=self._sandbox.name,
            failed=ran.findings.failed,
            ran=ran.findings.ran,
            number=ran.number,
        )
        return report, ran


def _told(item: Judged, draft: Overlay) -> CheckReport:
    """The report with its first failures, the new ones before those that were there already."""
    if item.ran is None or item.report.status == "passed":
        return item.report
    first = item.ran.findings.marked(item.new)
    return replace(item.report, failures=with_excerpts(first, draft.files(), draft.read, _SHOWN))


def _not_run(check: Check, because: Check) -> Judged:
    said = f"Not run: tests of {because.name} next to the change fail."
    return Judged(check, CheckReport(check.name, "skipped", said, check.argv))


def _syntax_report(problems: Sequence[str]) -> CheckReport:
    return CheckReport("syntax", "failed", "\n".join(problems), baseline="passed")
