"""An editor on paper: open documents in memory, the rest on disk, and every way an editor can answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import RelPath
from agent_ls.jobs.port import Buffer, Landing, Order
from agent_ls.jobs.views import JobView


class PaperEditor:
    """Implements `EditorPort`. ``mode``: land, refuse, half, lie (lands, answers no), hang."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open: dict[RelPath, Buffer] = {}
        self.mode = "land"
        self.typed_meanwhile: Callable[[], None] | None = None
        self.views: list[JobView] = []
        self.notices: list[str] = []
        self.turn_line_ends = False
        self.asked = 0
        self.orders: list[Order] = []
        self.hanging = asyncio.Event()

    def type(self, path: str, text: bytes, *, saved: bool = False) -> None:
        old = self.open.get(RelPath(path))
        version = (old.version or 0) + 1 if old else 1
        self.open[RelPath(path)] = Buffer(text, version, saved)

    def write(self, path: str, text: bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)

    def buffers(self) -> Mapping[RelPath, Buffer]:
        return dict(self.open)

    def read(self, path: RelPath) -> bytes | None:
        if path in self.open:
            return self.open[path].data
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None

    async def land(self, changes: ChangeSet, order: Order) -> Landing:
        self.asked += 1
        self.orders.append(order)
        if self.typed_meanwhile is not None:
            typing, self.typed_meanwhile = self.typed_meanwhile, None
            typing()
        if any(self.read(change.source) != change.before for change in changes):
            return Landing(applied=False, reason="the text has changed", stale=True)
        if self.mode == "refuse":
            return Landing(applied=False, reason="the user said no")
        if self.mode == "hang":
            self.hanging.set()
            await asyncio.Event().wait()
        done = [changes.changes[0]] if self.mode == "half" else list(changes)
        for change in done:
            self._put(change)
        if self.mode == "lie":
            return Landing(applied=False, reason="no reason")
        missing = tuple(change.path for change in changes if change not in done)
        return Landing(applied=True, landed=ChangeSet.of(done), missing=missing)

    def _put(self, change: FileChange) -> None:
        if change.moved_from is not None:
            self.open.pop(change.moved_from, None)
            (self.root / change.moved_from).unlink()
        if change.after is None:
            self.open.pop(change.path, None)
            (self.root / change.path).unlink()
        elif change.path in self.open:
            self.type(change.path, change.after)
        elif self.turn_line_ends:
            self.write(change.path, change.after.replace(b"\r\n", b"\n"))
        else:
            self.write(change.path, change.after)

    def job_changed(self, view: JobView) -> None:
        self.views.append(view)

    def notice(self, text: str, severity: str = "info") -> None:
        self.notices.append(text)
