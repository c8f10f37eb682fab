"""The child that searches: one request after the other, from the owner's pipe."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent_ls.agent.needles import needles
from agent_ls.agent.ripgrep import sieve
from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.gate import open_beneath
from agent_ls.workspace.process import worker_pipes
from agent_ls.workspace.secrets import redact_keys

_SIZE_LIMIT = 2_000_000
_LINE_SHOWN = 300
_SIEVE_S = 5.0

Json = dict[str, Any]


async def search(request: Json) -> Json:
    """The first matching lines, up to ``limit``, in the order of the files; ``more``: there are others.

    Blocking, but for the sieve.
    """
    try:
        pattern = re.compile(
            request["pattern"] if request["regex"] else re.escape(request["pattern"]),
            re.IGNORECASE if request["ignore_case"] else 0,
        )
    except (re.error, OverflowError, RecursionError) as error:
        return {"error": f"Not a regular expression: {error}"}
    ignore_case = bool(request["ignore_case"])
    held = needles(request["pattern"], regex=request["regex"], ignore_case=ignore_case)
    limit, lines = int(request["limit"]), list[tuple[str, int, str]]()
    for path, data in _texts(request, await _worth_reading(request, held)):
        if held and not _may_match(data, held, ignore_case=ignore_case):
            continue
        text = redact_keys(data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n"))
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line):
                if len(lines) == limit:
                    return {"lines": lines, "more": True}
                lines.append((path, number, line[:_LINE_SHOWN]))
    return {"lines": lines, "more": False}


async def _worth_reading(request: Json, held: Sequence[str]) -> frozenset[str] | None:
    """The files on disk that may match; ``None``: all of them."""
    on_disk = [path for path, digest in request["files"] if digest is None]
    left = await sieve(
        Path(request["root"]),
        on_disk,
        held,
        ignore_case=request["ignore_case"],
        environ=os.environ,
        timeout_s=_SIEVE_S,
    )
    return None if left is on_disk else frozenset(left)


def _may_match(data: bytes, held: Sequence[str], *, ignore_case: bool) -> bool:
    if ignore_case:
        data, held = data.lower(), [needle.lower() for needle in held]
    return any(needle.encode() in data for needle in held)


def _texts(request: Json, wanted: frozenset[str] | None) -> Iterator[tuple[str, bytes]]:
    root, blobs = Path(request["root"]), BlobStore(Path(request["blobs"]))
    for path, digest in request["files"]:
        if digest is None and wanted is not None and path not in wanted:
            continue
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
        await send(await search(request))


if __name__ == "__main__":
    asyncio.run(serve())
