"""Child processes of tests: every wait for one has a deadline, and fails with its name."""

from __future__ import annotations

import select
import subprocess
from typing import Any

WAIT_S = 60.0


def first_line(child: subprocess.Popen[Any], what: str, *, timeout_s: float = WAIT_S) -> str:
    """The first line that a child prints; it ends the test where none comes. Nothing was read before."""
    assert child.stdout is not None
    if not select.select([child.stdout], [], [], timeout_s)[0]:
        child.kill()
        raise AssertionError(f"{what} printed nothing within {timeout_s:g} s")
    line = child.stdout.readline()
    text = line.decode() if isinstance(line, bytes) else str(line)
    assert text, f"{what} ended before it printed anything ({ended(child, what)})"
    return text.strip()


def ended(child: subprocess.Popen[Any], what: str, *, timeout_s: float = WAIT_S) -> int:
    """The exit code of a child that is about to end; what it printed is thrown away, its pipes are closed."""
    try:
        child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate(timeout=timeout_s)
        raise AssertionError(f"{what} was still there after {timeout_s:g} s") from None
    return child.returncode
