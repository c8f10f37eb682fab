"""The history of HEAD as a small file beside the fact store: written by the index host, read by any.

One compressed JSON text, replaced whole. Nothing in it cannot be asked from git again, so a
damaged or older one counts as none.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from agent_ls.index.history import Commit, History

_VERSION = 1


def history_path(db: Path) -> Path:
    """Where the history of a fact store's workspace is kept."""
    return Path(f"{db}.history")


def write_history(file: Path, head: str, commits: Sequence[Commit]) -> None:
    """Replace the file by the commits that ``head`` knows, newest first."""
    numbers: dict[str, int] = {}
    rows = [[c.id, c.subject, [numbers.setdefault(path, len(numbers)) for path in c.paths]] for c in commits]
    value = {"version": _VERSION, "head": head, "paths": list(numbers), "commits": rows}
    with NamedTemporaryFile(dir=file.parent, prefix=file.name, delete=False) as new:
        new.write(zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1))
    Path(new.name).replace(file)


def read_commits(file: Path) -> tuple[str, list[Commit]]:
    """The head and its commits as they were written; ``("", [])`` when there are none."""
    try:
        value = json.loads(zlib.decompress(file.read_bytes()))
        if value["version"] != _VERSION:
            return "", []
        paths = value["paths"]
        commits = [
            Commit(name, subject, tuple(paths[n] for n in numbers))
            for name, subject, numbers in value["commits"]
        ]
    except (OSError, zlib.error, ValueError, KeyError, TypeError, IndexError):
        return "", []
    return value["head"], commits


def read_history(file: Path) -> History:
    """The history that a file holds; an empty one when there is none. ~30 ms once per writing, then kept."""
    try:
        stat = file.stat()
    except OSError:
        return History(())
    return _read(file, stat.st_mtime_ns, stat.st_ino)


@lru_cache(maxsize=2)
def _read(file: Path, _mtime_ns: int, _inode: int) -> History:
    return History(read_commits(file)[1])
