"""Ending children: the two steps that `process` and `worker` share."""

from __future__ import annotations

import os
import signal
from asyncio import SubprocessTransport, subprocess
from contextlib import suppress
from pathlib import Path
from typing import cast


def kill_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that a child of ours leads; silent where it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def groups_below(pid: int) -> set[int]:
    """The process groups of a process's living descendants, its own left out. Empty where there is no ``/proc``.

    Cost: one small read per process of the machine.
    """
    parents: dict[int, list[tuple[int, int]]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # pid (name) state parent group …; the name may hold blanks and parentheses
            fields = entry.read_text("ascii", "replace").rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append((int(entry.parent.name), int(fields[2])))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child, group in parents.get(waiting.pop(), ()):
            found.add(group)
            waiting.append(child)
    return found - {pid, os.getpgrp()}


def close_pipes(child: subprocess.Process) -> None:
    """Let go of a child's pipes without waiting for EOF: a grandchild may hold them for ever.

    asyncio offers no public way to this; without it the transport warns when it is collected.
    """
    cast("SubprocessTransport", child._transport).close()  # pyright: ignore[reportAttributeAccessIssue]  # noqa: SLF001
