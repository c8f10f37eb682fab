"""The workspace folders of one editor: a service, an indexer and live facts for each."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, final

from agent_ls.core.errors import AgentLsError, UnknownJobError, WorkspaceError
from agent_ls.core.job import JobId
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.faces.lsp.documents import DocumentEvent, Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.port import LspPort
from agent_ls.faces.lsp.questions import Questions
from agent_ls.faces.lsp.report import Report
from agent_ls.faces.lsp.uris import uri_to_path
from agent_ls.index.live import Live
from agent_ls.index.names import language_of
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import JobView
from agent_ls.workspace.state import StateDirs

_log = logging.getLogger(__name__)
_COALESCE_S: Final = 0.3

Run = Callable[[Coroutine[Any, Any, None]], object]


@final
@dataclass(slots=True)
class Folder:
    """One workspace folder."""

    root: Path
    port: LspPort
    service: Service
    live: Live
    stale: set[RelPath] = field(default_factory=set[RelPath])
    anchors: dict[RelPath, tuple[str, ...]] = field(default_factory=dict[RelPath, tuple[str, ...]])
    marked: dict[JobId, Hashable] = field(default_factory=dict[JobId, Hashable])
    """What of each job its lenses say."""
    refreshing: asyncio.TimerHandle | None = None


@final
class Folders:
    """Every folder of the editor, and the way from a URI or a job to its folder."""

    def __init__(
        self,
        *,
        documents: Documents,
        editor: Editor,
        peer: Peer,
        report: Report,
        questions: Questions,
        run: Run,
        dirs: StateDirs,
        environ: Mapping[str, str],
        on_lenses: Callable[[], None],
    ) -> None:
        """``on_lenses`` hears that the lenses of open documents would be others now."""
        self._documents = documents
        self._editor = editor
        self._peer = peer
        self._report = report
        self._run = run
        self._dirs = dirs
        self._environ = environ
        self._questions = questions
        self._on_lenses = on_lenses
        self._folders: dict[Path, Folder] = {}
        documents.subscribe(self._document_changed)

    def __iter__(self) -> Iterator[Folder]:
        return iter(list(self._folders.values()))

    # --- opening and closing ----------------------------------------------------------

    async def add(self, root: Path, settings: Settings) -> None:
        """Open a folder; its index is brought up to date in the background.

        Raises:
            WorkspaceError: the state directory cannot be used.
        """
        real = real_path(root)
        if real in self._folders:
            return
        if not is_folder(real):
            self._report.notice(f"{root} is not a folder; agent-ls leaves it out.", "warning")
            return
        port = LspPort(
            root,
            documents=self._documents,
            editor=self._editor,
            peer=self._peer,
            on_job=partial(self._job_changed, real),
            on_notice=self._report.notice,
        )
        live = Live(self._dirs.base, self._environ)
        live.markers(settings.anchors)
        service = await Service.open(
            real,
            port=port,
            settings=settings,
            dirs=self._dirs,
            environ=self._environ,
            live=live,
            on_commit=self._on_lenses,
        )
        folder = self._folders[real] = Folder(real, port, service, live)
        live.on_facts = partial(self._facts_came, folder)
        self._report.reopened(service.jobs(), settings.budgets.attempt_usd, time.time())
        await live.start()
        self._feed_open()
        self._run(self._refresh(folder, None))

    def use(self, folder: Folder, settings: Settings) -> None:
        """Go on with other settings."""
        folder.service.update_settings(settings)
        self._on_lenses()
        folder.live.markers(settings.anchors)

    def _job_changed(self, real: Path, view: JobView) -> None:
        self._report.job_changed(view)
        folder = self._folders.get(real)
        if folder is not None:
            self._questions.follow(view, folder.port)
            self._marks_changed(folder, view)

    def _marks_changed(self, folder: Folder, view: JobView) -> None:
        """Ask for lenses anew only where some can have changed: an editor that is asked too often waits longer."""
        said = (view.state, view.verdict, view.question, view.files, view.landing)
        if folder.marked.get(view.id) != said:
            folder.marked[view.id] = said
            if any(folder.port.document(path) is not None for path in view.touches):
                self._on_lenses()

    def _facts_came(self, folder: Folder, path: RelPath) -> None:
        facts = folder.live.facts(path)
        wishes = tuple(anchor.text for anchor in facts.anchors) if facts else ()
        if wishes != folder.anchors.get(path, ()):
            folder.anchors[path] = wishes
            self._on_lenses()

    async def remove(self, root: Path) -> None:
        folder = self._folders.pop(real_path(root), None)
        if folder is not None:
            await self._close(folder)
            self._feed_open()  # a folder around it takes its documents over

    async def close(self) -> None:
        """Close every folder at the same time; live jobs are paused."""
        folders, self._folders = list(self._folders.values()), {}
        await asyncio.gather(*(self._close(folder) for folder in folders), return_exceptions=True)

    async def _close(self, folder: Folder) -> None:
        if folder.refreshing is not None:
            folder.refreshing.cancel()
        await asyncio.gather(folder.service.close(), folder.live.close(), return_exceptions=True)
        self._questions.leave(folder.port)

    # --- finding ----------------------------------------------------------------------

    def of_path(self, path: Path | None) -> tuple[Folder, RelPath] | None:
        """The innermost folder that holds a path, and the path below it."""
        best: tuple[Folder, RelPath] | None = None
        for folder in self._folders.values():
            rel = folder.port.rel(path)
            if rel is not None and (best is None or len(rel) < len(best[1])):
                best = folder, rel
        return best

    def of_uri(self, uri: str) -> tuple[Folder, RelPath]:
        """As `of_path`.

        Raises:
            WorkspaceError: the URI is no file of any folder.
        """
        found = self.of_path(uri_to_path(uri))
        if found is None:
            raise WorkspaceError(
                f"{uri[:200]} is not a file of an open workspace folder",
                remedy="Open its folder in the editor, or use a file inside one",
            )
        return found

    def of_job(self, job: str) -> tuple[Folder, JobId]:
        """The folder that knows a job."""
        for folder in self._folders.values():
            if folder.service.has(JobId(job)):
                return folder, JobId(job)
        raise UnknownJobError(
            f"There is no job {job[:80]!r} in the open folders",
            remedy="agentLs.jobs lists the jobs there are",
        )

    # --- keeping facts fresh ----------------------------------------------------------

    def disk_changed(self, uris: list[str]) -> None:
        """Files changed on disk; coalesced, then indexed."""
        for uri in uris:
            found = self.of_path(uri_to_path(uri))
            if found is not None:
                self._mark(*found)
            if "/.git/" in uri:  # a commit, perhaps: which lines are an agent's may be another answer
                self._on_lenses()

    def _document_changed(self, event: DocumentEvent) -> None:
        found = self.of_path(event.document.path)
        if found is None:
            return
        folder, path = found
        self._feed(folder, event)
        if event.kind == "saved":
            self._mark(folder, path)

    def _feed_open(self) -> None:
        """Tell every open document's folder its text of now."""
        for document in self._documents:
            found = self.of_path(document.path)
            if found is not None:
                self._feed(found[0], DocumentEvent("opened", document))

    def _feed(self, folder: Folder, event: DocumentEvent) -> None:
        path = folder.port.rel(event.document.path)
        language = language_of(path) if path is not None else None
        if path is None or language is None:
            return
        document = event.document
        match event.kind:
            case "opened":
                folder.live.open(path, language, document.data, document.version)
            case "changed":
                folder.live.change(path, document.version, list(event.edits))
            case "closed":
                folder.live.close_document(path)
                folder.anchors.pop(path, None)
            case "saved":
                pass

    def _mark(self, folder: Folder, path: RelPath) -> None:
        folder.stale.add(path)
        if folder.refreshing is None:
            loop = asyncio.get_running_loop()
            folder.refreshing = loop.call_later(_COALESCE_S, self._refresh_stale, folder)

    def _refresh_stale(self, folder: Folder) -> None:
        folder.refreshing = None
        paths, folder.stale = folder.stale, set()
        self._run(self._refresh(folder, paths))

    async def _refresh(self, folder: Folder, paths: set[RelPath] | None) -> None:
        try:
            first = [
                found[1] for d in self._documents if (found := self.of_path(d.path)) and found[0] is folder
            ]
            await folder.service.indexer.refresh(paths, first=first if paths is None else ())
        except AgentLsError as error:
            _log.warning("the index was not refreshed: %s", error.sentence())

    def lookup(self, name: str) -> dict[str, Any]:
        """What the indexes say of a name; for the debug request."""
        found: dict[str, Any] = {"definitions": [], "references": []}
        for folder in self:
            index = folder.service.index
            found["definitions"] += [{"path": h.path, "line": h.line} for h in index.definitions(name)]
            found["references"] += [{"path": r.path, "line": r.line} for r in index.references(name)]
        return found


def real_path(root: Path) -> Path:
    return Path(os.path.realpath(root))


def is_folder(path: Path) -> bool:
    return path.is_dir()
