"""A whole job with everything real but the model: service, journal, worker process, SDK, and a loopback service.

Many jobs may share one rig: each has a conversation of its own, found by the name in its task.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_ls.core.job import Intent, IntentKind, JobId
from agent_ls.core.settings import Budgets, Checks, Jobs, Models, Settings
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs, state_dirs
from tests.agent.kit import project
from tests.support.messages_server import MessagesServer
from tests.support.paper_editor import PaperEditor

Json = dict[str, Any]
KEY = "sk-ant-canary-" + "k" * 24
MODEL = "claude-sonnet-5-5"


def patient(
    *,
    idle_s: float = 2.0,
    patience_s: float = 5.0,
    parallel: int = 6,
    turns: int = 40,
    checks: Sequence[Sequence[str]] = (),
) -> Settings:
    """Settings with the patience of a test."""
    return Settings(
        models=Models(idle_timeout_s=idle_s, patience_minutes=patience_s / 60),
        jobs=Jobs(parallel=parallel),
        budgets=Budgets(attempt_usd=50.0, attempt_turns=turns, day_usd=1e6),
        checks=Checks(commands=tuple(map(tuple, checks)), timeout_s=60.0, allow_unsandboxed=True),
    )


@dataclass
class Rig:
    """A workspace with its service and the model's. ``editor`` is on paper."""

    root: Path
    dirs: StateDirs
    environ: Mapping[str, str]
    settings: Settings
    server: MessagesServer
    editor: PaperEditor
    service: Service

    def delegate(self, name: str, **more: Any) -> JobId:
        """Begin the job whose conversation matches ``name``."""
        return self.service.delegate(
            Intent(IntentKind.DELEGATE, name, f"Job {name}: make add() add.", **more)
        )

    def texts(self, job: JobId) -> dict[str, str | None]:
        """The job's draft of now: what it changes, by path."""
        return {
            change.path: None if change.after is None else change.after.decode()
            for change in self.service.plan(job)
        }

    async def reopen(self) -> None:
        """Close the editor, and open it again."""
        await self.service.close()
        self.service = await opened(self)


async def opened(rig: Rig) -> Service:
    return await Service.open(
        rig.root, port=rig.editor, settings=rig.settings, dirs=rig.dirs, environ=rig.environ
    )


def environment(folder: Path, url: str) -> dict[str, str]:
    """Where a rig's processes keep their things, and whom they ask."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(folder / "home"),
        "AGENT_LS_STATE_DIR": str(folder / "state"),
        "AGENT_LS_CONFIG_DIR": str(folder / "config"),
        "AGENT_LS_CACHE_DIR": str(folder / "cache"),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
    }


@asynccontextmanager
async def rig(
    folder: Path,
    conversations: Sequence[Json],
    *,
    files: Mapping[str, str | bytes] | None = None,
    settings: Settings | None = None,
    window: int = 200_000,
    rejects: Sequence[str] = (),
    trusted: bool = False,
) -> AsyncIterator[Rig]:
    """A rig whose service is closed at the end; what a job left open is paused then."""
    root = project(folder / "project", files)
    models = {MODEL: {"max_input_tokens": window, "max_tokens": 16_000}}
    async with MessagesServer(conversations, models=models, rejects=rejects, typed=True) as server:
        environ = environment(folder, server.url)
        made = Rig(
            root,
            state_dirs(environ),
            environ,
            settings or patient(),
            server,
            PaperEditor(root),
            None,  # type: ignore[arg-type]
        )
        made.service = await opened(made)
        try:
            if trusted:
                made.service.trust(trusted=True)
            yield made
        finally:
            await made.service.close()
