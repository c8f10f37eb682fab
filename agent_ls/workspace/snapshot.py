"""A workspace at one moment: open documents, and each file as it was when it was first read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.gate import Gate
from agent_ls.workspace.ignore import Rules
from agent_ls.workspace.scan import scan


@final
class Snapshot:
    """What one attempt sees of the workspace. Never changes under it, whatever the user saves.

    The first read of a path pins it (its text goes into ``blobs``), so that every later read,
    the merge and a resumed attempt see the same bytes. ``pins`` given from an earlier run win
    over buffers and disk for that reason.
    """

    def __init__(
        self,
        root: Path,
        buffers: Mapping[RelPath, bytes],
        blobs: BlobStore,
        rules: Rules | None = None,
        pins: Mapping[RelPath, str | None] | None = None,
    ) -> None:
        self.gate = Gate(root, rules)
        self.root = self.gate.root
        self.pins: dict[RelPath, str | None] = dict(pins or {})
        # Only what may be seen: an editor opens anything, through any link.
        self._buffers = {path: data for path, data in buffers.items() if self._visible(path)}
        self._blobs = blobs
        self._texts: dict[RelPath, bytes | None] = {}
        self._new: dict[RelPath, str | None] = {}
        self._files: tuple[RelPath, ...] | None = None

    def read(self, path: RelPath) -> bytes | None:
        """The text of a file, ``None`` where it was absent at its first read.

        Raises:
            WorkspaceError: it may not be read (see `Gate.readable`), or a pinned text is lost.
        """
        if path in self._texts:
            return self._texts[path]
        self.gate.allowed(path)
        if path in self.pins:
            digest = self.pins[path]
            data = None if digest is None else self._blobs.get(digest)
        else:
            data = self._buffers[path] if path in self._buffers else self.gate.read(path)
            self.pins[path] = self._new[path] = None if data is None else self._blobs.put(data)
        self._texts[path] = data
        return data

    @property
    def unsaved(self) -> frozenset[RelPath]:
        """The open documents whose texts are seen here instead of the disk's."""
        return frozenset(self._buffers)

    def files(self) -> tuple[RelPath, ...]:
        """Every listed file, open documents included, sorted; walked once."""
        if self._files is None:
            listed = {file.path for file in scan(self.root, self.gate.rules).files}
            self._files = tuple(sorted(listed.union(self._buffers)))
        return self._files

    def known(self) -> dict[RelPath, bytes | None]:
        """The texts that may differ from the disk of now: open documents and what is pinned."""
        return {path: self.read(path) for path in (*self._buffers, *self.pins) if self._visible(path)}

    def take_new_pins(self) -> dict[RelPath, str | None]:
        """The pins made since the last call: what the next record of the journal must hold."""
        taken, self._new = self._new, {}
        return taken

    def _visible(self, path: RelPath) -> bool:
        """Whether a path, and what it leads to if it is a link, may be looked at."""
        try:
            self.gate.resolve(path)
        except WorkspaceError:
            return False
        return True
