"""Does a draft hold: its checks run in the scratch tree, compared with how they went before it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import CheckReport, Verdict
from agent_ls.core.text import content_hash
from agent_ls.verify.bubblewrap import NoSandbox, Sandbox
from agent_ls.verify.detection import Check, Kind, Read, detect_checks, named_checks
from agent_ls.verify.running import refusal, run_in
from agent_ls.verify.scratch import Scratch
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.process import Finished
from agent_ls.workspace.secrets import redact

__all__ = ["Check", "Kind", "Proof", "Read", "detect_checks", "named_checks", "prove"]

_VACUOUS = re.compile(
    r"^Ran 0 tests|^no tests ran|No module named '?(?:pytest|unittest|nox|tox)|^collected 0 items|No tests found",
    re.MULTILINE,
)
_NO_GO_TESTS = re.compile(r"\A(?:\?.*\[no test files\]\s*)*\Z")
_CARGO_RAN = re.compile(r"^running [1-9]", re.MULTILINE)
_CANNOT_START = (126, 127)
_OUTPUT_CHARS = 20_000
_BASELINES_KEPT = 200


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
        baseline: Run every check on the tree without the draft as well ("red before, green
            after"); else only those that fail are. Outcomes are kept by tree and command.
        syntax_problems: New ones that the caller found: any makes the verdict ``worse``.
        on_check: Told of each check before it starts.

    Returns:
        Verified: at least one test passed, none failed, nothing got worse, no new syntax
        problem, and every named check ran. Worse: a check that passed before no longer does.
        Else unverified, with the reason.

    Never raises for a check that cannot run: that is a report. Cancellation kills what runs.
    """
    reports = [_syntax_report(syntax_problems)] if syntax_problems else []
    if no := refusal(sandbox, trusted=trusted, allow_unsandboxed=allow_unsandboxed):
        skipped = [CheckReport(c.name, "skipped", no.sentence(), c.argv) for c in checks]
        verdict = Verdict.WORSE if syntax_problems else Verdict.UNVERIFIED
        return Proof((*reports, *skipped), verdict, scratch.tree_hash, no.sentence())
    draft, tree_hash = scratch.draft, scratch.tree_hash
    proving = _Proving(scratch, sandbox, timeout_s)
    own: list[CheckReport] = []
    for check in checks:
        if on_check is not None:
            on_check(check)
        await proving.fresh(draft)
        own.append(await proving.run(check))
    wanted = [i for i, report in enumerate(own) if baseline or report.status == "failed"]
    if wanted and draft.changes():
        before = Overlay(draft.base)
        for i in wanted:
            own[i] = replace(own[i], baseline=await proving.before(before, checks[i]))
    canary = ""
    if isinstance(sandbox, NoSandbox):
        canary = await proving.canary(
            draft, [c for c, r in zip(checks, own, strict=True) if r.status == "passed"]
        )
    await proving.fresh(draft)
    verdict, reason = _judge(checks, own, syntax_problems, canary)
    return Proof((*reports, *own), verdict, tree_hash, reason)


@final
class _Proving:
    """One round of checks: knows whether the tree is as it was laid."""

    def __init__(self, scratch: Scratch, sandbox: Sandbox | NoSandbox, timeout_s: float) -> None:
        self._scratch = scratch
        self._sandbox = sandbox
        self._timeout_s = timeout_s
        self._laid: Overlay | None = scratch.draft

    async def fresh(self, draft: Overlay) -> None:
        """Have the tree hold a draft, untouched by what ran before: one check must not help the next."""
        if self._laid is not draft:
            await self._scratch.lay(draft)
            self._laid = draft

    async def run(self, check: Check) -> CheckReport:
        self._laid = None
        try:
            done = await run_in(self._scratch, check.argv, self._sandbox, timeout_s=self._timeout_s)
        except AgentLsError as error:
            return CheckReport(check.name, "error", error.sentence(), check.argv, sandbox=self._sandbox.name)
        status, output = _outcome(check, done, self._timeout_s)
        return CheckReport(
            name=check.name,
            status=status,
            output=output,
            argv=check.argv,
            exit_code=done.exit_code,
            duration_s=round(done.duration_s, 3),
            sandbox=self._sandbox.name,
        )

    async def before(self, base: Overlay, check: Check) -> str:
        """How a check went without the draft; remembered by tree, command and sandbox."""
        await self.fresh(base)
        key = content_hash(json.dumps([self._scratch.tree_hash, check.argv, self._sandbox.name]).encode())
        store = self._scratch.tree.parent / "baselines.json"
        known = await asyncio.to_thread(_load, store)
        if key not in known:
            known[key] = (await self.run(check)).status
            if known[key] != "error":  # what is missing today may be installed tomorrow
                await asyncio.to_thread(_save, store, known)
        return known[key]

    async def canary(self, draft: Overlay, passed: Sequence[Check]) -> str:
        """Whether plain runs looked at the draft at all; the reason for doubt, or ``""``.

        Without a sandbox the tree lies at another path, and an editable install or a link may
        lead the tests to the user's own text. With every changed file broken they must fail.
        """
        changed = [change.path for change in draft.changes() if change.after is not None]
        if not changed:
            return "nothing is changed, so nothing could be told apart"
        broken = draft.fork()
        for path in changed:
            broken.write(path, b"((( agent-ls canary: this must not work >>>\n")
        for check in passed:
            await self.fresh(broken)
            if (await self.run(check)).status == "passed":
                return f"{check.name} passes with the changed files broken too: it does not look at the draft"
            self._laid = None
        return ""


def _outcome(check: Check, done: Finished, timeout_s: float) -> tuple[str, str]:
    """Status and printable output of a run. Success without a single test is no success."""
    text = redact(done.output.decode("utf-8", "replace"))[0]
    if len(text) > _OUTPUT_CHARS:
        half = _OUTPUT_CHARS // 2
        text = f"{text[:half]}\n… {len(text) - _OUTPUT_CHARS} characters left out …\n{text[-half:]}"
    if done.timed_out:
        return "failed", f"{text}\nKilled: it took longer than {timeout_s:g} s."
    if done.exit_code in _CANNOT_START:
        return "error", text or f"{check.argv[0]} could not be started."
    if check.kind is Kind.TESTS and _vacuous(check, text):
        return "error", text
    return ("passed" if done.exit_code == 0 else "failed"), text


def _vacuous(check: Check, text: str) -> bool:
    if check.name == "go test":
        return _NO_GO_TESTS.match(text) is not None
    if check.name == "cargo test" and "test result: ok" in text:
        return _CARGO_RAN.search(text) is None
    return _VACUOUS.search(text) is not None


def _judge(
    checks: Sequence[Check], reports: Sequence[CheckReport], syntax_problems: Sequence[str], canary: str
) -> tuple[Verdict, str]:
    if syntax_problems:
        return Verdict.WORSE, f"New syntax problems: {len(syntax_problems)}"
    pairs = list(zip(checks, reports, strict=True))
    # Also one that no longer runs: tests that were deleted or cannot be found fail nothing.
    worse = [r.name for _, r in pairs if r.status != "passed" and r.baseline == "passed"]
    if worse:
        return Verdict.WORSE, f"Passed before, fails now: {', '.join(worse)}"
    failed = [
        r.name
        for c, r in pairs
        if r.status == "failed" and not (c.kind is Kind.LINT and r.baseline == "failed")
    ]
    if failed:
        return Verdict.UNVERIFIED, f"Fails, as it did before or with nothing to compare: {', '.join(failed)}"
    if unrun := [r.name for c, r in pairs if r.status == "error" and c.kind is Kind.NAMED]:
        return Verdict.UNVERIFIED, f"Could not be run: {', '.join(unrun)}"
    if not any(r.status == "passed" and c.kind is not Kind.LINT for c, r in pairs):
        return (
            Verdict.UNVERIFIED,
            "No test ran" if checks else "The project has no checks that agent-ls knows",
        )
    if canary:
        return Verdict.UNVERIFIED, f"Run without a sandbox, and {canary}"
    return Verdict.VERIFIED, "Checks passed on the draft"


def _syntax_report(problems: Sequence[str]) -> CheckReport:
    return CheckReport("syntax", "failed", "\n".join(problems), baseline="passed")


def _load(store: Path) -> dict[str, str]:
    try:
        value: Any = json.loads(store.read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {str(k): str(v) for k, v in cast("Mapping[object, object]", value).items()}


def _save(store: Path, known: Mapping[str, str]) -> None:
    fresh = store.with_suffix(".new")
    fresh.write_text(json.dumps(dict(list(known.items())[-_BASELINES_KEPT:])), "utf-8")
    fresh.replace(store)
