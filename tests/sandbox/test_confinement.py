"""Attacks by what a check runs. Each is shown to work plainly first, then to fail confined."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from agent_ls.core.job import Verdict
from agent_ls.core.paths import rel_path
from agent_ls.verify.checks import Check, detect_checks, prove
from agent_ls.verify.engine import run_engine
from agent_ls.verify.running import run_in
from agent_ls.verify.sandbox import Sandbox, detect
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.workspace import process
from agent_ls.workspace.process import Finished
from tests.workspace.files import draft_of, plant, tree_bytes

GENEROUS_S = 30.0


class Lab:
    """A workspace in a home that holds a key, and both ways to run something on its draft."""

    def __init__(self, tmp_path: Path, root: str = "home/w") -> None:
        self.home = tmp_path.resolve() / "home"
        plant(self.home, "-- .ssh/id --\nthe user's key\n")
        self.root = plant(tmp_path.resolve() / root, "-- a.py --\na = 1\n")
        self.state = tmp_path / "state"
        self.environ = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "API_KEY": "a key in the environment",
        }

    async def box(self) -> Sandbox:
        found = await detect(self.root, self.state, self.environ)
        assert not isinstance(found, NoSandbox), found
        return found

    async def scratch(self, **edits: bytes) -> Scratch:
        draft = draft_of(self.root)
        for path, data in edits.items():
            draft.write(rel_path(path), data)
        return await Scratch.prepare(self.root, draft, self.state / "scratch")

    async def python(self, code: str, *args: str, confined: bool, timeout_s: float = GENEROUS_S) -> Finished:
        scratch = await self.scratch()
        sandbox = await self.box() if confined else NoSandbox("guard removed", "", self.environ)
        try:
            return await run_in(scratch, [sys.executable, "-c", code, *args], sandbox, timeout_s=timeout_s)
        finally:
            await scratch.close()


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


async def check_attack(lab: Lab, code: str, *args: str) -> None:
    """The attack prints WORKED exactly where it is not confined."""
    assert b"WORKED" in (await lab.python(code, *args, confined=False)).output
    confined = await lab.python(code, *args, confined=True)
    assert b"WORKED" not in confined.output
    assert confined.exit_code not in (126, 127), confined.output


async def test_reading_the_home(lab: Lab) -> None:
    await check_attack(
        lab, "import sys; open(sys.argv[1]).read(); print('WORKED')", str(lab.home / ".ssh" / "id")
    )


async def test_reading_the_environment_of_agent_ls(lab: Lab) -> None:
    code = "import os,sys; b'PATH' in open(f'/proc/{sys.argv[1]}/environ','rb').read() and print('WORKED')"
    await check_attack(lab, code, str(os.getpid()))


async def test_a_key_in_the_environment(lab: Lab) -> None:
    for confined in (False, True):
        done = await lab.python("import os; print(dict(os.environ))", confined=confined)
        assert b"a key in the environment" not in done.output


async def test_writing_the_users_tree(lab: Lab) -> None:
    live = tree_bytes(lab.root)
    code = "import sys; open(sys.argv[1], 'a').write('evil'); print('WROTE')"
    done = await lab.python(code, str(lab.root / "a.py"), confined=True)
    assert b"WROTE" in done.output, "inside, that path is the scratch tree"
    assert tree_bytes(lab.root) == live
    await lab.python(code, str(lab.root / "a.py"), confined=False)
    assert tree_bytes(lab.root) != live


async def test_a_link_made_inside_does_not_lead_us_out(lab: Lab) -> None:
    live = tree_bytes(lab.root)
    scratch = await lab.scratch()
    code = f"import os; os.remove('a.py'); os.symlink({str(lab.home / '.ssh/id')!r}, 'a.py'); os.symlink({str(lab.root)!r}, 'me')"
    result = await run_engine(scratch, [sys.executable, "-c", code], await lab.box(), trusted=True)
    assert not result.changes
    assert "the user's key" not in repr(result)
    await scratch.lay(draft_of(lab.root))
    assert tree_bytes(lab.root) == live
    await scratch.close()


async def test_the_network(lab: Lab) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        code = (
            "import socket,sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); print('WORKED')"
        )
        await check_attack(lab, code, str(server.getsockname()[1]))


async def test_sockets_on_disk_and_abstract_ones(lab: Lab) -> None:
    name = f"agent-ls-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as abstract:
        place = lab.home / "s"
        server.bind(str(place))
        server.listen()
        abstract.bind("\0" + name)
        abstract.listen()
        code = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1].replace('@', chr(0))); print('WORKED')"
        await check_attack(lab, code, str(place))
        await check_attack(lab, code, "@" + name)


async def test_signalling_processes_of_the_user(lab: Lab) -> None:
    await check_attack(lab, "import os,sys; os.kill(int(sys.argv[1]), 0); print('WORKED')", str(os.getpid()))


async def test_a_daemonised_child_does_not_outlive_the_check(lab: Lab) -> None:
    mark = f"agent-ls-daemon-{os.getpid()}"
    code = (
        "import os, sys, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n"
        "  os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]])\n"
        "time.sleep(1)"
    )

    def alive() -> list[psutil.Process]:
        return [
            p
            for p in psutil.process_iter(["cmdline"])
            if mark in (p.info["cmdline"] or []) and "time.sleep(60)" in str(p.info["cmdline"][2:3])
        ]

    await process.run([sys.executable, "-c", code, mark], cwd=lab.root, env={}, timeout_s=GENEROUS_S)
    survivors = alive()
    assert survivors, "with no guard it gets away"
    for survivor in survivors:
        survivor.kill()
    psutil.wait_procs(survivors, timeout=GENEROUS_S)
    await lab.python(code, mark, confined=False)
    assert not alive(), "also without a sandbox it ends with its run"
    await lab.python(code, mark, confined=True)
    assert not alive()


async def test_a_bomb_of_processes_ends_with_the_check(lab: Lab) -> None:
    mark = f"agent-ls-bomb-{os.getpid()}"
    code = "import os, time\nfor _ in range(150):\n  if os.fork() == 0: os.setsid(); time.sleep(600)\nprint('READY', flush=True)\ntime.sleep(600)"
    done = await lab.python(code, mark, confined=True, timeout_s=3.0)
    assert done.timed_out
    async with asyncio.timeout(GENEROUS_S):
        while any(mark in (p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])):
            await asyncio.sleep(0.02)


async def test_more_processes_than_allowed_end_the_check_for_root_too(lab: Lab) -> None:
    code = (
        "import os, time\ntry:\n  for _ in range(6000):\n    if os.fork() == 0: time.sleep(600)\n"
        "except OSError: pass\nelse: print('WORKED', flush=True)\ntime.sleep(1)"
    )
    done = await lab.python(code, confined=True)
    assert not done.timed_out
    assert b"WORKED" not in done.output
    ordinary = await lab.python("import sys; sys.exit(7)", confined=True)
    assert ordinary.exit_code == 7


async def test_new_namespaces_and_capabilities_are_closed(lab: Lab) -> None:
    code = "import ctypes,os; r=ctypes.CDLL(None).unshare(0x10000000); print('NEWUSER' if r==0 else 'NO'); print([l for l in open('/proc/self/status') if l.startswith('CapEff')])"
    done = await lab.python(code, confined=True)
    assert b"NO\n" in done.output
    assert b"0000000000000000" in done.output


async def test_system_and_environments_are_read_only(lab: Lab) -> None:
    plant(lab.root, "-- .venv/pyvenv.cfg --\n-- .venv/bin/x --\n-- .venv/lib/m.py --\nm = 1\n")
    code = "open('.venv/lib/m.py').read(); open('.venv/lib/m.py', 'a').write('evil'); print('WORKED')"
    done = await lab.python(code, confined=True)
    assert b"Read-only file system" in done.output
    assert (lab.root / ".venv/lib/m.py").read_text() == "m = 1\n"
    done = await lab.python("open('/usr/lib/evil', 'w')", confined=True)
    assert b"Read-only file system" in done.output or b"Permission" in done.output


@pytest.mark.parametrize("place", ["home/w", "home", "other/w", "home/deep/er/w ✨ x"])
async def test_wherever_the_workspace_lies_its_path_means_the_draft(tmp_path: Path, place: str) -> None:
    lab = Lab(tmp_path, place)
    scratch = await lab.scratch(**{"a.py": b"draft = 1\n"})
    code = f"import os; print(open({str(lab.root / 'a.py')!r}).read(), os.getcwd() == {str(lab.root)!r})"
    done = await run_in(scratch, ["python3", "-c", code], await lab.box(), timeout_s=GENEROUS_S)
    assert done.output == b"draft = 1\n True\n", done
    await scratch.close()


async def test_an_editable_install_means_the_draft(tmp_path: Path) -> None:
    """The very case that the canary of plain runs doubts: here it is proof."""
    lab = Lab(tmp_path)
    plant(
        lab.root,
        "-- calc.py --\ndef add(a, b): return a - b\n-- test_calc.py --\nimport sys, unittest\n"
        f"sys.path.insert(0, {str(lab.root)!r})\nfrom calc import add\nclass T(unittest.TestCase):\n"
        "    def test_add(self): self.assertEqual(add(1, 2), 3)\n",
    )
    scratch = await lab.scratch(**{"calc.py": b"def add(a, b): return a + b\n"})
    checks = detect_checks(scratch.draft.files(), scratch.draft.read)
    proof = await prove(scratch, checks, await lab.box(), trusted=True, timeout_s=GENEROUS_S, baseline=True)
    assert proof.verdict is Verdict.VERIFIED, proof
    assert [(r.status, r.baseline, r.sandbox) for r in proof.reports] == [("passed", "failed", "bwrap")]
    await scratch.close()


async def test_the_projects_own_interpreter_is_used_inside(lab: Lab) -> None:
    plant(lab.root, "-- .venv/pyvenv.cfg --\nhome = /usr/bin\n-- .venv/lib/x --\n")
    (lab.root / ".venv/bin").mkdir()
    (lab.root / ".venv/bin/python3").symlink_to(os.path.realpath(sys.executable))
    (lab.root / ".venv/bin/python").symlink_to("python3")
    scratch = await lab.scratch()
    done = await run_in(
        scratch, ["python3", "-c", "import sys; print(sys.executable)"], await lab.box(), timeout_s=GENEROUS_S
    )
    assert done.output.decode().strip() == str(lab.root / ".venv/bin/python3")
    await scratch.close()


async def test_a_missing_program_is_an_error_not_a_failed_check(lab: Lab) -> None:
    scratch = await lab.scratch(**{"a.py": b"x"})
    proof = await prove(scratch, [Check("x", ("no-such-program",))], await lab.box(), trusted=True)
    assert [(r.status, "No such file" in r.output) for r in proof.reports] == [("error", True)]
    await scratch.close()
