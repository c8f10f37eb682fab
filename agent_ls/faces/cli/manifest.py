"""The proof that a folder was left as it was: every file's content, before and after."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.workspace.scan import scan

_CHUNK = 1 << 20


@final
@dataclass(frozen=True, slots=True)
class Manifest:
    """Hashes of the project's files; of everything else below the folder (ignored files, ``.git``) size and time."""

    hashed: Mapping[str, str]
    stamped: Mapping[str, tuple[int, int]]

    def differences(self, later: Manifest) -> list[str]:
        """Paths that are not as they were, sorted."""
        names = {*self.hashed, *later.hashed, *self.stamped, *later.stamped}
        return sorted(
            name
            for name in names
            if self.hashed.get(name) != later.hashed.get(name)
            or self.stamped.get(name) != later.stamped.get(name)
        )


def manifest(root: Path) -> Manifest:
    """Look at every file below a folder. Cost: reads the project's files, stats the others."""
    ours = {file.path for file in scan(root).files}
    hashed: dict[str, str] = {}
    stamped: dict[str, tuple[int, int]] = {}
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        info = path.lstat()
        if name in ours:
            hashed[name] = _hash(path)
        else:
            stamped[name] = (info.st_size, info.st_mtime_ns)
    return Manifest(hashed, stamped)


def _files(root: Path) -> Iterator[Path]:
    for folder, _folders, names in os.walk(root):
        for name in names:
            yield Path(folder) / name


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
