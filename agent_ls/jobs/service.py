"""One service under every face: jobs, plans, facts, for one workspace folder.

Everything that a person can ask for is a method here; a face only translates. Methods that are
not ``async`` return within milliseconds and never wait for a model, a check or another process.
``async`` ones may pass the wish on to the process that owns the job, or wait for the editor.

Raises, everywhere: `UnknownJobError` for an id that this workspace does not have, `UsageError`
where the job's state does not allow the wish (the sentence says what does), `BusyError` where
the owner of the job is alive but does not answer.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, final

from agent_ls.core.attempt import NEEDS_MODEL, AttemptRequest, ExplainRequest
from agent_ls.core.codec import from_json
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError, NotTrustedError, UsageError, WorkspaceError
from agent_ls.core.job import Diagnostic, Intent, IntentKind, JobId, JobState, Site
from agent_ls.core.merge import Rebased
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.core.steps import APPROVE, REJECT, PlanState, PlanStep, edited
from agent_ls.core.text import content_hash
from agent_ls.index.indexer import Indexer
from agent_ls.index.merging import SyntaxMerge
from agent_ls.index.query import Index
from agent_ls.jobs import landing
from agent_ls.jobs.book import Book
from agent_ls.jobs.control import Listening, ask, listen
from agent_ls.jobs.desk import Desk
from agent_ls.jobs.doubts import doubts
from agent_ls.jobs.environment import indexer_environment, worker_environment
from agent_ls.jobs.explaining import Explainer
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.fold import Job
from agent_ls.jobs.hover import hover_facts
from agent_ls.jobs.hunks_here import HunksHere
from agent_ls.jobs.lease import Holder
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.offers import Known, hidden, offers
from agent_ls.jobs.place import Here, LiveFacts, Lookout
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.present import Presenter
from agent_ls.jobs.preview import FilePreview, preview
from agent_ls.jobs.requests import attempt_request, model_choice, model_configured
from agent_ls.jobs.rework import rework
from agent_ls.jobs.runner import LocalRunner
from agent_ls.jobs.trust import Trust
from agent_ls.jobs.views import Applied, Explanation, HoverFacts, JobDetail, JobView, Offer
from agent_ls.jobs.wirelog import read_wire_log
from agent_ls.jobs.wishes import Wishes, no_model, wish_params
from agent_ls.jobs.wording import Wish
from agent_ls.workspace.state import StateDirs, private_dir

AGENT_WORKER = "agent_ls.agent.worker"
_ASK_S = 5.0
_EDITOR_S = 300.0  # a preview waits for a person
_POLL_S = 0.2
_SEEN_S = 0.5
_DAY_S = 86400.0


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
    ) -> None:
        """Puts the rooms together; use `open`."""
        self.root = root
        self.settings = settings
        self.index = Index(dirs.index_db(root))
        self.indexer = Indexer(root, dirs.index_db(root), dirs.workspace(root), indexer_environment(environ))
        self._port, self._dirs, self._environ = port, dirs, environ
        self._clock = clock
        self._lookout = Lookout(self.index, live)
        self._trust = Trust(dirs.trust_file(), clock)
        self._ledger = Ledger(dirs.base / "spent", clock)
        self._book = Book(dirs.jobs(root), holder, clock)
        self._presenter = Presenter(self._book.blobs)
        self._hunks = HunksHere(self._book.blobs)
        self._fleet = Fleet(self._book, self._ledger, settings, changed=self._changed, fresh=self._up_to_date)
        self._runner = LocalRunner(
            module=worker_module,
            environ=worker_environment(environ, settings),
            folder=dirs.base / "worker",
            listener=self._fleet,
        )
        self._fleet.attach(self._runner)
        resolve = SyntaxMerge(dirs.base / "worker", indexer_environment(environ))
        self._desk = Desk(self._book, port, self._changed, resolve)
        self._wishes = Wishes(
            *(self._book, self._fleet, self._desk),
            view=self._view_of,
            changed=self._changed,
            model=lambda: model_configured(self.settings, self._environ),
        )
        self._explainer = Explainer(
            dirs.workspace(root) / "explained",
            self._runner,
            port,
            day_is_over=self._fleet.day_is_over,
            clock=clock,
        )
        self._news: set[asyncio.Event] = set()
        self._seen: tuple[float, list[Job]] = (0.0, [])
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
    ) -> Self:
        """Read the workspace's jobs and begin to listen for other processes' wishes.

        Starts no process: the agent worker comes with the first job, the indexer with its first
        `refresh`, and ``live`` (facts of open documents) is the face's to start and to feed; without
        it offers and hovers use the index alone. A landing that was cut off is settled here by
        looking at the texts of now.

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
        )
        asked.append(service._wishes)
        service._listening = listening
        for job in await asyncio.to_thread(lambda: list(service._book.all())):
            service._settle(job)
        await asyncio.to_thread(service._forget)
        return service

    async def close(self, *, interrupt: bool = True) -> None:
        """End everything that was started here, within a second.

        Live jobs are paused as ``interrupted`` at their last whole turn. With ``interrupt`` false
        they are waited for instead, without a deadline.
        """
        await self._wishes.close()
        await self._explainer.close()
        await asyncio.gather(self._fleet.close(interrupt=interrupt), self.indexer.close())
        if self._listening is not None:
            await self._listening.close()
        self._book.close()
        self.index.close()

    # --- starting jobs ----------------------------------------------------------------

    def delegate(self, intent: Intent, *, budget_usd: float | None = None) -> JobId:
        """Queue a task for the agent. Raises `ConfigError` where no model is configured.

        ``budget_usd``: the ceiling of the first attempt instead of the settings' one.
        """
        if not intent.task.strip():
            raise UsageError("The task is empty", remedy="Say in a sentence what is to be done")
        return self._start(intent, budget_usd=budget_usd)

    def run(self, intent: Intent) -> JobId:
        """Queue ``intent.argv`` as the engine of a plan. Raises `NotTrustedError`, `UsageError` (no argv)."""
        if not intent.argv:
            raise UsageError("There is no command to run", remedy="Name a program and its arguments")
        return self._start(intent)

    def rename(self, intent: Intent) -> JobId:
        """Queue the rename of the symbol at ``intent.site`` to ``intent.new_name``."""
        if intent.site is None or not intent.new_name.strip():
            raise UsageError("A rename needs a place and a new name", remedy="Put the cursor on a name")
        return self._start(intent)

    def retry(self, job: JobId, instruction: str = "", hunks: Collection[str] | None = None) -> JobId:
        """Queue the same intent again as a new job, on the texts of now; ``instruction`` is added to its task.

        With ``hunks`` only these are done anew, as ``instruction`` says: the new job begins with what is
        pending of the plan, and takes its place when it is ready.
        """
        intent = self._book.get(job).request.intent
        if hunks is not None:
            pending = self._pending(job)
            now = landing.texts_of(pending.paths, self._port.read)
            intent, begun = rework(intent, pending, now, hunks, instruction)
            return self._start(intent, retry_of=job, begun=begun)
        intent = replace(intent, rework=())
        if instruction.strip():
            intent = replace(intent, task=f"{intent.task}\n\n{instruction.strip()}".strip())
        return self._start(intent, retry_of=job)

    # --- looking ----------------------------------------------------------------------

    def jobs(self) -> list[JobView]:
        """Every job of this workspace, newest first; those of other processes included."""
        return [self._view(job) for job in self._book.all()]

    def has(self, job: JobId) -> bool:
        """Whether this workspace has the job."""
        try:
            self._book.get(job)
        except AgentLsError:
            return False
        return True

    def job(self, job: JobId) -> JobDetail:
        """Everything about one job. Cost: a diff of its plan."""
        state = self._book.get(job)
        return self._presenter.detail(state, self._view(state), self._book.entries(job))

    def plan(self, job: JobId) -> ChangeSet:
        """The whole plan, against the texts it was made from; empty where there is none."""
        return landing.from_draft(self._book.get(job).plan, self._book.blobs(job).get)

    def preview(
        self, job: JobId, files: Collection[RelPath] | None = None, hunks: Collection[str] | None = None
    ) -> Rebased:
        """What `apply` would do now: the part of the plan that has not landed, on the texts of now."""
        pending = self._pending(job)
        step = landing.plan_apply(pending, landing.texts_of(pending.paths, self._port.read), files, hunks)
        return Rebased(step.changes, step.conflicts, step.moved)

    def review(self, job: JobId, hunks: Collection[str] | None = None) -> list[FilePreview]:
        """What has not landed, on the texts of now, hunk by hunk; ``hunks``: those that are chosen."""
        pending = self._pending(job)
        return preview(pending, landing.texts_of(pending.paths, self._port.read), hunks)

    def doubts(self, job: JobId) -> dict[RelPath, str]:
        """The pending files of a plan that deserve a yes of their own, and why."""
        return doubts(self._pending(job), self._book.get(job).request.intent)

    def _pending(self, job: JobId) -> ChangeSet:
        return landing.from_draft(self._book.get(job).pending, self._book.blobs(job).get)

    def wire_log(self, job: JobId) -> Iterator[dict[str, Any]]:
        """Every byte that the job's requests sent and received: ``{"direction", "text"}``, oldest first."""
        self._book.get(job)
        return read_wire_log(self._book.folder(job))

    def whole_wire_log(self) -> Iterator[dict[str, Any]]:
        """The same of this whole workspace, each line with ``of``: a job's id, oldest first, then ``explanation``."""
        for job in reversed(self._book.ids()):
            yield from ({"of": job, **line} for line in read_wire_log(self._book.folder(job)))
        yield from ({"of": "explanation", **line} for line in self._explainer.wire_log())

    async def wait(self, job: JobId, *, for_question: bool = False) -> JobView:
        """Wait until the job is no longer live; with ``for_question`` also until it asks something."""
        while True:
            view = self._view_of(job)
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
        wish = Wish(files, hunks, force, reviewed)
        if other := self._other(job):
            return from_json(Applied, await self._ask(other, "apply", wish_params(job, wish)))
        return await self._wishes.apply(job, wish)

    async def undo(self, job: JobId) -> Applied:
        """Take back what landed; whatever was edited since stays. `apply` does it again."""
        if other := self._other(job):
            return from_json(Applied, await self._ask(other, "undo", {"job": job}))
        return await self._wishes.undo(job)

    async def discard(self, job: JobId) -> JobView:
        """Put a plan aside. The user's texts are not touched."""
        if other := self._other(job):
            return await self._ask_for_view(other, "discard", {"job": job})
        return self._wishes.discard(job)

    async def cancel(self, job: JobId) -> JobView:
        """End a live job now; its draft so far stays and it can be resumed. Returns once it is recorded."""
        if other := self._other(job):
            return await self._ask_for_view(other, "cancel", {"job": job})
        return self._wishes.cancel(job)

    async def resume(self, job: JobId) -> JobView:
        """Go on from the last whole turn with a fresh allowance (interrupted, out of budget, failed, cancelled)."""
        if other := self._other(job):
            return await self._ask_for_view(other, "resume", {"job": job})
        return self._wishes.resume(job)

    async def tell(self, job: JobId, text: str) -> None:
        """Say something to a running attempt; it reads it with its next turn."""
        if other := self._other(job):
            await self._ask(other, "tell", {"job": job, "text": text})
        else:
            self._wishes.tell(job, text)

    async def answer(self, job: JobId, question_id: str, answer: str) -> JobView:
        """Answer a question of the job."""
        if other := self._other(job):
            params = {"job": job, "question": question_id, "answer": answer}
            return await self._ask_for_view(other, "answer", params)
        return self._wishes.answer(job, question_id, answer)

    async def decide_plan(
        self, job: JobId, *, approve: bool, steps: Sequence[PlanStep] | None = None
    ) -> JobView:
        """Approve or reject the steps that a job proposes and waits with; ``steps`` approves others instead."""
        state = self._book.get(job)
        waits = state.steps is not None and state.steps.state is PlanState.PROPOSED
        if not waits or state.question is None:
            raise UsageError(
                "The job does not wait with a plan", remedy="Look at the job to see how it stands"
            )
        if steps is not None and not steps:
            raise UsageError("A plan without steps cannot be approved", remedy="Reject it instead")
        answer = REJECT if not approve else APPROVE if steps is None else edited(steps)
        return await self.answer(job, state.question.id, answer)

    async def purge(self, job: JobId) -> None:
        """Delete a job's folder with all its texts. Refused while it is live."""
        if other := self._other(job):
            await self._ask(other, "purge", {"job": job})
        else:
            self._wishes.purge(job)

    # --- facts ------------------------------------------------------------------------

    async def explain(self, site: Site, *, refresh: bool = False, wait: bool = False) -> Explanation:
        """What the symbol at a place is for; the cached text, or at once with ``pending``.

        With ``wait`` the text is waited for. Raises `ConfigError` where no model is configured or
        today's ceiling is reached, and `ModelError` with ``wait``; without it a failure is a notice.
        """
        here = self._look(site)
        if here is None:
            raise UsageError("There is no text at that place", remedy="Open a file of the workspace")
        models = model_choice(self.settings, self._environ)
        if not model_configured(self.settings, self._environ):
            known = self._explainer.cached(here, models.explain)
            if known:
                return Explanation(known)
            raise no_model()
        db = str(self._dirs.index_db(self.root))
        request = ExplainRequest(str(self.root), site, here.text, db, models)
        return await self._explainer.explain(here, request, refresh=refresh, wait=wait)

    def hover(self, site: Site) -> HoverFacts | None:
        """Instant facts about the symbol at a place; ``None`` where there is nothing to say."""
        here = self._look(site)
        if here is None:
            return None
        model = model_choice(self.settings, self._environ).explain
        known = self._explainer.cached(here, model)
        return hover_facts(here, self.index, self._jobs_at(site), self.settings, known)

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
        known = self._known(site, diagnostics)
        return [] if known is None else offers(known, only, automatic=automatic)

    def hidden_offers(self, site: Site) -> list[Offer]:
        """The entries that the menu for a place had no room for."""
        known = self._known(site, ())
        return [] if known is None else hidden(known)

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
        index = self.index.status()
        models = model_choice(self.settings, self._environ)
        return {
            "model": {
                "configured": model_configured(self.settings, self._environ),
                "scripted": bool(self._environ.get("AGENT_LS_SCRIPT")),
                "work": models.work,
                "explain": models.explain,
            },
            "trusted": self.trusted(),
            "trustDoubt": self._trust.doubt(self.root),
            "jobs": dict(Counter(view.state.value for view in self.jobs())),
            "spentTodayUsd": round(self._ledger.today(), 4),
            "dayCeilingUsd": self.settings.budgets.day_usd,
            "workerPid": self._runner.pid,
            "index": {
                "files": index.files,
                "symbols": index.symbols,
                "building": index.building,
                "done": index.done,
                "total": index.total,
            },
        }

    # --- inside -----------------------------------------------------------------------

    def _start(
        self,
        intent: Intent,
        retry_of: str = "",
        budget_usd: float | None = None,
        begun: ChangeSet | None = None,
    ) -> JobId:
        if intent.kind in NEEDS_MODEL and not model_configured(self.settings, self._environ):
            raise no_model()
        if intent.kind is IntentKind.RUN and (doubt := self._trust.doubt(self.root)):
            raise NotTrustedError(
                doubt,
                kept="Nothing was changed",
                remedy="Trust this folder (agent-ls trust), then run it again",
            )
        if intent.site is not None and not intent.site_hash:
            text = self._port.read(intent.site.path)
            intent = replace(intent, site_hash="" if text is None else content_hash(text))
        job = self._book.new_id()
        request = attempt_request(
            job,
            intent,
            root=self.root,
            folder=self._book.folder(job),
            index_db=self._dirs.index_db(self.root),
            buffers=self._port.buffers(),
            settings=self.settings,
            environ=self._environ,
            trusted=self.trusted(),
        )
        if budget_usd is not None:
            request = replace(request, budget=replace(request.budget, usd=budget_usd))
        if begun is not None:
            request = replace(request, plan=landing.to_draft(begun, self._book.blobs(job).put))
        self._book.create(request, retry_of)
        self._fleet.enqueue(job)
        return job

    def _up_to_date(self, request: AttemptRequest) -> AttemptRequest:
        """Trust is asked for at every beginning: it may have been given or taken since."""
        return replace(
            request,
            trusted=self.trusted(),
            allow_unsandboxed=self.settings.checks.allow_unsandboxed,
            models=model_choice(self.settings, self._environ),
        )

    def _settle(self, job: Job) -> None:
        """A landing of a process that is gone is decided; one of a living process is its own affair."""
        if job.landing is None or self._book.holder(job.id) is not None:
            return
        try:
            self._desk.settle(job.id)
        except AgentLsError as error:
            self._port.notice(f"{job.request.intent.title}: {error.sentence()}", "warning")

    def _forget(self) -> None:
        """Delete what ended long ago; a job that another process holds is its own affair."""
        oldest = self._clock() - self.settings.jobs.keep_days * _DAY_S
        self._explainer.forget(oldest)
        for job in list(self._book.all()):
            if job.updated_at < oldest and not job.state.live and self._book.owned(job.id) is None:
                with suppress(AgentLsError):
                    self._book.purge(job.id)

    def _look(self, site: Site) -> Here | None:
        buffer = self._port.buffers().get(site.path)
        text = buffer.data if buffer is not None else self._port.read(site.path)
        if text is None:
            return None
        version = buffer.version if buffer is not None else None
        return self._lookout.look(site, text, version)

    def _known(self, site: Site, diagnostics: Sequence[Diagnostic]) -> Known | None:
        here = self._look(site)
        if here is None:
            return None
        model = model_configured(self.settings, self._environ)
        views = self._jobs_at(site)
        planned = [self._book.get(view.id) for view in views if view.has_plan]
        hunks = tuple(self._hunks.at(site.path, site.span, here.text, planned))
        return Known(here, diagnostics, views, self.settings, model, hunks)

    def _jobs_at(self, site: Site) -> list[JobView]:
        """The jobs of a file, for menus and hovers: those of other processes as of a moment ago."""
        now = time.monotonic()
        if now > self._seen[0]:
            self._seen = (now + _SEEN_S, list(self._book.all()))
        return [self._view(job) for job in self._seen[1] if site.path in job.touches]

    def _view_of(self, job: JobId) -> JobView:
        return self._view(self._book.get(job))

    def _view(self, job: Job) -> JobView:
        if self._book.owned(job.id) is not None:
            # A job taken over from a process that is gone is at work only once it is resumed.
            owner = "here" if self._fleet.active(job.id) or not job.state.live else "nobody"
        else:
            owner = "nobody" if self._book.holder(job.id) is None else "elsewhere"
        return self._presenter.view(job, owner, self._fleet.progress(job.id))

    def _changed(self, job: JobId) -> None:
        self._seen = (0.0, [])
        owned = self._book.owned(job)
        if owned is not None:
            self._port.job_changed(self._view_of(job))
            if owned.job.request.intent.rework and owned.job.state is JobState.READY:
                with suppress(AgentLsError):  # of another process, or in the user's files already
                    self._wishes.discard(JobId(owned.job.retry_of))
        for news in self._news:
            news.set()

    def _other(self, job: JobId) -> Holder | None:
        self._book.get(job)  # an unknown job is unknown before it is anybody's
        return self._book.holder(job)

    async def _ask(self, other: Holder, method: str, params: Mapping[str, Any]) -> Any:
        deadline = _EDITOR_S if method in ("apply", "undo") else _ASK_S
        return await ask(other.socket, method, params, timeout_s=deadline)

    async def _ask_for_view(self, other: Holder, method: str, params: Mapping[str, Any]) -> JobView:
        return replace(from_json(JobView, await self._ask(other, method, params)), owner="elsewhere")
