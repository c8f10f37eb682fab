"""Text search over a draft, in a child process: a regular expression that explodes is killed there.

Python's `re` holds the interpreter until it is done, so a thread with a deadline would stop the
whole worker. One engine everywhere keeps a tool's answer the same on every machine; ripgrep, where
there is one, only says which files need not be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from agent_ls.agent.bench import SearchAnswer, SearchQuery
from agent_ls.agent.tools.spec import ToolRefusedError
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.process import Worker

DEADLINE_S = 10.0
LINES = 500


@final
class SearchProcess:
    """The one child that searches, started at the first search; one search at a time."""

    def __init__(self, environ: Mapping[str, str], cwd: Path, *, deadline_s: float = DEADLINE_S) -> None:
        self._environ = environ
        self._cwd = cwd
        self._deadline_s = deadline_s
        self._worker: Worker | None = None
        self._turn = asyncio.Lock()

    async def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One request and its answer.

        Raises:
            ToolRefusedError: no answer in time; the child is gone and the next search starts another.
            WorkspaceError: the child cannot be started, or died.
        """
        async with self._turn:
            worker, self._worker = self._worker or await self._start(), None
            whole = False
            try:
                async with asyncio.timeout(self._deadline_s):
                    await worker.send(request)
                    answer = await worker.receive()
                whole = answer is not None
            except TimeoutError:
                raise ToolRefusedError(
                    f"The search did not end within {self._deadline_s:g} seconds",
                    remedy="Use a simpler pattern, or search fewer files with glob",
                ) from None
            except ConnectionError:
                answer = None
            finally:
                # A child with an answer under way must never serve another request.
                if whole:
                    self._worker = worker
                else:
                    await worker.stop(0.0)
            if answer is None:
                raise WorkspaceError("The search process died", remedy="Try the search again")
            return answer

    async def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop(0.2)

    async def _start(self) -> Worker:
        # No key of the model's service belongs into this child.
        keep = {k: v for k, v in self._environ.items() if k in ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")}
        return await Worker.start("agent_ls.agent.search_worker", env=keep, cwd=self._cwd, nice=5)


@final
class DraftSearcher:
    """`bench.Searcher` for one attempt. Texts that are not the disk's are named by their blob."""

    def __init__(
        self, process: SearchProcess, blobs: BlobStore, folder: Path, buffers: Mapping[RelPath, str]
    ) -> None:
        self._process = process
        self._blobs = blobs
        self._folder = folder
        self._buffers = buffers

    async def search(self, draft: Overlay, query: SearchQuery) -> SearchAnswer:
        """See `bench.Searcher`. Blocking disk work is the child's, but for blobs of changed files."""
        if "\n" in query.pattern or "\r" in query.pattern or not query.pattern:
            raise ToolRefusedError(
                "The pattern is empty or has a line break", remedy="Search for one line at a time"
            )
        texts = {**self._buffers, **{path: digest for path, digest in draft.base.pins.items() if digest}}
        texts |= {file.path: file.after for file in draft.state(self._blobs) if file.after}
        answer = await self._process.ask(
            {
                "root": str(draft.base.root),
                "blobs": str(self._folder),
                "files": [[path, texts.get(path)] for path in query.paths],
                "pattern": query.pattern,
                "regex": query.regex,
                "ignore_case": query.ignore_case,
                "limit": LINES,
            }
        )
        if "error" in answer:
            raise ToolRefusedError(str(answer["error"]), remedy="Correct the pattern, or set regex to false")
        lines = tuple((RelPath(path), int(number), str(text)) for path, number, text in answer["lines"])
        return SearchAnswer(lines, bool(answer["more"]))
