"""Where a plan goes: the terminal, the files, a patch, or a branch. And what is said of it."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.core.job import CheckReport, IntentKind, JobState, Verdict
from agent_ls.faces.cli.branch import NewBranch
from agent_ls.faces.cli.handoff import commit_message
from agent_ls.faces.cli.session import Place
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import Applied, JobDetail

DONE: Final = 0
NO_PLAN: Final = 1
CHECKS_FAILED: Final = 3
CANCELLED: Final = 130
_PROBLEM_LINES: Final = 12
_PLANS: Final = (JobState.READY, JobState.APPLIED, JobState.PARTLY_APPLIED)


@final
@dataclass(frozen=True, slots=True)
class Delivery:
    """Takes one plan to where the options say."""

    here: Place
    options: Namespace
    branch: NewBranch | None

    @classmethod
    async def checked(cls, here: Place, options: Namespace) -> Delivery:
        """Know before the work begins that its result can be put there.

        Raises:
            UsageError: the branch cannot be made, or the patch not be written.
        """
        branch = None
        if options.branch:
            branch = await NewBranch.checked(here.root, options.branch, here.environ)
        if options.patch is not None:
            _writable(options.patch)
        return cls(here, options, branch)

    async def deliver(self, service: Service, detail: JobDetail) -> Applied | None:
        """Put the plan there; what `apply` did, if that was asked for and not refused here."""
        view, options = detail.view, self.options
        if view.state is not JobState.READY or not view.has_plan:
            return None
        if options.patch is not None:
            _write_patch(options.patch, detail.patch)
        elif self.branch is not None:
            await self.branch.commit(service.preview(view.id).changes, commit_message(detail))
        elif options.apply and (options.force or not checks_failed(detail, asked=bool(options.check))):
            return await service.apply(view.id, force=options.force)
        return None

    def tell(self, detail: JobDetail, applied: Applied | None, *, cancelled: bool = False) -> None:
        """The result on stdout, and what to do next on stderr."""
        here, options, view = self.here, self.options, detail.view
        if options.json or options.json_stream:
            sys.stdout.write(json.dumps(detail.result()) + "\n")
            return
        if view.has_plan and not cancelled and not (options.apply or options.patch or options.branch):
            here.out.patch(detail.patch)
        if detail.summary:
            here.err.line(detail.summary)
        for note in detail.evidence:
            here.err.line(f"note: {note}", "yellow")
        for warning in view.warnings:
            here.err.line(f"warning: the plan {warning}", "yellow")
        if view.problem:
            here.err.line(_brief(view.problem, view.id), "yellow")
        for check in detail.checks:
            here.err.line(*_check_line(check))
        if applied is not None and applied.message:
            here.err.line(applied.message)
        here.err.line(self._next(detail, cancelled=cancelled), "bold")

    def _next(self, detail: JobDetail, *, cancelled: bool) -> str:
        view, options = detail.view, self.options
        if view.state not in _PLANS or not view.has_plan:
            return _no_plan(detail)
        if cancelled:
            return f"Cancelled too late: plan {view.id} is ready; `agent-ls jobs apply {view.id}` applies it."
        if view.state in (JobState.APPLIED, JobState.PARTLY_APPLIED):
            return f"Applied. `agent-ls jobs undo {view.id}` takes it back."
        proven = f"The plan ({view.verdict.value})"
        if options.patch is not None:
            return f"{proven} is in {options.patch}; `git apply` in {self.here.root} applies it."
        if self.branch is not None:
            return f"{proven} is on branch {self.branch.name}; your files are as they were."
        if options.apply and checks_failed(detail, asked=bool(options.check)):
            return f"Not applied: checks failed. `agent-ls jobs apply {view.id} --force` applies it all the same."
        if options.apply:
            return f"Not applied; the plan is kept: `agent-ls jobs apply {view.id}`."
        return f"Plan {view.id} is {view.verdict.value}; `agent-ls jobs apply {view.id}` applies it, `jobs discard` drops it."


def checks_failed(detail: JobDetail, *, asked: bool) -> bool:
    """Whether a plan's checks failed: any that was asked for by name, or a detected one that passed before."""
    if detail.view.verdict is Verdict.WORSE:
        return True
    if asked:
        return any(check.status != "passed" for check in detail.checks)
    return any(check.status == "failed" and check.baseline != "failed" for check in detail.checks)


def outcome_code(detail: JobDetail, applied: Applied | None = None, *, asked: bool = False) -> int:
    """0: a plan, checks passed or none asked; 1: no plan or failed; 3: a plan whose checks failed."""
    view = detail.view
    if view.state is JobState.CANCELLED:
        return CANCELLED
    if view.state not in _PLANS or not view.has_plan:
        return NO_PLAN
    if applied is not None and not applied.landed:
        return NO_PLAN
    return CHECKS_FAILED if checks_failed(detail, asked=asked) else DONE


def _no_plan(detail: JobDetail) -> str:
    view = detail.view
    if view.kind is not IntentKind.DELEGATE:
        return f"No plan ({view.state.value}): no file was changed."
    kept = (
        f"its work is kept; `agent-ls jobs resume {view.id}` goes on"
        if view.state.resumable
        else "no file was changed"
    )
    return f"No plan ({view.state.value.replace('_', ' ')}): {kept}."


def _brief(problem: str, job: str) -> str:
    """The first line says what, the last ones usually why."""
    first, *lines = problem.split("\n")
    if len(lines) <= _PROBLEM_LINES:
        return problem
    left_out = f"… {len(lines) - _PROBLEM_LINES} more lines: `agent-ls jobs show {job}`"
    return "\n".join([first, left_out, *lines[-_PROBLEM_LINES:]])


def _check_line(check: CheckReport) -> Sequence[str]:
    if check.status == "passed":
        return f"check {check.name}: passed", "green"
    before = " (as before)" if check.baseline == check.status else ""
    last = next((line.strip() for line in reversed(check.output.splitlines()) if line.strip()), "")
    return f"check {check.name}: {check.status}{before}{f': {last[:200]}' if last else ''}", "yellow"


def _writable(path: Path) -> None:
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(
            f"{path} cannot be written",
            kept="Nothing was started",
            remedy="Name a file in a folder that exists and is yours",
        )


def _write_patch(path: Path, patch: str) -> None:
    try:
        path.write_bytes(patch.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror}",
            kept="The plan is kept",
            remedy="`agent-ls jobs diff ID` prints it",
        ) from error
