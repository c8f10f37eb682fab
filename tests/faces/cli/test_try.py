"""``try`` on a small repository with a history: what it shows, and that it leaves everything as it was."""

from __future__ import annotations

import os

from tests.faces.cli.conftest import Opener
from tests.faces.cli.kit import Shell

FILES: dict[str, str | bytes] = {
    "relay/backoff.py": "def pauses(count):\n    return [0.1] * count\n",
    "relay/client.py": "from relay.backoff import pauses\n\n\ndef send(message):\n    return pauses(3), message\n",
    "relay/__init__.py": "",
    "tests/__init__.py": "",
    "tests/test_client.py": "import unittest\n\nfrom relay.client import send\n\n\nclass T(unittest.TestCase):\n    def test_send(self):\n        self.assertEqual(send('m')[1], 'm')\n",
    ".gitignore": "ignored/\n",
    "ignored/kept.bin": b"\0",
}


def with_history(shell: Shell) -> Shell:
    shell.commit_all()
    (shell.root / "relay" / "client.py").write_bytes(
        (shell.root / "relay" / "client.py").read_bytes() + b"\n\n# later\n"
    )
    shell.git("commit", "-qam", "send: say that it comes later")
    (shell.root / "README.md").write_text("only words\n")
    shell.git("add", "-A")
    shell.git("commit", "-qm", "readme: only words")
    return shell


def everything(shell: Shell) -> dict[str, tuple[bytes, int]]:
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in shell.root.rglob("*") if p.is_file()}


def test_without_a_person_nothing_of_the_repository_runs(opener: Opener) -> None:
    shell = with_history(opener(FILES, trusted=False))
    before = everything(shell)
    said = shell("try")
    assert said.code == 0, said.err
    assert everything(shell) == before
    assert "“send: say that it comes later” touched 1 file" in said.out, "the newest commit that touched code"
    assert "✓ relay/client.py" in said.out
    assert "1 of 1 among the first" in said.out
    assert "pauses → pauses_renamed" in said.out
    assert "+from relay.backoff import pauses_renamed" in said.out
    assert "`--yes` trusts the folder for this run" in said.out
    assert "files are hash-identical" in said.out
    assert "unittest" not in said.out, "its tests were not run"
    assert "No jobs" in shell("jobs").out, "nothing stays behind"
    assert not (shell.folder / "state" / "trust.json").exists()


def test_with_the_users_word_engine_and_tests_run_in_a_copy(opener: Opener) -> None:
    shell = with_history(opener(FILES, trusted=False))
    fixer = shell.folder / "bin" / "ruff"
    fixer.write_text("#!/bin/sh\nsed -i s/later/sooner/ relay/client.py\n")
    fixer.chmod(0o755)
    before = everything(shell)
    said = shell("try", "--yes")
    assert said.code == 0, said.err
    assert everything(shell) == before
    assert "ruff check --fix: a plan of 1 file" in said.out
    assert "+# sooner" in said.out
    assert "unittest (not sandboxed: bwrap is not installed): passed" in said.out
    assert shell("run", "--", "true").code == 2, "the word was for that run only"


def test_a_file_that_changes_meanwhile_is_named_and_turns_it_red(opener: Opener) -> None:
    shell = with_history(opener(FILES))
    own = shell.root / "relay" / "client.py"
    fixer = shell.folder / "bin" / "ruff"
    # An engine that knows where the user's own file is, without a sandbox around it.
    fixer.write_text(f"#!/bin/sh\necho broken > {own}\n")
    fixer.chmod(0o755)
    said = shell("try", "--yes")
    assert said.code == 1
    assert "these are not as they were: relay/client.py" in said.out
    assert os.path.exists(own)
