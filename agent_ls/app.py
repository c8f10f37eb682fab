"""The composition root: every object that lives as long as the process is built here, by hand."""

from __future__ import annotations

from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Build what the command needs and run it; returns the exit code."""
    return 0 if argv else 2
