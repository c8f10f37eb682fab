"""On a node: one attempt (or the choice between some) in an agent worker of its own, for an owner far away.

The node has no journal. When the owner is silent for a minute, or says so, everything ends here;
an event that was not acknowledged is then nobody's, and the owner's journal decides what is next.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, final

from agent_ls import __version__
from agent_ls.core.attempt import NEEDS_MODEL, AttemptRequest, wire_log
from agent_ls.core.codec import CodecError, from_json
from agent_ls.core.errors import AgentLsError, WorkspaceError
from agent_ls.core.settings import Settings
from agent_ls.index.indexer import Indexer
from agent_ls.jobs.cluster.checkouts import Checkout, Checkouts
from agent_ls.jobs.cluster.parcel import Parcel
from agent_ls.jobs.environment import indexer_environment, worker_environment
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.process import Worker
from agent_ls.workspace.state import StateDirs, private_dir, state_dirs

Json = dict[str, Any]
Blobs = Mapping[str, bytes]

SILENT_S: Final = 60.0
BEAT_S: Final = 5.0
_BATCH: Final = 500


class Line(Protocol):
    """The way to the owner; messages arrive in order or not at all."""

    async def send(self, message: Json, blobs: Blobs | None = None) -> None: ...

    async def receive(self, timeout_s: float) -> tuple[Json, Blobs] | None:
        """The next message, ``None`` where none came in time."""
        ...


async def host(line: Line, module: str, environ: Mapping[str, str]) -> None:
    """Serve one attempt from its request to its end. Never raises for what a person can understand."""
    beating = asyncio.create_task(_beat(line))
    try:
        await line.send({"type": "here", "version": __version__, "node": platform.node()})
        got = await line.receive(SILENT_S)
        if got is not None and got[0].get("type") == "start":
            await _Hosting(line, module, environ).run(got[0])
    except (AgentLsError, CodecError, OSError) as error:
        reason = error.sentence() if isinstance(error, AgentLsError) else str(error)
        await line.send({"type": "left", "reason": reason})
    finally:
        beating.cancel()


async def _beat(line: Line) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        await line.send({"type": "beat"})


@final
class _Hosting:
    def __init__(self, line: Line, module: str, environ: Mapping[str, str]) -> None:
        self._line, self._module = line, module
        self._environ = dict(environ)
        self._dirs: StateDirs = state_dirs(environ)
        self._home = private_dir(self._dirs.base / "cluster")
        self._checkouts = Checkouts(self._home / "checkouts")
        self._sent: set[str] = set()
        self._wire, self._wire_at = Path(), 0

    async def run(self, start: Json) -> None:
        choice = start["kind"] == "select"
        raw: Json = start["request"]["base"] if choice else start["request"]
        request = from_json(AttemptRequest, raw)
        parcel = from_json(Parcel, start["parcel"])
        environ = worker_environment({**self._environ, **start["environ"]}, Settings())
        job_dir = private_dir(self._home / "jobs" / str(start["request"]["job"]))
        with await asyncio.to_thread(self._checkouts.take, parcel.snapshot) as checkout:
            if not checkout.warm:
                await self._fill(checkout, parcel)
            if request.intent.kind in NEEDS_MODEL and not checkout.index_db.exists():
                await self._index(checkout)
            await self._texts(BlobStore(job_dir / "blobs"), start["texts"])
            self._wire = job_dir / wire_log(request.attempt)
            self._wire_at = _size(self._wire)
            here = {"root": str(checkout.tree), "job_dir": str(job_dir), "index_db": str(checkout.index_db)}
            work = {**start["request"], "base": {**raw, **here}} if choice else {**raw, **here}
            await self._attempt({"type": start["kind"], "request": work}, environ, job_dir)
        shutil.rmtree(job_dir, ignore_errors=True)
        await asyncio.to_thread(self._checkouts.tidy)

    async def _fill(self, checkout: Checkout, parcel: Parcel) -> None:
        missing = await asyncio.to_thread(self._checkouts.missing, parcel.files.values())
        for batch in _batches(missing):
            await self._fetch(batch, self._checkouts)
        await asyncio.to_thread(self._checkouts.fill, checkout, parcel)

    async def _index(self, checkout: Checkout) -> None:
        """Facts for the agent, once per snapshot."""
        indexer = Indexer(
            checkout.tree,
            checkout.index_db,
            self._dirs.workspace(checkout.tree),
            indexer_environment(self._environ),
        )
        try:
            await indexer.refresh()
        finally:
            await indexer.close()

    async def _texts(self, blobs: BlobStore, digests: Sequence[str]) -> None:
        """Unsaved texts, pins and drafts of the record: what the attempt goes on from."""
        missing = [digest for digest in digests if not blobs.has(digest)]
        for batch in _batches(missing):
            await self._fetch(batch, _Kept(blobs))
        self._sent.update(digests)

    async def _fetch(self, digests: Sequence[str], into: Checkouts | _Kept) -> None:
        """Ask for contents; they come in as many messages as they need."""
        await self._line.send({"type": "want", "digests": list(digests)})
        wanted = set(digests)
        while wanted:
            got = await self._line.receive(SILENT_S)
            if got is None or got[0].get("type") == "end":
                raise WorkspaceError("The owner has left")
            message, blobs = got
            if message.get("type") == "gone":
                raise WorkspaceError("A file changed while it was sent", remedy="It is sent again")
            if message.get("type") == "blobs":
                await asyncio.to_thread(into.keep, blobs)
                wanted -= set(blobs)

    async def _attempt(self, order: Json, environ: dict[str, str], job_dir: Path) -> None:
        worker = await Worker.start(self._module, env=environ, cwd=private_dir(self._home / "worker"))
        hearing = asyncio.create_task(self._from_owner(worker))
        speaking = asyncio.create_task(self._from_worker(worker, job_dir))
        try:
            await worker.send(order)
            await asyncio.wait({hearing, speaking}, return_when=asyncio.FIRST_COMPLETED)
            if speaking.done() and not hearing.done():
                lines = [line for line in worker.last_words.splitlines() if line.strip()]
                await self._line.send({"type": "left", "reason": lines[-1][:300] if lines else ""})
        finally:
            for task in (hearing, speaking):
                task.cancel()
            await asyncio.gather(hearing, speaking, return_exceptions=True)
            await worker.stop()

    async def _from_owner(self, worker: Worker) -> None:
        """Until the owner says end, or nothing for too long."""
        while (got := await self._line.receive(SILENT_S)) is not None:
            message, _ = got
            if message.get("type") == "end":
                return
            if message.get("type") != "beat":
                with suppress(ConnectionError):
                    await worker.send(message)

    async def _from_worker(self, worker: Worker, job_dir: Path) -> None:
        while (message := await worker.receive()) is not None:
            if message.get("type") != "event":
                continue
            if message.get("event") == "Progressed":
                await self._line.send(message)
                continue
            blobs, wire = await asyncio.to_thread(self._new, job_dir)
            await self._line.send({**message, "wire": wire}, blobs)

    def _new(self, job_dir: Path) -> tuple[dict[str, bytes], str]:
        """The texts and the part of the wire log that the owner does not have yet."""
        store = BlobStore(job_dir / "blobs")
        found = {digest: store.get(digest) for digest in store.digests() if digest not in self._sent}
        self._sent.update(found)
        wire = b""
        with suppress(OSError), self._wire.open("rb") as file:
            file.seek(self._wire_at)
            wire = file.read()
        wire = wire[: wire.rfind(b"\n") + 1]  # a line that is being written comes with the next event
        self._wire_at += len(wire)
        return found, wire.decode("utf-8", "replace")


@final
class _Kept:
    """A job's blobs as a place that takes contents in."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def keep(self, contents: Mapping[str, bytes]) -> None:
        for data in contents.values():
            self._blobs.put(data)


def _batches(digests: Sequence[str]) -> list[Sequence[str]]:
    return [digests[at : at + _BATCH] for at in range(0, len(digests), _BATCH)]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
