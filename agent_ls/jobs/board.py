"""What stands on the board: jobs as people see them, and who is told when one is not what it was."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import final

from agent_ls.core.job import JobId, JobState, Site
from agent_ls.jobs.attempt_views import together
from agent_ls.jobs.book import Book
from agent_ls.jobs.claims import Claims
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.fold import Job
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.present import Presenter
from agent_ls.jobs.runs import Runs
from agent_ls.jobs.views import JobDetail, JobView

_POLL_S = 0.2
_SEEN_S = 0.5


@final
class Board:
    """The views of one workspace's jobs, those of other processes included."""

    def __init__(self, book: Book, runs: Runs, fleet: Fleet, claims: Claims, port: EditorPort) -> None:
        self._book = book
        self._runs = runs
        self._fleet = fleet
        self._claims = claims
        self._port = port
        self._presenter = Presenter(book.blobs)
        self._news: set[asyncio.Event] = set()
        self._seen: tuple[float, list[Job]] = (0.0, [])

    def all(self) -> list[JobView]:
        """Every job, newest first."""
        return [self.show(job) for job in self._book.all()]

    def view(self, job: JobId) -> JobView:
        return self.show(self._book.get(job))

    def detail(self, job: JobId) -> JobDetail:
        """Everything about one job. Cost: a diff of its plan."""
        state = self._book.get(job)
        further = self._runs.further(state)
        entries = self._book.entries(job)
        story = entries if state.selected is None else self._runs.story(state)
        return self._presenter.detail(state, self.show(state), entries, further, story)

    def at(self, site: Site) -> list[JobView]:
        """The jobs of a file, for menus and hovers: those of other processes as of a moment ago."""
        now = time.monotonic()
        if now > self._seen[0]:
            self._seen = (now + _SEEN_S, list(self._book.all()))
        return [self.show(job) for job in self._seen[1] if site.path in job.touches]

    def show(self, job: Job) -> JobView:
        if self._book.owned(job.id) is not None:
            # A job taken over from a process that is gone is at work only once it is resumed.
            owner = "here" if self._fleet.active(job.id) or not job.state.live else "nobody"
        else:
            owner = "nobody" if self._book.holder(job.id) is None else "elsewhere"
        view = self._presenter.view(job, owner, self._fleet.progress(job.id))
        if overlaps := self._claims.overlaps(job):
            view = replace(view, overlaps=overlaps)
        if job.wanted == 1:
            return view
        return together(view, job, self._runs.further(job), self._fleet.progress)

    def changed(self, job: JobId) -> None:
        """Tell everybody who waits or listens that a job is not what it was."""
        self._seen = (0.0, [])
        owned = self._book.owned(job)
        if owned is not None:
            self._port.job_changed(self.view(job))
            if owned.job.state in (JobState.QUEUED, JobState.READY):
                self._claims.announce(owned.job)
        for news in self._news:
            news.set()

    async def wait(self, job: JobId, *, for_question: bool = False) -> JobView:
        """See `Service.wait`."""
        while True:
            view = self.view(job)
            if not view.state.live or (for_question and view.state is JobState.WAITING):
                return view
            news = asyncio.Event()
            self._news.add(news)
            try:
                # Jobs of other processes send no news here: look again now and then.
                async with asyncio.timeout(None if view.owner == "here" else _POLL_S):
                    await news.wait()
            except TimeoutError:
                continue
            finally:
                self._news.discard(news)
