"""What every kind of attempt stands on: the snapshot, the draft, the record of an earlier run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.agent.history import History, fold
from agent_ls.core.attempt import AttemptRequest, DraftFile
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.index.query import Index
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot


@final
@dataclass(frozen=True, slots=True)
class Ground:
    """One attempt's ground. ``draft`` is what the last recorded turn left."""

    request: AttemptRequest
    root: Path
    blobs_dir: Path
    blobs: BlobStore
    snapshot: Snapshot
    draft: Overlay
    history: History
    index: Index

    def peek(self, path: RelPath) -> bytes | None:
        """The text of a file as the snapshot has it, without pinning it: for what only our own code reads."""
        try:
            if path in self.snapshot.pins or path in self.request.buffers:
                return self.snapshot.read(path)
            return self.snapshot.gate.read(path)
        except WorkspaceError:
            return None

    def keep(self, draft: Overlay) -> tuple[tuple[DraftFile, ...], Mapping[RelPath, str | None]]:
        """Put a draft's texts into the job's blobs: the draft by hashes, and the pins that are new."""
        return draft.state(self.blobs), self.snapshot.take_new_pins()


async def open_ground(request: AttemptRequest) -> Ground:
    """Open the workspace as the request describes it, at the point where its record ends.

    Raises:
        WorkspaceError: the folder cannot be read, or a kept text is missing or damaged.
        CodecError: the record does not read.
    """
    history = fold(request.resume)
    root = Path(request.root)
    blobs_dir = Path(request.job_dir) / "blobs"
    blobs = BlobStore(blobs_dir)
    buffers = {path: blobs.get(digest) for path, digest in request.buffers.items()}
    snapshot = Snapshot(root, buffers, blobs, pins=history.pins)
    # The one long disk walk; a daemon-less thread is fine here because the worker leaves by os._exit.
    await asyncio.to_thread(snapshot.files)
    draft = Overlay.restore(snapshot, blobs, history.draft if history.turns else request.plan)
    return Ground(request, root, blobs_dir, blobs, snapshot, draft, history, Index(Path(request.index_db)))
