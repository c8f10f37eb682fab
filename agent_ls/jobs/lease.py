"""Who may act on a job: a file lock that ends with the process that holds it, however it ends.

The lease file holds the owner's process id and control socket for others to find. It is
locked with ``flock``, which the kernel drops on the death of the holder, so a lease is never stale.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.errors import WorkspaceError

_TRIES = 5
_PAUSE_S = 0.002


@final
@dataclass(frozen=True, slots=True)
class Holder:
    """The live process that holds a lease. ``socket``: where it listens, ``""`` if it does not."""

    pid: int
    socket: str = ""


@final
class Lease:
    """A lease that this process holds until `release`."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def release(self) -> None:
        os.close(self._handle)  # closing drops the lock; the file stays, or two could hold "it"


def take(path: Path, holder: Holder) -> Lease | None:
    """Take a lease; ``None`` where a live process (or another part of this one) holds it.

    Raises:
        WorkspaceError: the file cannot be made or locked at all.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WorkspaceError(
            f"The lease {path.name} cannot be opened: {error.strerror}",
            remedy="Check the rights of the state directory",
        ) from error
    for _ in range(_TRIES):
        if _lock(handle, fcntl.LOCK_EX):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps({"pid": holder.pid, "socket": holder.socket}).encode(), 0)
            return Lease(handle)
        # A look of `holder_of` holds the lock for microseconds; an owner holds it for minutes.
        time.sleep(_PAUSE_S)
    os.close(handle)
    return None


def holder_of(path: Path) -> Holder | None:
    """Who holds a lease now; ``None`` where nobody does. Cost: about 20 µs."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _lock(handle, fcntl.LOCK_SH):
            return None
        fields: object = None
        with suppress(ValueError):
            fields = json.loads(os.pread(handle, 4096, 0))
        if not isinstance(fields, dict):
            return Holder(0)  # taken this very moment: its words are not there yet
        words = cast("dict[str, Any]", fields)
        return Holder(int(words.get("pid", 0)), str(words.get("socket", "")))
    finally:
        os.close(handle)


def _lock(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
