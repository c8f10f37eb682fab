"""Keeps a workspace's fact store fresh, from a process that imports no grammar and never blocks.

The work is done by `agent_ls.index.host` and its parse workers; this is their owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.index.report import IndexReport
from agent_ls.workspace.process import Worker

_TRIES = 2


@final
class Indexer:
    """One workspace's indexer. Use from one event loop; `close` it.

    ``on_progress`` hears (files done, files to do) a few times a second while a refresh runs.
    """

    def __init__(
        self,
        root: Path,
        db: Path,
        state_dir: Path,
        environ: Mapping[str, str],
        on_progress: Callable[[int, int], None] | None = None,
        *,
        file_deadline_s: float = 5.0,
    ) -> None:
        self._root, self._db, self._state_dir, self._environ = root, db, state_dir, environ
        self._on_progress = on_progress
        self._file_deadline_s = file_deadline_s
        self._host: Worker | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[IndexReport]] = {}
        self._last_id = 0

    async def refresh(
        self,
        paths: Iterable[RelPath] | None = None,
        *,
        rebuild: bool = False,
        first: Iterable[RelPath] = (),
    ) -> IndexReport:
        """Bring the store up to date with the disk, wholly or for some paths (also deleted ones).

        ``first``: files that come before all others, and with them what lies in their folders. A host that dies is started again once.

        Raises:
            WorkspaceError: the folder or the state directory cannot be used; what was indexed stays.
        """
        wanted = None if paths is None else list(paths)
        ahead = list(first)
        for _ in range(_TRIES):
            try:
                return await self._ask(wanted, ahead, rebuild=rebuild)
            except ConnectionError:
                continue
        raise WorkspaceError(
            "The indexer stopped unexpectedly",
            kept="What was indexed before stays usable",
            remedy="Run agent-ls index --rebuild",
        )

    async def close(self) -> None:
        """End the host and its workers."""
        host, self._host = self._host, None
        if host is not None:
            await host.stop()
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _ask(self, paths: list[RelPath] | None, first: list[RelPath], *, rebuild: bool) -> IndexReport:
        host = await self._started()
        self._last_id += 1
        ask_id = self._last_id
        answer = self._asked[ask_id] = asyncio.get_running_loop().create_future()
        try:
            ask = {"type": "refresh", "id": ask_id, "paths": paths, "first": first, "rebuild": rebuild}
            await host.send(ask)
            return await answer
        finally:
            self._asked.pop(ask_id, None)

    async def _started(self) -> Worker:
        async with self._starting:
            if self._host is None or not self._host.alive:
                self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._host = await Worker.start(
                    "agent_ls.index.host",
                    (str(self._root), str(self._db), str(self._file_deadline_s)),
                    env=self._environ,
                    cwd=self._state_dir,
                    nice=5,
                )
                self._reading = asyncio.create_task(self._read(self._host))
            return self._host

    async def _read(self, host: Worker) -> None:
        try:
            while (message := await host.receive()) is not None:
                self._take(message)
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the index host is gone"))
            if self._host is host:
                self._host = None
                await host.stop()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "progress":
            if self._on_progress is not None:
                self._on_progress(message["done"], message["total"])
            return
        answer = self._asked.get(message["id"])
        if answer is None or answer.done():
            return
        if message["type"] == "report":
            answer.set_result(IndexReport(**message["report"]))
        else:
            answer.set_exception(
                WorkspaceError(message["what"], kept=message["kept"], remedy=message["remedy"])
            )
