"""What is done for old jobs when a service opens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.settings import Settings
from agent_ls.jobs.book import Book
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.fold import Job
from agent_ls.jobs.port import EditorPort

_DAY_S = 86400.0


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
        await asyncio.to_thread(self._forget, settings.jobs.keep_days)

    def _settle(self, job: Job) -> None:
        """A landing of a process that is gone is decided; one of a living process is its own affair."""
        if job.landing is None or self._book.holder(job.id) is not None:
            return
        try:
            self._desk.settle(job.id)
        except AgentLsError as error:
            self._port.notice(f"{job.request.intent.title}: {error.sentence()}", "warning")

    def _forget(self, keep_days: float) -> None:
        """Delete what ended long ago; a job that another process holds is its own affair."""
        oldest = self._clock() - keep_days * _DAY_S
        for job in list(self._book.all()):
            if job.updated_at < oldest and not job.state.live and self._book.owned(job.id) is None:
                with suppress(AgentLsError):
                    self._book.purge(job.id)
