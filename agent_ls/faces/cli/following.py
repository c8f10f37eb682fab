"""One job from its start to its end, followed for a person or a program."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import suppress
from typing import Final, final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobId, Question
from agent_ls.faces.cli.asking import read_line, somebody_there
from agent_ls.faces.cli.progress import ProgressLine
from agent_ls.faces.cli.terminal import Terminal
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import JobView

_LOOK_S: Final = 0.2


@final
class Watcher:
    """Shows how the followed job goes: to a person on stderr, or to a program as JSON lines on stdout."""

    def __init__(self, err: Terminal, *, stream: bool = False) -> None:
        self._line = ProgressLine(err)
        self._stream = stream
        self.job: JobId | None = None

    def __call__(self, view: JobView) -> None:
        if view.id != self.job:
            return
        if self._stream:
            sys.stdout.write(json.dumps(view.wire()) + "\n")
            sys.stdout.flush()
        else:
            self._line.show(view)

    def end(self) -> None:
        self._line.end()


async def follow(service: Service, job: JobId, watcher: Watcher, err: Terminal) -> bool:
    """Wait for the job, and ask a person what it asks. Returns whether Ctrl-C (or SIGTERM) cancelled it."""
    watcher.job = job
    watcher(service.job(job).view)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    stopping = loop.create_task(stop.wait())
    working = loop.create_task(_to_its_end(service, job, watcher, err))
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return False
        await service.cancel(job)
        return True
    finally:
        for task in (stopping, working):
            task.cancel()
        await asyncio.gather(stopping, working, return_exceptions=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        watcher.end()


async def _to_its_end(service: Service, job: JobId, watcher: Watcher, err: Terminal) -> None:
    asked: set[str] = set()
    while True:
        view = await service.wait(job, for_question=True)
        if not view.state.live:
            return
        if view.question is not None and view.question.id not in asked:
            asked.add(view.question.id)
            watcher.end()
            await _ask(service, job, view.question, err)
        else:
            await asyncio.sleep(_LOOK_S)


async def _ask(service: Service, job: JobId, question: Question, err: Terminal) -> None:
    """Put the question to a person for as long as it stands: it may be answered elsewhere, or run out."""
    err.line(question.text, "bold")
    for number, choice in enumerate(question.choices, 1):
        err.line(f"  {number}. {choice}")
    if not somebody_there():
        err.line(
            f"Nobody is at a terminal: it goes on with {question.default!r} after {question.timeout_s:.0f} s, "
            f"or at once with `agent-ls jobs answer {job} TEXT`"
        )
        return
    reading = asyncio.create_task(read_line())
    standing = asyncio.create_task(_while_asked(service, job, question))
    try:
        await asyncio.wait({reading, standing}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            with suppress(AgentLsError):  # it was answered elsewhere in this very moment
                await service.answer(job, question.id, _chosen(question, reading.result()))
    finally:
        for task in (reading, standing):
            task.cancel()
        await asyncio.gather(reading, standing, return_exceptions=True)


async def _while_asked(service: Service, job: JobId, question: Question) -> None:
    while True:
        view = await service.wait(job, for_question=True)
        if view.question is None or view.question.id != question.id:
            return
        await asyncio.sleep(_LOOK_S)


def _chosen(question: Question, text: str) -> str:
    """What a person typed: a choice's number, an answer of their own, or nothing for the default."""
    if text.isdigit() and 1 <= int(text) <= len(question.choices):
        return question.choices[int(text) - 1]
    return text or question.default
