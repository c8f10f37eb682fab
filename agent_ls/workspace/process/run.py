"""A program run to its end, or to ours."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.process import launcher
from agent_ls.workspace.process.bounded import Bounded
from agent_ls.workspace.process.children import kill_group

_GRACE_S = 0.15  # between TERM and KILL, and for the last output of a child that has left
_REAPING_S = 1.0  # a launcher that ends what its program left behind needs a moment more
_REAP_S = 2.0  # one that the kernel does not let go of (a dead network disk) is not waited for


@final
@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended. ``exit_code`` is negative for a signal, ``None`` where we killed it.

    ``output``: stdout and stderr as they came, head and tail within the limit.
    """

    exit_code: int | None
    output: bytes
    truncated: bool
    timed_out: bool
    duration_s: float


async def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    output_limit: int = 200_000,
    on_output: Callable[[bytes], None] | None = None,
    limits: Mapping[str, int] | None = None,
    stdout_only: bool = False,
    reap: bool = False,
) -> Finished:
    """Run a program to its end, or to ours.

    Args:
        argv: Program and arguments; no shell ever sees them. The program is an absolute path
            or one found on ``env``'s PATH.
        cwd: Working folder of the child.
        env: The child's whole environment.
        timeout_s: After this the group is killed and ``timed_out`` set.
        output_limit: Bytes of output kept; memory stays below twice that, however much comes.
        on_output: Hears every chunk as it arrives.
        limits: Resource limits by their short names (``nproc``, ``fsize``, ``as`` …).
        reap: Daemons that left the group are ended as well (Linux): for programs without a sandbox.
        stdout_only: What the child says on stderr goes nowhere: its stdout is a value, not a log.

    When the child leaves, what it left behind in its group is killed. On cancellation the group
    is gone within 0.5 s, then `CancelledError` goes on.

    Raises:
        WorkspaceError: the program cannot be started at all.
    """
    started = time.monotonic()
    errors = subprocess.DEVNULL if stdout_only else subprocess.STDOUT
    transport, child = await _start(
        argv, cwd, env, _spec(limits, reap=reap), errors, _Child(output_limit, on_output)
    )
    timed_out = False
    try:
        async with asyncio.timeout(timeout_s):
            await child.exited.wait()
    except TimeoutError:
        timed_out = True
    finally:
        await _end(transport.get_pid(), child, _REAPING_S if reap else _GRACE_S)
        transport.close()
    return Finished(
        exit_code=None if timed_out else transport.get_returncode(),
        output=child.kept.value(),
        truncated=child.kept.dropped > 0,
        timed_out=timed_out,
        duration_s=time.monotonic() - started,
    )


@final
class _Child(asyncio.SubprocessProtocol):
    """What a child says, and that it has left.

    Not `asyncio.subprocess.Process`: its `wait` also waits for the pipes, which a grandchild may
    hold open for ever.
    """

    def __init__(self, output_limit: int, on_output: Callable[[bytes], None] | None) -> None:
        self.kept = Bounded(output_limit)
        self.exited = asyncio.Event()
        self.drained = asyncio.Event()
        self._on_output = on_output

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        _ = fd  # stdout and stderr are one pipe
        self.kept.add(data)
        if self._on_output is not None:
            self._on_output(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        _ = fd, exc
        self.drained.set()

    def process_exited(self) -> None:
        self.exited.set()


async def _start(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    spec: str,
    errors: int,
    child: _Child,
) -> tuple[asyncio.SubprocessTransport, _Child]:
    if not argv or any("\0" in word for word in argv):
        raise WorkspaceError(f"Not a command: {list(argv)!r}", remedy="Name a program and its arguments")
    try:
        return await asyncio.get_running_loop().subprocess_exec(
            lambda: child,
            *(sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), spec, *argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=cwd,
            env=dict(env),
            start_new_session=True,
        )
    except OSError as error:
        raise WorkspaceError(
            f"{argv[0]} could not be started: {error.strerror}",
            kept="Nothing was changed",
            remedy="Check the command and the folder it runs in",
        ) from error


def _spec(limits: Mapping[str, int] | None, *, reap: bool) -> str:
    words = ",".join(f"{name}={value}" for name, value in (limits or {}).items()) or "-"
    return f"{words}+reap" if reap else words


async def _end(pid: int, child: _Child, grace_s: float) -> None:
    """TERM, a moment, KILL: for the whole group, also when its leader has left already."""
    if not child.exited.is_set():
        kill_group(pid, signal.SIGTERM)
        await _within(grace_s, child.exited)
    kill_group(pid, signal.SIGKILL)
    await _within(_GRACE_S, child.drained)
    await _within(_REAP_S, child.exited)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
