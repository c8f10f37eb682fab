"""A workspace, an editor on paper and a service over the fake worker."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.job import Intent, IntentKind
from agent_ls.core.settings import Settings
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs
from tests.support.paper_editor import PaperEditor

Opener = Callable[..., Coroutine[Any, Any, Service]]
WORKER = "tests.support.fake_worker"


def task(*steps: dict[str, Any], title: str = "a task", **more: Any) -> Intent:
    """An intent whose task is a list of steps of the fake worker."""
    return Intent(IntentKind.DELEGATE, title, task=json.dumps(list(steps)), **more)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_bytes(b"one\ntwo\nthree\nfour\nfive\n")
    (folder / "b.py").write_bytes(b"alpha\nbeta\n")
    return folder


@pytest.fixture
def dirs(tmp_path: Path) -> Iterator[StateDirs]:
    state = tmp_path / "state"
    with tempfile.TemporaryDirectory() as runtime:  # short: a test's own folder is too long for a socket
        yield StateDirs(state, tmp_path / "config", tmp_path / "cache", Path(runtime))


@pytest.fixture
async def opener(root: Path, dirs: StateDirs) -> AsyncIterator[Opener]:
    """Opens services that are closed at the end of the test."""
    opened: list[Service] = []

    async def open_one(
        editor: PaperEditor | None = None,
        settings: Settings | None = None,
        environ: dict[str, str] | None = None,
        **more: Any,
    ) -> Service:
        service = await Service.open(
            root,
            port=editor or PaperEditor(root),
            settings=settings or Settings(),
            dirs=dirs,
            environ={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "k"} if environ is None else environ,
            worker_module=more.pop("worker_module", WORKER),
            **more,
        )
        opened.append(service)
        return service

    yield open_one
    for service in opened:
        if service not in closed:
            await service.close()


closed: list[Service] = []


async def close(service: Service) -> None:
    """Close a service in the middle of a test."""
    closed.append(service)
    await service.close()
