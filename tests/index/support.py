"""Small workspaces with a fact store, made without any process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from agent_ls.core.paths import RelPath
from agent_ls.index.aliases import read_aliases
from agent_ls.index.names import language_of
from agent_ls.index.pack import pack_file
from agent_ls.index.query import Index
from agent_ls.index.store import Store

SECTION = re.compile(r"^-- (\S+) --\n", re.MULTILINE)


def files_of(text: str) -> dict[RelPath, bytes]:
    """Files from ``-- path --`` sections."""
    parts = SECTION.split(text)
    return {RelPath(path): body.encode() for path, body in zip(parts[1::2], parts[2::2], strict=True)}


def cursor_of(files: Mapping[RelPath, bytes]) -> tuple[dict[RelPath, bytes], RelPath, int]:
    """The files without their one ``$0``, and where it stood."""
    [path] = [path for path, data in files.items() if b"$0" in data]
    offset = files[path].index(b"$0")
    return {p: d.replace(b"$0", b"") for p, d in files.items()}, path, offset


def write_all(root: Path, files: Mapping[RelPath, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def index_of(tmp: Path, files: Mapping[RelPath, bytes]) -> Index:
    """A store of these files' facts, packed in this process."""
    return Index(store_at(tmp / "state" / "index.db", files))


def store_at(db: Path, files: Mapping[RelPath, bytes]) -> Path:
    store = Store(db)
    store.put(
        pack_file(data, path, language, (len(data), 1), 5.0)
        for path, data in files.items()
        if (language := language_of(path))
    )
    store.say(totals=store.totals(), progress=[], aliases=read_aliases(files, files.__getitem__))
    store.close()
    return db
