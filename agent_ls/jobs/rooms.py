"""The rooms behind a service, put together: who knows whom, what begins first and what ends last."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, final

from agent_ls.core.attempt import AttemptRequest
from agent_ls.core.errors import AgentLsError, WorkspaceError
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.index.indexer import Indexer
from agent_ls.index.merging import SyntaxMerge
from agent_ls.index.query import Index
from agent_ls.jobs.board import Board
from agent_ls.jobs.book import Book
from agent_ls.jobs.claims import Claims
from agent_ls.jobs.committed import Committed
from agent_ls.jobs.control import Listening, listen
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.environment import indexer_environment, worker_environment
from agent_ls.jobs.facts import Facts
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.hunks_here import HunksHere
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.marks import Marks
from agent_ls.jobs.owners import Owners
from agent_ls.jobs.place import LiveFacts
from agent_ls.jobs.plans import Plans
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.rechecking import Rechecker
from agent_ls.jobs.requests import model_configured
from agent_ls.jobs.runners import choose_runner
from agent_ls.jobs.runs import Runs
from agent_ls.jobs.starting import Starter
from agent_ls.jobs.trust import Trust
from agent_ls.jobs.upkeep import Upkeep
from agent_ls.jobs.wishes import Wishes
from agent_ls.workspace.state import StateDirs, private_dir


@final
class Rooms:
    """Everything of one workspace folder that lives as long as its `Service`."""

    def __init__(
        self,
        root: Path,
        *,
        port: EditorPort,
        settings: Settings,
        dirs: StateDirs,
        environ: Mapping[str, str],
        live: LiveFacts | None,
        holder: Holder,
        worker_module: str,
        clock: Callable[[], float],
        on_commit: Callable[[], None],
    ) -> None:
        """What the parameters are stands at `open`."""
        self.root = root
        self.settings = settings
        self.index = Index(dirs.index_db(root))
        self.indexer = Indexer(root, dirs.index_db(root), dirs.workspace(root), indexer_environment(environ))
        self.environ = environ
        self.trust = Trust(dirs.trust_file(), clock)
        self.ledger = Ledger(dirs.base / "spent", clock)
        self.book = book = Book(dirs.jobs(root), holder, clock)
        runs = self.runs = Runs(book, holder, clock)
        self.fleet = Fleet(runs, self.ledger, settings, changed=self._changed, fresh=self._up_to_date)
        self.runner = choose_runner(
            settings.cluster,
            module=worker_module,
            environ=worker_environment(environ, settings),
            folder=dirs.base / "worker",
            listener=self.fleet,
        )
        self.fleet.attach(self.runner)
        self.claims = Claims(book, self.index, port.notice)
        self.board = Board(book, runs, self.fleet, self.claims, port)
        self.starter = Starter(
            *(root, book, self.fleet),
            port=port,
            trust=self.trust,
            dirs=dirs,
            environ=environ,
            settings=lambda: self.settings,
        )
        resolve = SyntaxMerge(dirs.base / "worker", indexer_environment(environ))
        self.desk = Desk(book, port, self._changed, resolve, self.runs.story)
        self.wishes = Wishes(
            *(book, runs, self.fleet, self.desk, self.claims),
            Rechecker(self.desk, runs, self.fleet, port),
            view=self.board.view,
            changed=self.board.changed,
            model=lambda: model_configured(self.settings, environ),
        )
        self.owners = Owners(book, self.wishes)
        self.plans = Plans(book, runs, port)
        self.upkeep = Upkeep(book, self.desk, port, clock)
        self.committed = Committed(root, environ, on_commit)
        hunks = HunksHere(book)
        self.facts = Facts(
            *(root, self.index, live),
            board=self.board,
            hunks=hunks,
            marks=Marks(book, hunks, self.committed, clock),
            port=port,
            runner=self.runner,
            dirs=dirs,
            environ=environ,
            settings=lambda: self.settings,
            day_is_over=self.fleet.day_is_over,
            clock=clock,
        )
        self.listening: Listening | None = None

    @classmethod
    async def open(
        cls,
        root: Path,
        *,
        port: EditorPort,
        settings: Settings,
        dirs: StateDirs,
        environ: Mapping[str, str],
        live: LiveFacts | None,
        worker_module: str,
        clock: Callable[[], float],
        on_commit: Callable[[], None],
    ) -> Self:
        """See `Service.open`."""
        asked: list[Wishes] = []  # the socket's name stands in every lease, so it is there first

        async def answer(method: str, params: Mapping[str, Any]) -> object:
            return await asked[0].asked(method, params)

        try:
            await asyncio.to_thread(private_dir, dirs.jobs(root))
            listening = await listen(dirs.socket(root), answer)
        except OSError as error:
            raise WorkspaceError(
                f"The state directory {dirs.base} cannot be used: {error.strerror}",
                kept="Nothing was changed",
                remedy="Make it writable, or name another one in AGENT_LS_STATE_DIR",
            ) from error
        rooms = cls(
            root,
            port=port,
            settings=settings,
            dirs=dirs,
            environ=environ,
            live=live,
            holder=Holder(os.getpid(), str(listening.path)),
            worker_module=worker_module,
            clock=clock,
            on_commit=on_commit,
        )
        asked.append(rooms.wishes)
        rooms.listening = listening
        await rooms.upkeep.begin(settings)
        await asyncio.to_thread(rooms.facts.forget)
        return rooms

    async def close(self, *, interrupt: bool) -> None:
        """See `Service.close`."""
        self.upkeep.close()
        await self.wishes.close()
        await self.facts.close()
        await self.committed.close()
        await asyncio.gather(self.fleet.close(interrupt=interrupt), self.indexer.close())
        if self.listening is not None:
            await self.listening.close()
        self.runs.close()
        self.book.close()
        self.index.close()

    def _changed(self, job: JobId) -> None:
        """A job is not what it was: people see it, and a part done anew takes its place."""
        self.board.changed(job)
        owned = self.book.owned(job)
        if owned is None or not owned.job.request.intent.rework:
            return
        if owned.job.state is JobState.READY or owned.job.applied:
            with suppress(AgentLsError):  # of another process, or deleted
                self.wishes.replace(owned.job)

    def _up_to_date(self, request: AttemptRequest) -> AttemptRequest:
        return self.starter.up_to_date(request)
