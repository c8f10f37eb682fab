"""Process: batches of files to parts of the store. Killed and replaced without loss.

Asked ``{"root", "deadline_s", "files": [[path, language, hash, size, mtime_ns, row], …]}`` (``hash``:
of the bytes that are known, ``row``: the number that the file gets in the store); answers each in
order with ``{"part", "same", "cpu_s", "rss_mb"}``, where ``same`` are (path, size, mtime_ns) of
files whose bytes are as known. Before that says ``{"done": n}`` now and then: n files are behind it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

from agent_ls.core.paths import RelPath
from agent_ls.core.text import content_hash
from agent_ls.index.pack import pack_file
from agent_ls.index.packed import PackedFile
from agent_ls.index.parts import PartMaker
from agent_ls.index.reading import read_regular
from agent_ls.index.report import rss_mb
from agent_ls.workspace.process import worker_pipes

_TELL_S = 0.02
"""Short: whoever ends the worker is looked for among the files since it last told."""

Look = Callable[..., PackedFile | tuple[str, int, int]]


def look(
    root: str, deadline_s: float, path: str, language: str, known: str, size: int, mtime_ns: int
) -> PackedFile | tuple[str, int, int]:
    """One file's facts, or (path, size, mtime_ns) when it is as known; what cannot be read is a reason."""
    try:
        data, size, mtime_ns = read_regular(f"{root}/{path}")
    except OSError:
        return PackedFile(path, "", size, mtime_ns, language, reason="unreadable")
    if known and content_hash(data) == known:
        return path, size, mtime_ns
    try:
        return pack_file(data, RelPath(path), language, (size, mtime_ns), deadline_s)
    except Exception as error:  # noqa: BLE001 - the indexer's door: one odd file is skipped and counted
        return PackedFile(path, "", size, mtime_ns, language, reason=f"failed: {type(error).__name__}")


async def serve(look: Look) -> None:
    """Answer until the owner is gone."""
    receive, send = await worker_pipes()
    # Facts are trees of small tuples without cycles: the collector would only walk them.
    gc.disable()
    while (ask := await receive()) is not None:
        maker = PartMaker()
        same: list[tuple[str, int, int]] = []
        told = time.monotonic()
        for at, (*file, row) in enumerate(ask["files"]):
            if time.monotonic() - told > _TELL_S:
                await send({"done": at})
                told = time.monotonic()
            found = look(ask["root"], ask["deadline_s"], *file)
            if isinstance(found, PackedFile):
                maker.add(row, found)
            else:
                same.append(found)
        answer: dict[str, Any] = {"part": maker.part().to_json(), "same": same}
        await send({**answer, "cpu_s": time.process_time(), "rss_mb": rss_mb()})


if __name__ == "__main__":
    asyncio.run(serve(look))
