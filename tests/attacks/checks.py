"""Attacks by what a check runs (class 8): code in the scratch tree, plainly and in the sandbox. They need bwrap."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from agent_ls.verify.running import run_in
from agent_ls.verify.sandbox import NoSandbox, detect
from agent_ls.verify.scratch import Scratch
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot
from tests.attacks.attack import Attack, Run

CONFINED: list[Attack] = []
_PLAINLY = {"on": False}


def _unconfined(patch: pytest.MonkeyPatch) -> None:
    """Plainly, and with nobody who ends what a plain run leaves behind."""
    patch.setitem(_PLAINLY, "on", True)
    running = importlib.import_module("agent_ls.workspace.process.run")
    spec = running._spec
    patch.setattr(running, "_spec", lambda limits, *, reap: spec(limits, reap=False))


def _attack(
    name: str, guard: str = "the sandbox", remove: Callable[[pytest.MonkeyPatch], None] = _unconfined
):
    def register(run: Run) -> Run:
        CONFINED.append(Attack(8, name, guard, run, remove))
        return run

    return register


class Lab:
    """A workspace in a home with a key in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder.resolve() / "home"
        self.root = self.home / "work"
        self.root.mkdir(parents=True)
        (self.home / "key").write_text("the key of the user")
        (self.root / "a.py").write_text("a = 1\n")
        self.state = folder / "state"
        self.state.mkdir()

    async def python(self, code: str, *args: object, timeout_s: float = 30.0) -> str:
        """Run code as a check does; what it prints."""
        environ = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        sandbox = NoSandbox("guard removed", "", environ)
        if not _PLAINLY["on"]:
            sandbox = await detect(self.root, self.state, environ)
            assert not isinstance(sandbox, NoSandbox), sandbox
        draft = Overlay(Snapshot(self.root, {}, BlobStore(self.state / "blobs")))
        scratch = await Scratch.prepare(self.root, draft, self.state / "scratch")
        try:
            argv = [sys.executable, "-c", code, *map(str, args)]
            done = await run_in(scratch, argv, sandbox, timeout_s=timeout_s)
        finally:
            await scratch.close()
        return done.output.decode("utf-8", "replace")

    async def worked(self, code: str, *args: object) -> str:
        """What was printed, where the attack has worked."""
        output = await self.python(f"{code}\nprint('WORKED')", *args)
        return output if "WORKED" in output else ""


@_attack("reads a file of the home")
async def _home(folder: Path) -> str:
    lab = Lab(folder)
    return await lab.worked("import sys; assert open(sys.argv[1]).read()", lab.home / "key")


@_attack("writes the user's own tree")
async def _tree(folder: Path) -> str:
    lab = Lab(folder)
    await lab.python("import sys; open(sys.argv[1], 'a').write('owned')", lab.root / "a.py")
    return (lab.root / "a.py").read_text().removeprefix("a = 1\n")


@_attack("writes beside the workspace")
async def _beside(folder: Path) -> str:
    lab = Lab(folder)
    await lab.python("import sys; open(sys.argv[1], 'w').write('owned')", lab.home / "planted")
    return "written" if (lab.home / "planted").exists() else ""


@_attack("reads the environment of another process")
async def _environ(folder: Path) -> str:
    return await Lab(folder).worked(
        "import sys; assert open(sys.argv[1], 'rb').read()", f"/proc/{os.getpid()}/environ"
    )


@asynccontextmanager
async def _listening() -> AsyncIterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


@_attack("connects to the network")
async def _network(folder: Path) -> str:
    async with _listening() as server:
        code = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
        return await Lab(folder).worked(code, server.getsockname()[1])


@_attack("connects to a socket of the user")
async def _unix(folder: Path) -> str:
    lab = Lab(folder)
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(lab.home)  # a socket's name is short
        try:
            server.bind("s")
        finally:
            os.chdir(here)
        server.listen()
        code = "import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).connect('s')"
        return await lab.worked(code, lab.home)


@_attack("signals a process of the user")
async def _signal(folder: Path) -> str:
    return await Lab(folder).worked("import os, sys; os.kill(int(sys.argv[1]), 0)", os.getpid())


def _alive(mark: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])[-1:]]


@_attack("leaves a daemon behind")
async def _daemon(folder: Path) -> str:
    mark = f"agent-ls-attack-{os.getpid()}-{time.monotonic_ns()}"
    code = (
        "import os, sys, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork(): os._exit(0)\n"
        "  os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', sys.argv[1]])\n"
        "time.sleep(1)"
    )
    await Lab(folder).python(code, mark)
    left = _alive(mark)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=10)
    return ", ".join(str(process.pid) for process in left)


@_attack("leaves a bomb of processes behind")
async def _bomb(folder: Path) -> str:
    mark = f"agent-ls-bomb-{os.getpid()}-{time.monotonic_ns()}"
    code = (
        "import os, time\nfor _ in range(120):\n  if os.fork() == 0: os.setsid(); time.sleep(60); os._exit(0)\n"
        "time.sleep(60)"
    )
    await Lab(folder).python(code, mark, timeout_s=3.0)
    left = _alive(mark)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=10)
    return f"{len(left)} processes" if left else ""


@_attack("opens a namespace of its own")
async def _namespace(folder: Path) -> str:
    return await Lab(folder).worked("import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0")


def _boundless(patch: pytest.MonkeyPatch) -> None:
    from agent_ls.workspace.process import bounded

    patch.setattr(bounded.Bounded, "add", lambda self, chunk: self._head.extend(chunk))


@_attack("fills the memory with output", "process.Bounded", _boundless)
async def _flood(folder: Path) -> str:
    output = await Lab(folder).python("import sys\nfor _ in range(400): sys.stdout.write('x' * 100_000)")
    return f"{len(output)} characters kept" if len(output) > 2_000_000 else ""


def _patient(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(_PLAINLY, "patience_s", 8.0)  # type: ignore[arg-type]


@_attack("outlives its deadline", "process.run: the deadline", _patient)
async def _forever(folder: Path) -> str:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(5); print('WORKED')"
    )
    return await Lab(folder).python(code, timeout_s=_PLAINLY.get("patience_s", 1.0))
