"""One service under every face: jobs, plans, facts, for one workspace folder.

Everything that a person can ask for is a method here; a face only translates. Methods that are
not ``async`` return within milliseconds and never wait for a model, a check or another process.
``async`` ones may pass the wish on to the process that owns the job, or wait for the editor.

Raises, everywhere: `UnknownJobError` for an id that this workspace does not have, `UsageError`
where the job's state does not allow the wish (the sentence says what does), `BusyError` where
the owner of the job is alive but does not answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

from agent_ls.core.edits import ChangeSet
from agent_ls.core.job import Diagnostic, Intent, JobId, Site
from agent_ls.core.merge import Rebased
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.index.indexer import Indexer
from agent_ls.index.live import Live
from agent_ls.index.query import Index
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.views import Applied, Explanation, HoverFacts, JobDetail, JobView, Offer
from agent_ls.workspace.state import StateDirs

AGENT_WORKER = "agent_ls.agent.worker"


@final
class Service:
    """Jobs and facts of one workspace folder; build it with `open`, end it with `close`."""

    root: Path
    settings: Settings
    index: Index
    indexer: Indexer
    live: Live

    @classmethod
    async def open(
        cls,
        root: Path,
        *,
        port: EditorPort,
        settings: Settings,
        dirs: StateDirs,
        environ: Mapping[str, str],
        live: Live | None = None,
        worker_module: str = AGENT_WORKER,
    ) -> Self:
        """Read the workspace's jobs and begin to listen for other processes' wishes.

        Starts no process: the agent worker comes with the first job, the indexer with its first
        `refresh`, and ``live`` (facts of open documents) is the face's to start and to feed; without
        it offers and hovers use the index alone. A landing that was cut off is settled here by
        looking at the texts of now.
        """
        raise NotImplementedError

    async def close(self, *, interrupt: bool = True) -> None:
        """End everything that was started here, within a second.

        Live jobs are paused as ``interrupted`` at their last whole turn. With ``interrupt`` false
        they are waited for instead, without a deadline.
        """
        raise NotImplementedError

    # --- starting jobs ----------------------------------------------------------------

    def delegate(self, intent: Intent) -> JobId:
        """Queue a task for the agent. Raises `ConfigError` where no model is configured."""
        raise NotImplementedError

    def run(self, intent: Intent) -> JobId:
        """Queue ``intent.argv`` as the engine of a plan. Raises `NotTrustedError`, `UsageError` (no argv)."""
        raise NotImplementedError

    def rename(self, intent: Intent) -> JobId:
        """Queue the rename of the symbol at ``intent.site`` to ``intent.new_name``."""
        raise NotImplementedError

    def retry(self, job: JobId, instruction: str = "") -> JobId:
        """Queue the same intent again as a new job, on the texts of now; ``instruction`` is added to its task."""
        raise NotImplementedError

    # --- looking ----------------------------------------------------------------------

    def jobs(self) -> list[JobView]:
        """Every job of this workspace, newest first; those of other processes included."""
        raise NotImplementedError

    def job(self, job: JobId) -> JobDetail:
        """Everything about one job. Cost: a diff of its plan."""
        raise NotImplementedError

    def plan(self, job: JobId) -> ChangeSet:
        """The whole plan, against the texts it was made from; empty where there is none."""
        raise NotImplementedError

    def preview(
        self, job: JobId, files: Collection[RelPath] | None = None, hunks: Collection[str] | None = None
    ) -> Rebased:
        """What `apply` would do now: the part of the plan that has not landed, on the texts of now."""
        raise NotImplementedError

    def wire_log(self, job: JobId) -> list[dict[str, Any]]:
        """Every recorded value of a job as it stands in the journal, oldest first (``jobs log --wire``)."""
        raise NotImplementedError

    async def wait(self, job: JobId, *, for_question: bool = False) -> JobView:
        """Wait until the job is no longer live; with ``for_question`` also until it asks something."""
        raise NotImplementedError

    # --- acting on a job --------------------------------------------------------------

    async def apply(
        self,
        job: JobId,
        files: Collection[RelPath] | None = None,
        hunks: Collection[str] | None = None,
        *,
        force: bool = False,
    ) -> Applied:
        """Merge the plan, or the chosen files and hunks of it, onto the texts of now and let the editor land it.

        A clash leaves everything as it is, unless files or hunks were chosen by hand or ``force`` is
        set: then files without a clash land (``partly_applied``). A plan that made checks worse needs
        ``force``. Refusals are values with a message; applying what has landed changes nothing.
        """
        raise NotImplementedError

    async def undo(self, job: JobId) -> Applied:
        """Take back what landed; whatever was edited since stays. `apply` does it again."""
        raise NotImplementedError

    async def discard(self, job: JobId) -> JobView:
        """Put a plan aside. The user's texts are not touched."""
        raise NotImplementedError

    async def cancel(self, job: JobId) -> JobView:
        """End a live job now; its draft so far stays and it can be resumed. Returns once it is recorded."""
        raise NotImplementedError

    async def resume(self, job: JobId) -> JobView:
        """Go on from the last whole turn with a fresh allowance (interrupted, out of budget, failed, cancelled)."""
        raise NotImplementedError

    async def tell(self, job: JobId, text: str) -> None:
        """Say something to a running attempt; it reads it with its next turn."""
        raise NotImplementedError

    async def answer(self, job: JobId, question_id: str, answer: str) -> JobView:
        """Answer a question of the job."""
        raise NotImplementedError

    async def purge(self, job: JobId) -> None:
        """Delete a job's folder with all its texts. Refused while it is live."""
        raise NotImplementedError

    # --- facts ------------------------------------------------------------------------

    async def explain(self, site: Site, *, refresh: bool = False) -> Explanation:
        """What the symbol at a place is for; returns the cached text, or at once with ``pending``."""
        raise NotImplementedError

    def hover(self, site: Site) -> HoverFacts | None:
        """Instant facts about the symbol at a place; ``None`` where there is nothing to say."""
        raise NotImplementedError

    def offers(
        self,
        site: Site,
        diagnostics: Sequence[Diagnostic] = (),
        only: Collection[str] | None = None,
    ) -> list[Offer]:
        """The code-action menu for a place, best first, at most six. Spans refer to the text of now."""
        raise NotImplementedError

    # --- the workspace ----------------------------------------------------------------

    def trusted(self) -> bool:
        """Whether programs may run for this workspace: the user's word, for its project file of now."""
        raise NotImplementedError

    def trust(self, *, trusted: bool) -> None:
        """Give or take the user's word for this folder."""
        raise NotImplementedError

    def update_settings(self, settings: Settings) -> None:
        """Use other settings from now on; running attempts keep theirs."""
        raise NotImplementedError

    def status(self) -> dict[str, Any]:
        """What ``agentLs.status`` answers: model, trust, jobs by state, spending of today, index."""
        raise NotImplementedError
