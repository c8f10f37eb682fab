"""Opening a file that may be anything: what is planted under a name must neither block nor mislead."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path


def open_regular(path: Path | str, *, follow: bool) -> FileIO:
    """A regular file, unbuffered; a pipe or a device is none. ``follow``: a link as its last part is followed.

    Raises:
        OSError: it is not there, not readable, or no regular file.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is no regular file")
    return FileIO(handle)
