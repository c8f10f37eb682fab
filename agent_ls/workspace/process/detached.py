"""A process that outlives its starter: for ``delegate --detach``."""

from __future__ import annotations

import subprocess  # noqa: TID251  (this is a door, too: a detached child must not be waited for)
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent_ls.core.errors import WorkspaceError


def start_detached(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> int:
    """Start a program in its own session, its output appended to a log; returns its process id.

    Raises:
        WorkspaceError: it cannot be started.
    """
    try:
        with log.open("ab") as output:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env=dict(env),
                start_new_session=True,
            )
    except OSError as error:
        raise WorkspaceError(f"{argv[0]} could not be started: {error.strerror}") from error
    child.returncode = 0  # nobody will wait for it: without this its end would be reported as a leak
    return child.pid
