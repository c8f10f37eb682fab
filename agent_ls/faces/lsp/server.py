"""The server's entry: a session from the first byte to the exit code.

``serve`` claims the wire, starts the loop and answers ``initialize`` from plain data.
Only then is ``build`` called, which imports and registers the features; messages that
arrive meanwhile wait in order. The way out is short and has a deadline that no handler,
thread or pipe can hold up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from agent_ls.core.errors import ConfigError
from agent_ls.faces.lsp.context import ServerContext
from agent_ls.faces.lsp.framing import Frame, Framer, Message
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.session import Build, Session
from agent_ls.faces.lsp.tcp import Address, accept_one
from agent_ls.faces.lsp.transport import Outbox, start_reader, take_stdio
from agent_ls.faces.lsp.watch import Deadline, watch_process

__all__ = ["Address", "Build", "Features", "ServerContext", "serve"]

_FLUSH_S: Final = 0.3


def serve(
    build: Build,
    *,
    offers: Mapping[str, Any],
    tcp: Address | None = None,
    debug: bool = False,
    log_file: Path | None = None,
) -> int:
    """Serve one client over stdio (or the first that connects to ``tcp``) until it leaves.

    Args:
        build: Called once, after the ``initialize`` answer went out; imports and registers features.
        offers: The features' part of the server capabilities, as plain JSON.
        tcp: Listen here instead of stdio; see `tcp.accept_one` for what is refused.
        debug: Serve the ``agentLs/debug/*`` requests and log in detail.
        log_file: Where the log goes instead of stderr.

    Returns:
        The exit code: 0 after ``shutdown``, else 1. Once the client has left, the process is
        gone within the exit deadline even if this does not return.

    Raises:
        UsageError, ConfigError: the address or the log file cannot be used.
    """
    _start_log(log_file, debug=debug)
    wire_in, wire_out = take_stdio() if tcp is None else accept_one(tcp)
    return asyncio.run(_run(wire_in, wire_out, build, offers, debug=debug))


async def _run(wire_in: int, wire_out: int, build: Build, offers: Mapping[str, Any], *, debug: bool) -> int:
    loop = asyncio.get_running_loop()
    deadline = Deadline(lambda: session.exit_code)

    def leave(reason: str) -> None:
        """The end begins; callable from every thread. From here the clock runs."""
        deadline.arm()
        with contextlib.suppress(RuntimeError):  # the loop is closed: we have left already
            loop.call_soon_threadsafe(session.leave, reason)

    outbox = Outbox(wire_out, leave)
    session = Session(
        outbox.send,
        build,
        offers,
        lambda pid: watch_process(pid, lambda: leave("the editor's process ended")),
        debug=debug,
    )
    framer = Framer()

    def on_chunk(chunk: bytes) -> None:
        frames = framer.feed(chunk)
        if any(_is_exit(frame) for frame in frames):
            deadline.arm()  # here, not on the loop: the loop may be what hangs
        if frames:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(session.receive, frames)

    _leave_on_signals(leave)
    start_reader(wire_in, on_chunk, lambda: leave("end of input"))
    await session.over.wait()
    deadline.arm()
    await session.close()
    outbox.flush(_FLUSH_S)
    return session.exit_code


def _is_exit(frame: Frame) -> bool:
    return isinstance(frame, Message) and frame.value.get("method") == "exit" and "id" not in frame.value


def _leave_on_signals(leave: Callable[[str], None]) -> None:
    """SIGTERM and Ctrl+C end the session in order, within the deadline."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: leave("a signal"))


def _start_log(log_file: Path | None, *, debug: bool) -> None:
    try:
        if log_file is not None:  # tracebacks may quote the user's text: nobody else reads them
            os.close(os.open(log_file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler = logging.FileHandler(log_file, encoding="utf-8") if log_file else logging.StreamHandler()
    except OSError as error:
        raise ConfigError(
            f"The log file {log_file} cannot be written: {error.strerror}",
            remedy="Give --log-file a path that can be written",
        ) from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("agent_ls")
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else logging.INFO if log_file else logging.WARNING)
