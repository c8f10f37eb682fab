"""The worker's desk: messages of the owner in, attempts and explanations as tasks, events out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, cast, final

from agent_ls.agent.attempt import Attempt
from agent_ls.agent.explain import explain
from agent_ls.agent.resources import Resources
from agent_ls.agent.selecting import select
from agent_ls.core.attempt import (
    Asked,
    AttemptRequest,
    Event,
    Explained,
    ExplainRequest,
    Outcome,
    Progressed,
    RequestStarted,
    Selected,
    SelectRequest,
)
from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobState, Progress, Question

Json = dict[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


@final
class Desk:
    """Owns the worker's tasks. Everything is sent by one task, so that events arrive in order."""

    def __init__(self, resources: Resources, send: Send) -> None:
        self._resources = resources
        self._send = send
        self._out: asyncio.Queue[Json] = asyncio.Queue()
        self._sender = asyncio.create_task(self._send_all())
        self._lines: dict[str, JobLine] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    def take(self, message: Json) -> None:
        """Act on one message; never waits. A message for a job that is over is passed over."""
        job = str(message.get("job", ""))
        line = self._lines.get(job)
        match message.get("type"):
            case "start":
                self._start(message)
            case "select":
                self._select(message)
            case "explain":
                self._spawn(f"explain {message.get('id')}", self._explain(message))
            case "cancel" if job in self._tasks:
                self._tasks[job].cancel()
            case "tell" if line is not None:
                line.tell(str(message.get("text", "")))
            case "answer" if line is not None:
                line.answered(str(message.get("question", "")), str(message.get("answer", "")))
            case "ack" if line is not None and line.run == message.get("run", 0):
                line.acknowledged(int(message.get("seq", 0)))
            case _:
                pass

    async def close(self) -> None:
        """Cancel everything; returns when all of it is gone."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._resources.close()
        self._sender.cancel()

    def _start(self, message: Json) -> None:
        raw: Any = message.get("request")
        job, run = _job_of(raw), int(message.get("run", 0))
        before = self._tasks.get(job)
        if before is not None:
            known = self._lines[job]
            if known.run == run and not known.ended:
                return  # it is under way; a repeated message changes nothing
            before.cancel()  # given up by the owner, or only waiting to hear that its end was recorded
        line = self._lines[job] = JobLine(job, self._out, run)
        try:
            request = from_json(AttemptRequest, raw)
        except CodecError as error:
            line.put(Outcome(JobState.FAILED, problem=f"The request cannot be read: {error}"))
            return
        self._spawn(job, self._attempt(request, line, before))

    def _select(self, message: Json) -> None:
        raw: Any = message.get("request")
        job, run = _job_of(raw), int(message.get("run", 0))
        if job in self._tasks:
            if self._lines[job].run == run:
                return
            self._tasks[job].cancel()  # given up by the owner
        line = self._lines[job] = JobLine(job, self._out, run)
        try:
            request = from_json(SelectRequest, raw)
        except CodecError as error:
            line.put(Outcome(JobState.FAILED, problem=f"The request cannot be read: {error}"))
            return
        self._spawn(job, self._choose(request, line))

    async def _choose(self, request: SelectRequest, line: JobLine) -> None:
        try:
            line.put(await select(request, line, self._resources))
        except AgentLsError as error:
            line.put(Outcome(JobState.FAILED, problem=error.sentence()))
        except asyncio.CancelledError:
            if not self._closing:
                line.put(Outcome(JobState.CANCELLED))
            raise

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks[name] = asyncio.create_task(work, name=name)
        task.add_done_callback(lambda done: self._over(name, done))

    def _over(self, name: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is not task:
            return  # the next run of the same job has taken its place
        del self._tasks[name]
        line = self._lines.pop(name, None)
        if line is not None and not task.cancelled() and (error := task.exception()) is not None:
            # A bug of ours: the job ends with words, and the other attempts go on.
            line.put(Outcome(JobState.FAILED, problem=f"The agent itself failed: {error!r}"))

    async def _attempt(
        self, request: AttemptRequest, line: JobLine, before: asyncio.Task[None] | None
    ) -> None:
        attempt = Attempt(request, line, self._resources)
        try:
            if before is not None:
                await asyncio.wait([before])  # the run that was told to end is still letting go
            await line.record(await attempt.run())
        except asyncio.CancelledError:
            if not self._closing and not line.ended:
                line.put(
                    attempt.stopped(JobState.CANCELLED, "Cancelled. The draft of the last turn is kept.")
                )
            raise

    async def _explain(self, message: Json) -> None:
        try:
            request = from_json(ExplainRequest, message.get("request"))
            told = await explain(request, self._resources)
        except AgentLsError as error:
            told = Explained(problem=error.sentence())
        except CodecError as error:
            told = Explained(problem=f"The request cannot be read: {error}")
        self._out.put_nowait({"type": "explained", "id": message.get("id"), "value": to_json(told)})

    async def _send_all(self) -> None:
        while True:
            await self._send(await self._out.get())


def _job_of(request: object) -> str:
    """The job that a request names, also one that does not read as a whole."""
    return str(cast("Json", request).get("job", "")) if isinstance(request, dict) else ""


@final
class JobLine:
    """`Link` of one run of a job over the worker's pipe; every message bears the run's number."""

    def __init__(self, job: str, out: asyncio.Queue[Json], run: int = 0) -> None:
        self.run = run
        self._job = job
        self._out = out
        self._seq = 0
        self._turn = 0
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._told: list[str] = []
        self._answers: dict[str, asyncio.Future[str]] = {}
        self.ended = False

    async def record(self, event: Event) -> None:
        """See `Link.record`."""
        if isinstance(event, RequestStarted):
            self._turn = event.turn
        seq = self.put(event)
        acknowledged = self._waiting[seq] = asyncio.get_running_loop().create_future()
        try:
            await acknowledged
        finally:
            del self._waiting[seq]

    def put(self, event: Event) -> int:
        """Send an event without waiting; its number."""
        self._seq += 1
        self.ended = self.ended or isinstance(event, (Outcome, Selected))
        if isinstance(event, Asked):
            # Before the question is out: its answer may come on the heels of the acknowledgement.
            self._answers[event.question.id] = asyncio.get_running_loop().create_future()
        self._out.put_nowait(
            {
                "type": "event",
                "job": self._job,
                "run": self.run,
                "seq": self._seq,
                "event": type(event).__name__,
                "value": to_json(event),
            }
        )
        return self._seq

    def progress(self, step: str, state: JobState = JobState.RUNNING) -> None:
        """See `Link.progress`; ``done`` is the turn's number, how many there will be nobody knows."""
        self.put(Progressed(Progress(step[:200], done=self._turn), state))

    def told(self) -> list[str]:
        """See `Link.told`."""
        told, self._told = self._told, []
        return told

    def has_told(self) -> bool:
        """See `Link.has_told`."""
        return bool(self._told)

    async def answer(self, question: Question) -> str | None:
        """See `Link.answer`; the question was recorded before."""
        try:
            async with asyncio.timeout(question.timeout_s):
                return await self._answers[question.id]
        except TimeoutError:
            return None
        finally:
            del self._answers[question.id]

    def tell(self, text: str) -> None:
        """The user says something."""
        if text.strip():
            self._told.append(text)

    def answered(self, question: str, answer: str) -> None:
        """The user answers a question; one that is not being asked (any more) is passed over."""
        future = self._answers.get(question)
        if future is not None and not future.done():
            future.set_result(answer)

    def acknowledged(self, seq: int) -> None:
        """The owner has journalled an event."""
        future = self._waiting.get(seq)
        if future is not None and not future.done():
            future.set_result(None)
