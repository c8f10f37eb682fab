"""Where a program lies: on the user's PATH, and never in what a repository brought along."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def find_program(name: str, *, outside: Path, path: str | None = None) -> Path | None:
    """Look a program up on PATH as the user means it: never one that a repository brought along.

    Empty and relative PATH entries are passed over, and so is everything that lies, by name
    or through links, inside ``outside`` (the workspace). An absolute ``name`` is held to the
    same rule. Returns an absolute path, or ``None``.
    """
    fence = os.path.realpath(outside)
    if "/" in name:
        candidates = [name] if name.startswith("/") else []
    else:
        entries = (os.environ.get("PATH", os.defpath) if path is None else path).split(os.pathsep)
        candidates = [os.path.join(entry, name) for entry in entries if entry.startswith("/")]  # noqa: PTH118
    for candidate in candidates:
        if _inside(candidate, fence) or _inside(os.path.realpath(candidate), fence):
            continue
        if _is_program(candidate):
            return Path(candidate)
    return None


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_program(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)  # noqa: PTH116
    except OSError:
        return False
