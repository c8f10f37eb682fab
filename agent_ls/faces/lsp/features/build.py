"""Builds the features of one session: imported only after the ``initialize`` answer is out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, cast, final

from agent_ls.core.errors import AgentLsError
from agent_ls.core.settings import Settings
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.commands import Commands
from agent_ls.faces.lsp.connecting import Connecting
from agent_ls.faces.lsp.editor import Editor, read_editor
from agent_ls.faces.lsp.features.actions import Actions
from agent_ls.faces.lsp.features.hover import Hovers
from agent_ls.faces.lsp.features.lens import Lenses
from agent_ls.faces.lsp.folders import Folders
from agent_ls.faces.lsp.questions import Questions
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.report import Report
from agent_ls.faces.lsp.review import Reviews
from agent_ls.faces.lsp.session import ServerContext
from agent_ls.faces.lsp.shown import Shown
from agent_ls.faces.lsp.uris import uri_to_path
from agent_ls.jobs.trust import Trust
from agent_ls.workspace.config import USER_FILE, read_settings
from agent_ls.workspace.state import StateDirs

Json = dict[str, Any]
_log = logging.getLogger(__name__)
_CONFIGURATION_S: Final = 3.0
_REFRESH_S: Final = 0.2


@final
class _Tasks:
    """Background work of the session; ended with it. The loop itself holds tasks weakly."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed", exc_info=error)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()


def build(context: ServerContext, dirs: StateDirs, environ: Mapping[str, str]) -> Features:
    """Wire the rooms of the face together and register every handler."""
    features, tasks, documents = Features(), _Tasks(), context.documents
    editor = read_editor(context.capabilities, context.client_info, context.options)

    def act(command: str, argument: Json) -> None:
        commands.act(command, argument)

    def trust_changed() -> None:
        tasks.run(opening.reread())

    lenses = _LensRefresh(context, editor, tasks)
    report = Report(context, editor, run=tasks.run, act=act)
    folders = Folders(
        documents=documents,
        editor=editor,
        peer=context,
        report=report,
        questions=Questions(context, documents, editor),
        run=tasks.run,
        dirs=dirs,
        environ=environ,
        on_lenses=lenses.want,
    )
    opening = _Opening(context, editor, folders, report, dirs)
    shown = Shown(dirs.base / "review", context, editor, report.notice)
    commands = Commands(
        *(folders, documents, editor, context, report),
        run=tasks.run,
        shown=shown,
        reviews=Reviews(editor, context, shown, run=tasks.run),
        connecting=Connecting(dirs.config / USER_FILE, report, shown, run=tasks.run),
        ready=opening.ready,
        trust_changed=trust_changed,
    )
    commands.register(features)
    features.feature("textDocument/codeAction")(Actions(folders, documents, editor).code_action)
    features.feature("textDocument/hover")(Hovers(folders, documents, editor).hover)
    features.feature("textDocument/codeLens")(Lenses(folders, documents).code_lens)

    def initialized(_params: Json) -> None:
        tasks.run(opening.begin())

    def folders_changed(params: Json) -> None:
        tasks.run(opening.change(params["event"]))

    def configuration_changed(_params: Json) -> None:
        tasks.run(opening.reread())

    def files_changed(params: Json) -> None:
        folders.disk_changed([str(change["uri"]) for change in params["changes"]])

    features.notification("initialized")(initialized)
    features.notification("workspace/didChangeWorkspaceFolders")(folders_changed)
    features.notification("workspace/didChangeConfiguration")(configuration_changed)
    features.notification("workspace/didChangeWatchedFiles")(files_changed)

    def cancel_progress(params: Json) -> None:
        job = report.job_of_token(params.get("token"))
        if job is not None:
            commands.act(wire.CANCEL, {"jobId": job})

    features.notification("window/workDoneProgress/cancel")(cancel_progress)
    if context.debug:

        @features.feature(wire.INDEX)
        def debug_index(params: Json) -> Json:
            return folders.lookup(params["name"])

    context.on_shutdown(tasks.close)
    context.on_shutdown(folders.close)
    return features


@final
class _Opening:
    """Opens the folders once the editor is ready, and follows its settings."""

    def __init__(
        self, context: ServerContext, editor: Editor, folders: Folders, report: Report, dirs: StateDirs
    ) -> None:
        self._context = context
        self._editor = editor
        self._folders = folders
        self._report = report
        self._dirs = dirs
        self._told: set[str] = set()
        self._one_by_one = asyncio.Lock()  # a folder that is removed while it opens must not come back
        self.ready = asyncio.Event()
        """The folders of the start are open."""

    async def begin(self) -> None:
        try:
            async with self._one_by_one:
                for root in self._context.roots:
                    await self._open(root)
        finally:
            self.ready.set()
        if self._editor.watch_files:
            await self._watch()

    async def change(self, event: Json) -> None:
        async with self._one_by_one:
            for gone in event["removed"]:
                path = uri_to_path(gone["uri"])
                if path is not None:
                    await self._folders.remove(path)
            for new in event["added"]:
                path = uri_to_path(new["uri"])
                if path is not None:
                    await self._open(path)

    async def reread(self) -> None:
        for folder in self._folders:
            self._folders.use(folder, await self.settings(folder.root))

    async def _open(self, root: Path) -> None:
        try:
            await self._folders.add(root, await self.settings(root))
        except AgentLsError as error:
            self._report.notice(error.sentence(), "error")

    async def settings(self, root: Path) -> Settings:
        """The settings for a folder; each problem is told once."""
        values: object = self._context.options.get("settings")
        if self._editor.configuration:
            item = {"scopeUri": root.as_uri(), "section": wire.SECTION}
            try:
                answer = await self._context.request(
                    "workspace/configuration", {"items": [item]}, timeout_s=_CONFIGURATION_S
                )
            except (ClientError, TimeoutError):
                answer = None
            values = _first(answer) or values
        approved = Trust(self._dirs.trust_file()).approved(root)
        settings, problems = read_settings(self._dirs.config, approved, values)
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                self._report.notice(problem, "warning")
        return settings

    async def _watch(self) -> None:
        registration = {
            "id": "agent-ls.files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": {"watchers": [{"globPattern": "**/*"}]},
        }
        try:
            await self._context.request(
                "client/registerCapability", {"registrations": [registration]}, timeout_s=_CONFIGURATION_S
            )
        except (ClientError, TimeoutError) as error:
            _log.info("the editor does not watch files for us: %s", error)


def _first(answer: object) -> object:
    """The one item of an answer to ``workspace/configuration``."""
    return cast("list[object]", answer)[0] if isinstance(answer, list) and answer else None


@final
class _LensRefresh:
    """Asks the editor for its lenses anew: one request at a time, at most a few in a second."""

    def __init__(self, context: ServerContext, editor: Editor, tasks: _Tasks) -> None:
        self._context = context
        self._tasks = tasks
        self._possible = editor.lens_refresh
        self._under_way = False

    def want(self) -> None:
        if self._possible and not self._under_way:
            self._under_way = True
            self._tasks.run(self._refresh())

    async def _refresh(self) -> None:
        await asyncio.sleep(_REFRESH_S)
        self._under_way = False  # what comes from now on is not in this request
        try:
            await self._context.request("workspace/codeLens/refresh", None, timeout_s=_CONFIGURATION_S)
        except (ClientError, TimeoutError):
            return
