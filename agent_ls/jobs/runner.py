"""Where attempts run: one worker process of ours, started when needed, restarted when it dies.

The runner moves messages and knows which attempts are in the worker; what an event means and
whether a lost attempt is begun again is its `Listener`'s decision (the fleet). A runner on other
machines would have the same face.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, final

from agent_ls.core.attempt import (
    EVENT_TYPES,
    AttemptRequest,
    Event,
    Explained,
    ExplainRequest,
    Outcome,
    Progressed,
    Selected,
    SelectRequest,
)
from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.errors import AgentLsError, ModelError
from agent_ls.core.job import JobId
from agent_ls.workspace.process import Worker
from agent_ls.workspace.state import private_dir

logger = logging.getLogger(__name__)

IDLE_S = 600.0
_EXPLAIN_S = 120.0
_DISK_S = 0.5


class Listener(Protocol):
    """Who hears what happens to runs (`runs`), by the name of their request. Called on the loop; must return at once."""

    def happened(self, run: JobId, event: Event) -> None:
        """An event; on return it is recorded, and survives the death of this process."""
        ...

    async def kept(self, run: JobId) -> None:
        """Wait until what is recorded of a run is on the disk; only then the attempt may go on.

        Raises:
            WorkspaceError: the disk does not take it.
        """
        ...

    def lost(self, run: JobId, reason: str) -> None:
        """The worker is gone and the attempt with it."""
        ...

    def broken(self, run: JobId, reason: str) -> None:
        """An event could not be taken in; the attempt cannot go on."""
        ...

    def paid(self, cost_usd: float) -> None:
        """Something outside of any attempt was paid for: an explanation, also one nobody waits for any more."""
        ...


class Runner(Protocol):
    """A place where attempts run, and where they are compared. All methods but two return at once."""

    def start(self, request: AttemptRequest | SelectRequest) -> None: ...
    def cancel(self, job: JobId) -> None: ...
    def tell(self, job: JobId, text: str) -> None: ...
    def answer(self, job: JobId, question: str, answer: str) -> None: ...
    def kill(self, reason: str) -> None: ...
    async def explain(self, request: ExplainRequest) -> str: ...
    async def close(self) -> None: ...


@final
class LocalRunner:
    """Attempts in one child process of this machine, ended after some idle minutes."""

    def __init__(
        self,
        *,
        module: str,
        environ: Mapping[str, str],
        folder: Path,
        listener: Listener,
        idle_s: float = IDLE_S,
    ) -> None:
        self._module = module
        self._environ = environ
        self._folder = folder
        self._listener = listener
        self._idle_s = idle_s
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._attempts: dict[JobId, int] = {}  # each with the number of its run
        self._explaining: dict[str, asyncio.Future[str]] = {}
        self._ids = itertools.count(1)
        self._keeping: set[asyncio.Task[None]] = set()
        self._serving: asyncio.Task[None] | None = None
        self._worker: Worker | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._reason = ""

    @property
    def pid(self) -> int | None:
        """The worker's process id while there is one."""
        return self._worker.pid if self._worker else None

    def start(self, request: AttemptRequest | SelectRequest) -> None:
        """Begin an attempt or go on with one, or choose between some; the last event is the end of it."""
        self._awake()
        run = self._attempts[request.job] = next(self._ids)
        kind = "select" if isinstance(request, SelectRequest) else "start"
        self._post({"type": kind, "run": run, "request": to_json(request)})

    def cancel(self, job: JobId) -> None:
        self._about(job, {"type": "cancel", "job": job})

    def tell(self, job: JobId, text: str) -> None:
        self._about(job, {"type": "tell", "job": job, "text": text})

    def answer(self, job: JobId, question: str, answer: str) -> None:
        self._about(job, {"type": "answer", "job": job, "question": question, "answer": answer})

    def kill(self, reason: str) -> None:
        """End the worker now; its other attempts are reported lost and may begin again."""
        self._reason = reason
        if self._serving is not None:
            self._serving.cancel()

    async def explain(self, request: ExplainRequest) -> str:
        """One explanation, as markdown.

        Raises:
            ModelError: it failed, or took longer than two minutes.
        """
        self._awake()
        name = f"x{next(self._ids)}"
        answer = self._explaining[name] = asyncio.get_running_loop().create_future()
        self._post({"type": "explain", "id": name, "request": to_json(request)})
        try:
            async with asyncio.timeout(_EXPLAIN_S):
                return await answer
        except TimeoutError:
            raise ModelError("The explanation took too long", remedy="Ask again", retryable=True) from None
        finally:
            self._explaining.pop(name, None)
            self._rest()

    async def close(self) -> None:
        """End the worker; what runs in it is not reported lost. Takes half a second at most."""
        self._attempts.clear()
        self._awake()
        if self._serving is not None:
            self._serving.cancel()
            with suppress(asyncio.CancelledError):
                await self._serving
            self._serving = None
        if self._keeping:  # for a disk that hangs nobody waits
            await asyncio.wait(self._keeping, timeout=_DISK_S)

    def _about(self, job: JobId, message: dict[str, Any]) -> None:
        if job in self._attempts:
            self._post(message)

    def _awake(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def _post(self, message: dict[str, Any]) -> None:
        self._outbox.put_nowait(message)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
            self._serving.add_done_callback(self._never_ran)

    def _never_ran(self, task: asyncio.Task[None]) -> None:
        """A task that is cancelled before its first step runs no ``finally``."""
        if self._serving is task:
            self._serving = None
            self._fall(self._reason)

    async def _serve(self) -> None:
        """The life of one worker process."""
        sending: asyncio.Task[None] | None = None
        reason = ""
        try:
            cwd = await asyncio.to_thread(private_dir, self._folder)
            worker = self._worker = await Worker.start(self._module, env=self._environ, cwd=cwd)
            sending = asyncio.create_task(self._send(worker))
            while (message := await worker.receive()) is not None:
                self._heard(message)
            reason = _last_line(await worker.farewell())
        except AgentLsError as error:
            reason = error.sentence()
        finally:
            if sending is not None:
                sending.cancel()
            worker, self._worker, self._serving = self._worker, None, None
            self._fall(self._reason or reason)
            if worker is not None:
                await worker.stop()

    async def _send(self, worker: Worker) -> None:
        with suppress(ConnectionError):
            while True:
                await worker.send(await self._outbox.get())

    def _fall(self, reason: str) -> None:
        """Report what was lost with the worker. A listener may begin attempts again at once."""
        lost, self._attempts = list(self._attempts), {}
        self._outbox, self._reason = asyncio.Queue(), ""
        for answer in self._explaining.values():
            if not answer.done():
                answer.set_exception(ModelError("The agent worker ended", remedy="Ask again", retryable=True))
        for job in lost:
            self._listener.lost(job, reason)

    def _heard(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "event":
                self._event(message)
            case "explained":
                self._explained(message)
            case _:
                logger.debug("worker: %s", message.get("type"))

    def _event(self, message: dict[str, Any]) -> None:
        job = JobId(str(message.get("job")))
        run = self._attempts.get(job)
        if run is None or message.get("run") != run:
            return  # of a run that is over, whose worker still had something to say
        try:
            event = read_event(message)
            if isinstance(event, (Outcome, Selected)):  # first: the listener may begin the same job again
                del self._attempts[job]
                self._rest()
            self._listener.happened(job, event)
        except AgentLsError as error:
            self._broken(job, error.sentence())
            return
        except Exception as error:  # (the runner's door: it becomes the job's end, not the server's)
            logger.exception("event of job %s", job)
            self._broken(job, f"An event of the attempt could not be taken in: {error}")
            return
        if not isinstance(event, Progressed):
            ack = {"type": "ack", "job": job, "run": run, "seq": message.get("seq")}
            keeping = asyncio.create_task(self._acknowledge(job, run, ack))
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)

    async def _acknowledge(self, job: JobId, run: int, ack: dict[str, Any]) -> None:
        """Let the attempt go on once the event is on the disk. The editors' loop does not wait for disks."""
        try:
            await self._listener.kept(job)
        except AgentLsError as error:
            if self._attempts.get(job) == run:
                self._broken(job, error.sentence())
            return
        if self._serving is not None:
            self._post(ack)

    def _broken(self, job: JobId, reason: str) -> None:
        self._post({"type": "cancel", "job": job})
        self._attempts.pop(job, None)
        self._rest()
        self._listener.broken(job, reason)

    def _explained(self, message: dict[str, Any]) -> None:
        try:
            told = from_json(Explained, message.get("value"))
        except CodecError as error:
            told = Explained(problem=f"The worker's explanation does not read: {error}")
        if told.cost_usd:
            self._listener.paid(told.cost_usd)
        answer = self._explaining.get(str(message.get("id")))
        if answer is None or answer.done():
            return
        if told.problem:
            answer.set_exception(ModelError(told.problem))
        else:
            answer.set_result(told.markdown)

    def _rest(self) -> None:
        """With nothing to do, end the worker in a while."""
        if self._serving is None or self._attempts or self._explaining:
            return
        self._awake()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._idle_s, self._serving.cancel)


def read_event(message: dict[str, Any]) -> Event:
    """Raises `ModelError` for what is no event of the protocol."""
    kind = EVENT_TYPES.get(str(message.get("event")))
    if kind is None:
        raise ModelError(f"The worker reported an unknown event: {message.get('event')!r}")
    try:
        return from_json(kind, message.get("value"))
    except CodecError as error:
        raise ModelError(f"The worker reported what does not read: {error}") from error


def _last_line(words: str) -> str:
    lines = [line for line in words.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else ""
