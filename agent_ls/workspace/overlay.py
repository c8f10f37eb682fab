"""A draft: edits on top of a snapshot, in memory, until the editor lands them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath, parent
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.snapshot import Snapshot

_KEPT = "The draft is as it was"


@final
class Overlay:
    """The agent's workspace: reads fall through to the snapshot, writes stay here.

    `fork` gives a turn its own draft in time linear in the changed files; `adopt` commits it.
    """

    def __init__(self, base: Snapshot) -> None:
        self.base = base
        self._now: dict[RelPath, bytes | None] = {}
        self._origin: dict[RelPath, RelPath] = {}  # where a moved text lay in the snapshot

    def read(self, path: RelPath) -> bytes | None:
        """The text of a file in the draft, ``None`` where it is absent.

        Raises:
            WorkspaceError: it may not be read.
        """
        return self._now[path] if path in self._now else self.base.read(path)

    def exists(self, path: RelPath) -> bool:
        return self.read(path) is not None

    def files(self) -> tuple[RelPath, ...]:
        """Every listed file of the draft, sorted."""
        if not self._now:
            return self.base.files()
        listed = set(self.base.files())
        for path, data in self._now.items():
            (listed.discard if data is None else listed.add)(path)
        return tuple(sorted(listed))

    def write(self, path: RelPath, data: bytes) -> None:
        """Create a file or replace its whole text.

        Raises:
            WorkspaceError: protected, hidden, or below a path that is a file.
        """
        self._placeable(path)
        self.base.read(path)  # pinned now: the merge needs what this text replaces
        self._now[path] = data

    def delete(self, path: RelPath) -> None:
        """Take a file away.

        Raises:
            WorkspaceError: missing or protected.
        """
        self._need(path)
        self.base.gate.writable(path)
        self._drop(path)

    def move(self, old: RelPath, new: RelPath) -> None:
        """Move a file's text; edits of it before and after are kept as one change.

        Raises:
            WorkspaceError: ``old`` is missing, ``new`` exists, or one of them is protected.
        """
        data = self._need(old)
        self.base.gate.writable(old)
        if old == new:
            return
        self._placeable(new)
        if self.exists(new):
            raise WorkspaceError(
                f"{new} exists already", kept=_KEPT, remedy="Delete it first, or choose another path"
            )
        origin = self._origin.get(old, old)
        self._drop(old)
        self._now[new] = data
        if origin != new and self.base.read(origin) is not None:
            self._origin[new] = origin

    def changes(self) -> ChangeSet:
        """The draft as whole texts before and after.

        A move is one change as long as its source stays empty and its target was; else it is
        told as the deletion and the creation that it has become.
        """
        moves = {new: old for new, old in self._origin.items() if self._is_move(old, new)}
        sources = set(moves.values())
        found: list[FileChange] = []
        for path, after in self._now.items():
            if path in moves:
                found.append(FileChange(path, self.base.read(moves[path]), after, moves[path]))
            elif path not in sources:
                before = self.base.read(path)
                if before != after:
                    found.append(FileChange(path, before, after))
        return ChangeSet.of(found)

    def known(self) -> dict[RelPath, bytes | None]:
        """The texts that may differ from the disk of now (``None``: absent); every other file is as on disk."""
        return {**self.base.known(), **self._now}

    def fork(self) -> Overlay:
        """A draft of its own on the same snapshot."""
        other = Overlay(self.base)
        other.adopt(self)
        return other

    def adopt(self, other: Overlay) -> None:
        """Become what the other draft is."""
        self._now = dict(other._now)
        self._origin = dict(other._origin)

    def state(self, blobs: BlobStore) -> tuple[DraftFile, ...]:
        """The draft by content hashes, its texts kept in ``blobs``: what a journal records."""

        def put(data: bytes | None) -> str | None:
            return None if data is None else blobs.put(data)

        return tuple(
            DraftFile(change.path, put(change.before), put(change.after), change.moved_from)
            for change in self.changes()
        )

    @classmethod
    def restore(cls, base: Snapshot, blobs: BlobStore, files: Iterable[DraftFile]) -> Overlay:
        """The draft that `state` recorded, on a snapshot with the same pins.

        Raises:
            WorkspaceError: a text is no longer in ``blobs``.
        """
        draft = cls(base)
        files = tuple(files)
        for file in files:
            if file.moved_from is not None:
                draft._now[file.moved_from] = None
                draft._origin[file.path] = file.moved_from
        for file in files:
            draft._now[file.path] = None if file.after is None else blobs.get(file.after)
        return draft

    def _need(self, path: RelPath) -> bytes:
        data = self.read(path)
        if data is None:
            raise WorkspaceError(
                f"{path} does not exist", kept=_KEPT, remedy="Find the right path with find_files"
            )
        return data

    def _drop(self, path: RelPath) -> None:
        self._now[path] = None
        self._origin.pop(path, None)

    def _is_move(self, old: RelPath, new: RelPath) -> bool:
        return (
            self._now.get(old, b"") is None
            and self._now.get(new) is not None
            and self.base.read(new) is None
            and self.base.read(old) is not None
        )

    def _placeable(self, path: RelPath) -> None:
        self.base.gate.writable(path)
        above = parent(path)
        while above:
            if self._now.get(RelPath(above)) is not None:
                raise WorkspaceError(
                    f"{path} would lie below {above}, which is a file",
                    kept=_KEPT,
                    remedy="Choose another path",
                )
            above = parent(RelPath(above))
        below = path + "/"
        if any(p.startswith(below) and data is not None for p, data in self._now.items()):
            raise WorkspaceError(f"{path} is a folder in the draft", kept=_KEPT, remedy="Choose another path")
