"""A sandbox proves itself before it is believed: what must fail is tried, here, on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from agent_ls.core.errors import WorkspaceError
from agent_ls.verify import bubblewrap, seatbelt
from agent_ls.verify.bubblewrap import Bubblewrap
from agent_ls.verify.seatbelt import Seatbelt
from agent_ls.verify.surroundings import NoSandbox, scrubbed
from agent_ls.workspace import process
from agent_ls.workspace.state import private_dir

__all__ = ["Bubblewrap", "NoSandbox", "Sandbox", "Seatbelt", "detect", "probe"]

Sandbox = Bubblewrap | Seatbelt
"""What runs checks confined. ``in_place``: the tree stands at the workspace's own path inside."""

_TIMEOUT_S = 20.0
_REMEDY = "Install the system's bubblewrap (Debian, Ubuntu, Fedora, Arch: package bubblewrap), then run agent-ls doctor"
_REMEDY_MAC = "Allow checks without a sandbox in the settings"

_SCRIPT = """
import json, os, socket, sys
secret, own, outside, tcp, unix, inside, pid = sys.argv[1:8]
def works(action):
    try:
        action()
    except OSError:
        return False
    return True
def write(path):
    with open(path, "w") as file:
        file.write("x")
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(2)
        s.connect(address)
print(json.dumps({
    "wrote inside": works(lambda: write(inside)),
    "read outside": works(lambda: open(secret).read()),
    "read the user's tree": works(lambda: open(own).read()),
    "wrote outside": works(lambda: write(outside)),
    "wrote the system": works(lambda: write("/usr/agent-ls-probe")),
    "reached the network": works(lambda: connect(socket.AF_INET, ("127.0.0.1", int(tcp)))),
    "reached a socket": works(lambda: connect(socket.AF_UNIX, unix)),
    "saw processes": os.path.isdir("/proc") and sum(name.isdigit() for name in os.listdir("/proc")) > 20 and os.path.exists("/proc/" + pid),
    "saw a key": "AGENT_LS_PROBE_KEY" in os.environ,
}))
"""
"""Tries everything and prints what it could do. Also run unconfined by the tests, where it can do it all."""


async def detect(root: Path, state: Path, environ: Mapping[str, str]) -> Sandbox | NoSandbox:
    """The sandbox of this machine, proved, or why there is none.

    ``state``: agent-ls's state folder, where the proof is kept until the next boot, another
    bwrap, or another version of this code. Costs about 0.1 s the first time, then a file read.
    """
    environ = scrubbed(environ)
    mac = sys.platform == "darwin"
    program_name, remedy = ("sandbox-exec", _REMEDY_MAC) if mac else ("bwrap", _REMEDY)
    program = process.find_program(program_name, outside=root, path=environ.get("PATH", os.defpath))
    if program is None:
        return NoSandbox(f"{program_name} is not installed", remedy, environ)
    box = Seatbelt(program, environ) if mac else Bubblewrap(program, environ, memory_bytes=_memory())
    key = _key(program)
    known = _load(state)
    if known.get("key") == key:
        failure = str(known.get("failure", ""))
    else:
        failure = await probe(box, private_dir(state))
        _save(state, {"key": key, "failure": failure})
    return NoSandbox(failure, remedy, environ) if failure else box


async def probe(box: Sandbox, state: Path) -> str:
    """Try to break out of a sandbox; ``""`` when nothing worked that must not, else what did."""
    folder = Path(tempfile.mkdtemp(prefix="probe-", dir=state))
    try:
        return await _probe(box, folder)
    except (OSError, WorkspaceError) as error:
        return f"The sandbox could not be tried: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _probe(box: Sandbox, folder: Path) -> str:
    root, scratch, canary = folder / "root", folder / "scratch", secrets.token_hex(16)
    root.mkdir()
    scratch.mkdir()
    (folder / "secret").write_text(canary)
    (root / "own").write_text(canary)
    with (
        tempfile.TemporaryDirectory(prefix="als-") as short,
        socket.socket() as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        unix.bind(f"{short}/s")
        unix.listen()
        tried = (folder / "secret", root / "own", folder / "outside", tcp.getsockname()[1], f"{short}/s")
        command = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            _SCRIPT,
            *map(str, (*tried, (root if box.in_place else scratch) / "inside", os.getpid())),
        ]
        argv = box.argv(command, scratch=scratch, root=root)
        env = {"AGENT_LS_PROBE_KEY": canary}
        done = await process.run(argv, cwd=folder, env=env, timeout_s=_TIMEOUT_S)
    text = done.output.decode("utf-8", "replace").strip()
    if done.exit_code != 0:
        return f"{box.name} does not start here: {text[-300:] or 'no output'}"
    could = cast("dict[str, bool]", json.loads(text.splitlines()[-1]))
    # Inside, the folder around the root is a private one: what counts is what arrived out here.
    could["wrote outside"] = (folder / "outside").exists()
    wrote = could.pop("wrote inside") and (scratch / "inside").exists()
    if broken := [name for name, worked in could.items() if worked]:
        return f"The sandbox leaks: a program in it {', '.join(broken)}"
    return "" if wrote else "The sandbox does not let a check write its own tree"


def _key(program: Path) -> str:
    status = program.stat()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = platform.release()
    code = hashlib.sha256(
        b"".join(Path(f).read_bytes() for f in (__file__, bubblewrap.__file__, seatbelt.__file__))
    ).hexdigest()
    return f"{boot} {program} {status.st_size} {status.st_mtime_ns} {os.getuid()} {sys.executable} {code}"


def _load(state: Path) -> dict[str, Any]:
    try:
        value: object = json.loads((state / "sandbox.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _save(state: Path, value: Mapping[str, str]) -> None:
    fresh = private_dir(state) / f"sandbox.json.{os.getpid()}"
    fresh.write_text(json.dumps(value), "utf-8")
    fresh.chmod(0o600)
    fresh.replace(state / "sandbox.json")


def _memory() -> int:
    """Most bytes of data for one process: the machine's memory, less a quarter for the user."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4
    except (ValueError, OSError):
        return 0
