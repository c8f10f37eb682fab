"""The owner's side of the merge worker: texts that clash in, texts without clashes out. No grammar here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.workspace.process import Worker
from agent_ls.workspace.state import private_dir

logger = logging.getLogger(__name__)

DEADLINE_S = 3.0
WORKER = "agent_ls.index.merge_worker"


@final
@dataclass(frozen=True, slots=True)
class Clashing:
    """Three texts of one file whose line merge clashes."""

    language: str
    base: bytes
    ours: bytes
    theirs: bytes


@final
@dataclass(frozen=True, slots=True)
class Resolved:
    """A text without clashes, and how many clashes of lines there were."""

    data: bytes
    clashes: int


@final
class SyntaxMerge:
    """Asks a process of its own: a grammar may hang, and everything else of ours has work to do."""

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        *,
        module: str = WORKER,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._folder, self._environ = folder, environ
        self._module, self._deadline_s = module, deadline_s

    async def __call__(self, clashes: Mapping[RelPath, Clashing]) -> dict[RelPath, Resolved]:
        """What is resolved; a file that is not in it clashes still. Never raises, ends at its deadline.

        Cost: one process start (about 0.1 s) for all of them, and some milliseconds per file.
        """
        resolved: dict[RelPath, Resolved] = {}
        if not clashes:
            return resolved
        worker: Worker | None = None
        try:
            async with asyncio.timeout(self._deadline_s):
                cwd = await asyncio.to_thread(private_dir, self._folder)
                worker = await Worker.start(self._module, env=self._environ, cwd=cwd)
                for path, clash in clashes.items():
                    await worker.send(to_json(clash))
                    answer = await worker.receive()
                    if answer is None:
                        break
                    if answer:
                        resolved[path] = from_json(Resolved, answer)
        except (TimeoutError, ConnectionError, OSError, WorkspaceError, CodecError) as error:
            logger.info("clashes stay as they are: %s", error or "too slow")
        finally:
            if worker is not None:
                await worker.stop()
        return resolved
