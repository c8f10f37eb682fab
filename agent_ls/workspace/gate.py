"""The one door for paths that a model, a script or an engine names.

A `RelPath` is lexically inside; here the disk is asked as well. Reading goes part by part with
``O_NOFOLLOW`` relative to the folder above, so that a link swapped in between the check and
the use makes the open fail instead of leading outside.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from agent_ls.core.errors import OutsideWorkspaceError, WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace import names
from agent_ls.workspace.ignore import Rules

_WORDS = {
    "built_in": "it belongs to tools, not to the project's text",
    "secret": "its name says that it holds credentials",
    "ignored": "the workspace's ignore rules hide it",
    "agentignore": ".agentignore hides it",
}
_DIR_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # NONBLOCK: a FIFO must not hang us
_GONE = (errno.ENOENT, errno.ENOTDIR)


@final
class Gate:
    """Says what of a workspace may be read and written, and reads it safely. Touches the disk, writes nothing."""

    def __init__(self, root: Path, rules: Rules | None = None) -> None:
        self.rules = rules or Rules(root)
        self.root = self.rules.root

    def allowed(self, path: RelPath) -> None:
        """Whether a path may be looked at, by its name and the ignore rules alone (buffers included).

        Raises:
            WorkspaceError: hidden, with the reason.
        """
        reason = self.rules.reason(path)
        if reason == "secret" or names.is_secret(path):
            raise _refused(path, "secret")
        if reason == "built_in" and self._dependency(path):
            reason = "agentignore" if self.rules.agentignored(path) else ""
        if reason:
            raise _refused(path, reason)

    def readable(self, path: RelPath) -> None:
        """Whether a file may be read; an absent one may (it reads as absent).

        Raises:
            OutsideWorkspaceError: a link leads outside.
            WorkspaceError: hidden, no regular file, or too large, with the reason.
        """
        self.allowed(path)
        with self._open(self._real(path)) as handle:
            if handle is not None:
                self._regular(path, os.fstat(handle))

    def writable(self, path: RelPath) -> None:
        """Whether a draft may create, change or delete a file.

        Raises:
            OutsideWorkspaceError: a link in the path leads outside.
            WorkspaceError: hidden, protected, in a dependency, below a file, or through a link.
        """
        if protected := names.protection(path):
            raise WorkspaceError(
                f"{path} is protected: {protected}",
                kept="The draft is as it was",
                remedy="Describe the wanted change in the summary; a person makes it",
            )
        if reason := self.rules.reason(path):
            raise _refused(path, reason)
        real = self._real(path)
        if real != path:
            raise WorkspaceError(
                f"{path} is a link to {real}", kept="The draft is as it was", remedy=f"Work on {real} instead"
            )
        self._placeable(path)

    def marked(self, path: RelPath) -> str:
        """Why a change of a writable path deserves a person's second look, or ``""``."""
        if reason := names.mark(path):
            return reason
        with self._open(path) as handle:
            if handle is not None and os.fstat(handle).st_nlink > 1:
                return "it is a hard link: the same file has another name"
        return ""

    def resolve(self, path: RelPath) -> Path:
        """Where a path really lies, links followed, known to be inside and not hidden there.

        Raises:
            OutsideWorkspaceError: a link leads outside.
            WorkspaceError: hidden.
        """
        self.allowed(path)
        return self.root / self._real(path)

    def read(self, path: RelPath) -> bytes | None:
        """A file's bytes, ``None`` where there is none; checks and reads the same open file.

        Raises:
            WorkspaceError: as `readable`, or the system refuses to read it.
        """
        self.allowed(path)
        with self._open(self._real(path)) as handle:
            if handle is None:
                return None
            status = os.fstat(handle)
            self._regular(path, status)
            try:
                return _read_all(handle, self.rules.read_bytes + 1)
            except OSError as error:
                raise _unreadable(path, error) from error

    def _dependency(self, path: RelPath) -> bool:
        """Whether a path that is hidden by a built-in name lies among installed packages."""
        return names.is_dependency(path) and names.VCS.isdisjoint(map(names.folded, path.split("/")))

    def _real(self, path: RelPath) -> RelPath:
        """The path with links followed; raises where that leaves the workspace or meets what is hidden."""
        plain = os.path.join(self.root, path)  # noqa: PTH118 - a hot path
        real = os.path.realpath(plain)
        if real == plain:
            return path
        inside = os.path.relpath(real, self.root)
        if inside == ".." or inside.startswith("../"):
            raise OutsideWorkspaceError(
                f"{path} is a link that leads out of the workspace",
                remedy="Only files inside the workspace can be used",
            )
        self.allowed(RelPath(inside))
        return RelPath(inside)

    @contextmanager
    def _open(self, path: RelPath) -> Generator[int | None]:
        """Open a file part by part without following any link; ``None`` where it does not exist."""
        try:
            handle = open_beneath(self.root, path)
        except OSError as error:
            if error.errno in _GONE:
                yield None
                return
            if error.errno == errno.ELOOP:
                raise OutsideWorkspaceError(
                    f"{path} became a link while it was opened",
                    remedy="Try again when nothing else changes it",
                ) from error
            raise _unreadable(path, error) from error
        try:
            yield handle
        finally:
            os.close(handle)

    def _regular(self, path: RelPath, status: os.stat_result) -> None:
        if stat.S_ISDIR(status.st_mode):
            raise WorkspaceError(f"{path} is a folder", remedy="Name a file below it")
        if not stat.S_ISREG(status.st_mode):
            raise WorkspaceError(
                f"{path} is no regular file (a pipe, socket or device)",
                remedy="Only regular files can be used",
            )
        if status.st_size > self.rules.read_bytes:
            raise WorkspaceError(
                f"{path} is too large to read ({status.st_size} bytes; the limit is {self.rules.read_bytes})",
                remedy="Work on a smaller part of the project",
            )

    def _placeable(self, path: RelPath) -> None:
        try:
            status = (self.root / path).lstat()
        except FileNotFoundError:
            return
        except NotADirectoryError:
            raise WorkspaceError(
                f"{path} lies below something that is a file", remedy="Choose another path"
            ) from None
        except OSError as error:
            raise _unreadable(path, error) from error
        self._regular(path, status)


def open_beneath(root: Path, path: str) -> int:
    """Open a file for reading below a folder, following no link in any part of ``path``.

    Raises:
        OSError: ENOENT or ENOTDIR where it is absent, ELOOP where a part is a link.
    """
    *folders, last = path.split("/")
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            try:
                below = os.open(folder, _DIR_FLAGS, dir_fd=here)
            except NotADirectoryError:
                # O_DIRECTORY hides ELOOP: tell a link from a file, so that no link reads as "absent".
                if stat.S_ISLNK(os.stat(folder, dir_fd=here, follow_symlinks=False).st_mode):
                    raise OSError(errno.ELOOP, "a link in the path", path) from None
                raise
            os.close(here)
            here = below
        return os.open(last, _FILE_FLAGS, dir_fd=here)
    finally:
        os.close(here)


def _read_all(handle: int, limit: int) -> bytes:
    chunks: list[bytes] = []
    while limit > 0 and (chunk := os.read(handle, min(limit, 1 << 20))):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


def _refused(path: RelPath, reason: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path} cannot be used: {_WORDS[reason]}",
        kept="Nothing was read or changed",
        remedy="Work without it, or ask the user for the part that is needed",
    )


def _unreadable(path: RelPath, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{path} cannot be read: {error.strerror}", kept="Nothing was changed", remedy="Check its permissions"
    )
