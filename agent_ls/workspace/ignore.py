"""What of a workspace is ours to look at: nested ignore files, built-in names, secrets, sizes.

Three layers, each of which can only add: built-in names (a repository cannot switch them
off), git's ignore files, ``.agentignore`` files. Within a layer the deepest file that has a
matching pattern decides, as gitignore(5) says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import final

import pathspec

from agent_ls.core.paths import RelPath
from agent_ls.workspace import names
from agent_ls.workspace.git_config import excludes_file
from agent_ls.workspace.regular import open_regular

_IGNORE_FILE_LIMIT = 500_000
IGNORE_FILES = frozenset({".gitignore", ".agentignore"})

Layer = tuple[tuple[str, "Patterns"], ...]
"""Ignore files that apply in a folder, deepest first: (prefix to put before a path, its patterns).

The prefix is how a path relative to the workspace reads relative to the ignore file's folder:
``+x/`` puts folders before it (the file lies above the workspace), ``-x/`` takes them away."""


@final
class Patterns:
    """The lines of one ignore file; the last that matches an entry itself decides.

    pathspec translates each line, but does not decide: it also matches what lies *below* a named
    folder, so that ``!*/`` in a nested file would let in files that git hides. The walk asks for
    every folder on the way, and so must a pattern only ever match the entry that is asked for.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._rules = [rule for line in lines if (rule := _translate(line))]
        sources = "|".join(f"(?:{regex.pattern})" for regex, _, _ in self._rules)
        self._any = re.compile(sources.replace("?P<ps_d>", "?:"))

    def __len__(self) -> int:
        return len(self._rules)

    def decide(self, path: str, *, is_dir: bool) -> bool | None:
        """Whether the entry is ignored (``True``), let in again (``False``), or not mentioned."""
        if self._any.match(path) is None:
            return None
        for regex, ignored, dir_only in reversed(self._rules):
            if dir_only and not is_dir:
                continue
            match = regex.match(path)
            if match is not None and not match.groupdict().get("ps_d"):
                return ignored
        return None


def _translate(line: str) -> tuple[re.Pattern[str], bool, bool] | None:
    """A line's pattern, whether it ignores, and whether it speaks of folders only."""
    stripped = line if line.endswith("\\ ") else line.rstrip()
    dir_only = stripped.endswith("/")
    try:
        (pattern,) = pathspec.GitIgnoreSpec.from_lines([stripped.removesuffix("/")]).patterns
    except (ValueError, re.error):
        return None  # git, too, passes over a pattern that it cannot understand
    regex: re.Pattern[str] | None = getattr(pattern, "regex", None)
    return None if pattern.include is None or regex is None else (regex, pattern.include, dir_only)


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
        self._extra = Patterns(extra)
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

    def agentignored(self, path: RelPath) -> bool:
        """Whether ``.agentignore`` files alone hide a path: for what built-in names hide, but not from reading."""
        parts = path.split("/")
        for n in range(1, len(parts) + 1):
            own = self._layers_of("/".join(parts[: n - 1]))[1]
            if own and _decide(own, RelPath("/".join(parts[:n])), n < len(parts)):
                return True
        return False

    def entry_reason(self, path: RelPath, *, is_dir: bool) -> str:
        """As `reason`, for an entry of a folder that is known not to be hidden itself."""
        folder, _, last = path.rpartition("/")
        return self.judge(path, last, self._layers_of(folder), is_dir=is_dir)

    def judge(self, path: RelPath, last: str, layers: tuple[Layer, Layer], *, is_dir: bool) -> str:
        """As `entry_reason`, with the layers of the entry's folder (see `layers_of`) and its last part."""
        plain = names.folded(last)
        if plain in names.BUILT_IN:
            return "built_in"
        if plain in names.SECRET_FOLDERS if is_dir else names.is_secret_name(plain):
            return "secret"
        if is_dir and last in names.MAYBE_VENV and (self.root / path / "pyvenv.cfg").exists():
            return "built_in"
        git, own = layers
        if git and _decide(git, path, is_dir):
            return "ignored"
        if own and _decide(own, path, is_dir):
            return "agentignore"
        if len(self._extra) and _decide((("", self._extra),), path, is_dir):
            return "ignored"
        return ""

    def layers_of(self, folder: str, present: AbstractSet[str]) -> tuple[Layer, Layer]:
        """The ignore files that apply in a folder; ``present``: its entries' names. Opens only what is there."""
        if folder and folder not in self._layers and present.isdisjoint(IGNORE_FILES):
            self._layers[folder] = self._layers_of(folder.rpartition("/")[0])
        return self._layers_of(folder)

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
        # Also where there is no work tree (an unpacked archive, another version control):
        # who wrote the file meant those names to stay behind.
        if spec := _read_spec(here / ".gitignore"):
            git = ((prefix, spec), *git)
        if spec := _read_spec(here / ".agentignore"):
            own = ((prefix, spec), *own)
        self._layers[folder] = (git, own)
        return git, own

    def _above(self) -> Layer:
        """Ignore files of git above the workspace's root, and the repository's and the user's own."""
        if self._top is None:
            return ()
        found: list[tuple[str, Patterns]] = []
        for folder in self.root.parents if self.root != self._top else ():
            if spec := _read_spec(folder / ".gitignore"):
                found.append((f"+{self.root.relative_to(folder).as_posix()}/", spec))
            if folder == self._top:
                break
        own = _git_dir(self._top)
        below = self.root.relative_to(self._top).as_posix()
        prefix = "" if below == "." else f"+{below}/"
        files = (own / "info" / "exclude", excludes_file(own, os.environ))
        found += [(prefix, spec) for file in files if file is not None and (spec := _read_spec(file))]
        return tuple(found)


def _decide(layer: Layer, path: RelPath, is_dir: bool) -> bool:  # noqa: FBT001 - internal, always named by its place
    for prefix, spec in layer:
        relative = path.removeprefix(prefix[1:]) if prefix[:1] == "-" else prefix[1:] + path
        ignored = spec.decide(relative, is_dir=is_dir)
        if ignored is not None:
            return ignored
    return False


def _read_spec(path: Path) -> Patterns | None:
    """The patterns of an ignore file; ``None`` where there is none (a link, a FIFO or a huge one is none)."""
    try:
        with open_regular(path, follow=False) as file:
            text = file.read(_IGNORE_FILE_LIMIT).decode("utf-8", "replace")
    except OSError:
        return None
    return Patterns(text.removeprefix("\ufeff").split("\n"))


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
