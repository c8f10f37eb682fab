"""`DaskRunner`: the owner's side of attempts on a cluster, with the face of `LocalRunner`.

Durability stays here: an event is journalled by the listener before its acknowledgement leaves this
machine. A node that dies, falls silent or comes back a second time is a lost attempt; the fleet
begins it again from the journal, wherever there is room.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final

from agent_ls import __version__
from agent_ls.core.attempt import (
    AttemptRequest,
    ExplainRequest,
    Outcome,
    Progressed,
    Selected,
    SelectRequest,
    wire_log,
)
from agent_ls.core.codec import to_json
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import IntentKind, JobId, Progress
from agent_ls.core.settings import Cluster
from agent_ls.core.text import content_hash
from agent_ls.jobs.cluster.dask import Dask, Place
from agent_ls.jobs.cluster.host import BEAT_S, SILENT_S, Blobs, Json
from agent_ls.jobs.cluster.parcel import Packer, Parcel
from agent_ls.jobs.runner import Listener, LocalRunner, read_event
from agent_ls.workspace.blobs import BlobStore

logger = logging.getLogger(__name__)

_SENT: Final = ("AGENT_LS_MODEL", "AGENT_LS_SCRIPT")
_CLOSE_S: Final = 0.6
_WAITS: Final = "waiting for a place on the cluster"


@final
class DaskRunner:
    """Attempts as tasks of a Dask cluster. Explanations and renames, which are quick, stay on this machine."""

    def __init__(
        self,
        settings: Cluster,
        *,
        module: str,
        environ: Mapping[str, str],
        listener: Listener,
        local: LocalRunner,
    ) -> None:
        """``environ``: what the agent worker gets here; of it only the way to the model travels."""
        self._dask = Dask(settings)
        self._module = module
        self._environ = {
            name: value for name, value in environ.items() if name.startswith("ANTHROPIC_") or name in _SENT
        }
        self._listener = listener
        self._local = local
        self._runs: dict[JobId, _Run] = {}
        self._packers: dict[str, Packer] = {}
        self._tasks: set[asyncio.Task[None]] = set()  # of runs and of those that take their leave
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The process id of the worker on this machine while there is one."""
        return self._local.pid

    def start(self, request: AttemptRequest | SelectRequest) -> None:
        """Begin an attempt or go on with one, or choose between some: that runs their tests, so it goes there, too."""
        base = request.base if isinstance(request, SelectRequest) else request
        if base.intent.kind is IntentKind.RENAME:
            self._local.start(request)
            return
        run = self._runs[request.job] = _Run(request, base)
        run.task = asyncio.create_task(self._attend(run))
        self._tasks.add(run.task)
        run.task.add_done_callback(self._tasks.discard)

    def cancel(self, job: JobId) -> None:
        self._local.cancel(job)
        run = self._runs.get(job)
        if run is None:
            return
        run.cancelled = True
        if run.down:
            run.post({"type": "cancel", "job": job})
        else:
            self._end(run, "cancelled before there was a place for it")

    def tell(self, job: JobId, text: str) -> None:
        self._local.tell(job, text)
        self._post(job, {"type": "tell", "job": job, "text": text})

    def answer(self, job: JobId, question: str, answer: str) -> None:
        self._local.answer(job, question, answer)
        self._post(job, {"type": "answer", "job": job, "question": question, "answer": answer})

    def kill(self, reason: str) -> None:
        """Give up the attempts that were told to end and did not; others are on other nodes and stay."""
        self._local.kill(reason)
        for run in [run for run in self._runs.values() if run.cancelled]:
            self._end(run, reason)

    async def explain(self, request: ExplainRequest) -> str:
        return await self._local.explain(request)

    async def close(self) -> None:
        """End everything; nothing is reported lost. Takes about a second at most."""
        self._closing = True
        tasks = list(self._tasks)
        for run in self._runs.values():
            if run.task is not None:
                run.task.cancel()
        self._runs.clear()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_CLOSE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(self._dask.close(), self._local.close())

    # --- one attempt ------------------------------------------------------------------

    async def _attend(self, run: _Run) -> None:
        """The life of one attempt's task, from here."""
        try:
            place = await self._dask.place(f"agent-ls-{run.request.job}-{secrets.token_hex(4)}", self._module)
            self._listener.happened(run.request.job, Progressed(Progress(_WAITS)))
            sending = asyncio.create_task(_send(run, place))
            try:
                reason = await self._converse(run, place)
            finally:
                sending.cancel()
                await place.leave(quickly=self._closing)
        except AgentLsError as error:
            self._over(run, broken=error.sentence())
        except Exception as error:  # (the runner's door: it becomes the attempt's end, not the server's)
            logger.exception("attempt of job %s on the cluster", run.request.job)
            self._over(run, lost=f"the cluster failed: {error!r}")
        else:
            if reason:
                self._over(run, lost=reason)

    async def _converse(self, run: _Run, place: Place) -> str:
        """Hear the node out; returns why it was lost, or ``""`` after an outcome."""
        heard = time.monotonic()
        while True:
            got = await place.receive(BEAT_S)
            if got is None:
                if reason := place.gone():
                    return reason
                if run.down and time.monotonic() - heard > SILENT_S:
                    return f"node {run.node} has not been heard of for {SILENT_S:.0f} s"
                if run.down:
                    run.post({"type": "beat"})
                continue
            heard = time.monotonic()
            message, blobs = got
            if run.down and message["down"] != run.down:
                await place.send(message["down"], {"type": "end"})
                return f"node {run.node} is gone"
            match message.get("type"):
                case "here":
                    await self._here(run, place, message)
                case "want":
                    await self._give(run, place, message["digests"])
                case "event" if await self._event(run, message, blobs):
                    return ""
                case "left":
                    return str(message.get("reason") or f"node {run.node} has left")
                case "beat":
                    run.post({"type": "beat"})
                case _:
                    pass

    async def _here(self, run: _Run, place: Place, message: Json) -> None:
        run.node = str(message.get("node"))
        if message.get("version") != __version__:
            await place.send(message["down"], {"type": "end"})
            raise AgentLsError(
                f"Node {run.node} of the cluster has agent-ls {message.get('version')}, this is {__version__}",
                kept="The work is kept",
                remedy="Install the same version on the cluster's workers, then resume the job",
            )
        root = run.base.root
        packer = self._packers.setdefault(root, Packer(Path(root)))
        run.parcel = await asyncio.to_thread(packer.pack)
        run.blobs = BlobStore(Path(run.base.job_dir) / "blobs")
        texts = await asyncio.to_thread(run.blobs.digests)
        kind = "select" if isinstance(run.request, SelectRequest) else "start"
        start = {"kind": kind, "request": to_json(run.request), "parcel": to_json(run.parcel), "texts": texts}
        await place.send(message["down"], {"type": "start", "environ": self._environ, **start})
        run.down = message["down"]  # from now on what was said meanwhile goes out, after the request
        run.ready.set()

    async def _give(self, run: _Run, place: Place, digests: list[str]) -> None:
        packer = self._packers[run.base.root]
        found = await asyncio.to_thread(_contents, run, packer, digests)
        if len(found) < len(digests):
            await place.send(run.down, {"type": "gone"})
        else:
            await place.send(run.down, {"type": "blobs"}, found)

    async def _event(self, run: _Run, message: Json, blobs: Blobs) -> bool:
        """Record an event, then let the attempt go on; whether it was the last."""
        job = run.request.job
        if self._runs.get(job) is not run:
            return True
        event = read_event(message)
        if not isinstance(event, Progressed):
            await asyncio.to_thread(_keep, run, blobs, str(message.get("wire", "")))
        ended = isinstance(event, (Outcome, Selected))
        if ended:  # first: the listener may begin the same job again
            del self._runs[job]
        try:
            self._listener.happened(job, event)
        except Exception as error:  # (the runner's door: it becomes the job's end, not the server's)
            self._runs.setdefault(job, run)
            if isinstance(error, AgentLsError):
                raise
            logger.exception("event of job %s", job)
            raise AgentLsError(f"An event of the attempt could not be taken in: {error}") from error
        if not isinstance(event, Progressed):
            await self._listener.kept(job)
            run.post({"type": "ack", "job": job, "seq": message.get("seq")})
        return ended

    # --- ends -------------------------------------------------------------------------

    def _post(self, job: JobId, message: Json) -> None:
        run = self._runs.get(job)
        if run is not None:
            run.post(message)

    def _end(self, run: _Run, reason: str) -> None:
        if run.task is not None:
            run.task.cancel()
        self._over(run, lost=reason)

    def _over(self, run: _Run, *, lost: str = "", broken: str = "") -> None:
        if self._runs.get(run.request.job) is not run:
            return
        del self._runs[run.request.job]
        if broken:
            self._listener.broken(run.request.job, broken)
        else:
            self._listener.lost(run.request.job, lost)


@final
class _Run:
    """One attempt on its way. ``down`` is set once a node has it."""

    def __init__(self, request: AttemptRequest | SelectRequest, base: AttemptRequest) -> None:
        self.request, self.base = request, base
        self.task: asyncio.Task[None] | None = None
        self.parcel = Parcel()
        self.blobs: BlobStore | None = None
        self.down, self.node = "", ""
        self.cancelled = False
        self.ready = asyncio.Event()
        self.outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def post(self, message: Json) -> None:
        self.outbox.put_nowait(message)


async def _send(run: _Run, place: Place) -> None:
    await run.ready.wait()
    while True:
        await place.send(run.down, await run.outbox.get())


def _contents(run: _Run, packer: Packer, digests: list[str]) -> dict[str, bytes]:
    """Files of the workspace and texts of the job; what has changed since is left out."""
    paths = {digest: path for path, digest in run.parcel.files.items()}
    found: dict[str, bytes] = {}
    for digest in digests:
        path = paths.get(digest)
        data = packer.content(path, digest) if path is not None else None
        if data is None and run.blobs is not None and run.blobs.has(digest):
            data = run.blobs.get(digest)
        if data is not None:
            found[digest] = data
    return found


def _keep(run: _Run, blobs: Blobs, wire: str) -> None:
    """The texts that an event names are here before the event is recorded.

    Raises:
        WorkspaceError: the disk does not take them, or one is not what its hash says.
    """
    store = run.blobs
    assert store is not None  # noqa: S101 - set before the request went out
    for digest, data in blobs.items():
        if content_hash(data) == digest:
            store.put(data)
    if wire:
        handle = os.open(
            Path(run.base.job_dir) / wire_log(run.base.attempt),
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
            0o600,
        )
        with suppress(OSError), os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(wire)
