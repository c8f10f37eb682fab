"""What git's HEAD holds of a file, and a cheap value that changes whenever HEAD may hold something else."""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace.process import find_program, run

_DEADLINE_S = 10.0
_MOST_BYTES = 4_000_000
_SMALL = 4096


@final
@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that holds a folder: its top, the folder of this working tree, the folder of all of them."""

    top: Path
    own: Path
    common: Path

    def stamp(self) -> Hashable:
        """Another value after every commit, switch, reset or fetch of HEAD's branch. Cost: a few looks at files.

        Never raises: what cannot be read counts as not there.
        """
        head = _small(self.own / "HEAD")
        branch = head.removeprefix("ref:").strip()
        named = [self.common / branch] if head.startswith("ref:") and ".." not in branch else []
        files = (*named, self.common / "packed-refs", self.common / "reftable" / "tables.list")
        return (head, *(_looked_at(file) for file in files))


def repository(folder: Path) -> Repository | None:
    """The innermost repository that holds a folder, found as git does, without git."""
    for top in (folder, *folder.parents):
        entry = top / ".git"
        if entry.is_dir():
            return Repository(top, entry, entry)
        if entry.is_file():
            own = _named(top, _small(entry).removeprefix("gitdir:"))
            return Repository(top, own, _named(own, _small(own / "commondir") or "."))
    return None


async def head_text(root: Path, path: RelPath, environ: Mapping[str, str]) -> bytes | None:
    """The text that HEAD holds at a path below ``root``, without any filter; ``None``: none.

    Nothing that the repository names is run. Cost: one short program, off the loop.

    Raises:
        WorkspaceError: git is missing, failed to answer in time, or the text is larger than 4 MB.
    """
    git = find_program("git", outside=root, path=environ.get("PATH"))
    if git is None:
        raise WorkspaceError("git is not installed", remedy="Install git")
    safe = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager", "-C", str(root))
    env = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    env |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    done = await run(
        [str(git), *safe, "cat-file", "blob", f"HEAD:./{path}"],
        cwd=root,
        env=env,
        timeout_s=_DEADLINE_S,
        output_limit=_MOST_BYTES,
        stdout_only=True,
    )
    if done.truncated or done.timed_out:
        raise WorkspaceError(f"git did not give the text of {path}", remedy="Look at git cat-file by hand")
    return done.output if done.exit_code == 0 else None


def _named(base: Path, name: str) -> Path:
    return Path(os.path.normpath(base / name.strip()))


def _small(file: Path) -> str:
    """The beginning of a plain file; a pipe that somebody planted there is never waited for."""
    with suppress(OSError):
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                return os.read(handle, _SMALL).decode("utf-8", "replace")
        finally:
            os.close(handle)
    return ""


def _looked_at(file: Path) -> tuple[int, int, int]:
    with suppress(OSError):
        found = file.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return 0, 0, 0
