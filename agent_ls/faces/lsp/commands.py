"""Every ``agentLs.*`` command: one JSON object in, an answer at once; work goes on behind it.

What a job does is told by `report`; what an operation (apply, undo …) did is told by a notice
and by the job's state.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, final

from agent_ls import __version__
from agent_ls.core.errors import AgentLsError, ModelError, UsageError
from agent_ls.core.job import Intent, IntentKind, JobId
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.core.steps import PlanStep
from agent_ls.core.text import content_hash
from agent_ls.faces.lsp import arguments as read
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.features.anchor import insert_anchor
from agent_ls.faces.lsp.features.entries import arguments_of, usable
from agent_ls.faces.lsp.features.places import Here, diagnostics_of, locate
from agent_ls.faces.lsp.folders import Folder, Folders
from agent_ls.faces.lsp.markdown import plain, safe_markdown
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.report import Report, chosen_title
from agent_ls.faces.lsp.review import Reviews
from agent_ls.faces.lsp.shown import Shown
from agent_ls.faces.lsp.uris import path_to_uri, uri_to_path
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import Applied, Offer
from agent_ls.jobs.wording import Wish

Json = dict[str, Any]
Run = Callable[[Coroutine[Any, Any, None]], object]
Handler = Callable[[Json], Any]

_TITLE: Final = 60
_SHOW_S: Final = 10.0
_OPENING_S: Final = 10.0
_CHOICE_S: Final = 3600.0
_INFO: Final = 3


@final
class Commands:
    """The commands of one editor's session."""

    def __init__(
        self,
        folders: Folders,
        documents: Documents,
        editor: Editor,
        peer: Peer,
        report: Report,
        *,
        run: Run,
        shown: Shown,
        reviews: Reviews,
        ready: asyncio.Event,
        trust_changed: Callable[[], None],
    ) -> None:
        """``ready``: the folders are open. ``trust_changed``: the project's settings may hold or no longer hold."""
        self._folders = folders
        self._documents = documents
        self._editor = editor
        self._peer = peer
        self._report = report
        self._run = run
        self._shown = shown
        self._reviews = reviews
        self._ready = ready
        self._trust_changed = trust_changed
        self._operations = itertools.count(1)
        self._table: dict[str, Handler] = {
            wire.DELEGATE: self.delegate,
            wire.RUN: self.run,
            wire.RENAME: self.rename,
            wire.JOBS: self.jobs,
            wire.JOB: self.job,
            wire.REVIEW: self.review,
            wire.PREVIEW: self.preview,
            wire.APPLY: self.apply,
            wire.UNDO: self.undo,
            wire.CHECK: self.check,
            wire.DISCARD: self.discard,
            wire.CANCEL: self.cancel,
            wire.RESUME: self.resume,
            wire.RETRY: self.retry,
            wire.TELL: self.tell,
            wire.ANSWER: self.answer,
            wire.PLAN: self.plan,
            wire.EXPLAIN: self.explain,
            wire.TRUST: self.trust,
            wire.STATUS: self.status,
            wire.CONNECT: self.connect,
        }

    def register(self, features: Features) -> None:
        """Put every command into the table."""
        for name, handler in self._table.items():
            features.command(name)(partial(self._when_ready, handler))

    def act(self, command: str, argument: Json) -> None:
        """Run one of the commands as a button in a notice does: what goes wrong is a notice too."""
        self._run(self._quietly(self._acted(command, argument)))

    async def _acted(self, command: str, argument: Json) -> None:
        result = self._table[command](argument)
        if inspect.isawaitable(result):
            await result

    def _when_ready(self, handler: Handler, params: Json) -> Any:
        """The very first commands may come while the folders are still being opened."""
        return handler(params) if self._ready.is_set() else self._later(handler, params)

    async def _later(self, handler: Handler, params: Json) -> Any:
        with suppress(TimeoutError):
            async with asyncio.timeout(_OPENING_S):
                await self._ready.wait()
        result = handler(params)
        return await result if inspect.isawaitable(result) else result

    # --- starting jobs ----------------------------------------------------------------

    def delegate(self, params: Json) -> Json:
        here = self._here(params)
        task = read.text(params, "task", default="").strip()
        if not task:
            return self._ask_for_task(here)
        kind = read.text(params, "kind", default="")
        anchor = here.site.span if kind == "anchor" else None
        theirs = read.tables(params, "diagnostics")
        files = tuple(self._path(here.folder, name) for name in read.texts(params, "files") or [])
        intent = Intent(
            kind=IntentKind.DELEGATE,
            title=short(f"Delegate: {task}"),
            task=task,
            site=here.site,
            site_hash=content_hash(here.text.data),
            anchor=anchor,
            diagnostics=diagnostics_of(theirs, here.text, self._documents.encoding),
            files=files,
            attempts=read.whole(params, "attempts", 1),
            plan_first=read.truth(params, "planFirst", default=False),
        )
        budget_usd = read.amount(params, "budgetUsd")
        return {"jobId": here.folder.service.delegate(intent, budget_usd=budget_usd)}

    def run(self, params: Json) -> Json:
        name = read.text(params, "engine")
        uri = read.text(params, "uri", default="")
        folder = self._folders.of_uri(uri)[0] if uri else self._only_folder()
        engine = folder.service.settings.engine(name)
        if engine is None:
            known = ", ".join(e.name for e in folder.service.settings.engines) or "none"
            raise UsageError(
                f"There is no engine {name!r} (known: {known})",
                remedy="Name it under [[engines]] in config.toml",
            )
        title = engine.title or " ".join(engine.argv)
        return {
            "jobId": folder.service.run(
                Intent(IntentKind.RUN, short(title), argv=engine.argv, network=engine.network)
            )
        }

    def rename(self, params: Json) -> Json:
        here = self._here(params)
        name = read.text(params, "newName")
        intent = Intent(
            IntentKind.RENAME,
            short(f"Rename to {name}"),
            new_name=name,
            site=here.site,
            site_hash=content_hash(here.text.data),
        )
        return {"jobId": here.folder.service.rename(intent)}

    def _ask_for_task(self, here: Here) -> Json:
        """LSP has no input box: where no plugin asks, the task is written as an ``agent:`` comment."""
        if self._editor.prompts:
            raise UsageError("'task' is missing", remedy="Say what should be done")
        self._run(self._quietly(self._insert_anchor(here)))
        sentence = "Write the task behind the marker, then choose it from the code-action menu on that line."
        self._report.notice(sentence)
        return {"jobId": None, "message": sentence}

    async def _insert_anchor(self, here: Here) -> None:
        at = await insert_anchor(here)
        if self._editor.show_document:
            place = {"start": at, "end": at}
            params = {"uri": here.uri, "takeFocus": True, "selection": place}
            with suppress(ClientError, TimeoutError):
                await self._peer.request("window/showDocument", params, timeout_s=_SHOW_S)

    # --- looking ----------------------------------------------------------------------

    def jobs(self, params: Json) -> Json:
        if read.truth(params, "more", default=False):
            self._more(self._here(params))
        views = [view for folder in self._folders for view in folder.service.jobs()]
        return {"jobs": [v.wire() for v in sorted(views, key=lambda v: v.created_at, reverse=True)]}

    def job(self, params: Json) -> Json:
        service, job = self._job(params)
        return service.job(job).wire()

    def review(self, params: Json) -> Json:
        return self._reviews.show(*self._folders.of_job(read.text(params, "jobId")))

    def preview(self, params: Json) -> Json:
        folder, job = self._folders.of_job(read.text(params, "jobId"))
        return self._reviews.preview(folder, job, read.texts(params, "hunks"))

    def _more(self, here: Here) -> None:
        """What the menu had no room for. Asked for by a person, so a question may stand in the way."""
        offers = usable(here.folder.service.hidden_offers(here.site), self._editor)
        if not offers:
            self._report.notice("There is nothing more here.")
        elif self._editor.message_request:
            self._run(self._quietly(self._choose(here, offers)))
        else:
            self._list(offers)

    def _list(self, offers: list[Offer]) -> None:
        titles = "; ".join(offer.title for offer in offers)
        self._report.notice(f"Here is more: {titles}. `agent-ls jobs` on the command line acts on jobs.")

    async def _choose(self, here: Here, offers: list[Offer]) -> None:
        titles = {plain(offer.title): offer for offer in offers}
        params = {
            "type": _INFO,
            "message": f"agent-ls, {here.site.path}:",
            "actions": [{"title": title} for title in titles],
        }
        try:
            answer = await self._peer.request("window/showMessageRequest", params, timeout_s=_CHOICE_S)
        except ClientError:
            self._list(offers)
            return
        except TimeoutError:
            return
        offer = titles.get(chosen_title(answer))
        if offer is not None:
            await self._acted(offer.command, arguments_of(offer, here, self._documents.encoding))

    def status(self, _params: Json) -> Json:
        return {
            "version": __version__,
            "pid": os.getpid(),
            "folders": [{"uri": path_to_uri(f.root), **f.service.status()} for f in self._folders],
        }

    # --- acting on a job --------------------------------------------------------------

    def apply(self, params: Json) -> Json:
        folder, job = self._folders.of_job(read.text(params, "jobId"))
        files = read.texts(params, "files")
        wish = Wish(
            None if files is None else [rel_path(name) for name in files],
            read.texts(params, "hunks"),
            force=read.truth(params, "force", default=False),
            reviewed=read.truth(params, "reviewed", default=False),
        )
        return self._operation(self._apply(folder, job, wish, read.whole(params, "attempt", 0)))

    async def _apply(self, folder: Folder, job: JobId, wish: Wish, attempt: int) -> Applied:
        if attempt:
            await folder.service.use(job, attempt)
        if not await self._reviews.agreed(folder, job, reviewed=wish.reviewed):
            return Applied(folder.service.job(job).view.state)
        return await folder.service.apply(
            job, wish.files, wish.hunks, force=wish.force, reviewed=wish.reviewed
        )

    def undo(self, params: Json) -> Json:
        service, job = self._job(params)
        return self._operation(service.undo(job))

    def check(self, params: Json) -> Json:
        service, job = self._job(params)
        self._run(self._quietly(self._checked_again(service, job)))
        return {"jobId": job}

    async def _checked_again(self, service: Service, job: JobId) -> None:
        view = await service.check(job)
        self._report.notice(f"{view.title}: checked again on the files of now: {view.verdict.value}.")

    async def discard(self, params: Json) -> Json:
        service, job = self._job(params)
        return (await service.discard(job)).wire()

    async def cancel(self, params: Json) -> Json:
        service, job = self._job(params)
        return (await service.cancel(job)).wire()

    async def resume(self, params: Json) -> Json:
        service, job = self._job(params)
        return (await service.resume(job)).wire()

    def retry(self, params: Json) -> Json:
        service, job = self._job(params)
        return {"jobId": service.retry(job, read.text(params, "instruction", default=""))}

    async def tell(self, params: Json) -> Json:
        service, job = self._job(params)
        await service.tell(job, read.text(params, "text"))
        return {}

    async def answer(self, params: Json) -> Json:
        service, job = self._job(params)
        view = await service.answer(job, read.text(params, "questionId"), read.text(params, "answer"))
        return view.wire()

    async def plan(self, params: Json) -> Json:
        service, job = self._job(params)
        action = read.text(params, "action")
        if action not in ("approve", "reject", "edit"):
            raise UsageError(f"'action' must be approve, reject or edit, not {action!r}")
        steps = [_step(step) for step in read.tables(params, "steps")] if action == "edit" else None
        return (await service.decide_plan(job, approve=action != "reject", steps=steps)).wire()

    # --- facts and trust --------------------------------------------------------------

    async def explain(self, params: Json) -> Json:
        """``position``: the text is the answer. A menu's ``range`` instead: it is put before the user too."""
        chosen = "position" not in params
        place = read.range_(params, "range") if chosen else None
        position = place["start"] if place is not None else read.position(params, "position")
        here = self._here({**params, "range": {"start": position, "end": position}})
        refresh = read.truth(params, "refresh", default=False)
        explanation = await here.folder.service.explain(here.site, refresh=refresh)
        if chosen and not self._editor.prompts:
            self._run(self._show_explanation(here))
        return {"markdown": safe_markdown(explanation.markdown), "pending": explanation.pending}

    async def _show_explanation(self, here: Here) -> None:
        try:
            explanation = await here.folder.service.explain(here.site, wait=True)
        except ModelError:
            return  # the service has given the notice
        path = self._shown.write("explanation.md", safe_markdown(explanation.markdown).encode("utf-8"))
        await self._shown.show(path, "The explanation")

    def trust(self, params: Json) -> Json:
        uri, trusted = read.text(params, "uri"), read.truth(params, "trusted")
        path = uri_to_path(uri)
        folder = next((f for f in self._folders if f.port.is_root(path)), None)
        if folder is None:
            folder = self._folders.of_uri(uri)[0]
        folder.service.trust(trusted=trusted)
        self._trust_changed()
        self._report.notice(
            f"{folder.root} is {'trusted: its checks may run' if trusted else 'no longer trusted'}."
        )
        return {"trusted": folder.service.trusted()}

    def connect(self, _params: Json) -> Json:
        sentence = (
            "No model is configured. Set ANTHROPIC_API_KEY for the editor's environment; or ANTHROPIC_BASE_URL for a"
            " gateway; or point ANTHROPIC_BASE_URL at a local model server (`agent-ls doctor` lists those it finds)."
            " Name the model in AGENT_LS_MODEL or in config.toml under [models]. Then restart the server."
        )
        self._report.notice(sentence)
        return {"message": sentence}

    # --- behind the commands ----------------------------------------------------------

    def _here(self, params: Json) -> Here:
        version = params.get("version")
        return locate(
            self._folders,
            self._documents,
            read.text(params, "uri"),
            read.range_(params, "range"),
            version if isinstance(version, int) else None,
        )

    def _job(self, params: Json) -> tuple[Service, JobId]:
        folder, job = self._folders.of_job(read.text(params, "jobId"))
        return folder.service, job

    def _only_folder(self) -> Folder:
        folders = list(self._folders)
        if len(folders) != 1:
            raise UsageError(
                "'uri' is missing", remedy="With several folders open, say which one by a file's URI"
            )
        return folders[0]

    def _path(self, folder: Folder, name: str) -> RelPath:
        path = uri_to_path(name)
        rel = folder.port.rel(path) if path is not None else None
        return rel if rel is not None else rel_path(name)

    def _operation(self, work: Awaitable[Applied]) -> Json:
        operation = f"op-{next(self._operations)}"
        self._run(self._finish(work))
        return {"operationId": operation}

    async def _finish(self, work: Awaitable[Applied]) -> None:
        try:
            done = await work
        except AgentLsError as error:
            self._report.notice(error.sentence(), "warning")
            return
        if done.message:
            self._report.notice(done.message, "warning" if done.conflicts or not done.landed else "info")

    async def _quietly(self, work: Awaitable[Any]) -> None:
        try:
            await work
        except AgentLsError as error:
            self._report.notice(error.sentence(), "warning")


def _step(step: Json) -> PlanStep:
    files = read.texts(step, "files") or []
    return PlanStep(read.text(step, "text"), tuple(rel_path(name) for name in files))


def short(title: str) -> str:
    """One line of a length that menus and progress can show."""
    line = " ".join(title.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
