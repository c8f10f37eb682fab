"""Ending children: the two steps that `process` and `worker` share."""

from __future__ import annotations

import os
import signal
from asyncio import SubprocessTransport, subprocess
from contextlib import suppress
from typing import cast


def kill_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that a child of ours leads; silent where it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def close_pipes(child: subprocess.Process) -> None:
    """Let go of a child's pipes without waiting for EOF: a grandchild may hold them for ever.

    asyncio offers no public way to this; without it the transport warns when it is collected.
    """
    cast("SubprocessTransport", child._transport).close()  # pyright: ignore[reportAttributeAccessIssue]  # noqa: SLF001
