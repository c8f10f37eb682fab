"""One service under every face: jobs, plans, facts, for one workspace folder.

Everything that a person can ask for is a method here; a face only translates. Methods that are
not ``async`` return within milliseconds and never wait for a model, a check or another process.
``async`` ones may pass the wish on to the process that owns the job, or wait for the editor.
The rooms behind it: `starting` (intents become jobs), `board` (what people see), `owners` (wishes
go to whoever owns the job), `plans` (change sets to look at), `facts` (menu, hover, explanations).

Raises, everywhere: `UnknownJobError` for an id that this workspace does not have, `UsageError`
where the job's state does not allow the wish (the sentence says what does), `BusyError` where
the owner of the job is alive but does not answer.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, final

from agent_ls.core.attempt import AttemptRequest
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError, WorkspaceError
from agent_ls.core.job import Diagnostic, Intent, JobId, JobState, Site
from agent_ls.core.merge import Rebased
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.core.steps import PlanStep
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
from agent_ls.jobs.marks import Mark, Marks
from agent_ls.jobs.owners import Owners
from agent_ls.jobs.place import LiveFacts
from agent_ls.jobs.plans import Plans
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.preview import FilePreview
from agent_ls.jobs.rechecking import Rechecker
from agent_ls.jobs.requests import model_configured
from agent_ls.jobs.runners import choose_runner
from agent_ls.jobs.runs import Runs
from agent_ls.jobs.starting import Starter
from agent_ls.jobs.status import status_wire
from agent_ls.jobs.trust import Trust
from agent_ls.jobs.upkeep import Upkeep
from agent_ls.jobs.views import Applied, Explanation, HoverFacts, JobDetail, JobView, Offer
from agent_ls.jobs.wirelog import read_wire_log
from agent_ls.jobs.wishes import Wishes
from agent_ls.workspace.state import StateDirs, private_dir

AGENT_WORKER = "agent_ls.agent.worker"


@final
class Service:
    """Jobs and facts of one workspace folder; build it with `open`, end it with `close`."""

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
        """Puts the rooms together; use `open`."""
        self.root = root
        self.settings = settings
        self.index = Index(dirs.index_db(root))
        self.indexer = Indexer(root, dirs.index_db(root), dirs.workspace(root), indexer_environment(environ))
        self._environ = environ
        self._trust = Trust(dirs.trust_file(), clock)
        self._ledger = Ledger(dirs.base / "spent", clock)
        self._book = book = Book(dirs.jobs(root), holder, clock)
        runs = self._runs = Runs(book, holder, clock)
        self._fleet = Fleet(runs, self._ledger, settings, changed=self._changed, fresh=self._up_to_date)
        self._runner = choose_runner(
            settings.cluster,
            module=worker_module,
            environ=worker_environment(environ, settings),
            folder=dirs.base / "worker",
            listener=self._fleet,
        )
        self._fleet.attach(self._runner)
        self._claims = Claims(book, self.index, port.notice)
        self._board = Board(book, runs, self._fleet, self._claims, port)
        self._starter = Starter(
            *(root, book, self._fleet),
            port=port,
            trust=self._trust,
            dirs=dirs,
            environ=environ,
            settings=lambda: self.settings,
        )
        resolve = SyntaxMerge(dirs.base / "worker", indexer_environment(environ))
        self._desk = Desk(book, port, self._changed, resolve, self._runs.story)
        self._wishes = Wishes(
            *(book, runs, self._fleet, self._desk, self._claims),
            Rechecker(self._desk, runs, self._fleet, port),
            view=self._board.view,
            changed=self._board.changed,
            model=lambda: model_configured(self.settings, environ),
        )
        self._owners = Owners(book, self._wishes)
        self._plans = Plans(book, runs, port)
        self._upkeep = Upkeep(book, self._desk, port, clock)
        self._committed = Committed(root, environ, on_commit)
        hunks = HunksHere(book)
        self._facts = Facts(
            *(root, self.index, live),
            board=self._board,
            hunks=hunks,
            marks=Marks(book, hunks, self._committed, clock),
            port=port,
            runner=self._runner,
            dirs=dirs,
            environ=environ,
            settings=lambda: self.settings,
            day_is_over=self._fleet.day_is_over,
            clock=clock,
        )
        self._listening: Listening | None = None

    @classmethod
    async def open(
        cls,
        root: Path,
        *,
        port: EditorPort,
        settings: Settings,
        dirs: StateDirs,
        environ: Mapping[str, str],
        live: LiveFacts | None = None,
        worker_module: str = AGENT_WORKER,
        clock: Callable[[], float] = time.time,
        on_commit: Callable[[], None] = lambda: None,
    ) -> Self:
        """Read the workspace's jobs and begin to listen for other processes' wishes.

        Starts no process: the agent worker comes with the first job, the indexer with its first
        `refresh`, and ``live`` (facts of open documents) is the face's to start and to feed; without
        it offers and hovers use the index alone. A landing that was cut off is settled here by
        looking at the texts of now. ``on_commit`` hears that `marks` would say something else, since HEAD
        holds another text.

        Raises:
            WorkspaceError: the state directory cannot be used.
        """
        real = await asyncio.to_thread(root.resolve)
        asked: list[Wishes] = []  # the socket's name stands in every lease, so it is there first

        async def answer(method: str, params: Mapping[str, Any]) -> object:
            return await asked[0].asked(method, params)

        try:
            await asyncio.to_thread(private_dir, dirs.jobs(real))
            listening = await listen(dirs.socket(real), answer)
        except OSError as error:
            raise WorkspaceError(
                f"The state directory {dirs.base} cannot be used: {error.strerror}",
                kept="Nothing was changed",
                remedy="Make it writable, or name another one in AGENT_LS_STATE_DIR",
            ) from error
        service = cls(
            real,
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
        asked.append(service._wishes)
        service._listening = listening
        await service._upkeep.begin(settings)
        await asyncio.to_thread(service._facts.forget)
        return service

    async def close(self, *, interrupt: bool = True) -> None:
        """End everything that was started here, within a second.

        Live jobs are paused as ``interrupted`` at their last whole turn. With ``interrupt`` false
        they are waited for instead, without a deadline.
        """
        self._upkeep.close()
        await self._wishes.close()
        await self._facts.close()
        await self._committed.close()
        await asyncio.gather(self._fleet.close(interrupt=interrupt), self.indexer.close())
        if self._listening is not None:
            await self._listening.close()
        self._runs.close()
        self._book.close()
        self.index.close()

    # --- starting jobs ----------------------------------------------------------------

    def delegate(self, intent: Intent, *, budget_usd: float | None = None) -> JobId:
        """Queue a task for the agent. Raises `ConfigError` where no model is configured.

        ``budget_usd``: the ceiling of the first attempt instead of the settings' one.
        """
        return self._starter.delegate(intent, budget_usd=budget_usd)

    def run(self, intent: Intent) -> JobId:
        """Queue ``intent.argv`` as the engine of a plan. Raises `NotTrustedError`, `UsageError` (no argv)."""
        return self._starter.run(intent)

    def act(self, intent: Intent) -> JobId:
        """Queue a deterministic action at ``intent.site``: a rename, an import."""
        return self._starter.act(intent)

    def retry(self, job: JobId, instruction: str = "", hunks: Collection[str] | None = None) -> JobId:
        """Queue the same intent again as a new job, on the texts of now; ``instruction`` is added to its task.

        With ``hunks`` only these are done anew, as ``instruction`` says: the new job begins with what is
        pending of the plan, and takes its place when it is ready.
        """
        begun = None if hunks is None else self._plans.rework(job, hunks, instruction)
        return self._starter.retry(job, instruction, begun)

    # --- looking ----------------------------------------------------------------------

    def jobs(self) -> list[JobView]:
        """Every job of this workspace, newest first; those of other processes included."""
        return self._board.all()

    def stamp(self) -> Hashable:
        """A value that changes when any job's journal does; cheap, for faces that look again and again."""
        return self._book.stamp()

    async def look(self, view: JobView) -> JobView:
        """A job of another process with the step that it is at, which stands in no journal."""
        return await self._owners.look(view.id, view)

    def has(self, job: JobId) -> bool:
        """Whether this workspace has the job."""
        try:
            self._book.get(job)
        except AgentLsError:
            return False
        return True

    def job(self, job: JobId) -> JobDetail:
        """Everything about one job. Cost: a diff of its plan."""
        return self._board.detail(job)

    def plan(self, job: JobId, attempt: int | None = None) -> ChangeSet:
        """The whole plan, or what that attempt has drafted, against the texts it was made from.

        Empty where there is none. Raises `UsageError` for an attempt that the job does not have.
        """
        return self._plans.whole(job, attempt)

    def preview(
        self, job: JobId, files: Collection[RelPath] | None = None, hunks: Collection[str] | None = None
    ) -> Rebased:
        """What `apply` would do now: the part of the plan that has not landed, on the texts of now."""
        return self._plans.preview(job, files, hunks)

    def review(self, job: JobId, hunks: Collection[str] | None = None) -> list[FilePreview]:
        """What has not landed, on the texts of now, hunk by hunk; ``hunks``: those that are chosen."""
        return self._plans.review(job, hunks)

    def doubts(self, job: JobId) -> dict[RelPath, str]:
        """The pending files of a plan that deserve a yes of their own, and why."""
        return self._plans.doubts(job)

    def wire_log(self, job: JobId) -> Iterator[dict[str, Any]]:
        """Every byte that the job's requests sent and received: ``{"direction", "text"}``, oldest first."""
        self._book.get(job)
        return read_wire_log(self._book.folder(job))

    def whole_wire_log(self) -> Iterator[dict[str, Any]]:
        """The same of this whole workspace, each line with ``of``: a job's id, oldest first, then ``explanation``."""
        for job in reversed(self._book.ids()):
            yield from ({"of": job, **line} for line in read_wire_log(self._book.folder(job)))
        yield from ({"of": "explanation", **line} for line in self._facts.wire_log())

    async def wait(self, job: JobId, *, for_question: bool = False) -> JobView:
        """Wait until the job is no longer live; with ``for_question`` also until it asks something."""
        return await self._board.wait(job, for_question=for_question)

    # --- acting on a job --------------------------------------------------------------

    async def apply(
        self,
        job: JobId,
        files: Collection[RelPath] | None = None,
        hunks: Collection[str] | None = None,
        *,
        force: bool = False,
        reviewed: bool = False,
    ) -> Applied:
        """Merge the plan, or the chosen files and hunks of it, onto the texts of now and let the editor land it.

        A clash leaves everything as it is, unless files or hunks were chosen by hand or ``force`` is
        set: then files without a clash land (``partly_applied``). A plan that made checks worse needs
        ``force``. ``reviewed``: the user has seen just this, no editor needs to ask again. Refusals are values with a message; applying what has landed changes nothing.
        """
        return await self._owners.apply(job, files, hunks, force=force, reviewed=reviewed)

    async def undo(self, job: JobId) -> Applied:
        """Take back what landed; whatever was edited since stays. `apply` does it again."""
        return await self._owners.undo(job)

    async def check(self, job: JobId) -> JobView:
        """Prove the plan again, on the texts of now; a verdict is about one tree, and a merge makes another.

        Raises `CheckError` where the checks came to no end.
        """
        return await self._owners.check(job)

    async def discard(self, job: JobId) -> JobView:
        """Put a plan aside. The user's texts are not touched."""
        return await self._owners.discard(job)

    async def cancel(self, job: JobId) -> JobView:
        """End a live job now; its draft so far stays and it can be resumed. Returns once it is recorded."""
        return await self._owners.cancel(job)

    async def resume(self, job: JobId) -> JobView:
        """Go on from the last whole turn with a fresh allowance (interrupted, out of budget, failed, cancelled)."""
        return await self._owners.resume(job)

    async def tell(self, job: JobId, text: str) -> None:
        """Say something to a running attempt; it reads it with its next turn."""
        await self._owners.tell(job, text)

    async def answer(self, job: JobId, question_id: str, answer: str) -> JobView:
        """Answer a question of the job."""
        return await self._owners.answer(job, question_id, answer)

    async def decide_plan(
        self, job: JobId, *, approve: bool, steps: Sequence[PlanStep] | None = None
    ) -> JobView:
        """Approve or reject the steps that a job proposes and waits with; ``steps`` approves others instead."""
        return await self._owners.decide_plan(job, approve=approve, steps=steps)

    async def use(self, job: JobId, attempt: int) -> JobView:
        """Make another attempt's draft the plan, whatever was selected. Not while the plan is in the files."""
        return await self._owners.use(job, attempt)

    async def purge(self, job: JobId) -> None:
        """Delete a job's folder with all its texts. Refused while it is live."""
        await self._owners.purge(job)

    # --- facts ------------------------------------------------------------------------

    async def explain(self, site: Site, *, refresh: bool = False, wait: bool = False) -> Explanation:
        """What the symbol at a place, or the selection, is for; the cached text, or at once with ``pending``.

        With ``wait`` the text is waited for. Raises `ConfigError` where no model is configured or
        today's ceiling is reached, and `ModelError` with ``wait``; without it a failure is a notice.
        """
        return await self._facts.explain(site, refresh=refresh, wait=wait)

    async def explain_folder(self, folder: str, *, refresh: bool = False, wait: bool = False) -> Explanation:
        """What a folder is for (``""``: the whole workspace), from the index's skeleton of it; as `explain`.

        Raises also `UsageError` where nothing of it is indexed.
        """
        return await self._facts.explain_folder(folder, refresh=refresh, wait=wait)

    def hover(self, site: Site) -> HoverFacts | None:
        """Instant facts about the symbol at a place; ``None`` where there is nothing to say."""
        return self._facts.hover(site)

    def marks(self, path: RelPath) -> list[Mark]:
        """Where jobs are in a file's text of now, by place: see `Marks`. Empty where the setting is off."""
        return self._facts.marks(path)

    def offers(
        self,
        site: Site,
        diagnostics: Sequence[Diagnostic] = (),
        only: Collection[str] | None = None,
        *,
        automatic: bool = False,
    ) -> list[Offer]:
        """The code-action menu for a place, best first, at most six. Spans refer to the text of now.

        ``only`` and ``automatic``: see `offers.offers`.
        """
        return self._facts.offers(site, diagnostics, only, automatic=automatic)

    def hidden_offers(self, site: Site) -> list[Offer]:
        """The entries that the menu for a place had no room for."""
        return self._facts.hidden_offers(site)

    # --- the workspace ----------------------------------------------------------------

    def trusted(self) -> bool:
        """Whether programs may run for this workspace: the user's word, for its project file of now."""
        return self._trust.trusted(self.root)

    def trust(self, *, trusted: bool) -> None:
        """Give or take the user's word for this folder."""
        if trusted:
            self._trust.give(self.root)
        else:
            self._trust.take(self.root)

    def update_settings(self, settings: Settings) -> None:
        """Use other settings from now on; running attempts keep theirs."""
        self.settings = self._fleet.settings = settings

    def status(self) -> dict[str, Any]:
        """What ``agentLs.status`` answers: model, trust, jobs by state, spending of today, index."""
        return status_wire(
            *(self.settings, self._environ, self.jobs()),
            index=self.index,
            trust_doubt=self._trust.doubt(self.root),
            spent_usd=self._ledger.today(),
            worker_pid=self._runner.pid,
        )

    # --- inside -----------------------------------------------------------------------

    def _changed(self, job: JobId) -> None:
        self._board.changed(job)
        owned = self._book.owned(job)
        if owned is None or not owned.job.request.intent.rework:
            return
        if owned.job.state is JobState.READY or owned.job.applied:
            with suppress(AgentLsError):  # of another process, or deleted
                self._wishes.replace(owned.job)

    def _up_to_date(self, request: AttemptRequest) -> AttemptRequest:
        return self._starter.up_to_date(request)
