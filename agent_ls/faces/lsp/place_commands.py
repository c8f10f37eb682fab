"""The commands about a place in a text: start a job there, explain it, what else there is to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final, final

from agent_ls.core.errors import ModelError, UsageError
from agent_ls.core.job import Intent, IntentKind
from agent_ls.core.paths import RelPath, parent, rel_path
from agent_ls.core.text import content_hash
from agent_ls.faces.lsp import arguments as read
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.deterministic import INTENTS
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.features.anchor import insert_anchor
from agent_ls.faces.lsp.features.entries import arguments_of, usable
from agent_ls.faces.lsp.features.marks import mark_wire
from agent_ls.faces.lsp.features.places import Here, diagnostics_of, locate
from agent_ls.faces.lsp.folders import Folder, Folders, is_folder
from agent_ls.faces.lsp.markdown import plain, safe_markdown
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.registry import Handler
from agent_ls.faces.lsp.report import Report, Run, chosen_title
from agent_ls.faces.lsp.shown import Shown
from agent_ls.faces.lsp.uris import uri_to_path
from agent_ls.jobs.views import Explanation, Offer

Json = dict[str, Any]

_TITLE: Final = 60
_SHOW_S: Final = 10.0
_CHOICE_S: Final = 3600.0
_INFO: Final = 3


@final
class PlaceCommands:
    """The commands that name a document and a range."""

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
        act: Callable[[str, Json], Awaitable[None]],
    ) -> None:
        """``act`` runs any of our commands."""
        self._folders = folders
        self._documents = documents
        self._editor = editor
        self._peer = peer
        self._report = report
        self._run = run
        self._shown = shown
        self._act = act

    def table(self) -> dict[str, Handler]:
        """Every command by its name."""
        return {
            wire.DELEGATE: self.delegate,
            wire.RUN: self.run,
            **{name: partial(self.deterministic, make) for name, make in INTENTS.items()},
            wire.EXPLAIN: self.explain,
            wire.MARKS: self.marks,
        }

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

    def deterministic(self, make: Callable[[Json, Here], Intent], params: Json) -> Json:
        here = self._here(params)
        intent = make(params, here)
        return {"jobId": here.folder.service.act(replace(intent, title=short(intent.title)))}

    def _ask_for_task(self, here: Here) -> Json:
        """LSP has no input box: where no plugin asks, the task is written as an ``agent:`` comment."""
        if self._editor.prompts:
            raise UsageError("'task' is missing", remedy="Say what should be done")
        self._run(self._report.quietly(self._insert_anchor(here)))
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

    def marks(self, params: Json) -> Json:
        """Nothing in a file of no folder of ours: a plugin asks about all that is open."""
        found = self._folders.of_path(uri_to_path(read.text(params, "uri")))
        marks = found[0].service.marks(found[1]) if found is not None else []
        return {"marks": [mark_wire(mark) for mark in marks]}

    async def explain(self, params: Json) -> Json:
        """``position``: the text is the answer. A menu's ``range`` instead: it is put before the user too."""
        refresh = read.truth(params, "refresh", default=False)
        ask = self._asked(params)
        explanation = await ask(refresh=refresh)
        if "position" not in params and not self._editor.prompts:
            self._run(self._show_explanation(ask))
        return {"markdown": safe_markdown(explanation.markdown), "pending": explanation.pending}

    def _asked(self, params: Json) -> Callable[..., Awaitable[Explanation]]:
        """What is to be explained: a folder, a selection (``range``), or the symbol at a place."""
        uri = read.text(params, "uri")
        wanted = self._folder(uri, read.truth(params, "folder", default=False))
        if wanted is not None:
            return partial(wanted[0].service.explain_folder, wanted[1])
        place = read.range_(params, "range") if "position" not in params else None
        if place is None:
            position = read.position(params, "position")
            place = {"start": position, "end": position}
        here = self._here({**params, "range": place})
        return partial(here.folder.service.explain, here.site)

    def _folder(self, uri: str, around: bool) -> tuple[Folder, str] | None:  # noqa: FBT001 - named by the protocol
        """The folder that a URI names, or the one ``around`` the file it names; ``""`` is the workspace."""
        path = uri_to_path(uri)
        for folder in self._folders:
            if folder.port.is_root(path):
                return folder, ""
        if around:
            folder, file = self._folders.of_uri(uri)
            return folder, parent(file)
        return self._folders.of_uri(uri) if path is not None and is_folder(path) else None

    async def _show_explanation(self, ask: Callable[..., Awaitable[Explanation]]) -> None:
        try:
            explanation = await ask(wait=True)
        except ModelError:
            return  # the service has given the notice
        path = self._shown.write("explanation.md", safe_markdown(explanation.markdown).encode("utf-8"))
        await self._shown.show(path, "The explanation")

    def more(self, params: Json) -> None:
        """What the menu had no room for. Asked for by a person, so a question may stand in the way."""
        here = self._here(params)
        offers = usable(here.folder.service.hidden_offers(here.site), self._editor)
        if not offers:
            self._report.notice("There is nothing more here.")
        elif self._editor.message_request:
            self._run(self._report.quietly(self._choose(here, offers)))
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
            await self._act(offer.command, arguments_of(offer, here, self._documents.encoding))

    def _here(self, params: Json) -> Here:
        version = params.get("version")
        return locate(
            self._folders,
            self._documents,
            read.text(params, "uri"),
            read.range_(params, "range"),
            version if isinstance(version, int) else None,
        )

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


def short(title: str) -> str:
    """One line of a length that menus and progress can show."""
    line = " ".join(title.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
