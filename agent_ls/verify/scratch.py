"""A draft made real, elsewhere: the tree in which checks and engines run.

Warm copies live in numbered slots below the workspace's state folder, each under a lock: the
first free one is taken, so that a few jobs check at the same time and each start is warm.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import CheckError, WorkspaceError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.core.text import content_hash, decode
from agent_ls.verify.listing import Listing, list_live
from agent_ls.verify.tree import WarmTree
from agent_ls.workspace.gate import open_beneath
from agent_ls.workspace.ignore import Rules
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.state import private_dir

_SLOTS = 4
_WAIT_S = 600.0
_POLL_S = 0.05
_MOST_CHANGES = 2000
_LISTING_S = 20.0


@final
@dataclass(frozen=True, slots=True)
class Harvest:
    """What a program did to the tree. ``left_out``: what is not taken over, with the reason."""

    changes: ChangeSet
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])


@final
class Scratch:
    """One slot, held until `close`. ``tree`` stands for the workspace's root."""

    def __init__(self, root: Path, slot: Path, lock: int) -> None:
        self.root = Path(os.path.realpath(root))
        self.tree_hash = ""
        self.dependencies: Mapping[RelPath, Path] = {}
        self._lock = lock
        self._slot = slot
        self._warm = WarmTree(slot, self.root)
        self._draft: Overlay | None = None
        self._listed: tuple[Rules, float, Listing] | None = None

    @classmethod
    async def prepare(cls, root: Path, draft: Overlay, scratch_dir: Path) -> Scratch:
        """Take a slot and lay a draft in it.

        ``root`` is the workspace that ``draft`` is a draft of; ``scratch_dir`` its
        `StateDirs.scratch`. Waits while all slots are taken.

        Raises:
            CheckError: no slot came free in ten minutes, or the copy cannot be made.
        """
        try:
            slot, lock = await _take_slot(private_dir(scratch_dir))
        except OSError as error:
            raise _no_copy(error) from error
        scratch = cls(root, slot, lock)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(scratch.close)
            await scratch.lay(draft)
            undo.pop_all()
        return scratch

    @property
    def tree(self) -> Path:
        return self._warm.tree

    @property
    def draft(self) -> Overlay:
        """The draft that was laid last."""
        assert self._draft is not None  # noqa: S101 - `prepare` lays one
        return self._draft

    @property
    def written(self) -> int:
        """How many files the last `lay` had to write: the rest was warm."""
        return self._warm.written

    async def lay(self, draft: Overlay) -> None:
        """Make the tree hold a draft, and only that: what ran before leaves no trace.

        Texts that the draft's snapshot has pinned, and open documents, go before the disk of now.

        Raises:
            CheckError: the copy cannot be made, with the system's reason.
        """
        try:
            await asyncio.to_thread(self._lay, draft)
        except OSError as error:
            raise _no_copy(error) from error
        self._draft = draft

    def link_dependencies(self) -> None:
        """For a run without sandbox: installed packages by link, since nothing can be mounted."""
        self._warm.link_dependencies(self.dependencies)

    async def harvest(self) -> Harvest:
        """What the program that ran in the tree changed, as a change set on the laid draft.

        Only text within the workspace's rules is taken; the tree may hold anything, so files are
        opened without following links.

        Raises:
            CheckError: the tree cannot be read at all.
        """
        try:
            return await asyncio.to_thread(self._harvest)
        except OSError as error:
            raise _no_copy(error) from error

    async def close(self) -> None:
        """Give the slot back; the tree stays warm for the next."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _lay(self, draft: Overlay) -> None:
        listing = self._listing(draft)
        closed = {*listing.dependencies, *listing.links}
        texts = {
            path: data for path, data in draft.known().items() if not any(f in closed for f in _parents(path))
        }
        self.dependencies = listing.dependencies
        self.tree_hash = self._warm.lay(listing, texts)

    def _listing(self, draft: Overlay) -> Listing:
        """The live tree; within one round of checks as it was a moment ago, so that all look at the same."""
        rules, now = draft.base.gate.rules, time.monotonic()
        if self._listed is None or self._listed[0] is not rules or now - self._listed[1] > _LISTING_S:
            self._listed = (rules, now, list_live(rules))
        return self._listed[2]

    def _harvest(self) -> Harvest:
        drift = self._warm.drift()
        left_out = dict.fromkeys(drift.odd, "not a regular file")
        found: list[FileChange] = []
        for text in (*drift.changed, *drift.added, *drift.deleted):
            reason = "too many files" if len(found) >= _MOST_CHANGES else ""
            change = None
            if not reason:
                change, reason = self._change(text)
            if reason:
                left_out[text] = reason
            elif change is not None:
                found.append(change)
        return Harvest(ChangeSet.of(found), left_out)

    def _change(self, text: str) -> tuple[FileChange | None, str]:
        """One drifted path as a change, or the reason why it is left out; neither where nothing changed."""
        rules = self.draft.base.gate.rules
        try:
            path = rel_path(text)
            if path != text:
                return None, "not a usable name"
            laid = self._warm.digest(path)
            after = _read(self.tree, path, rules)
            if laid is None and (hidden := rules.reason(path)):
                return None, "" if hidden == "built_in" else hidden  # a tool's cache is nobody's news
            if (content_hash(after) if after is not None else None) == laid:
                return None, ""
            if after is not None and decode(after) is None:
                return None, "not UTF-8 text"
            self.draft.base.gate.writable(path)
            before = self.draft.read(path)
        except WorkspaceError as error:
            return None, error.what
        if (None if before is None else content_hash(before)) != laid:
            return None, "it changed on disk while the program ran"
        return FileChange(path, before, after), ""


def _read(tree: Path, path: RelPath, rules: Rules) -> bytes | None:
    try:
        handle = open_beneath(tree, path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkspaceError(f"it cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        data = file.read(rules.read_bytes + 1)
    if len(data) > rules.read_bytes:
        raise WorkspaceError(f"it is larger than {rules.read_bytes} bytes")
    return data


async def _take_slot(folder: Path) -> tuple[Path, int]:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        for number in range(_SLOTS):
            slot = private_dir(folder / f"slot-{number}")
            lock = os.open(slot / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            return slot, lock
        await asyncio.sleep(_POLL_S)
    raise CheckError(
        "No scratch tree came free within ten minutes",
        kept="The draft is kept",
        remedy="Cancel a job whose checks hang, then check again",
    )


def _no_copy(error: BaseException) -> CheckError:
    return CheckError(
        f"The scratch tree could not be made: {error}",
        kept="The draft is kept and your files are untouched",
        remedy="Check the free space and permissions of the state folder",
    )


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
