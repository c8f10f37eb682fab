"""The one thing of git's settings that decides what is ours to look at: the user's own ignore file.

Read from the files that git reads, without git: a workspace is listed where git is not installed, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_SECTION = re.compile(r"^\s*\[([^\]]*)\]")
_EXCLUDES = re.compile(r"^\s*excludesfile\s*=\s*(.*?)\s*(?:[#;].*)?$", re.IGNORECASE)
_LIMIT = 200_000


def excludes_file(git_dir: Path, environ: Mapping[str, str]) -> Path | None:
    """``core.excludesFile`` of the repository or else of the user; git's default place when nobody says.

    Included files and the system's own settings are not looked at.
    """
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    base = environ.get("XDG_CONFIG_HOME") or (str(home / ".config") if home else "")
    places = [Path(base) / "git" / "config"] if base else []
    if home:
        places.append(home / ".gitconfig")
    if environ.get("GIT_CONFIG_GLOBAL"):
        places = [Path(environ["GIT_CONFIG_GLOBAL"])]
    for place in (git_dir / "config", *reversed(places)):
        said = _said(place)
        if said is not None:
            return _expanded(said, home)
    return Path(base) / "git" / "ignore" if base else None


def _said(config: Path) -> str | None:
    """The last value that a file gives, ``None`` for none."""
    try:
        with config.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LIMIT)
    except OSError:
        return None
    section, found = "", None
    for line in text.splitlines():
        head = _SECTION.match(line)
        if head:
            section, line = head[1].strip().lower(), line[head.end() :]  # noqa: PLW2901 - a value may follow at once
        value = _EXCLUDES.match(line)
        if value and section == "core":
            found = value[1].strip('"')
    return found


def _expanded(written: str, home: Path | None) -> Path | None:
    if not written:
        return None
    if written.startswith("~/"):
        return home / written[2:] if home else None
    path = Path(written)
    return path if path.is_absolute() else None
