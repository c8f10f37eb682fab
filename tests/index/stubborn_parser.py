"""A parse worker for tests: hangs or dies on files whose name says so."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Any

from agent_ls.index.packed import PackedFile
from agent_ls.index.parse_worker import look, serve


def stubborn(root: str, deadline_s: float, path: str, *rest: Any) -> PackedFile | tuple[str, int, int]:
    if "hang" in path:
        time.sleep(600)
    if "crash" in path:
        os.kill(os.getpid(), signal.SIGKILL)
    return look(root, deadline_s, path, *rest)


if __name__ == "__main__":
    asyncio.run(serve(stubborn))
