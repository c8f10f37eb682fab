"""The owner's side of the live worker: tells it what is typed, keeps its last answers.

Nothing here waits for the worker: changes are queued, facts are the last that came. A worker
that dies, or has not kept up for long, is replaced and told all open texts again.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, final

from agent_ls.core import codec
from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.index.facts import Anchor, SyntaxProblem
from agent_ls.index.live_facts import LiveFacts, Moved
from agent_ls.workspace.process import Worker

_PATIENCE_S = 15.0
_PAUSES_S = (0.0, 0.2, 1.0, 5.0)
_CALM_S = 30.0


@final
class _Open:
    """A document as the owner knows it; ``sent`` is what the worker was told last."""

    __slots__ = ("data", "facts", "language", "version")

    def __init__(self, language: str, data: bytes, version: int) -> None:
        self.language = language
        self.data = data
        self.version = version
        self.facts: LiveFacts | None = None


@final
class Live:
    """Facts of the open documents of one workspace. Use from one event loop.

    ``on_facts`` hears a path when newer facts for it have come.
    """

    def __init__(
        self,
        state_dir: Path,
        environ: Mapping[str, str],
        *,
        on_facts: Callable[[RelPath], None] | None = None,
        module: str = "agent_ls.index.live_worker",
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._state_dir, self._environ, self._module = state_dir, environ, module
        self._patience_s = patience_s
        self.on_facts = on_facts
        self._open: dict[RelPath, _Open] = {}
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._markers: tuple[str, ...] = ()
        self._running: asyncio.Task[None] | None = None
        self.worker_pid: int | None = None

    async def start(self) -> None:
        """Start the worker in the background."""
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End the worker."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def open(self, path: RelPath, language: str, data: bytes, version: int) -> None:
        """A document was opened (or its whole text replaced)."""
        former = self._open.get(path)
        document = self._open[path] = _Open(language, data, version)
        document.facts = former.facts if former else None
        self._tell(_opened(path, document))

    def change(self, path: RelPath, version: int, edits: Sequence[TextEdit]) -> None:
        """Edits were typed; all their spans point into the document's last told text.

        Raises:
            ValueError: the edits do not fit that text.
        """
        document = self._open[path]
        document.data = apply_text_edits(document.data, edits)
        document.version = version
        listed = [[e.span.start, e.span.end, base64.b64encode(e.new).decode("ascii")] for e in edits]
        self._tell({"type": "change", "path": path, "version": version, "edits": listed})

    def close_document(self, path: RelPath) -> None:
        """A document was closed; its facts are forgotten."""
        if self._open.pop(path, None) is not None:
            self._tell({"type": "close", "path": path})

    def facts(self, path: RelPath) -> LiveFacts | None:
        """The newest facts that have come for an open document; they may be of an older version."""
        document = self._open.get(path)
        return document.facts if document else None

    def text(self, path: RelPath) -> bytes | None:
        """The last told text of an open document."""
        document = self._open.get(path)
        return document.data if document else None

    def markers(self, markers: Sequence[str]) -> None:
        """Look for other anchor markers from now on."""
        self._markers = tuple(markers)
        self._tell({"type": "markers", "markers": self._markers})

    def _tell(self, message: dict[str, Any]) -> None:
        if self.worker_pid is not None:
            self._outbox.put_nowait(message)

    async def _run(self) -> None:
        failures = 0
        while True:
            await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])
            loop = asyncio.get_running_loop()
            started = loop.time()
            try:
                worker = await Worker.start(self._module, env=self._environ, cwd=self._state_dir, nice=2)
            except WorkspaceError:
                failures += 1
                continue
            try:
                await self._serve(worker)
            finally:
                self.worker_pid = None
                await worker.stop()
            failures = failures + 1 if loop.time() - started < _CALM_S else 1

    async def _serve(self, worker: Worker) -> None:
        """Talk to one worker until it dies or stops answering."""
        self._outbox = asyncio.Queue()
        self.worker_pid = worker.pid
        if self._markers:
            self.markers(self._markers)
        for path, document in self._open.items():
            self._tell(_opened(path, document))
        sending = asyncio.create_task(self._send(worker, self._outbox))
        hearing = asyncio.create_task(self._hear(worker))
        watching = asyncio.create_task(self._watch())
        tasks = (sending, hearing, watching)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, worker: Worker, outbox: asyncio.Queue[dict[str, Any]]) -> None:
        while True:
            await worker.send(await outbox.get())

    async def _hear(self, worker: Worker) -> None:
        while (message := await worker.receive()) is not None:
            path = RelPath(message["path"])
            document = self._open.get(path)
            if document is None:
                continue
            if message["type"] == "lost":
                self._tell(_opened(path, document))
                continue
            facts = newer(message, document.facts)
            if facts is None:
                self._tell(_opened(path, document))
                continue
            document.facts = facts
            if self.on_facts is not None:
                self.on_facts(path)

    async def _watch(self) -> None:
        """Return when some document has had no facts of a newer version for too long."""
        behind: dict[RelPath, int] = {}
        while True:
            await asyncio.sleep(self._patience_s)
            late = {
                path: document.facts.version if document.facts else -1
                for path, document in self._open.items()
                if document.facts is None or document.facts.version != document.version
            }
            if any(behind.get(path) == version for path, version in late.items()):
                return
            behind = late


def newer(message: Mapping[str, Any], former: LiveFacts | None) -> LiveFacts | None:
    """The facts that a message brings; ``None`` if it builds on others than these."""
    if message["type"] == "facts":
        return LiveFacts.from_json(message["facts"])
    if former is None or former.version != message["base"]:
        return None
    moved = codec.from_json(Moved, message["moved"])
    return LiveFacts(
        message["version"],
        tuple(moved.apply(former.definitions)),
        codec.from_json(tuple[Anchor, ...], message["anchors"]),
        codec.from_json(tuple[SyntaxProblem, ...], message["problems"]),
    )


def _opened(path: RelPath, document: _Open) -> dict[str, Any]:
    return {
        "type": "open",
        "path": path,
        "language": document.language,
        "data": base64.b64encode(document.data).decode("ascii"),
        "version": document.version,
    }
