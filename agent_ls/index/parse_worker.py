"""Process: files to packed facts, one after another. Killed and replaced without loss.

Asked ``{"root", "path", "language", "hash", "deadline_s"}``; answers each in order with
``{"path", "file"}``, or ``{"path", "same", "size", "mtime_ns"}`` when the bytes still have
``hash``, or ``{"path", "reason"}``; always with its own ``cpu_s`` and ``rss_mb`` so far.
"""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Any

from agent_ls.core.paths import RelPath
from agent_ls.core.text import content_hash
from agent_ls.index.pack import pack_file
from agent_ls.index.reading import read_regular
from agent_ls.index.report import rss_mb
from agent_ls.workspace.process import worker_pipes


def answer(ask: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request. A file that cannot be read is a reason, not an error."""
    path = RelPath(ask["path"])
    try:
        data, size, mtime_ns = read_regular(Path(ask["root"]) / path)
    except OSError:
        return {"path": path, "reason": "unreadable"}
    if ask["hash"] and content_hash(data) == ask["hash"]:
        return {"path": path, "same": True, "size": size, "mtime_ns": mtime_ns}
    try:
        packed = pack_file(data, path, ask["language"], (size, mtime_ns), ask["deadline_s"])
    except Exception as error:  # noqa: BLE001 - the indexer's door: one odd file is skipped and counted
        return {"path": path, "reason": f"failed: {type(error).__name__}"}
    return {"path": path, "file": packed.to_json()}


async def main() -> None:
    receive, send = await worker_pipes()
    # Facts are trees of small tuples without cycles: the collector would only walk them.
    gc.disable()
    while (ask := await receive()) is not None:
        await send({**answer(ask), "cpu_s": time.process_time(), "rss_mb": rss_mb()})


if __name__ == "__main__":
    asyncio.run(main())
