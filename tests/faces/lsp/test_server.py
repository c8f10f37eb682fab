"""``serve`` itself: its log, its refusals, and that importing and starting it stays cheap."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent_ls.core.errors import ConfigError, UsageError
from agent_ls.faces.lsp.server import Address, Features, serve
from tests.faces.lsp.raw_client import ROOT, running


def test_a_log_file_that_cannot_be_written_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        serve(lambda _context: Features(), offers={}, log_file=tmp_path / "no" / "such" / "folder.log")


def test_an_address_on_the_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("agent_ls"), "handlers", [])
    with pytest.raises(UsageError, match="network"):
        serve(lambda _context: Features(), offers={}, tcp=Address("0.0.0.0", 0))


def test_details_of_a_failure_are_in_the_log_file_and_only_there(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    code = (
        "import sys; from pathlib import Path\n"
        "from agent_ls.faces.lsp.server import Features, serve\n"
        "from tests.faces.lsp.edge_server import build\n"
        f"sys.exit(serve(build, offers={{}}, log_file=Path({str(log)!r})))\n"
    )
    with running((sys.executable, "-c", code)) as client:
        client.initialize()
        error = client.call("test/fail", {})["error"]
        expected = client.call("test/fail", {"expected": True})["error"]
        assert client.call("test/unserialisable", {})["error"]["code"] == -32603
        assert client.leave() == 0
        client.close()
        assert b"Traceback" not in client.errors
    assert error["code"] == -32603
    assert "Traceback" not in str(error)
    assert str(ROOT) not in str(error)
    assert expected == {
        "code": -32803,
        "message": "No model is configured. Set ANTHROPIC_API_KEY.",
        "data": {"code": "config"},
    }
    assert "RuntimeError: secret" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_without_standard_streams_it_says_what_is_missing() -> None:
    code = (
        "import os\nfrom agent_ls.core.errors import UsageError\n"
        "from agent_ls.faces.lsp.server import Features, serve\n"
        "os.close(0)\n"
        "try: serve(lambda _c: Features(), offers={})\n"
        "except UsageError as e: print(e.sentence())"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "without standard input" in run.stdout


def test_a_pipe_that_does_not_block_is_a_pipe() -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    with running(stdin=read) as client, open(write, "wb", buffering=0) as client.process.stdin:
        os.close(read)
        client.initialize()
        assert client.call("test/echo", {"a": 1})["result"] == {"a": 1}
        assert client.leave() == 0


def test_starting_imports_no_protocol_types() -> None:
    """They cost a quarter of a CPU second and 10 MB; here they are only the tests' oracle."""
    code = "import sys, agent_ls.faces.lsp.server; print([m for m in ('lsprotocol', 'pygls', 'cattrs', 'attrs') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
