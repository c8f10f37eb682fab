"""A worker for tests: answers what it is sent; obeys a few words."""

import asyncio
import os
import signal
import subprocess
import sys
import time

from agent_ls.workspace.process import worker_pipes


async def main() -> None:
    receive, send = await worker_pipes()
    print("a stray print")
    await send(
        {"ready": os.getpid(), "stdin": sys.stdin.read(), "keys": sorted(os.environ), "path": sys.path[0]}
    )
    while (message := await receive()) is not None:
        if message.get("do") == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            await send({"hanging": True})
            time.sleep(600)
        if message.get("do") == "family":
            child = subprocess.Popen(
                ["sh", "-c", "sleep 300 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True
            )
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            await send({"pids": [child.pid, int(child.stdout.readline())]})
            time.sleep(600)
        if message.get("do") == "garble":
            os.write(int(message["fd"]), b"[1, 2]\n")
            continue
        await send({"echo": message})


if __name__ == "__main__":
    asyncio.run(main())
