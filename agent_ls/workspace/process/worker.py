"""A Python child that speaks JSON: one object per line on its stdin and stdout.

The owner's side is `Worker`; the child's side is `worker_pipes`. Reached through `process`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import site
import sys
from asyncio import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.process.bounded import Bounded
from agent_ls.workspace.process.children import close_pipes, groups_below, kill_group
from agent_ls.workspace.process.launcher import die_with_parent

Receive = Callable[[], Awaitable[dict[str, Any] | None]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_LINE_LIMIT = 64 * 1024 * 1024
_PARENT = "AGENT_LS_PARENT"
_UNSAFE = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT")


@final
class Worker:
    """One child of our own code, ``python -P -m MODULE ARGS``; dies with us, whatever it is doing."""

    def __init__(self, child: subprocess.Process) -> None:
        self._child = child
        self._stderr = Bounded(8000)
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(
        cls, module: str, args: Sequence[str] = (), *, env: Mapping[str, str], cwd: Path, nice: int = 0
    ) -> Worker:
        """Start a module as a worker.

        ``cwd`` is a folder of ours, never the workspace. Python's own variables are taken out of
        ``env``: they could make it load the workspace's modules. ``nice`` lowers its priority.

        Raises:
            WorkspaceError: the interpreter cannot be started.
        """
        try:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", module, *args),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=_environment(env),
                start_new_session=True,
                limit=_LINE_LIMIT,
            )
        except OSError as error:
            raise WorkspaceError(
                f"The worker {module} could not be started: {error}",
                remedy="Check the Python installation with agent-ls doctor",
            ) from error
        if nice:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, child.pid, nice)
        return cls(child)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.returncode is None

    @property
    def last_words(self) -> str:
        """What it wrote to stderr, head and tail: for a log or an error message."""
        return self._stderr.value().decode("utf-8", "replace")

    async def send(self, message: Mapping[str, Any]) -> None:
        """Write one object.

        Raises:
            ConnectionError: the worker is gone; `receive` says so as well.
        """
        assert self._child.stdin is not None  # noqa: S101 - started with a pipe
        if self._child.stdin.is_closing():
            raise BrokenPipeError("the worker is gone")
        self._child.stdin.write(_line(message))
        await self._child.stdin.drain()

    async def receive(self) -> dict[str, Any] | None:
        """Read one object; ``None`` when the worker has left.

        Raises:
            WorkspaceError: it said something that is no JSON object.
        """
        assert self._child.stdout is not None  # noqa: S101 - started with a pipe
        return await _read(self._child.stdout)

    async def farewell(self, within_s: float = 0.5) -> str:
        """`last_words` of a worker that has left, once all of them are here: stderr may end after stdout."""
        await asyncio.wait([self._listening], timeout=within_s)
        return self.last_words

    async def stop(self, deadline_s: float = 0.5) -> None:
        """End it: stdin closed, then TERM, then KILL for its whole group; returns when it is gone."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        below: set[int] = set()
        try:
            await self._gone(deadline_s / 2)
            # A worker that has to be killed cannot end what it started, and the kernel ends only its own
            # children: theirs would stay. They are looked up while the tree still stands.
            below = groups_below(self.pid)
            kill_group(self.pid, signal.SIGTERM)
            await self._gone(deadline_s / 2)
        finally:
            below |= groups_below(self.pid)
            kill_group(self.pid, signal.SIGKILL)
            for group in below:
                kill_group(group, signal.SIGKILL)
            close_pipes(self._child)  # first: `wait` waits for them too, and a grandchild may hold them
            await self._child.wait()
            self._listening.cancel()

    async def _gone(self, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._child.wait()

    async def _listen(self) -> None:
        assert self._child.stderr is not None  # noqa: S101 - started with a pipe
        while chunk := await self._child.stderr.read(4096):
            self._stderr.add(chunk)


async def worker_pipes() -> tuple[Receive, Send]:
    """The child's ends: ``receive`` (``None`` at EOF: the owner is gone, leave) and ``send``.

    The wire is moved away from fd 0 and 1 first: a stray ``print`` goes to stderr, and a
    library that reads stdin finds it empty.
    """
    parent = os.environ.get(_PARENT, "")
    die_with_parent(int(parent) if parent.isdecimal() else None)
    wire_in, wire_out = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(wire_in, "rb", 0))
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(wire_out, "wb", 0)
    )
    writer = asyncio.StreamWriter(transport, protocol, None, loop)

    async def receive() -> dict[str, Any] | None:
        return await _read(reader)

    async def send(message: Mapping[str, Any]) -> None:
        writer.write(_line(message))
        await writer.drain()

    return receive, send


def _line(message: Mapping[str, Any]) -> bytes:
    return (
        json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        + b"\n"
    )


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    try:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            return None
        value: object = json.loads(line.decode("utf-8", "surrogatepass"))
    except ConnectionError:
        return None
    except ValueError as error:  # also a line beyond the limit
        raise WorkspaceError("A worker answered what is not JSON", remedy="It is started again") from error
    if not isinstance(value, dict):
        raise WorkspaceError("A worker answered what is not a JSON object", remedy="It is started again")
    return cast("dict[str, Any]", value)


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    clean = {name: value for name, value in env.items() if name not in _UNSAFE}
    clean[_PARENT] = str(os.getpid())
    # Run from a source tree, the package is on nobody's path but ours.
    home = str(Path(__file__).resolve().parents[3])
    if home not in (*site.getsitepackages(), site.getusersitepackages()):
        clean["PYTHONPATH"] = home
    return clean
