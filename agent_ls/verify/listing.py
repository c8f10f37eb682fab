"""What of the live tree a scratch tree holds.

More than the index lists (binary and large files: tests need them), and less than the disk:
no credentials, nothing that ``.agentignore`` hides, of git-ignored files only generated modules,
because a program that a model wrote could print whatever lies there. No ``.git`` either: history
holds deleted secrets, configuration and hooks, and no checker needs it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.workspace import names
from agent_ls.workspace.ignore import Rules

Stamp = tuple[int, int, int, int]
"""Size, mtime and ctime in ns, inode: a program can set mtime, but not ctime."""

_LARGEST = 50_000_000
_MAX_DEPTH = 100
_GENERATED = (
    "*.so",
    "*.pyd",
    "*.dylib",
    "_version.py",
    "*_version.py",
    "version.py",
    "*_pb2.py",
    "*_pb2_grpc.py",
)
_GENERATED_FOLDERS = ("*.egg-info", "*.dist-info")


@final
@dataclass(frozen=True, slots=True)
class Listing:
    """The live tree at one moment.

    ``files``: stamp and whether executable. ``links``: relative targets inside the tree.
    ``dependencies``: installed packages, to be mounted read-only: place → where they really lie.
    """

    files: Mapping[RelPath, tuple[Stamp, bool]]
    links: Mapping[RelPath, str]
    dependencies: Mapping[RelPath, Path]
    skipped: Mapping[str, int]


def stamp(status: os.stat_result) -> Stamp:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def list_live(rules: Rules) -> Listing:
    """Walk the live tree; about 15 µs per file. Entries that vanish meanwhile are passed over."""
    walk = _Walk(rules)
    walk.folder("", 0)
    return Listing(walk.files, walk.links, walk.dependencies, dict(walk.skipped))


@final
class _Walk:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.root = os.fspath(rules.root)
        self.files: dict[RelPath, tuple[Stamp, bool]] = {}
        self.links: dict[RelPath, str] = {}
        self.dependencies: dict[RelPath, Path] = {}
        self.skipped: Counter[str] = Counter()

    def folder(self, prefix: str, depth: int) -> None:
        try:
            with os.scandir(f"{self.root}/{prefix}") as entries:
                below = [path for entry in entries if (path := self._entry(entry, prefix))]
        except OSError:
            self.skipped["unreadable"] += 1
            return
        for path in below:
            if depth < _MAX_DEPTH:
                self.folder(path + "/", depth + 1)

    def _entry(self, entry: os.DirEntry[str], prefix: str) -> str:
        """Take or count one entry; returns the path of a folder that is to be walked."""
        path = RelPath(prefix + entry.name)
        is_dir = entry.is_dir(follow_symlinks=False)
        maybe = entry.name in names.DEPENDENCIES or entry.name in names.MAYBE_VENV
        if maybe and (real := self._dependency(path)):
            self.dependencies[path] = real
            return ""
        reason = self.rules.entry_reason(path, is_dir=is_dir)
        if reason and not (reason == "ignored" and _generated(entry.name, is_dir=is_dir)):
            self.skipped[reason] += 1
            return ""
        if is_dir:
            return path
        if entry.is_symlink():
            self._link(path)
        elif entry.is_file(follow_symlinks=False):
            self._file(entry, path)
        else:
            self.skipped["special"] += 1
        return ""

    def _file(self, entry: os.DirEntry[str], path: RelPath) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return
        if status.st_size > _LARGEST:
            self.skipped["too_large"] += 1
            return
        self.files[path] = (stamp(status), bool(status.st_mode & 0o100))

    def _link(self, path: RelPath) -> None:
        """A link within the tree is kept, made relative: an absolute one would lead to the live tree."""
        place = f"{self.root}/{path}"
        target = os.path.normpath(os.path.join(os.path.dirname(place), os.readlink(place)))  # noqa: PTH115, PTH118, PTH120
        inside = os.path.relpath(target, self.root)
        real = os.path.relpath(os.path.realpath(place), self.root)
        if inside.startswith("..") or real.startswith("..") or self.rules.reason(RelPath(real)):
            self.skipped["link"] += 1
            return
        self.links[path] = os.path.relpath(target, os.path.dirname(place))  # noqa: PTH120

    def _dependency(self, path: RelPath) -> Path | None:
        """Where a dependency folder really lies; ``None`` for what only has the name of one.

        A link may lead out (environments are kept elsewhere), but only to what is one.
        """
        place = self.root + "/" + path
        real = Path(os.path.realpath(place))
        if not real.is_dir():
            return None
        if (real / "pyvenv.cfg").is_file() and (real / "bin").is_dir():
            return real
        if real.name == "node_modules" and real.is_relative_to(self.root):
            return real
        return None


def _generated(name: str, *, is_dir: bool) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in (_GENERATED_FOLDERS if is_dir else _GENERATED))
