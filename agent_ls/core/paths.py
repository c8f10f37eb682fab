"""Paths inside a workspace: relative, with ``/``, never leaving it.

A `RelPath` is the only way in which rooms below the faces name a file. It is purely
lexical: whether a link on disk leads outside is `workspace`'s question.
"""

from __future__ import annotations

import re
from typing import NewType

from agent_ls.core.errors import OutsideWorkspaceError, WorkspaceError

RelPath = NewType("RelPath", str)
"""A checked path relative to the workspace root: ``/`` between parts, no ``.``/``..``, never empty."""

_DRIVE = re.compile(r"^[A-Za-z]:")
_MAX_LENGTH = 4096


def rel_path(text: str) -> RelPath:
    """Check and normalise a path as a person or a model writes it.

    Accepts ``./a/b``, doubled slashes and inner ``.`` parts. Cost: linear in the text.

    Raises:
        OutsideWorkspaceError: absolute, drive-lettered, ``~``-rooted, or climbing above the root.
        WorkspaceError: empty, with NUL or line breaks, or absurdly long.
    """
    if not text.strip() or len(text) > _MAX_LENGTH or any(c in text for c in "\0\n\r"):
        raise WorkspaceError(
            f"Not a usable path: {text[:80]!r}",
            remedy="Give a path relative to the workspace, such as src/app.py",
        )
    if text.startswith(("/", "\\", "~")) or _DRIVE.match(text):
        raise OutsideWorkspaceError(
            f"{text[:200]!r} is not relative to the workspace",
            remedy="Give a path relative to the workspace, such as src/app.py",
        )
    parts: list[str] = []
    for part in text.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                raise OutsideWorkspaceError(
                    f"{text[:200]!r} leaves the workspace",
                    remedy="Only files inside the workspace can be used",
                )
            parts.pop()
        else:
            parts.append(part)
    if not parts:
        raise WorkspaceError(
            f"{text!r} names the workspace itself, not a file", remedy="Name a file below it"
        )
    return RelPath("/".join(parts))


def parent(path: RelPath) -> str:
    """The folder of a path, ``""`` for one at the root."""
    return path.rpartition("/")[0]


def name(path: RelPath) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def suffix(path: RelPath) -> str:
    """The extension with its dot in lower case, ``""`` where there is none."""
    last = name(path)
    dot = last.rfind(".")
    return last[dot:].lower() if dot > 0 else ""
