"""Here agent-ls is its own editor: THE room that writes the user's files.

A change set lands whole or not at all: every text is compared first, every new text is
written beside its file and flushed, then the names are switched. What a crash between two
switches leaves is settled from the job's journal, which holds both sides.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import final

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import AgentLsError, WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.jobs.port import Buffer, Landing, Order
from agent_ls.jobs.views import JobView
from agent_ls.workspace.gate import Gate

_MODE = 0o666


class _StaleError(WorkspaceError):
    """A text is no longer what the change was made from."""


@final
class DiskPort:
    """The files of a folder as the command line sees them: no open documents, only the disk."""

    def __init__(
        self,
        root: Path,
        *,
        on_job: Callable[[JobView], None] = lambda _view: None,
        on_notice: Callable[[str, str], None] = lambda _text, _severity: None,
    ) -> None:
        self._gate = Gate(root)
        self._root = self._gate.root
        self._on_job = on_job
        self._on_notice = on_notice

    def buffers(self) -> Mapping[RelPath, Buffer]:
        return {}

    def read(self, path: RelPath) -> bytes | None:
        try:
            return self._gate.read(path)
        except WorkspaceError:
            return None

    async def land(self, changes: ChangeSet, order: Order) -> Landing:  # noqa: ARG002
        made: list[Path] = []
        try:
            self._check(changes)
            staged = self._stage(changes, made)
        except AgentLsError as error:
            self._tidy(made)
            return Landing(applied=False, reason=error.sentence(), stale=isinstance(error, _StaleError))
        landed: list[FileChange] = []
        try:
            for change in changes:
                self._compare(change)  # again: staging takes a while, and an editor may have saved
                self._switch(change, staged)
                landed.append(change)
        except (OSError, AgentLsError) as error:
            missing = tuple(c.path for c in changes if c not in landed)
            reason = error.sentence() if isinstance(error, AgentLsError) else _words(error)
            stale = not landed and isinstance(error, _StaleError)
            return Landing(
                applied=False, landed=ChangeSet(tuple(landed)), missing=missing, reason=reason, stale=stale
            )
        finally:
            for rest in staged.values():
                rest.unlink(missing_ok=True)
            self._tidy(made)
        return Landing(applied=True, landed=changes)

    def job_changed(self, view: JobView) -> None:
        self._on_job(view)

    def notice(self, text: str, severity: str = "info") -> None:
        self._on_notice(text, severity)

    # --- writing ----------------------------------------------------------------------

    def _check(self, changes: ChangeSet) -> None:
        """Every text is still what the plan takes it for, and may be written."""
        for change in changes:
            for path in {change.path, change.source}:
                self._gate.writable(path)
            self._compare(change)

    def _compare(self, change: FileChange) -> None:
        if self._gate.read(change.source) != change.before:
            raise _StaleError(f"{change.source} changed in this moment", kept="No file was written")
        if change.source != change.path and self._gate.read(change.path) is not None:
            raise _StaleError(f"{change.path} exists already", kept="No file was written")

    def _stage(self, changes: ChangeSet, made: list[Path]) -> dict[RelPath, Path]:
        """The new texts, flushed, each in the folder where it will live; ``made``: the folders that are new."""
        staged: dict[RelPath, Path] = {}
        path = RelPath("")
        try:
            for change in changes:
                path = change.path
                self._may_leave(change)
                if change.after is not None:
                    staged[path] = self._write_beside(change, change.after, made)
        except OSError as error:
            for beside in staged.values():
                beside.unlink(missing_ok=True)
            raise WorkspaceError(
                f"{path} cannot be written: {error.strerror}",
                kept="No file was changed; the plan is kept",
                remedy="Check the rights and the free space of its folder, then `agent-ls jobs apply`",
            ) from error
        return staged

    def _may_leave(self, change: FileChange) -> None:
        """A file leaves through its folder: know before anything is switched that it can."""
        folder = (self._root / change.source).parent
        if (change.after is None or change.source != change.path) and not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied", str(folder))

    def _write_beside(self, change: FileChange, data: bytes, made: list[Path]) -> Path:
        target = self._root / change.path
        made += _make_folders(target.parent)
        handle, name = tempfile.mkstemp(prefix=".agent-ls-", dir=target.parent)
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                self._dress(change, file.fileno())
                os.fsync(file.fileno())
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        return beside

    def _dress(self, change: FileChange, handle: int) -> None:
        """The file's own mode and owner, or those of any new file."""
        try:
            own = (self._root / change.source).lstat()
        except FileNotFoundError:
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(handle, _MODE & ~mask)
            return
        fresh = os.fstat(handle)
        if (own.st_uid, own.st_gid) != (fresh.st_uid, fresh.st_gid):
            with suppress(PermissionError):  # a group that is not ours: as when any editor saves
                os.fchown(handle, own.st_uid, own.st_gid)
        os.fchmod(handle, stat.S_IMODE(own.st_mode))

    def _switch(self, change: FileChange, staged: dict[RelPath, Path]) -> None:
        if change.path in staged:
            staged[change.path].replace(self._root / change.path)
            del staged[change.path]
        if change.after is None or change.source != change.path:
            gone = self._root / change.source
            gone.unlink()
            self._tidy([p for p in gone.parents if p != self._root and p.is_relative_to(self._root)])

    def _tidy(self, folders: list[Path]) -> None:
        """Folders that are empty now are gone, too, as in git; the deepest first."""
        for folder in sorted(folders, key=lambda p: len(p.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()


def _make_folders(folder: Path) -> list[Path]:
    """Make a folder with its parents; those that were not there."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _words(error: OSError) -> str:
    name = Path(str(error.filename)).name if error.filename else "a file"
    return f"{name} cannot be written: {error.strerror}"
