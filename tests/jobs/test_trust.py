"""The user's word: for a real path and its project file of that moment, kept outside of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import Intent, IntentKind
from agent_ls.jobs.environment import indexer_environment, worker_environment
from agent_ls.jobs.ledger import Ledger
from agent_ls.jobs.trust import Trust
from tests.jobs.conftest import Opener, task


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    return Trust(tmp_path / "state" / "trust.json", clock=lambda: 1.0)


def test_nothing_is_trusted_until_it_is_said(trust: Trust, root: Path, tmp_path: Path) -> None:
    assert "not trusted" in trust.doubt(root)
    trust.give(root)
    assert trust.trusted(root)
    assert not trust.trusted(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(root)
    assert trust.trusted(link)  # the same folder by another name
    assert stat.S_IMODE((tmp_path / "state" / "trust.json").stat().st_mode) == 0o600
    assert not list(root.glob(".*"))  # nothing is left in the folder itself


def test_it_can_be_taken_back(trust: Trust, root: Path) -> None:
    trust.take(root)
    trust.give(root)
    trust.take(root)
    assert not trust.trusted(root)


def test_a_changed_project_file_must_be_looked_at_again(trust: Trust, root: Path) -> None:
    trust.give(root)
    (root / ".agent-ls.toml").write_text("[checks]\ncommands = [['rm', '-rf', '/']]\n")
    assert ".agent-ls.toml has changed" in trust.doubt(root)
    trust.give(root)
    assert trust.trusted(root)
    (root / ".agent-ls.toml").unlink()
    assert not trust.trusted(root)


@pytest.mark.parametrize("kind", ["folder", "pipe", "large"])
def test_a_project_file_that_cannot_be_read_is_never_trusted(trust: Trust, root: Path, kind: str) -> None:
    place = root / ".agent-ls.toml"
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)  # reading it would hold the server for ever
    else:
        place.write_bytes(b"#" * 300_000)
    trust.give(root)
    assert not trust.trusted(root)
    assert trust.approved(root) == b""


def test_what_was_seen_is_trusted_not_what_stands_there_by_now(trust: Trust, root: Path) -> None:
    (root / ".agent-ls.toml").write_text("[checks]\ncommands = [['planted']]\n")
    trust.give(root, b"[checks]\ncommands = [['seen']]\n")
    assert not trust.trusted(root)
    (root / ".agent-ls.toml").write_text("[checks]\ncommands = [['seen']]\n")
    assert b"seen" in trust.approved(root)
    (root / ".agent-ls.toml").write_text("[checks]\ncommands = [['later']]\n")
    assert trust.approved(root) == b""


@pytest.mark.parametrize("content", ["", "[]", "nonsense", '{"/": 1}', "\0"])
def test_a_broken_file_trusts_nothing_and_is_replaced(tmp_path: Path, root: Path, content: str) -> None:
    file = tmp_path / "trust.json"
    file.write_text(content)
    trust = Trust(file)
    assert not trust.trusted(root)
    trust.give(root)
    assert trust.trusted(root)


def test_a_word_that_cannot_be_kept_is_said(tmp_path: Path, root: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="could not be recorded"):
        Trust(tmp_path / "file" / "trust.json").give(root)


async def test_a_revoked_word_holds_from_the_next_beginning(opener: Opener) -> None:
    service = await opener()
    service.trust(trusted=True)
    job = service.delegate(task({"turn": 1, "files": {}}, {"ask": "q"}, {"outcome": "ready"}))
    await service.wait(job, for_question=True)
    seen: list[bool] = []
    start = service._rooms.runner.start
    service._rooms.runner.start = lambda request: (seen.append(request.trusted), start(request))  # type: ignore[method-assign, func-returns-value]
    await service.cancel(job)
    service.trust(trusted=False)
    await service.resume(job)
    await service.wait(job, for_question=True)
    assert seen == [False]
    with pytest.raises(Exception, match="not trusted"):
        service.run(Intent(IntentKind.RUN, "x", argv=("true",)))


def test_keys_go_to_the_agent_worker_only() -> None:
    from agent_ls.core.settings import Models, Settings

    environ = {
        "ANTHROPIC_API_KEY": "k",
        "https_proxy": "p",
        "PATH": "/bin",
        "LC_ALL": "C",
        "AWS_SECRET": "s",
        "PYTHONPATH": ".",
    }
    settings = Settings(models=Models(base_url="http://127.0.0.1:1"))
    assert worker_environment(environ, settings) == {
        "ANTHROPIC_API_KEY": "k",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "https_proxy": "p",
        "PATH": "/bin",
        "LC_ALL": "C",
    }
    assert indexer_environment(environ) == {"PATH": "/bin", "LC_ALL": "C"}


def test_the_ledger_adds_up_per_day_and_survives_nonsense(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    ledger, other = (Ledger(tmp_path / "spent", clock=lambda: now[0]) for _ in range(2))
    assert ledger.today() == 0.0
    assert ledger.add(0.5) == 0.5
    assert other.add(0.25) == 0.75
    assert ledger.add(-3.0) == 0.75
    now[0] += 86400
    assert ledger.today() == 0.0
    assert ledger.add(0.1) == 0.1
    for file in (tmp_path / "spent").iterdir():
        file.write_text("nonsense")
    assert ledger.add(0.2) == 0.2
