"""What a person does from the board: the same doors as ``agent-ls jobs ACTION``.

Each wish opens a service of its own and closes it: the board stays open for hours, and must not
keep the lease of a job that an editor wants to land through its own buffers.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Final, final

from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.core.job import JobId
from agent_ls.faces.cli.session import Place, opened
from agent_ls.jobs.service import Service
from agent_ls.workspace.process.detached import start_detached
from agent_ls.workspace.state import private_dir

_EARLY_S: Final = 3.0
_LOOK_S: Final = 0.1


@final
class Acts:
    """Wishes of the board; each returns the sentence that tells what became of it."""

    def __init__(self, here: Place) -> None:
        self.here = here
        self._children: set[int] = set()

    async def apply(self, job: JobId, *, force: bool = False) -> str:
        async with self._service() as service:
            return (await service.apply(job, force=force, reviewed=True)).message

    async def undo(self, job: JobId) -> str:
        async with self._service() as service:
            return (await service.undo(job)).message

    async def discard(self, job: JobId) -> str:
        async with self._service() as service:
            await service.discard(job)
        return "Put aside. `agent-ls jobs retry` makes a new plan."

    async def cancel(self, job: JobId) -> str:
        async with self._service() as service:
            await service.cancel(job)
        return "Cancelled; the work up to the last whole turn is kept."

    async def answer(self, job: JobId, question: str, text: str) -> str:
        async with self._service() as service:
            await service.answer(job, question, text)
        return "Answered."

    async def tell(self, job: JobId, text: str) -> str:
        async with self._service() as service:
            await service.tell(job, text)
        return "The agent reads it with its next turn."

    async def resume(self, job: JobId) -> str:
        await self._in_the_background("resume", job)
        return "Resumed in a process of its own."

    async def retry(self, job: JobId, text: str) -> str:
        await self._in_the_background("retry", job, *([text] if text.strip() else []))
        return "Begun again as a new job, in a process of its own."

    def reap(self) -> None:
        """Let go of background processes that have ended."""
        for pid in tuple(self._children):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            self._children.discard(pid)

    def _service(self) -> AbstractAsyncContextManager[Service]:
        return opened(self.here, on_notice=lambda _text, _severity: None)

    async def _in_the_background(self, action: str, job: JobId, *words: str) -> None:
        """Work that goes on when the board is left: the command itself, in a session of its own.

        Raises:
            WorkspaceError: it could not be started.
            UsageError: it ended at once; the sentence is its own.
        """
        log = private_dir(self.here.dirs.logs()) / f"detached-{secrets.token_hex(4)}.log"
        argv = [sys.executable, "-P", "-m", "agent_ls", "jobs", action, "-C", str(self.here.root), "--json"]
        pid = start_detached([*argv, "--", job, *words], cwd=Path.cwd(), env=dict(self.here.environ), log=log)
        self._children.add(pid)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _EARLY_S
        while loop.time() < deadline:
            gone, status = os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222  (it does not wait)
            if gone:
                self._children.discard(pid)
                if os.waitstatus_to_exitcode(status) == 2:
                    raise UsageError(_last_line(log).removeprefix("agent-ls: "))
                return
            await asyncio.sleep(_LOOK_S)


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise WorkspaceError(f"{log} cannot be read: {error.strerror}") from error
    return next((line for line in reversed(lines) if line), "It ended at once, without a word")
