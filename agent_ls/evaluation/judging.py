"""The judge: hidden checks, in the sandbox, on a tree that the agent never saw."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError
from agent_ls.evaluation.results import Validated
from agent_ls.evaluation.suite import Task
from agent_ls.evaluation.trees import hide_in, lay, make_workspace, solve
from agent_ls.verify.folder import Proven, prove_folder
from agent_ls.workspace.state import StateDirs

_SAID: Final = 1500


@final
@dataclass(frozen=True, slots=True)
class Judgement:
    """``said``: the end of what the failing commands printed. ``by``: the sandbox's name, or ``none``."""

    passed: bool
    said: str = ""
    by: str = ""


@final
class Judge:
    """Judges plans of one task, one after the other, in ``folder``."""

    def __init__(
        self,
        task: Task,
        folder: Path,
        *,
        dirs: StateDirs,
        environ: Mapping[str, str],
        allow_unsandboxed: bool,
    ) -> None:
        self._task = task
        self._tree = folder / "judged"
        self._dirs, self._environ = dirs, environ
        self._allow_unsandboxed = allow_unsandboxed

    async def judge(self, changes: ChangeSet) -> Judgement:
        """Whether the hidden checks pass with the plan.

        Raises:
            AgentLsError: they cannot be run at all: that says nothing about the plan.
        """
        if foul := _foul(changes):
            return Judgement(
                passed=False, said=f"The plan brings {foul}, which could stand in for what judges it"
            )
        await self._fresh()
        await asyncio.to_thread(lay, self._tree, changes)
        return await self._check()

    async def validate(self) -> Validated:
        """Whether the task measures anything: hidden checks fail before the work and pass after the solution.

        Raises:
            AgentLsError: the checks cannot be run at all.
        """
        before = await self.judge(ChangeSet())
        if before.passed:
            return self._broken("its hidden checks pass before anything is done", before)
        await self._fresh()
        if problem := await solve(self._task, self._tree, self._environ):
            return self._broken(problem, before)
        after = await self._check()
        if not after.passed:
            return self._broken(f"its hidden checks fail on the reference solution: {after.said}", after)
        return Validated(self._task.digest, "", after.by)

    async def solved(self) -> Judgement:
        """How the reference solution is judged."""
        await self._fresh()
        problem = await solve(self._task, self._tree, self._environ)
        return await self._check() if not problem else Judgement(passed=False, said=problem)

    def _broken(self, problem: str, seen: Judgement) -> Validated:
        return Validated(self._task.digest, problem, seen.by)

    async def _fresh(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._tree, ignore_errors=True)
        await make_workspace(self._task, self._tree, self._environ)

    async def _check(self) -> Judgement:
        await asyncio.to_thread(hide_in, self._task, self._tree)
        check = self._task.asked.check
        try:
            proven = await prove_folder(
                self._tree,
                self._dirs,
                self._environ,
                commands=check.commands,
                allow_unsandboxed=self._allow_unsandboxed,
                timeout_s=check.timeout_s,
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, self._tree, ignore_errors=True)
        if any(report.status in ("error", "skipped") for report in proven.reports):
            words = [r.output.strip() for r in proven.reports if r.status in ("error", "skipped")]
            raise AgentLsError(
                f"The hidden checks of {self._task.name} could not be run: {' '.join(words)[:300]}",
                kept="What was measured so far is kept",
                remedy="agent-ls doctor shows what the sandbox lacks; docs/evaluation.md what a task may use",
            )
        return Judgement(proven.passed, _said(proven), proven.reports[0].sandbox)


def _foul(changes: ChangeSet) -> str:
    """A new file that Python would take for a module of its own: a ``unittest.py`` passes whatever it is asked."""
    for change in changes:
        top = change.path.partition("/")[0].removesuffix(".py")
        hook = top in ("sitecustomize", "usercustomize")
        if change.before is None and (hook or top in sys.stdlib_module_names) and change.path.endswith(".py"):
            return change.path
    return ""


def _said(proven: Proven) -> str:
    failed = (f"{r.name}: {r.output.strip()[-_SAID:]}" for r in proven.reports if r.status != "passed")
    return "\n".join(failed)[-_SAID:]
