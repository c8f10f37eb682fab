"""A suite on disk: a folder of tasks, each with its workspace, its hidden check and how long it is.

::

    SUITE/NAME/task.toml           what is asked, how long it should take, the hidden commands
    SUITE/NAME/workspace/          the files that the agent gets (or a commit, named in task.toml)
    SUITE/NAME/hidden/             files that are laid over the judged tree and nowhere else
    SUITE/NAME/solution.patch      a reference solution, in git's format
"""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.codec import CodecError, from_json
from agent_ls.core.errors import OutsideWorkspaceError, UsageError, WorkspaceError
from agent_ls.core.paths import rel_path

_TASK = "task.toml"
_HIDDEN = "hidden"
_SOLUTION = "solution.patch"


@final
@dataclass(frozen=True, slots=True)
class Size:
    """How long a task is expected to take: calls of tools by an agent that works well, minutes of a person."""

    steps: int
    minutes: float


@final
@dataclass(frozen=True, slots=True)
class Source:
    """Where the workspace comes from: a folder of the task's, or a commit of a repository on this machine.

    ``repository``: absolute, or relative to the task's folder; ``below``: the part of it that is the workspace.
    """

    folder: str = "workspace"
    repository: str = ""
    commit: str = ""
    below: str = ""


@final
@dataclass(frozen=True, slots=True)
class Hidden:
    """The commands that decide, each a list of words; all must pass."""

    commands: tuple[tuple[str, ...], ...]
    timeout_s: float = 60.0


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The content of ``task.toml``."""

    task: str
    kind: str
    size: Size
    check: Hidden
    workspace: Source = field(default_factory=Source)


@final
@dataclass(frozen=True, slots=True)
class Task:
    """One task. ``digest`` changes with any byte of its folder: what was measured before no longer counts then."""

    name: str
    folder: Path
    digest: str
    asked: Asked

    @property
    def hidden(self) -> Path | None:
        place = self.folder / _HIDDEN
        return place if place.is_dir() else None

    @property
    def solution(self) -> Path | None:
        place = self.folder / _SOLUTION
        return place if place.is_file() else None


@final
@dataclass(frozen=True, slots=True)
class Suite:
    """Tasks by name."""

    root: Path
    tasks: tuple[Task, ...]

    def only(self, patterns: tuple[str, ...]) -> Suite:
        """The tasks whose names match one of the patterns; all without any.

        Raises:
            UsageError: a pattern matches nothing.
        """
        for pattern in patterns:
            if not any(fnmatchcase(task.name, pattern) for task in self.tasks):
                raise UsageError(
                    f"No task of {self.root.name} is called {pattern!r}",
                    remedy="Name one of its folders, or a pattern such as 'fix-*'",
                )
        chosen = (t for t in self.tasks if not patterns or any(fnmatchcase(t.name, p) for p in patterns))
        return Suite(self.root, tuple(chosen))


def read_suite(root: Path) -> Suite:
    """Read every task below a folder. Cost: every file of the suite is hashed.

    Raises:
        UsageError: there is no task, or one of them does not read: the sentence names it.
        WorkspaceError: a file cannot be read.
    """
    try:
        folders = sorted(path.parent for path in root.glob(f"*/{_TASK}"))
        tasks = tuple(_task(folder) for folder in folders)
    except OSError as error:
        raise WorkspaceError(f"{root} cannot be read: {error.strerror}", remedy="Check its rights") from error
    if not tasks:
        raise UsageError(
            f"{root} holds no tasks", kept="Nothing was run", remedy=f"A task is a folder with a {_TASK}"
        )
    return Suite(root, tasks)


def _task(folder: Path) -> Task:
    asked = _asked(folder)
    try:
        problem = _problem(folder, asked)
    except OutsideWorkspaceError as error:
        problem = error.what
    if problem:
        raise UsageError(
            f"{folder.name}/{_TASK}: {problem}", kept="Nothing was run", remedy="docs/evaluation.md says more"
        )
    return Task(folder.name, folder, _digest(folder), asked)


def _asked(folder: Path) -> Asked:
    try:
        table = tomllib.loads((folder / _TASK).read_text("utf-8"))
        _known(Asked, table, "")
        return from_json(Asked, table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, CodecError, ValueError) as error:
        raise UsageError(f"{folder.name}/{_TASK} does not read: {error}", kept="Nothing was run") from error


def _known(kind: type, table: dict[str, Any], where: str) -> None:
    """A misspelt name is no default."""
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for name, value in table.items():
        if name not in fields:
            raise ValueError(f"there is no {where}{name}")
        inner = {"size": Size, "check": Hidden, "workspace": Source}.get(name)
        if inner is not None and not where and isinstance(value, dict):
            _known(inner, cast("dict[str, Any]", value), f"{name}.")


def _problem(folder: Path, asked: Asked) -> str:
    source = asked.workspace
    if not asked.task.strip():
        return "the task is empty"
    if not asked.check.commands or not all(asked.check.commands):
        return "check.commands names no command"
    if asked.size.steps < 1 or not asked.size.minutes > 0:
        return "size.steps and size.minutes must be above 0"
    if bool(source.repository) != bool(source.commit):
        return "workspace.repository and workspace.commit belong together"
    if source.commit.startswith("-") or source.repository.startswith("-"):
        return "workspace.repository and workspace.commit are names, not options"
    if not source.repository and not (folder / rel_path(source.folder)).is_dir():
        return f"there is no folder {source.folder}"
    return ""


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
            total.update(b"%d %s %s\n" % (len(name), name, hashlib.sha256(path.read_bytes()).digest()))
    return total.hexdigest()[:16]
