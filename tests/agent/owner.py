"""The owner's side of the real worker process, as `jobs` is one: journals, acknowledges, listens."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_ls.core.attempt import Outcome
from agent_ls.core.codec import from_json, to_json
from agent_ls.workspace.process import Worker
from tests.agent.attempts import Stage

Json = dict[str, Any]
PATIENCE_S = 40.0


class Owner:
    """``records`` is the journal. ``die_after``: kill -9 the worker once so many records are written."""

    def __init__(self, worker: Worker, stage: Stage) -> None:
        self.worker = worker
        self.stage = stage
        self.records: list[Json] = []
        self.progress: list[Json] = []
        self.other: list[Json] = []
        self.die_after = -1
        self.on_event: Callable[[str, Json], None] = lambda _name, _value: None

    async def start(self, resume: Sequence[Json] = ()) -> None:
        request = to_json(self.stage.request) | {"resume": list(resume)}
        await self.worker.send({"type": "start", "request": request})

    async def send(self, kind: str, **fields: Any) -> None:
        await self.worker.send({"type": kind, "job": self.stage.request.job, **fields})

    async def until(self, wanted: Callable[[Json], bool]) -> Json:
        """Read messages, doing an owner's part, until one is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while (message := await self.worker.receive()) is not None:
                await self._take(message)
                if wanted(message):
                    return message
        raise EOFError(self.worker.last_words)

    async def outcome(self) -> Outcome:
        message = await self.until(lambda m: m.get("event") == "Outcome")
        return from_json(Outcome, message["value"])

    async def event(self, name: str) -> Json:
        return (await self.until(lambda m: m.get("event") == name))["value"]

    async def _take(self, message: Json) -> None:
        if message["type"] != "event":
            self.other.append(message)
            return
        if message["event"] == "Progressed":
            self.progress.append(message["value"])
        else:
            self.records.append({"event": message["event"], "value": message["value"]})
            if len(self.records) == self.die_after:
                os.kill(self.worker.pid, signal.SIGKILL)
                return
            try:
                await self.worker.send({"type": "ack", **{k: message[k] for k in ("job", "run", "seq")}})
            except ConnectionError:
                return
        self.on_event(message["event"], message["value"])


@asynccontextmanager
async def owner_of(stage: Stage, environ: Mapping[str, str] | None = None) -> AsyncIterator[Owner]:
    cwd = Path(stage.dirs.base)
    worker = await Worker.start("agent_ls.agent.worker", env={**stage.environ, **(environ or {})}, cwd=cwd)
    owner = Owner(worker, stage)
    try:
        await owner.until(lambda m: m["type"] == "ready")
        yield owner
    finally:
        await worker.stop(1.0)
