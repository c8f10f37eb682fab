"""Proves drafts: checks in a scratch tree, by the table of trust and sandbox, each draft once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import final

from agent_ls.agent.ground import Ground
from agent_ls.agent.link import Link
from agent_ls.agent.nearest import nearest_tests
from agent_ls.agent.resources import Resources
from agent_ls.agent.tools.syntax import problems_of
from agent_ls.agent.weakening import weakened
from agent_ls.core.attempt import Checked, DraftFile
from agent_ls.core.errors import CheckError
from agent_ls.core.job import CheckReport, JobState, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.verify.checks import Check, detect_checks, measured_checks, named_checks, prove
from agent_ls.verify.running import refusal
from agent_ls.verify.sandbox import NoSandbox, Sandbox, detect
from agent_ls.verify.scratch import Scratch
from agent_ls.workspace.overlay import Overlay

_Key = tuple[tuple[DraftFile, ...], frozenset[str] | None]


@final
class DraftProver:
    """`bench.Prover` for one attempt. Every proof is recorded before anyone hears of it."""

    def __init__(self, ground: Ground, link: Link, resources: Resources) -> None:
        self._ground = ground
        self._link = link
        self._resources = resources
        request = ground.request
        self._named = named_checks(request.intent.checks or request.checks)
        self._measures = measured_checks(request.measures)
        self.required = bool(self._named)
        recorded = self._last = ground.history.checked
        self._known: dict[_Key, Checked] = {}
        if recorded is not None and self._whole(recorded):
            self._known[ground.history.draft, None] = recorded

    def names(self, draft: Overlay) -> tuple[str, ...]:
        """See `bench.Prover`."""
        return tuple(check.name for check in self._checks(draft))

    @property
    def last(self) -> Checked | None:
        """The last recorded proof, whatever draft it was of."""
        return self._last

    async def prove(self, draft: Overlay, only: frozenset[str] | None = None) -> Checked:
        """See `bench.Prover`.

        Raises:
            CheckError: the scratch tree cannot be made.
        """
        key = (draft.state(self._ground.blobs), only)
        checked = self._known.get(key) or await self._run(draft, only)
        if checked is not self._last:
            # The last recorded proof is the one that a finish, and a resumed attempt, stands on.
            await self._link.record(checked)
        self._known[key] = self._last = checked
        return checked

    def _whole(self, recorded: Checked) -> bool:
        """Whether a recorded proof is by every check there is; else (a part, or not trusted then) it is run anew."""
        ran = {report.name for report in recorded.reports if report.status != "skipped"}
        return ran.issuperset(check.name for check in self._checks(self._ground.draft))

    def _checks(self, draft: Overlay) -> list[Check]:
        """The named checks, else those found in the workspace, and further ones that the draft adds.

        The workspace's own come first and stay, whatever the draft does to their files.
        """
        if self._named:
            return [*self._named, *self._measures]
        found = detect_checks(draft.base.files(), self._ground.peek)
        known = {check.name for check in found}
        changed = draft.changes().paths

        def now(path: RelPath) -> bytes | None:
            return draft.read(path) if path in changed else self._ground.peek(path)

        added = [c for c in detect_checks(draft.files(), now) if c.name not in known]
        return [*found, *added, *self._measures]

    async def _run(self, draft: Overlay, only: frozenset[str] | None) -> Checked:
        request, root = self._ground.request, self._ground.root
        checks = [c for c in self._checks(draft) if only is None or c.name in only]
        problems = problems_of(draft.changes())
        warnings = weakened(draft.changes())
        if not checks and not problems:
            return Checked((), Verdict.UNVERIFIED, "", "No check was found in this workspace", warnings)
        sandbox = await self._sandbox()
        if no := refusal(sandbox, trusted=request.trusted, allow_unsandboxed=request.allow_unsandboxed):
            return replace(_skipped(checks, no, problems), warnings=warnings)
        scratch = await Scratch.prepare(root, draft, self._resources.dirs.scratch(root))
        try:
            proof = await prove(
                scratch,
                checks,
                sandbox,
                trusted=request.trusted,
                allow_unsandboxed=request.allow_unsandboxed,
                timeout_s=request.check_timeout_s,
                baseline=True,
                nearest=nearest_tests(draft, self._ground.index),
                syntax_problems=problems,
                on_check=lambda check: self._link.progress(f"checking: {check.name}", JobState.CHECKING),
            )
        finally:
            await scratch.close()
        self._link.progress("checked")
        return Checked(proof.reports, proof.verdict, proof.tree_hash, proof.reason, warnings)

    async def _sandbox(self) -> Sandbox | NoSandbox:
        if not self._ground.request.trusted:
            return NoSandbox("not looked for", "")  # nothing runs, not even the probe
        return await detect(self._ground.root, self._resources.dirs.base, self._resources.environ)


def _skipped(checks: Sequence[Check], why: CheckError, problems: Sequence[str]) -> Checked:
    reports = tuple(CheckReport(c.name, "skipped", why.sentence(), c.argv) for c in checks)
    if problems:
        syntax = CheckReport("syntax", "failed", "\n".join(problems))
        return Checked((syntax, *reports), Verdict.WORSE, "", "New syntax errors")
    return Checked(reports, Verdict.UNVERIFIED, "", why.sentence())
