"""The list of a workspace's files: one walk, ignore rules, no content read, no link followed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace import names
from agent_ls.workspace.ignore import Layer, Rules

_MAX_DEPTH = 100


@final
@dataclass(frozen=True, slots=True)
class FileStat:
    """A regular file as the walk found it; ``size`` in bytes."""

    path: RelPath
    size: int
    mtime_ns: int


@final
@dataclass(frozen=True, slots=True)
class Scan:
    """Files sorted by path, and how many entries were passed over for which reason.

    Reasons: ``built_in``, ``secret``, ``ignored``, ``agentignore``, ``too_large``, ``binary`` (by
    name), ``link``, ``special`` (FIFO, socket, device), ``name`` (not UTF-8, or with line breaks),
    ``unreadable``, ``too_deep``. A folder that is passed over counts once.
    """

    files: tuple[FileStat, ...]
    skipped: Mapping[str, int]
    git: bool


def scan(root: Path, rules: Rules | None = None) -> Scan:
    """Walk a workspace. Links are never followed: what they lead to inside is listed by itself.

    Cost: about 10 µs per entry. Blocking; call it from a worker or a thread for large trees.

    Raises:
        WorkspaceError: the root itself is no readable folder.
    """
    rules = rules or Rules(root)
    walk = _Walk(rules)
    try:
        walk.folder("", 0)
    except OSError as error:
        raise WorkspaceError(
            f"{root} cannot be read as a folder: {error.strerror}", remedy="Name an existing folder with -C"
        ) from error
    return Scan(tuple(sorted(walk.files, key=lambda f: f.path)), dict(walk.skipped), rules.git)


@final
class _Walk:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.root = str(rules.root)
        self.files: list[FileStat] = []
        self.skipped: Counter[str] = Counter()

    def folder(self, prefix: str, depth: int) -> None:
        with os.scandir(f"{self.root}/{prefix}") as listed:
            entries = list(listed)
        layers = self.rules.layers_of(prefix[:-1], {entry.name for entry in entries})
        below = [path for entry in entries if (path := self._entry(entry, prefix, layers))]
        for path in below:
            if depth >= _MAX_DEPTH:
                self.skipped["too_deep"] += 1
                continue
            try:
                self.folder(path + "/", depth + 1)
            except OSError:
                self.skipped["unreadable"] += 1

    def _entry(self, entry: os.DirEntry[str], prefix: str, layers: tuple[Layer, Layer]) -> str:
        """Take or count one entry; returns the path of a folder that is to be walked."""
        name = entry.name
        if not _plain(name):
            self.skipped["name"] += 1
            return ""
        if entry.is_symlink():
            self.skipped["link"] += 1
            return ""
        path = RelPath(prefix + name)
        is_dir = entry.is_dir(follow_symlinks=False)
        reason = self.rules.judge(path, name, layers, is_dir=is_dir) or (
            "" if is_dir else self._file(entry, path)
        )
        if reason:
            self.skipped[reason] += 1
            return ""
        return path if is_dir else ""

    def _file(self, entry: os.DirEntry[str], path: RelPath) -> str:
        if not entry.is_file(follow_symlinks=False):
            return "special"
        if names.is_binary_name(path):
            return "binary"
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return "unreadable"
        if status.st_size > self.rules.index_bytes:
            return "too_large"
        self.files.append(FileStat(path, status.st_size, status.st_mtime_ns))
        return ""


def _plain(name: str) -> bool:
    """Whether a file name can travel as UTF-8 text on one line."""
    if name.isascii():
        return "\n" not in name and "\r" not in name
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\n" not in name and "\r" not in name
