"""A merge worker for tests: hangs, dies or talks nonsense where a text says so."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from agent_ls.core.codec import from_json
from agent_ls.index.merge_worker import answer
from agent_ls.index.merging import Clashing
from agent_ls.workspace.process import worker_pipes


async def main() -> None:
    receive, send = await worker_pipes()
    while (message := await receive()) is not None:
        base = from_json(Clashing, message).base
        if b"hang" in base:
            time.sleep(600)
        if b"crash" in base:
            os.kill(os.getpid(), signal.SIGKILL)
        await send({"data": 1} if b"nonsense" in base else answer(message))


if __name__ == "__main__":
    asyncio.run(main())
