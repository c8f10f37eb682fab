"""The child that searches: one request after the other, from the owner's pipe."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.gate import open_beneath
from agent_ls.workspace.process import worker_pipes
from agent_ls.workspace.secrets import redact_keys

_SIZE_LIMIT = 2_000_000
_LINE_SHOWN = 300

Json = dict[str, Any]


def search(request: Json) -> Json:
    """All matching lines, up to ``limit``; ``more`` counts those beyond it. Blocking."""
    try:
        pattern = re.compile(
            request["pattern"] if request["regex"] else re.escape(request["pattern"]),
            re.IGNORECASE if request["ignore_case"] else 0,
        )
    except (re.error, OverflowError, RecursionError) as error:
        return {"error": f"Not a regular expression: {error}"}
    literal = None if request["regex"] or request["ignore_case"] else request["pattern"].encode()
    lines: list[tuple[str, int, str]] = []
    found = 0
    for path, data in _texts(request):
        if literal is not None and literal not in data:
            continue
        text = redact_keys(data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n"))
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line):
                found += 1
                if found <= request["limit"]:
                    lines.append((path, number, line[:_LINE_SHOWN]))
    return {"lines": lines, "more": found - len(lines)}


def _texts(request: Json) -> Iterator[tuple[str, bytes]]:
    root, blobs = Path(request["root"]), BlobStore(Path(request["blobs"]))
    for path, digest in request["files"]:
        try:
            data = _from_disk(root, path) if digest is None else blobs.get(digest)
        except (OSError, WorkspaceError):
            continue
        if len(data) <= _SIZE_LIMIT and b"\0" not in data[:8000]:
            yield path, data


def _from_disk(root: Path, path: str) -> bytes:
    """A regular file's bytes, no link followed in any part of its path; empty where it is too large."""
    handle = open_beneath(root, path)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _SIZE_LIMIT:
            return b""
        return file.read(_SIZE_LIMIT + 1)


async def serve() -> None:
    """Answer requests until the owner is gone."""
    receive, send = await worker_pipes()
    while (request := await receive()) is not None:
        await send(search(request))


if __name__ == "__main__":
    asyncio.run(serve())
