"""One cluster of two nodes for the module; a service of its own for each test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent_ls.core.settings import Cluster, Settings
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs
from tests.support.children import first_line
from tests.support.paper_editor import PaperEditor

WORKER = "tests.support.fake_worker"
REPOSITORY = Path(__file__).parents[2]
Opener = Callable[..., Coroutine[Any, Any, Service]]


@dataclass
class Nodes:
    """The cluster as a test sees it. ``state``: the nodes' own state folder."""

    settings: Cluster
    state: Path
    process: subprocess.Popen[str]

    def agents(self, module: str = WORKER) -> list[psutil.Process]:
        """The agent workers that run on the nodes now."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if module in child.cmdline():
                    found.append(child)
            except psutil.Error:
                continue
        return found

    @property
    def checkouts(self) -> Path:
        return self.state / "cluster" / "checkouts"


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        state = Path(folder) / "node"
        environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AGENT_LS_")},
            "PYTHONPATH": str(REPOSITORY),
            "AGENT_LS_STATE_DIR": str(state),
            "AGENT_LS_CONFIG_DIR": str(Path(folder) / "config"),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.dask_cluster", folder, "2"],
            cwd=REPOSITORY,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        settings = Cluster(**json.loads(first_line(process, "the cluster", timeout_s=120.0)))
        try:
            yield Nodes(settings, state, process)
        finally:
            tree = psutil.Process(process.pid).children(recursive=True)
            process.communicate(timeout=60)
            for child in tree:
                if child.is_running():
                    child.kill()
            psutil.wait_procs(tree, timeout=10)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_bytes(b"one\ntwo\n")
    (folder / "b.py").write_bytes(b"alpha\n")
    return folder


@pytest.fixture
async def opener(root: Path, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens services on the project; closed at the end of the test unless they are already."""
    opened: list[Service] = []

    with tempfile.TemporaryDirectory() as runtime:
        state = tmp_path / "state"
        dirs = StateDirs(state, tmp_path / "config", tmp_path / "cache", Path(runtime))

        async def open_one(cluster: Cluster, **more: Any) -> Service:
            service = await Service.open(
                root,
                port=more.pop("editor", None) or PaperEditor(root),
                settings=Settings(cluster=cluster),
                dirs=dirs,
                environ={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "k", **more.pop("environ", {})},
                worker_module=more.pop("worker_module", WORKER),
            )
            service.trust(trusted=True)
            opened.append(service)
            return service

        yield open_one
        for service in opened:
            await service.close()
