"""What of a workspace is ours to look at: nested ignore files, built-in names, secrets, sizes.

Three layers, each of which can only add: built-in names (a repository cannot switch them
off), git's ignore files, ``.agentignore`` files. Within a layer the deepest file that has a
matching pattern decides, as gitignore(5) says.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import final

import pathspec

from agent_ls.core.paths import RelPath
from agent_ls.workspace import names

_IGNORE_FILE_LIMIT = 500_000

Layer = tuple[tuple[str, pathspec.GitIgnoreSpec], ...]
"""Ignore files that apply in a folder, deepest first: (prefix to put before a path, its patterns).

The prefix is how a path relative to the workspace reads relative to the ignore file's folder:
``+x/`` puts folders before it (the file lies above the workspace), ``-x/`` takes them away."""


@final
class Rules:
    """The ignore rules of one workspace, read as folders are asked for and kept.

    ``index_bytes``: larger files are not listed. ``read_bytes``: larger files are not read.
    ``extra``: the user's own ignore patterns, in gitignore syntax, relative to the root.
    """

    def __init__(
        self,
        root: Path,
        *,
        extra: Sequence[str] = (),
        index_bytes: int = 1_000_000,
        read_bytes: int = 5_000_000,
    ) -> None:
        self.root = Path(os.path.realpath(root))
        self.index_bytes = index_bytes
        self.read_bytes = read_bytes
        self._top = _git_top(self.root)
        self._extra = pathspec.GitIgnoreSpec.from_lines(extra)
        self._layers: dict[str, tuple[Layer, Layer]] = {}
        self._dirs: dict[str, str] = {}

    @property
    def git(self) -> bool:
        """Whether the workspace lies in a git work tree."""
        return self._top is not None

    def reason(self, path: RelPath, *, is_dir: bool = False) -> str:
        """Why a path is hidden, or ``""``: ``built_in``, ``secret``, ``ignored`` (git), ``agentignore``.

        A file below a hidden folder is hidden. Reads the ignore files on the way once.
        """
        folder = path.rpartition("/")[0]
        return self._folder_reason(folder) or self.entry_reason(path, is_dir=is_dir)

    def entry_reason(self, path: RelPath, *, is_dir: bool) -> str:
        """As `reason`, for an entry of a folder that is known not to be hidden itself."""
        folder, _, last = path.rpartition("/")
        if names.folded(last) in names.BUILT_IN:
            return "built_in"
        if is_dir and last in names.MAYBE_VENV and (self.root / path / "pyvenv.cfg").exists():
            return "built_in"
        if not is_dir and names.is_secret(path):
            return "secret"
        git, own = self._layers_of(folder)
        if git and _decide(git, path, is_dir):
            return "ignored"
        if own and _decide(own, path, is_dir):
            return "agentignore"
        if len(self._extra) and _decide((("", self._extra),), path, is_dir):
            return "ignored"
        return ""

    def _folder_reason(self, folder: str) -> str:
        if not folder:
            return ""
        known = self._dirs.get(folder)
        if known is None:
            above = self._folder_reason(folder.rpartition("/")[0])
            known = above or self.entry_reason(RelPath(folder), is_dir=True)
            self._dirs[folder] = known
        return known

    def _layers_of(self, folder: str) -> tuple[Layer, Layer]:
        known = self._layers.get(folder)
        if known is not None:
            return known
        if folder:
            git, own = self._layers_of(folder.rpartition("/")[0])
            prefix = f"-{folder}/"
        else:
            git, own = self._above(), ()
            prefix = ""
        here = self.root / folder
        if self.git and (spec := _read_spec(here / ".gitignore")):
            git = ((prefix, spec), *git)
        if spec := _read_spec(here / ".agentignore"):
            own = ((prefix, spec), *own)
        self._layers[folder] = (git, own)
        return git, own

    def _above(self) -> Layer:
        """Ignore files of git above the workspace's root, and the repository's own exclude file."""
        if self._top is None:
            return ()
        found: list[tuple[str, pathspec.GitIgnoreSpec]] = []
        for folder in self.root.parents if self.root != self._top else ():
            if spec := _read_spec(folder / ".gitignore"):
                found.append((f"+{self.root.relative_to(folder).as_posix()}/", spec))
            if folder == self._top:
                break
        if spec := _read_spec(_git_dir(self._top) / "info" / "exclude"):
            below = self.root.relative_to(self._top).as_posix()
            found.append(("" if below == "." else f"+{below}/", spec))
        return tuple(found)


def _decide(layer: Layer, path: RelPath, is_dir: bool) -> bool:  # noqa: FBT001 - internal, always named by its place
    for prefix, spec in layer:
        relative = path.removeprefix(prefix[1:]) if prefix[:1] == "-" else prefix[1:] + path
        include = spec.check_file(f"{relative}/" if is_dir else relative).include
        if include is not None:
            return include
    return False


def _read_spec(path: Path) -> pathspec.GitIgnoreSpec | None:
    """The patterns of an ignore file; ``None`` where there is none (a link, a FIFO or a huge one is none)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        text = file.read(_IGNORE_FILE_LIMIT).decode("utf-8", "replace")
    return pathspec.GitIgnoreSpec.from_lines(_usable(text.removeprefix("\ufeff").splitlines()))


def _usable(lines: Sequence[str]) -> list[str]:
    good: list[str] = []
    for line in lines:
        try:
            pathspec.GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            continue  # git, too, passes over a pattern that it cannot understand
        good.append(line)
    return good


def _git_top(root: Path) -> Path | None:
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return None


def _git_dir(top: Path) -> Path:
    """The repository's common folder: ``.git``, or what a worktree's or submodule's ``.git`` file names."""
    entry = top / ".git"
    if entry.is_dir():
        return entry
    try:
        line = entry.read_text("utf-8", "replace")[:4096]
    except OSError:
        return entry
    own = Path(os.path.normpath(top / line.removeprefix("gitdir:").strip()))
    return own.parents[1] if own.parent.name == "worktrees" else own
