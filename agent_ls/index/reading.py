"""Reading a file of the workspace for the index."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_regular(file: Path | str) -> tuple[bytes, int, int]:
    """A regular file's bytes, size and mtime in ns; never waits on a FIFO, never follows a last link.

    Raises:
        OSError: it is not there, not readable, or no regular file.
    """
    fd = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb", 0) as opened:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{file} is no regular file")
        return opened.read(), status.st_size, status.st_mtime_ns
