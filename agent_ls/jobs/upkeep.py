"""What is done for old jobs when a service opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.settings import Settings
from agent_ls.jobs.book import Book
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.fold import Job
from agent_ls.jobs.keeping import forget
from agent_ls.jobs.port import EditorPort


@final
class Upkeep:
    """Settles and forgets jobs of one workspace."""

    def __init__(self, book: Book, desk: Desk, port: EditorPort, clock: Callable[[], float]) -> None:
        self._book = book
        self._desk = desk
        self._port = port
        self._clock = clock

    async def begin(self, settings: Settings) -> None:
        """Settle landings that were cut off by looking at the texts of now; forget what ended long ago."""
        for job in await asyncio.to_thread(lambda: list(self._book.all())):
            self._settle(job)
        await asyncio.to_thread(forget, self._book, settings.jobs, self._clock())

    def _settle(self, job: Job) -> None:
        """A landing of a process that is gone is decided; one of a living process is its own affair."""
        if job.landing is None or self._book.holder(job.id) is not None:
            return
        try:
            self._desk.settle(job.id)
        except AgentLsError as error:
            self._port.notice(f"{job.request.intent.title}: {error.sentence()}", "warning")
