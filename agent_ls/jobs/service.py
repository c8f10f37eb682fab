"""One service under every face: jobs, plans, facts, for one workspace folder.

Everything that a person can ask for is a method here; a face only translates. Methods that are
not ``async`` return within milliseconds and never wait for a model, a check or another process.
``async`` ones may pass the wish on to the process that owns the job, or wait for the editor.
The rooms behind it (`rooms` puts them together): `starting` (intents become jobs), `board` (what people see), `owners` (wishes
go to whoever owns the job), `plans` (change sets to look at), `facts` (menu, hover, explanations).

Raises, everywhere: `UnknownJobError` for an id that this workspace does not have, `UsageError`
where the job's state does not allow the wish (the sentence says what does), `BusyError` where
the owner of the job is alive but does not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import Diagnostic, Intent, JobId, Site
from agent_ls.core.merge import Rebased
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.core.steps import PlanStep
from agent_ls.jobs.marks import Mark
from agent_ls.jobs.place import LiveFacts
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.preview import FilePreview
from agent_ls.jobs.rooms import Rooms
from agent_ls.jobs.status import status_wire
from agent_ls.jobs.views import Applied, Explanation, HoverFacts, JobDetail, JobView, Offer
from agent_ls.jobs.wirelog import read_wire_log
from agent_ls.workspace.state import StateDirs

AGENT_WORKER = "agent_ls.agent.worker"


@final
class Service:
    """Jobs and facts of one workspace folder; build it with `open`, end it with `close`."""

    def __init__(self, rooms: Rooms) -> None:
        """Use `open`."""
        self._rooms = rooms
        self.root = rooms.root
        self.index = rooms.index
        self.indexer = rooms.indexer

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
        rooms = await Rooms.open(
            await asyncio.to_thread(root.resolve),
            port=port,
            settings=settings,
            dirs=dirs,
            environ=environ,
            live=live,
            worker_module=worker_module,
            clock=clock,
            on_commit=on_commit,
        )
        return cls(rooms)

    @property
    def settings(self) -> Settings:
        """What holds now."""
        return self._rooms.settings

    async def close(self, *, interrupt: bool = True) -> None:
        """End everything that was started here, within a second.

        Live jobs are paused as ``interrupted`` at their last whole turn. With ``interrupt`` false
        they are waited for instead, without a deadline.
        """
        await self._rooms.close(interrupt=interrupt)

    # --- starting jobs ----------------------------------------------------------------

    def delegate(self, intent: Intent, *, budget_usd: float | None = None) -> JobId:
        """Queue a task for the agent. Raises `ConfigError` where no model is configured.

        ``budget_usd``: the ceiling of the first attempt instead of the settings' one.
        """
        return self._rooms.starter.delegate(intent, budget_usd=budget_usd)

    def run(self, intent: Intent) -> JobId:
        """Queue ``intent.argv`` as the engine of a plan. Raises `NotTrustedError`, `UsageError` (no argv)."""
        return self._rooms.starter.run(intent)

    def act(self, intent: Intent) -> JobId:
        """Queue a deterministic action at ``intent.site``: a rename, an import."""
        return self._rooms.starter.act(intent)

    def retry(self, job: JobId, instruction: str = "", hunks: Collection[str] | None = None) -> JobId:
        """Queue the same intent again as a new job, on the texts of now; ``instruction`` is added to its task.

        With ``hunks`` only these are done anew, as ``instruction`` says: the new job begins with what is
        pending of the plan, and takes its place when it is ready.
        """
        begun = None if hunks is None else self._rooms.plans.rework(job, hunks, instruction)
        return self._rooms.starter.retry(job, instruction, begun)

    # --- looking ----------------------------------------------------------------------

    def jobs(self) -> list[JobView]:
        """Every job of this workspace, newest first; those of other processes included."""
        return self._rooms.board.all()

    def stamp(self) -> Hashable:
        """A value that changes when any job's journal does; cheap, for faces that look again and again."""
        return self._rooms.book.stamp()

    async def look(self, view: JobView) -> JobView:
        """A job of another process with the step that it is at, which stands in no journal."""
        return await self._rooms.owners.look(view.id, view)

    def has(self, job: JobId) -> bool:
        """Whether this workspace has the job."""
        try:
            self._rooms.book.get(job)
        except AgentLsError:
            return False
        return True

    def job(self, job: JobId) -> JobDetail:
        """Everything about one job. Cost: a diff of its plan."""
        return self._rooms.board.detail(job)

    def plan(self, job: JobId, attempt: int | None = None) -> ChangeSet:
        """The whole plan, or what that attempt has drafted, against the texts it was made from.

        Empty where there is none. Raises `UsageError` for an attempt that the job does not have.
        """
        return self._rooms.plans.whole(job, attempt)

    def preview(
        self, job: JobId, files: Collection[RelPath] | None = None, hunks: Collection[str] | None = None
    ) -> Rebased:
        """What `apply` would do now: the part of the plan that has not landed, on the texts of now."""
        return self._rooms.plans.preview(job, files, hunks)

    def review(self, job: JobId, hunks: Collection[str] | None = None) -> list[FilePreview]:
        """What has not landed, on the texts of now, hunk by hunk; ``hunks``: those that are chosen."""
        return self._rooms.plans.review(job, hunks)

    def doubts(self, job: JobId) -> dict[RelPath, str]:
        """The pending files of a plan that deserve a yes of their own, and why."""
        return self._rooms.plans.doubts(job)

    def wire_log(self, job: JobId) -> Iterator[dict[str, Any]]:
        """Every byte that the job's requests sent and received: ``{"direction", "text"}``, oldest first."""
        self._rooms.book.get(job)
        return read_wire_log(self._rooms.book.folder(job))

    def whole_wire_log(self) -> Iterator[dict[str, Any]]:
        """The same of this whole workspace, each line with ``of``: a job's id, oldest first, then ``explanation``."""
        for job in reversed(self._rooms.book.ids()):
            yield from ({"of": job, **line} for line in read_wire_log(self._rooms.book.folder(job)))
        yield from ({"of": "explanation", **line} for line in self._rooms.facts.wire_log())

    async def wait(self, job: JobId, *, for_question: bool = False) -> JobView:
        """Wait until the job is no longer live; with ``for_question`` also until it asks something."""
        return await self._rooms.board.wait(job, for_question=for_question)

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
        return await self._rooms.owners.apply(job, files, hunks, force=force, reviewed=reviewed)

    async def undo(self, job: JobId) -> Applied:
        """Take back what landed; whatever was edited since stays. `apply` does it again."""
        return await self._rooms.owners.undo(job)

    async def check(self, job: JobId) -> JobView:
        """Prove the plan again, on the texts of now; a verdict is about one tree, and a merge makes another.

        Raises `CheckError` where the checks came to no end.
        """
        return await self._rooms.owners.check(job)

    async def discard(self, job: JobId) -> JobView:
        """Put a plan aside. The user's texts are not touched."""
        return await self._rooms.owners.discard(job)

    async def cancel(self, job: JobId) -> JobView:
        """End a live job now; its draft so far stays and it can be resumed. Returns once it is recorded."""
        return await self._rooms.owners.cancel(job)

    async def resume(self, job: JobId) -> JobView:
        """Go on from the last whole turn with a fresh allowance (interrupted, out of budget, failed, cancelled)."""
        return await self._rooms.owners.resume(job)

    async def tell(self, job: JobId, text: str) -> None:
        """Say something to a running attempt; it reads it with its next turn."""
        await self._rooms.owners.tell(job, text)

    async def answer(self, job: JobId, question_id: str, answer: str) -> JobView:
        """Answer a question of the job."""
        return await self._rooms.owners.answer(job, question_id, answer)

    async def decide_plan(
        self, job: JobId, *, approve: bool, steps: Sequence[PlanStep] | None = None
    ) -> JobView:
        """Approve or reject the steps that a job proposes and waits with; ``steps`` approves others instead."""
        return await self._rooms.owners.decide_plan(job, approve=approve, steps=steps)

    async def use(self, job: JobId, attempt: int) -> JobView:
        """Make another attempt's draft the plan, whatever was selected. Not while the plan is in the files."""
        return await self._rooms.owners.use(job, attempt)

    async def purge(self, job: JobId) -> None:
        """Delete a job's folder with all its texts. Refused while it is live."""
        await self._rooms.owners.purge(job)

    # --- facts ------------------------------------------------------------------------

    async def explain(self, site: Site, *, refresh: bool = False, wait: bool = False) -> Explanation:
        """What the symbol at a place, or the selection, is for; the cached text, or at once with ``pending``.

        With ``wait`` the text is waited for. Raises `ConfigError` where no model is configured or
        today's ceiling is reached, and `ModelError` with ``wait``; without it a failure is a notice.
        """
        return await self._rooms.facts.explain(site, refresh=refresh, wait=wait)

    async def explain_folder(self, folder: str, *, refresh: bool = False, wait: bool = False) -> Explanation:
        """What a folder is for (``""``: the whole workspace), from the index's skeleton of it; as `explain`.

        Raises also `UsageError` where nothing of it is indexed.
        """
        return await self._rooms.facts.explain_folder(folder, refresh=refresh, wait=wait)

    def hover(self, site: Site) -> HoverFacts | None:
        """Instant facts about the symbol at a place; ``None`` where there is nothing to say."""
        return self._rooms.facts.hover(site)

    def marks(self, path: RelPath) -> list[Mark]:
        """Where jobs are in a file's text of now, by place: see `Marks`. Empty where the setting is off."""
        return self._rooms.facts.marks(path)

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
        return self._rooms.facts.offers(site, diagnostics, only, automatic=automatic)

    def hidden_offers(self, site: Site) -> list[Offer]:
        """The entries that the menu for a place had no room for."""
        return self._rooms.facts.hidden_offers(site)

    # --- the workspace ----------------------------------------------------------------

    def trusted(self) -> bool:
        """Whether programs may run for this workspace: the user's word, for its project file of now."""
        return self._rooms.trust.trusted(self.root)

    def trust(self, *, trusted: bool) -> None:
        """Give or take the user's word for this folder."""
        if trusted:
            self._rooms.trust.give(self.root)
        else:
            self._rooms.trust.take(self.root)

    def update_settings(self, settings: Settings) -> None:
        """Use other settings from now on; running attempts keep theirs."""
        self._rooms.settings = self._rooms.fleet.settings = settings

    def status(self) -> dict[str, Any]:
        """What ``agentLs.status`` answers: model, trust, jobs by state, spending of today, index."""
        return status_wire(
            *(self.settings, self._rooms.environ, self.jobs()),
            index=self.index,
            trust_doubt=self._rooms.trust.doubt(self.root),
            spent_usd=self._rooms.ledger.today(),
            worker_pid=self._rooms.runner.pid,
        )
