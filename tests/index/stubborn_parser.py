"""A parse worker for tests: hangs or dies on files whose name says so."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from agent_ls.index.parse_worker import answer
from agent_ls.workspace.process import worker_pipes


async def main() -> None:
    receive, send = await worker_pipes()
    while (ask := await receive()) is not None:
        if "hang" in ask["path"]:
            time.sleep(600)
        if "crash" in ask["path"]:
            os.kill(os.getpid(), signal.SIGKILL)
        await send({**answer(ask), "cpu_s": 0.0, "rss_mb": 0.0})


if __name__ == "__main__":
    asyncio.run(main())
