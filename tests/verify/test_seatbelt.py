"""The macOS backend as far as it can be looked at elsewhere: its profile, its command line, the probe's judgement.

``sandbox-exec`` exists on macOS only. Its place is taken by a program of the same command line that
confines nothing: what it starts must be what was meant, and the probe must see through it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent_ls.verify import sandbox
from agent_ls.verify.sandbox import detect, probe
from agent_ls.verify.seatbelt import Seatbelt
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.workspace import process

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
LAX = """#!/bin/sh
[ "$1" = -p ] || exit 9
shift 2
while [ "$1" = -D ]; do shift 2; done
exec "$@"
"""
LOOK = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"


@pytest.fixture
def box(tmp_path: Path) -> Seatbelt:
    program = tmp_path / "bin" / "sandbox-exec"
    program.parent.mkdir()
    program.write_text(LAX)
    program.chmod(0o700)
    return Seatbelt(program, ENVIRON)


def profile(words: list[str]) -> tuple[str, dict[str, str]]:
    """The rules, and the paths that they name."""
    named = dict(words[at + 1].split("=", 1) for at, word in enumerate(words) if word == "-D")
    return words[2], named


def test_the_profile_denies_what_it_does_not_name(tmp_path: Path, box: Seatbelt) -> None:
    root, tree = tmp_path / "own", tmp_path / "slot" / "tree"
    rules, named = profile(box.argv(["make"], scratch=tree, root=root))
    assert rules.startswith("(version 1)\n(deny default)\n")
    assert "network" not in rules
    allowed = {
        rule.split(" (subpath")[0][7:]: name
        for name in named
        for rule in rules.splitlines()
        if f'"{name}"' in rule
    }
    assert set(allowed) == {"file-read*", "file-read* file-write*"}
    writable = [path for name, path in named.items() if f'file-write* (subpath (param "{name}"))' in rules]
    assert writable == [str(tree.parent / name) for name in ("home", "temporary", "tree")]
    assert not any(root.is_relative_to(path) for path in named.values()), "the user's own text cannot be read"
    assert str(Path.home()) not in named.values()


def test_what_may_not_be_written_and_what_may_use_the_network(tmp_path: Path, box: Seatbelt) -> None:
    tree = tmp_path / "slot" / "tree"
    rules, named = profile(box.argv(["make"], scratch=tree, root=tmp_path, writable=False, network=True))
    assert "(allow network*)" in rules
    (name,) = (name for name, path in named.items() if path == str(tree))
    assert f'(allow file-read* (subpath (param "{name}")))' in rules


async def test_a_check_runs_in_the_tree_with_a_home_of_its_own(tmp_path: Path, box: Seatbelt) -> None:
    tree = tmp_path / 'sl"ot' / "tree"
    (tree / "sub").mkdir(parents=True)
    argv = box.argv(["python3", "-c", LOOK], scratch=tree, root=tmp_path / "own", cwd_rel="sub")
    done = await process.run(argv, cwd=tmp_path, env={"SECRET_KEY": "x", "PATH": "/nowhere"}, timeout_s=30)
    cwd, environ = json.loads(done.output)
    assert cwd == str(tree / "sub")
    assert "SECRET_KEY" not in environ
    assert environ["HOME"] == str(tree.parent / "home")
    assert Path(environ["TMPDIR"]).is_dir()


async def test_a_program_that_does_not_confine_is_not_believed(tmp_path: Path, box: Seatbelt) -> None:
    state = tmp_path / "state"
    state.mkdir()
    assert "read the user's tree" in await probe(box, state)


async def test_it_is_the_sandbox_of_a_mac(
    tmp_path: Path, box: Seatbelt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    found = await detect(tmp_path / "own", tmp_path / "state", {**ENVIRON, "PATH": str(box.program.parent)})
    assert isinstance(found, NoSandbox)
    assert "leaks" in found.reason
    none = await detect(tmp_path / "own", tmp_path / "state", ENVIRON)
    assert isinstance(none, NoSandbox)
    assert none.reason == "sandbox-exec is not installed"
