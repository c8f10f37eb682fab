"""What a command works with: the folder, its settings, its service."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.core.settings import Settings
from agent_ls.core.text import LineIndex, Span
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.faces.cli.terminal import Terminal
from agent_ls.jobs.service import Service
from agent_ls.jobs.trust import Trust
from agent_ls.jobs.views import JobView
from agent_ls.workspace.config import read_settings
from agent_ls.workspace.state import StateDirs, state_dirs


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A folder to work in, with what holds for it."""

    root: Path
    dirs: StateDirs
    settings: Settings
    environ: Mapping[str, str]
    out: Terminal
    err: Terminal
    problems: tuple[str, ...] = ()


def place(folder: Path, environ: Mapping[str, str], out: Terminal, err: Terminal) -> Place:
    """Look at the folder and read its settings; problems with them are told on stderr.

    Raises:
        UsageError: it is no folder.
        WorkspaceError: it cannot be read.
    """
    root = Path(os.path.realpath(folder))
    if not root.is_dir():
        raise UsageError(f"{folder} is not a folder", kept="Nothing was done", remedy="Name one with -C DIR")
    if not os.access(root, os.R_OK | os.X_OK):
        raise WorkspaceError(f"{folder} cannot be read", remedy="Check its rights")
    dirs = state_dirs(environ)
    settings, problems = read_settings(dirs.config, Trust(dirs.trust_file()).approved(root))
    for problem in problems:
        err.line(f"settings: {problem}", "yellow")
    return Place(root, dirs, settings, environ, out, err, problems)


@asynccontextmanager
async def opened(
    here: Place,
    *,
    on_job: Callable[[JobView], None] = lambda _view: None,
    on_notice: Callable[[str, str], None] | None = None,
    settings: Settings | None = None,
) -> AsyncGenerator[Service]:
    """The folder's service, closed behind the command; live jobs are then paused. Notices go to stderr."""

    def to_stderr(text: str, _severity: str) -> None:
        here.err.line(text)

    port = DiskPort(here.root, on_job=on_job, on_notice=on_notice or to_stderr)
    service = await Service.open(
        here.root, port=port, settings=settings or here.settings, dirs=here.dirs, environ=here.environ
    )
    try:
        yield service
    finally:
        await service.close()


def site_at(root: Path, text: str) -> tuple[Site, bytes]:
    """``FILE[:LINE[:COL]]``, 1-based, as a site, with the file's text.

    Raises:
        UsageError: no such file, line or column.
        WorkspaceError: the path leaves the folder.
    """
    name, line, column = split_place(text)
    path = inside(root, name)
    data = DiskPort(root).read(path)
    if data is None:
        raise _unreadable(name)
    index = LineIndex(data)
    if line > len(index):
        raise UsageError(f"{name} has {len(index)} lines, not {line}", remedy="Lines count from 1")
    start, end = index.start(line - 1), index.start(line)
    text_line = data[start:end].rstrip(b"\r\n").decode("utf-8", "replace")
    if column > len(text_line) + 1:
        raise UsageError(
            f"Line {line} of {name} has {len(text_line)} columns, not {column}", remedy="Columns count from 1"
        )
    at = start + len(text_line[: column - 1].encode("utf-8"))
    return Site(path, Span(at, at)), data


def split_place(text: str) -> tuple[str, int, int]:
    """The parts of ``FILE[:LINE[:COL]]``; missing numbers are 1."""
    numbers: list[int] = []
    name = text
    while len(numbers) < 2:
        head, colon, tail = name.rpartition(":")
        if not colon or not tail.isdigit():
            break
        if int(tail) < 1:
            raise UsageError(f"{text!r}: lines and columns count from 1")
        numbers.insert(0, int(tail))
        name = head
    return (name, *[*numbers, 1, 1][:2])  # pyright: ignore[reportReturnType]


def inside(root: Path, name: str) -> RelPath:
    """A file as a person names it: relative to the folder of now or to the workspace, or absolute.

    Raises:
        OutsideWorkspaceError: it lies elsewhere.
    """
    for start in (Path.cwd(), root):
        # Only the way there is made real: a link is a file of its own.
        place = start / name
        real = Path(os.path.realpath(place.parent)) / place.name
        if real.is_relative_to(root) and os.path.lexists(real):
            return rel_path(real.relative_to(root).as_posix())
    if Path(name).is_absolute() and Path(name).is_relative_to(root):
        return rel_path(Path(name).relative_to(root).as_posix())
    return rel_path(name)


def existing(root: Path, name: str) -> RelPath:
    """`inside`, for a file that must be there.

    Raises:
        UsageError: there is no such file, or it may not be read.
        OutsideWorkspaceError: it lies elsewhere.
    """
    path = inside(root, name)
    if DiskPort(root).read(path) is None:
        raise _unreadable(name)
    return path


def _unreadable(name: str) -> UsageError:
    return UsageError(
        f"{name} is not a file that can be read here",
        remedy="Give a file below the folder (-C DIR) that is not ignored and holds no secrets",
    )
