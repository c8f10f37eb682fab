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

_MODE = 0o644


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
        try:
            self._check(changes)
            staged = self._stage(changes)
        except AgentLsError as error:
            return Landing(applied=False, reason=error.sentence())
        landed: list[FileChange] = []
        try:
            for change in changes:
                self._switch(change, staged.pop(change.path, None))
                landed.append(change)
        except OSError as error:
            missing = tuple(c.path for c in changes if c not in landed)
            return Landing(applied=False, landed=ChangeSet(tuple(landed)), missing=missing, reason=str(error))
        finally:
            for rest in staged.values():
                rest.unlink(missing_ok=True)
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
            if self._gate.read(change.source) != change.before:
                raise WorkspaceError(f"{change.source} changed in this moment", kept="No file was written")
            if change.source != change.path and self._gate.read(change.path) is not None:
                raise WorkspaceError(f"{change.path} exists already", kept="No file was written")

    def _stage(self, changes: ChangeSet) -> dict[RelPath, Path]:
        """The new texts, flushed, each in the folder where it will live."""
        staged: dict[RelPath, Path] = {}
        try:
            for change in changes:
                if change.after is not None:
                    staged[change.path] = self._write_beside(change, change.after)
        except OSError as error:
            for path in staged.values():
                path.unlink(missing_ok=True)
            name = Path(str(error.filename)).name if error.filename else "a file"
            raise WorkspaceError(
                f"{name} cannot be written here: {error.strerror}",
                kept="No file was changed; the plan is kept",
                remedy="Check the rights and the free space of the folder, then `agent-ls jobs apply`",
            ) from error
        return staged

    def _write_beside(self, change: FileChange, data: bytes) -> Path:
        target = self._root / change.path
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".agent-ls-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(self._mode(change))
        return Path(name)

    def _mode(self, change: FileChange) -> int:
        try:
            return stat.S_IMODE((self._root / change.source).lstat().st_mode)
        except OSError:
            mask = os.umask(0)
            os.umask(mask)
            return _MODE & ~mask

    def _switch(self, change: FileChange, staged: Path | None) -> None:
        if staged is not None:
            staged.replace(self._root / change.path)
        if change.after is None or change.source != change.path:
            gone = self._root / change.source
            gone.unlink()
            self._tidy(gone.parent)

    def _tidy(self, folder: Path) -> None:
        """Folders that a deletion emptied are gone, too, as in git."""
        with suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent
