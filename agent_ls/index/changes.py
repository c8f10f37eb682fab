"""What differs between the files on disk and the store, told by stat alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.index.batches import ParseJob
from agent_ls.index.names import language_of
from agent_ls.index.store import Known
from agent_ls.workspace.ignore import Rules
from agent_ls.workspace.scan import FileStat


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """``jobs``: files to read; ``gone``: to forget; ``reused``: as before;
    ``foreign``: files of no indexed language."""  # noqa: D205, D209

    jobs: Sequence[ParseJob]
    gone: Sequence[RelPath]
    reused: int
    foreign: int


def compare(found: Iterable[FileStat], known: Mapping[RelPath, Known]) -> Difference:
    """Compare by size and mtime; a file whose stat is as the store remembers is not opened."""
    jobs: list[ParseJob] = []
    reused = foreign = 0
    left = set(known)
    for file in found:
        language = language_of(file.path)
        if language is None:
            foreign += 1
            continue
        left.discard(file.path)
        former = known.get(file.path)
        if former is not None and (former.size, former.mtime_ns) == (file.size, file.mtime_ns):
            reused += 1
            continue
        jobs.append(ParseJob(file.path, language, former.hash if former else "", file.size, file.mtime_ns))
    return Difference(jobs, sorted(left), reused, foreign)


def stat_some(root: Path, paths: Iterable[RelPath], rules: Rules) -> list[FileStat] | None:
    """Stat named files that the rules let through, none behind a linked folder.

    ``None`` when one of them cannot be looked at by itself (a folder, an ignore file): walk all.
    """
    found: list[FileStat] = []
    real: dict[str, bool] = {"": True}
    for path in paths:
        if path.rpartition("/")[2] in (".gitignore", ".agentignore"):
            return None
        try:
            status = (root / path).lstat()
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode):
            return None
        folder = path.rpartition("/")[0]
        if folder not in real:
            here = str(rules.root / folder)
            real[folder] = os.path.realpath(here) == here
        regular = real[folder] and stat.S_ISREG(status.st_mode)
        if regular and not rules.reason(path) and status.st_size <= rules.index_bytes:
            found.append(FileStat(path, status.st_size, status.st_mtime_ns))
    return found
