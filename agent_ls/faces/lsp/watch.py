"""Leaving in time: the editor's process is watched, and an exit has a deadline.

Both live outside the event loop, because the loop is what may hang.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Final, final

EXIT_DEADLINE_S: Final = 1.5
_POLL_S: Final = 0.25


@final
class Deadline:
    """Once armed, the process is gone after ``seconds``, whatever hangs."""

    def __init__(self, exit_code: Callable[[], int], seconds: float = EXIT_DEADLINE_S) -> None:
        self._exit_code = exit_code
        self._seconds = seconds
        self._armed = threading.Lock()

    def arm(self) -> None:
        """Start the clock; later calls change nothing. Callable from any thread and signal handler."""
        if self._armed.acquire(blocking=False):
            threading.Thread(target=self._leave, name="exit-deadline", daemon=True).start()

    def _leave(self) -> None:
        time.sleep(self._seconds)
        os._exit(self._exit_code())


def watch_process(pid: int, on_gone: Callable[[], None]) -> None:
    """Call ``on_gone`` on a daemon thread when process ``pid`` ends (or is not there to begin with)."""

    def watch() -> None:
        if not _await_end(pid):
            while _alive(pid):
                time.sleep(_POLL_S)
        on_gone()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _await_end(pid: int) -> bool:
    """Wait for the end through a pidfd, which also sees zombies; ``False`` where there is none."""
    if sys.platform != "linux":
        return False
    try:
        fd = os.pidfd_open(pid)
    except (OSError, OverflowError):
        return False
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    poll.poll()
    os.close(fd)
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
