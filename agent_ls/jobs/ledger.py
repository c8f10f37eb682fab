"""What was spent today, over all jobs, workspaces and processes of the user.

One small file per day; additions of several processes are serialised by a lock on it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import final

from agent_ls.workspace.state import private_dir


@final
class Ledger:
    """Dollars per day, in local days. Losing the file loses a ceiling's memory, never work."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def today(self) -> float:
        """US dollars spent since midnight."""
        try:
            return _read(self._file().read_bytes())
        except OSError:
            return 0.0

    def add(self, usd: float) -> float:
        """Count an amount; returns the day's new sum. A failing disk is no reason to stop working."""
        if usd <= 0:
            return self.today()
        total = usd
        with suppress(OSError):
            private_dir(self._folder)
            handle = os.open(self._file(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)  # held for microseconds by anyone
                total = _read(os.pread(handle, 64, 0)) + usd
                text = f"{total:.6f}\n".encode()
                os.pwrite(handle, text, 0)
                os.ftruncate(handle, len(text))
            finally:
                os.close(handle)
        return total

    def _file(self) -> Path:
        return self._folder / time.strftime("%Y-%m-%d", time.localtime(self._clock()))


def _read(data: bytes) -> float:
    try:
        return max(0.0, float(data))
    except ValueError:
        return 0.0
