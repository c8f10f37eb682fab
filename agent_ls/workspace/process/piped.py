"""A child that speaks a protocol on its own stdin and stdout: for `demo`, which plays an editor."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent_ls.core.errors import WorkspaceError

__all__ = ["Process", "start_piped"]


async def start_piped(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Process:
    """Start a child in its own session with pipes for stdin and stdout; its stderr goes nowhere.

    Raises:
        WorkspaceError: the program cannot be started.
    """
    try:
        return await asyncio.create_subprocess_exec(
            *argv, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=cwd, env=dict(env), start_new_session=True
        )
    except OSError as error:
        raise WorkspaceError(f"{argv[0]} could not be started: {error.strerror}") from error
