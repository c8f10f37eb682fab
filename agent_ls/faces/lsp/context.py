"""What the edge gives to features: documents, the client, its facts, and a place for background work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, final

from agent_ls.faces.lsp.capabilities import choose_encoding, workspace_roots
from agent_ls.faces.lsp.client import Client
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.json_values import Json, as_object
from agent_ls.faces.lsp.uris import uri_to_path

_log = logging.getLogger(__name__)

Hook = Callable[[], Awaitable[None]]


@final
class ServerContext:
    """What features get from the edge. Lives on the loop; the client's facts never change.

    Attributes:
        documents: The open documents.
        capabilities: ``ClientCapabilities`` as they came.
        client_info: ``{"name", "version"?}`` of the editor, ``{}`` if it did not say.
        options: ``initializationOptions`` if they are an object, else ``{}``.
        encoding: The negotiated position encoding.
        roots: The workspace folders of now, as paths.
        debug: The user asked for debug requests.
    """

    def __init__(self, params: Json, client: Client, *, debug: bool) -> None:
        self.capabilities: Json = params["capabilities"]
        self.client_info: Json = params.get("clientInfo") or {}
        self.options: Json = as_object(params.get("initializationOptions")) or {}
        self.encoding: Encoding = choose_encoding(self.capabilities)
        self.documents = Documents(self.encoding)
        self.roots: tuple[Path, ...] = workspace_roots(params)
        self.debug = debug
        self._client = client
        self._hooks: list[Hook] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.request = client.request
        self.notify = client.notify

    def on_shutdown(self, hook: Hook) -> None:
        """Run ``hook`` when the session ends, however it ends; last registered, first run.

        All hooks together have 0.6 s; then they are cancelled, and the process leaves.
        """
        self._hooks.append(hook)

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run work in the background; its failure is logged under ``name``, the session's end cancels it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work %s failed", task.get_name(), exc_info=error)

    def change_folders(self, params: Json) -> None:
        """Follow ``workspace/didChangeWorkspaceFolders``."""
        event = params["event"]
        gone = {uri_to_path(folder["uri"]) for folder in event["removed"]}
        new = [uri_to_path(folder["uri"]) for folder in event["added"]]
        kept = [root for root in self.roots if root not in gone]
        self.roots = tuple(dict.fromkeys([*kept, *(path for path in new if path is not None)]))

    async def end(self) -> None:
        """Cancel background work, then run every hook once; a failing one is logged, the others still run."""
        for task in list(self._tasks):
            task.cancel()
        while self._hooks:
            hook = self._hooks.pop()
            try:
                await hook()
            except Exception:  # noqa: BLE001  (one hook's bug must not keep the others from saving)
                _log.exception("a shutdown hook failed")
