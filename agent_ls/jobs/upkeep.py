"""What is done for old jobs when a service opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.settings import Jobs, Settings
from agent_ls.jobs.book import Book
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.fold import Job
from agent_ls.jobs.keeping import forget_old, make_room
from agent_ls.jobs.port import EditorPort


@final
class Upkeep:
    """Settles and forgets jobs of one workspace."""

    def __init__(self, book: Book, desk: Desk, port: EditorPort, clock: Callable[[], float]) -> None:
        self._book = book
        self._desk = desk
        self._port = port
        self._clock = clock
        self._making_room: asyncio.Task[None] | None = None

    async def begin(self, settings: Settings) -> None:
        """Settle landings that were cut off by looking at the texts of now; forget what ended long ago."""
        for job in await asyncio.to_thread(lambda: list(self._book.all())):
            self._settle(job)
        await asyncio.to_thread(forget_old, self._book, settings.jobs, self._clock())
        self._making_room = asyncio.create_task(self._make_room(settings.jobs))

    def close(self) -> None:
        """Leave the rest for the next time."""
        if self._making_room is not None:
            self._making_room.cancel()

    async def _make_room(self, settings: Jobs) -> None:
        """In the background: every file of every job is looked at."""
        jobs = self._book.ids()
        sizes = await asyncio.to_thread(lambda: {job: self._book.size(job) for job in jobs})
        make_room(self._book, sizes, settings, self._clock())

    def _settle(self, job: Job) -> None:
        """A landing of a process that is gone is decided; one of a living process is its own affair."""
        if job.landing is None or self._book.holder(job.id) is not None:
            return
        try:
            self._desk.settle(job.id)
        except AgentLsError as error:
            self._port.notice(f"{job.request.intent.title}: {error.sentence()}", "warning")
