"""Any program as the engine of a plan: it runs in the scratch tree, and its diff is the draft."""

from __future__ import annotations

from collections.abc import Sequence

from agent_ls.agent.bench import Prover
from agent_ls.agent.ground import Ground
from agent_ls.agent.link import Link
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import Outcome
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import NotTrustedError, UsageError
from agent_ls.core.job import JobState
from agent_ls.verify.engine import EngineResult, run_engine
from agent_ls.verify.sandbox import detect
from agent_ls.verify.scratch import Scratch
from agent_ls.workspace.overlay import Overlay

_TAIL = 2000
_LISTED = 10


async def run_command(ground: Ground, link: Link, resources: Resources, prover: Prover) -> Outcome:
    """The plan of what a command changed.

    Raises:
        NotTrustedError: the workspace is not trusted: nothing is run there.
        CheckError: no scratch tree, or no sandbox and no leave to run without one.
        WorkspaceError: the program cannot be started.
    """
    request = ground.request
    if not request.trusted:
        raise NotTrustedError(
            "This workspace is not trusted, so nothing is run in it",
            kept="Nothing was changed",
            remedy="Trust it with `agent-ls trust` or the command agentLs.trust",
        )
    if not request.intent.argv:
        raise UsageError("There is no command to run", remedy="Name a program and its arguments after --")
    link.progress(f"running {request.intent.argv[0]}")
    timeout_s = min(request.check_timeout_s, request.budget.wall_s)
    result = await run_on(
        ground.draft,
        request.intent.argv,
        ground,
        resources,
        timeout_s=timeout_s,
        network=request.intent.network,
    )
    take(ground.draft, result.changes)
    pins = dict(ground.snapshot.pins)
    if not ground.draft.changes():
        return Outcome(JobState.FAILED, problem=f"The command changed nothing{_account(result)}", pins=pins)
    checked = await prover.prove(ground.draft)
    files, _ = ground.keep(ground.draft)
    fine = result.exit_code == 0 and not result.left_out
    return Outcome(
        JobState.READY,
        summary=f"{' '.join(request.intent.argv)} changed {len(files)} files.",
        files=files,
        checks=checked.reports,
        verdict=checked.verdict,
        tree_hash=checked.tree_hash,
        warnings=checked.warnings,
        problem="" if fine else f"The command ended{_account(result)}",
        pins=pins,
    )


def _account(result: EngineResult) -> str:
    """How a command ended, with the end of its output and what was not taken over."""
    how = "it took too long" if result.timed_out else f"exit code {result.exit_code}"
    output = result.output.strip()
    if len(output) > _TAIL:
        output = "…\n" + output[-_TAIL:].partition("\n")[2]
    left = [f"{path} ({why})" for path, why in sorted(result.left_out.items())]
    more = f" and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    return (
        f" ({how})"
        + (f"; not taken over: {', '.join(left[:_LISTED])}{more}" if left else "")
        + (f": {output}" if output else "")
    )


async def run_on(
    draft: Overlay,
    argv: Sequence[str],
    ground: Ground,
    resources: Resources,
    *,
    timeout_s: float,
    network: bool = False,
) -> EngineResult:
    """Run a program on a draft in the scratch tree; the workspace is trusted.

    Raises:
        CheckError: no scratch tree, or no sandbox and no leave to run without one.
        WorkspaceError: the program cannot be started.
    """
    request, dirs = ground.request, resources.dirs
    sandbox = await detect(ground.root, dirs.base, resources.environ)
    scratch = await Scratch.prepare(ground.root, draft, dirs.scratch(ground.root))
    try:
        return await run_engine(
            scratch,
            argv,
            sandbox,
            trusted=request.trusted,
            allow_unsandboxed=request.allow_unsandboxed,
            timeout_s=timeout_s,
            network=network,
        )
    finally:
        await scratch.close()


def take(draft: Overlay, changes: ChangeSet) -> None:
    """Make what a program changed part of the draft.

    Raises:
        WorkspaceError: a path may not be written.
    """
    for change in changes:
        if change.after is None:
            draft.delete(change.path)
        else:
            draft.write(change.path, change.after)
