"""Reading a file of the workspace for the index."""

from __future__ import annotations

import os
from pathlib import Path

from agent_ls.workspace.regular import open_regular


def read_regular(file: Path | str) -> tuple[bytes, int, int]:
    """A regular file's bytes, size and mtime in ns; never waits on a FIFO, never follows a last link.

    Raises:
        OSError: it is not there, not readable, or no regular file.
    """
    with open_regular(file, follow=False) as opened:
        status = os.fstat(opened.fileno())
        return opened.read(), status.st_size, status.st_mtime_ns
