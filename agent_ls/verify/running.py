"""One program in a scratch tree: confined, or plainly where the user has allowed that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from agent_ls.core.errors import CheckError
from agent_ls.verify.sandbox import Sandbox
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import LIMITS, NoSandbox
from agent_ls.workspace import process
from agent_ls.workspace.process import Finished

NOT_TRUSTED = "Not run: this workspace is not trusted. Trust it with: agent-ls trust"

_FILE_LIMITS = {
    name: LIMITS[name] for name in ("fsize", "core")
}  # nproc would count the user's own processes


@final
class RefusedError(CheckError):
    """The trust × sandbox rules do not let anything run here; the sentence says how to change that."""


def refusal(sandbox: Sandbox | NoSandbox, *, trusted: bool, allow_unsandboxed: bool) -> RefusedError | None:
    """Why nothing may run, or ``None``: trusted and confined, or trusted and allowed without."""
    if not trusted:
        what, _, remedy = NOT_TRUSTED.partition(". ")
        return RefusedError(what, kept="The draft is kept", remedy=remedy)
    if isinstance(sandbox, NoSandbox) and not allow_unsandboxed:
        return RefusedError(
            f"Not run: there is no sandbox here ({sandbox.reason})",
            kept="The draft is kept",
            remedy=f"{sandbox.remedy}; or allow checks to run without one (setting allow_unsandboxed)",
        )
    return None


async def run_in(
    scratch: Scratch,
    argv: Sequence[str],
    sandbox: Sandbox | NoSandbox,
    *,
    timeout_s: float,
    network: bool = False,
    on_output: Callable[[bytes], None] | None = None,
) -> Finished:
    """Run a program with the scratch tree as its working folder; `refusal` was asked before.

    Without a sandbox a program that lies in the workspace or in the tree is never used.

    Raises:
        CheckError: the program cannot be found.
        WorkspaceError: it cannot be started.
    """
    if isinstance(sandbox, NoSandbox):
        return await _plainly(scratch, argv, sandbox, timeout_s, on_output)
    if not sandbox.in_place:
        scratch.link_dependencies()
    command = sandbox.argv(
        argv, scratch=scratch.tree, root=scratch.root, network=network, dependencies=scratch.dependencies
    )
    # The folder of bwrap itself is ours: the workspace's own path exists only inside.
    return await process.run(
        command, cwd=scratch.tree.parent, env={}, timeout_s=timeout_s, on_output=on_output
    )


async def _plainly(
    scratch: Scratch,
    argv: Sequence[str],
    sandbox: NoSandbox,
    timeout_s: float,
    on_output: Callable[[bytes], None] | None,
) -> Finished:
    env = sandbox.env(scratch.root)
    program = process.find_program(argv[0], outside=scratch.root, path=env["PATH"])
    if program is None or program.is_relative_to(scratch.tree):
        raise CheckError(
            f"{argv[0]} was not found outside the workspace",
            kept="The draft is kept",
            remedy="Install it for your user, or install bubblewrap so that the workspace's own can be used",
        )
    scratch.link_dependencies()
    return await process.run(
        [str(program), *argv[1:]],
        cwd=Path(scratch.tree),
        env=env,
        timeout_s=timeout_s,
        on_output=on_output,
        limits=_FILE_LIMITS,
        reap=True,
    )
