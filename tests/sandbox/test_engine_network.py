"""An engine reaches the network only where the user's settings say that it needs it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from agent_ls.core.job import Intent, IntentKind
from agent_ls.core.settings import Settings
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import state_dirs


@pytest.mark.parametrize("network", [True, False])
async def test_the_network_is_the_engines_only_by_setting(tmp_path: Path, network: bool) -> None:
    root = tmp_path / "w"
    root.mkdir()
    (root / "a.txt").write_text("before\n")
    environ = {**os.environ, "AGENT_LS_STATE_DIR": str(tmp_path / "state")}
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5);"
            " open('a.txt', 'w').write('reached\\n')"
        )
        service = await Service.open(
            root, port=DiskPort(root), settings=Settings(), dirs=state_dirs(environ), environ=environ
        )
        try:
            service.trust(trusted=True)
            intent = Intent(IntentKind.RUN, "Reach", argv=(sys.executable, "-c", code), network=network)
            view = await service.wait(service.run(intent))
        finally:
            await service.close()
    assert view.has_plan is network
