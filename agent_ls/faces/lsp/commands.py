"""Every ``agentLs.*`` command: one JSON object in, an answer at once; work goes on behind it.

What a job does is told by `report`; what an operation (apply, undo …) did is told by a notice
and by the job's state. Here stand the commands about the session; those about a job and those
about a place have rooms of their own.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, final

from agent_ls import __version__
from agent_ls.faces.lsp import arguments as read
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.connecting import Connecting
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.folders import Folders
from agent_ls.faces.lsp.job_commands import JobCommands
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.place_commands import PlaceCommands
from agent_ls.faces.lsp.registry import Features, Handler
from agent_ls.faces.lsp.report import Report, Run
from agent_ls.faces.lsp.review import Reviews
from agent_ls.faces.lsp.shown import Shown
from agent_ls.faces.lsp.uris import path_to_uri, uri_to_path

Json = dict[str, Any]

_OPENING_S: Final = 10.0


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
        connecting: Connecting,
        ready: asyncio.Event,
        trust_changed: Callable[[], None],
    ) -> None:
        """``ready``: the folders are open. ``trust_changed``: the project's settings may hold or no longer hold."""
        self._folders = folders
        self._report = report
        self._run = run
        self._ready = ready
        self._trust_changed = trust_changed
        self._places = PlaceCommands(
            *(folders, documents, editor, peer, report), run=run, shown=shown, act=self._acted
        )
        self._table: dict[str, Handler] = {
            **JobCommands(folders, report, reviews, run=run).table(),
            **self._places.table(),
            wire.JOBS: self.jobs,
            wire.TRUST: self.trust,
            wire.STATUS: self.status,
            wire.CONNECT: connecting.connect,
        }

    def register(self, features: Features) -> None:
        """Put every command into the table."""
        for name, handler in self._table.items():
            features.command(name)(partial(self._when_ready, handler))

    def act(self, command: str, argument: Json) -> None:
        """Run one of the commands as a button in a notice does: what goes wrong is a notice too."""
        self._run(self._report.quietly(self._acted(command, argument)))

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

    def jobs(self, params: Json) -> Json:
        if read.truth(params, "more", default=False):
            self._places.more(params)
        views = [view for folder in self._folders for view in folder.service.jobs()]
        return {"jobs": [v.wire() for v in sorted(views, key=lambda v: v.created_at, reverse=True)]}

    def status(self, _params: Json) -> Json:
        return {
            "version": __version__,
            "pid": os.getpid(),
            "folders": [{"uri": path_to_uri(f.root), **f.service.status()} for f in self._folders],
        }

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
