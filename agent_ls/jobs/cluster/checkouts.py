"""On a node: the checkouts that were made, and the bytes they were made of, kept warm."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import rel_path
from agent_ls.core.text import content_hash
from agent_ls.jobs.cluster.parcel import Parcel
from agent_ls.workspace.state import private_dir

_KEPT: Final = 8  # checkouts; their bytes go with them


@final
class Checkout:
    """One tree, in use until `close`: it is not cleared away meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_dir(folder)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._lock)

    @property
    def tree(self) -> Path:
        return self._folder / "tree"

    @property
    def index_db(self) -> Path:
        return self._folder / "index.db"

    @property
    def warm(self) -> bool:
        return self.tree.is_dir()


@final
class Checkouts:
    """Below one folder of a node. All methods block; `OSError` where the disk fails."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_dir(folder)
        self._bytes = private_dir(folder / "bytes")

    def take(self, snapshot: str) -> Checkout:
        """The place of a snapshot, warm or still to be filled."""
        checkout = Checkout(self._folder / "trees" / snapshot)
        os.utime(self._folder / "trees" / snapshot)
        return checkout

    def missing(self, digests: Iterable[str]) -> list[str]:
        """The contents that are not here yet."""
        return sorted({digest for digest in digests if not self._place(digest).exists()})

    def keep(self, contents: Mapping[str, bytes]) -> None:
        """Take contents in; what is not what its hash says is passed over."""
        for digest, data in contents.items():
            if content_hash(data) == digest:
                place = self._place(digest)
                place.parent.mkdir(exist_ok=True)
                handle, temporary = tempfile.mkstemp(dir=place.parent)
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(temporary).replace(place)

    def fill(self, checkout: Checkout, parcel: Parcel) -> None:
        """Make the tree of a parcel whose contents are all here; it appears whole.

        Raises:
            WorkspaceError: a content is missing or damaged, or a name leads out of the tree.
        """
        fresh = Path(tempfile.mkdtemp(dir=private_dir(self._folder / "new")))
        executable = frozenset(parcel.executable)
        for path, digest in parcel.files.items():
            place = fresh / rel_path(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            data = self._place(digest).read_bytes()
            if content_hash(data) != digest:
                self._place(digest).unlink()
                raise WorkspaceError(f"A kept text of {path} is damaged", remedy="It is sent again")
            place.write_bytes(data)
            if path in executable:
                place.chmod(0o755)
        for path, target in parcel.links.items():
            place = fresh / rel_path(path)
            inside = os.path.normpath(place.parent / target)
            if not Path(inside).is_relative_to(fresh):
                raise WorkspaceError(f"The link {path} leads out of the workspace")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)
        with suppress(OSError):  # another attempt of the same snapshot was quicker
            fresh.rename(checkout.tree)
        shutil.rmtree(fresh, ignore_errors=True)

    def tidy(self) -> None:
        """Clear away the checkouts beyond the newest eight that nobody uses."""
        trees = private_dir(self._folder / "trees")
        newest = sorted(trees.iterdir(), key=lambda place: place.stat().st_mtime, reverse=True)
        for old in newest[_KEPT:]:
            with suppress(OSError):
                lock = os.open(old / "lock", os.O_RDWR | os.O_CLOEXEC)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(old, ignore_errors=True)
                finally:
                    os.close(lock)
        if len(newest) > _KEPT:  # what the others share is sent again when it is needed
            shutil.rmtree(self._bytes, ignore_errors=True)

    def _place(self, digest: str) -> Path:
        if len(digest) != 64 or not digest.isalnum():
            raise WorkspaceError(f"Not a content hash: {digest[:80]!r}")
        return self._bytes / digest[:2] / digest[2:]
