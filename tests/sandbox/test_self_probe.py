"""The sandbox's own proof: it holds here, and a backend with one hole is found out."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from agent_ls.verify.bubblewrap import Bubblewrap
from agent_ls.verify.sandbox import detect, probe
from agent_ls.verify.surroundings import NoSandbox

REAL = shutil.which("bwrap") or "bwrap"


async def test_it_holds_on_this_machine_and_is_tried_once_per_boot(tmp_path: Path) -> None:
    box = await detect(tmp_path / "w", tmp_path / "state", os.environ)
    assert isinstance(box, Bubblewrap), box
    kept = json.loads((tmp_path / "state" / "sandbox.json").read_text())
    assert kept["failure"] == ""
    assert [p.name for p in (tmp_path / "state").iterdir()] == ["sandbox.json"]
    (tmp_path / "state" / "sandbox.json").write_text(json.dumps({**kept, "failure": "as kept"}))
    again = await detect(tmp_path / "w", tmp_path / "state", os.environ)
    assert isinstance(again, NoSandbox)
    assert again.reason == "as kept"
    (tmp_path / "state" / "sandbox.json").write_text(json.dumps({"key": "another boot", "failure": "old"}))
    assert isinstance(await detect(tmp_path / "w", tmp_path / "state", os.environ), Bubblewrap)


HOLES = {
    "reached the network": "words.remove('--unshare-net')",
    "saw a key": "words.remove('--clearenv')",
    "saw processes": "words.remove('--unshare-pid')",
    "read outside": "at = words.index('--bind'); words[at:at] = ['--ro-bind', state, state]",
    "wrote outside": "at = words.index('--bind'); words[at:at] = ['--bind', state, state]",
    "read the user's tree": "at = words.index('--bind'); words[at+1] = words[at+2]",
    "reached a socket": "at = words.index('--bind'); words[at:at] = ['--bind', '/tmp', '/tmp']",
    "wrote the system": "at = words.index('/usr'); words[at-1:at+2] = ['--bind', fake_usr, '/usr', '--ro-bind', '/usr/bin', '/usr/bin', '--ro-bind', '/usr/lib', '/usr/lib', '--ro-bind', '/usr/lib64', '/usr/lib64']",
}


@pytest.mark.parametrize("hole", HOLES)
async def test_a_backend_with_a_hole_is_found_out(tmp_path: Path, hole: str) -> None:
    state, fake_usr = tmp_path / "state", tmp_path / "usr"
    state.mkdir()
    for folder in ("bin", "lib", "lib64"):
        (fake_usr / folder).mkdir(parents=True)
    leaky = tmp_path / "bwrap"
    leaky.write_text(
        f"#!{sys.executable}\nimport os, sys\nstate, fake_usr = {str(state)!r}, {str(fake_usr)!r}\n"
        f"words = sys.argv[1:]\n{HOLES[hole]}\nos.execv({REAL!r}, ['bwrap', *words])\n"
    )
    leaky.chmod(0o755)
    failure = await probe(Bubblewrap(leaky, {"HOME": "/root", "PATH": os.environ["PATH"]}), state)
    assert hole in failure
