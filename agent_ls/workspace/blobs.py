"""Texts by content: what a job has read and written, kept until the job is purged."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.text import content_hash
from agent_ls.workspace.state import private_dir

_HASH = re.compile(r"[0-9a-f]{64}\Z")


@final
class BlobStore:
    """A folder of immutable files named by the SHA-256 of what they hold, each 0600.

    Safe for several processes: a blob appears whole by rename, and the same bytes always
    have the same name. The folder is made at the first `put`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep a text and return its hash. On return it survives a crash of the process or machine.

        Raises:
            WorkspaceError: the disk does not take it.
        """
        try:
            return self._put(data)
        except OSError as error:
            raise WorkspaceError(
                f"A text could not be kept: {error.strerror}",
                kept="Your files are untouched, and so is what was kept before",
                remedy="Make room in the state directory, then resume or start the job again",
            ) from error

    def _put(self, data: bytes) -> str:
        digest = content_hash(data)
        target = self._path(digest)
        if target.exists():
            return digest
        folder = private_dir(target.parent)
        handle, temporary = tempfile.mkstemp(prefix=".new-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of a hash.

        Raises:
            WorkspaceError: it is not there, or what is there is damaged.
        """
        try:
            data = self._path(digest).read_bytes()
        except OSError as error:
            raise WorkspaceError(
                f"A kept text is missing ({digest[:12]})",
                kept="Your files are untouched",
                remedy="Start the job again",
            ) from error
        if content_hash(data) != digest:
            raise WorkspaceError(
                f"A kept text is damaged ({digest[:12]})",
                kept="Your files are untouched",
                remedy="Start the job again",
            )
        return data

    def has(self, digest: str) -> bool:
        return bool(_HASH.match(digest)) and self._path(digest).exists()

    def digests(self) -> list[str]:
        """The hashes of everything that is kept."""
        found = (path.parent.name + path.name for path in self._folder.glob("??/*"))
        return sorted(digest for digest in found if _HASH.match(digest))

    def _path(self, digest: str) -> Path:
        # Digests come from journals and pipes: anything else than a hash could name another file.
        if not _HASH.match(digest):
            raise WorkspaceError(f"Not a content hash: {digest[:80]!r}", remedy="Start the job again")
        return self._folder / digest[:2] / digest[2:]
