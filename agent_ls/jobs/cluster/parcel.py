"""A workspace as a value that travels: names and content hashes; the bytes follow where they are missing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.core.text import content_hash
from agent_ls.verify.listing import Stamp, list_live
from agent_ls.workspace.gate import open_beneath
from agent_ls.workspace.ignore import Rules

_MOST_BYTES: Final = 500_000_000


@final
@dataclass(frozen=True, slots=True)
class Parcel:
    """What a scratch tree of the workspace may hold, no more: no secrets, no ``.git``, nothing that is ignored.

    ``files``: content hash by path. ``executable``: those with that mode. ``links``: relative targets.
    """

    files: Mapping[RelPath, str] = field(default_factory=dict[RelPath, str])
    executable: tuple[RelPath, ...] = ()
    links: Mapping[RelPath, str] = field(default_factory=dict[RelPath, str])

    @property
    def snapshot(self) -> str:
        """Names the whole content: equal parcels have one checkout on a node."""
        parts = [sorted(self.files.items()), sorted(self.executable), sorted(self.links.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@final
class Packer:
    """Packs one workspace again and again; a file whose stamp has not changed is not read again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[RelPath, tuple[Stamp, str]] = {}

    def pack(self) -> Parcel:
        """The workspace as it lies on the disk of now. Blocks: one stat per file, and a read per changed one.

        Raises:
            WorkspaceError: it is too large to travel.
        """
        listing = list_live(Rules(self._root))
        if sum(stamp[0] for stamp, _ in listing.files.values()) > _MOST_BYTES:
            raise WorkspaceError(
                f"The workspace is larger than {_MOST_BYTES // 10**6} MB, too large for the cluster",
                kept="Nothing was changed",
                remedy="Exclude what is not needed (.agentignore), or run without [cluster] in config.toml",
            )
        known: dict[RelPath, tuple[Stamp, str]] = {}
        for path, (stamp, _) in listing.files.items():
            before = self._known.get(path)
            if before is not None and before[0] == stamp:
                known[path] = before
            elif (data := self._read(path)) is not None:
                known[path] = (stamp, content_hash(data))
        self._known = known
        executable = tuple(sorted(path for path in known if listing.files[path][1]))
        return Parcel({path: digest for path, (_, digest) in known.items()}, executable, listing.links)

    def content(self, path: RelPath, digest: str) -> bytes | None:
        """A packed file's bytes; ``None`` where it has changed since."""
        data = self._read(path)
        return data if data is not None and content_hash(data) == digest else None

    def _read(self, path: RelPath) -> bytes | None:
        try:
            with os.fdopen(open_beneath(self._root, path), "rb") as file:
                return file.read()
        except OSError:
            return None
