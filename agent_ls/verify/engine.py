"""Any program as the engine of a plan: it runs in the scratch tree, and its diff is the draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from agent_ls.core.edits import ChangeSet
from agent_ls.verify.running import refusal, run_in
from agent_ls.verify.sandbox import Sandbox
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.workspace.secrets import redact


@final
@dataclass(frozen=True, slots=True)
class EngineResult:
    """What an engine did. A non-zero ``exit_code`` with changes is common: fixers report what is left.

    ``output``: head and tail, secrets removed. ``left_out``: files that are not taken over, and
    why. ``sandbox``: what confined it, ``none`` where nothing did.
    """

    changes: ChangeSet
    output: str
    exit_code: int | None
    timed_out: bool = False
    duration_s: float = 0.0
    sandbox: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])


async def run_engine(
    scratch: Scratch,
    argv: Sequence[str],
    sandbox: Sandbox | NoSandbox,
    *,
    trusted: bool,
    allow_unsandboxed: bool = False,
    timeout_s: float = 600.0,
    network: bool = False,
    on_output: Callable[[bytes], None] | None = None,
) -> EngineResult:
    """Run a program on the draft that lies in ``scratch`` and take what it changed.

    The tree is laid again before its next use: nothing of the engine stays behind.

    Raises:
        CheckError: nothing may run here, or the program cannot be found.
        WorkspaceError: it cannot be started.
    """
    if no := refusal(sandbox, trusted=trusted, allow_unsandboxed=allow_unsandboxed):
        raise no
    done = await run_in(scratch, argv, sandbox, timeout_s=timeout_s, network=network, on_output=on_output)
    harvest = await scratch.harvest()
    return EngineResult(
        changes=harvest.changes,
        output=redact(done.output.decode("utf-8", "replace"))[0],
        exit_code=done.exit_code,
        timed_out=done.timed_out,
        duration_s=done.duration_s,
        sandbox=sandbox.name,
        left_out=harvest.left_out,
    )
