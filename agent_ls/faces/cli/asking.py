"""Asking a person at a terminal, without ever blocking the loop: jobs go on, and Ctrl-C is heard."""

from __future__ import annotations

import asyncio
import sys

from agent_ls.faces.cli.terminal import Terminal


def somebody_there() -> bool:
    """Whether a person can answer."""
    return sys.stdin.isatty()


async def read_line() -> str:
    """The next line typed, without its end; ``""`` at the end of input. Cancelled, it takes nothing."""
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), typed.set)
    try:
        await typed.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline().strip()  # a terminal hands over whole lines


async def yes_or_no(err: Terminal, question: str) -> bool:
    """Ask; anything but a yes is a no."""
    err.line(f"{question} [y/N]", "bold")
    return (await read_line()).lower() in ("y", "yes")
