"""From an intent to a queued job: what must be there first, and what the attempt starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import final

from agent_ls.core.attempt import MOST_ATTEMPTS, NEEDS_MODEL, AttemptRequest
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError, ConfigError, NotTrustedError, UsageError
from agent_ls.core.job import Intent, IntentKind, JobId
from agent_ls.core.settings import Settings
from agent_ls.core.text import content_hash
from agent_ls.jobs.book import Book
from agent_ls.jobs.estimating import Done, estimate_usd
from agent_ls.jobs.fleet import Fleet
from agent_ls.jobs.fold import Draft
from agent_ls.jobs.landing import to_draft
from agent_ls.jobs.port import EditorPort
from agent_ls.jobs.requests import attempt_request, model_choice, model_configured
from agent_ls.jobs.trust import Trust
from agent_ls.jobs.wishes import no_model
from agent_ls.model.configured import model_names
from agent_ls.model.prices import load_prices
from agent_ls.workspace.state import StateDirs

_LOOKED_AT = 40


@final
class Starter:
    """Begins jobs of one workspace folder. ``settings`` are asked for at every start."""

    def __init__(
        self,
        root: Path,
        book: Book,
        fleet: Fleet,
        *,
        port: EditorPort,
        trust: Trust,
        dirs: StateDirs,
        environ: Mapping[str, str],
        settings: Callable[[], Settings],
    ) -> None:
        self._root = root
        self._book = book
        self._fleet = fleet
        self._port = port
        self._trust = trust
        self._dirs = dirs
        self._environ = environ
        self._settings = settings

    def delegate(self, intent: Intent, *, budget_usd: float | None = None) -> JobId:
        """See `Service.delegate`."""
        if not intent.task.strip():
            raise UsageError("The task is empty", remedy="Say in a sentence what is to be done")
        if not 1 <= intent.attempts <= MOST_ATTEMPTS:
            raise UsageError(
                f"A task gets 1 to {MOST_ATTEMPTS} attempts, not {intent.attempts}",
                kept="Nothing was started",
                remedy=f"Ask for {MOST_ATTEMPTS} or fewer",
            )
        return self._start(intent, budget_usd=budget_usd)

    def run(self, intent: Intent) -> JobId:
        """See `Service.run`."""
        if not intent.argv:
            raise UsageError("There is no command to run", remedy="Name a program and its arguments")
        return self._start(intent)

    def act(self, intent: Intent) -> JobId:
        """See `Service.act`."""
        if intent.site is None:
            raise UsageError("An action needs a place", remedy="Put the cursor on a name")
        if intent.kind is IntentKind.MOVE and not intent.new_name.strip():
            raise UsageError("A move needs a place and a file", remedy="Name the file to move to")
        if intent.kind is IntentKind.RENAME and not intent.new_name.strip():
            raise UsageError("A rename needs a place and a new name", remedy="Put the cursor on a name")
        return self._start(intent)

    def retry(
        self, job: JobId, instruction: str = "", begun: tuple[Intent, ChangeSet] | None = None
    ) -> JobId:
        """See `Service.retry`. ``begun``: the intent of a part of the job, and the plan to begin with."""
        if begun is not None:
            return self._start(begun[0], retry_of=job, begun=begun[1], replaces=self._book.get(job).pending)
        intent = replace(self._book.get(job).request.intent, rework=())
        if instruction.strip():
            intent = replace(intent, task=f"{intent.task}\n\n{instruction.strip()}".strip())
        return self._start(intent, retry_of=job)

    def up_to_date(self, request: AttemptRequest) -> AttemptRequest:
        """Trust is asked for at every beginning: it may have been given or taken since."""
        settings = self._settings()
        return replace(
            request,
            trusted=self._trust.trusted(self._root),
            allow_unsandboxed=settings.checks.allow_unsandboxed,
            models=model_choice(settings, self._environ),
        )

    def _estimate(self, request: AttemptRequest) -> tuple[float, float] | None:
        """What the attempts will probably cost; ``None`` where nothing is paid or no price is known."""
        intent = request.intent
        if intent.kind not in NEEDS_MODEL or self._environ.get("AGENT_LS_SCRIPT"):
            return None
        try:
            prices = load_prices(self._dirs.config)
        except ConfigError:
            prices = load_prices()  # doctor tells of the broken file
        price = prices.price(model_names(request.models, self._environ).work)
        if price is None:
            return None
        texts = (self._port.read(path) for path in intent.files)
        return estimate_usd(
            price,
            sum(len(text) for text in texts if text is not None),
            attempts=intent.attempts,
            most_turns=request.budget.turns,
            ceiling_usd=request.budget.usd,
            done=self._done(),
        )

    def _done(self) -> Iterator[Done]:
        """The tasks of this workspace that came to a plan, the newest few."""
        for job in self._book.ids()[:_LOOKED_AT]:
            with suppress(AgentLsError):
                state = self._book.get(job)
                if state.request.intent.kind in NEEDS_MODEL and state.own is not None and state.plan:
                    yield Done(state.spent.turns)

    def _start(
        self,
        intent: Intent,
        retry_of: str = "",
        budget_usd: float | None = None,
        begun: ChangeSet | None = None,
        replaces: Draft = (),
    ) -> JobId:
        settings = self._settings()
        if intent.kind in NEEDS_MODEL and not model_configured(settings, self._environ):
            raise no_model()
        if intent.kind is IntentKind.RUN and (doubt := self._trust.doubt(self._root)):
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
            root=self._root,
            folder=self._book.folder(job),
            index_db=self._dirs.index_db(self._root),
            buffers=self._port.buffers(),
            settings=settings,
            environ=self._environ,
            trusted=self._trust.trusted(self._root),
        )
        if budget_usd is not None:
            request = replace(request, budget=replace(request.budget, usd=budget_usd))
        request = replace(request, estimate_usd=self._estimate(request))
        if begun is not None:
            request = replace(request, plan=to_draft(begun, self._book.blobs(job).put))
        self._book.create(request, retry_of, replaces)
        self._fleet.enqueue(job)
        return job
