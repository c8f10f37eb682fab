"""The agent worker: ``python -P -m agent_ls.agent.worker``, JSON lines on stdin and stdout.

Several attempts run side by side as tasks of one loop. When the owner is gone (end of stdin)
everything is cancelled and the process leaves, whatever hangs.
"""

from __future__ import annotations

import asyncio
import os
import sys

from agent_ls.agent.desk import Desk
from agent_ls.agent.resources import Resources
from agent_ls.core.errors import AgentLsError
from agent_ls.workspace.process import worker_pipes

LEAVE_S = 0.8
MEMORY_LIMIT = 2 << 30
_WATCH_S = 2.0


async def serve() -> None:
    """Answer the owner's messages until it is gone or says shutdown."""
    receive, send = await worker_pipes()
    desk = Desk(Resources(os.environ), send)
    watch = asyncio.create_task(_watch_memory())
    await send({"type": "ready", "pid": os.getpid()})
    try:
        while (message := await receive()) is not None:
            if message.get("type") == "shutdown":
                break
            desk.take(message)
    finally:
        watch.cancel()
        async with asyncio.timeout(LEAVE_S):
            await desk.close()


async def _watch_memory() -> None:
    """Leave before the machine swaps: the owner starts another worker, and attempts resume."""
    page = os.sysconf("SC_PAGE_SIZE")
    while True:
        await asyncio.sleep(_WATCH_S)
        try:
            with open("/proc/self/statm") as file:  # noqa: PTH123, ASYNC230 - never blocks
                resident = int(file.read().split()[1]) * page
        except (OSError, ValueError, IndexError):
            return  # no /proc here
        if resident > MEMORY_LIMIT:
            sys.stderr.write(f"agent worker: {resident >> 20} MB in use, leaving\n")
            leave(3)


def leave(code: int) -> None:
    """End the process now: no thread and no hung library may keep it. Children die with it."""
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """The process's whole life."""
    asyncio.run(_serve_and_leave())


async def _serve_and_leave() -> None:
    code = 1
    try:
        await serve()
        code = 0
    except TimeoutError:
        sys.stderr.write("agent worker: something did not stop in time\n")
    except AgentLsError as error:
        sys.stderr.write(f"agent worker: {error.sentence()}\n")
    # Not by returning: asyncio.run would wait for threads that may hang.
    leave(code)


if __name__ == "__main__":
    main()
