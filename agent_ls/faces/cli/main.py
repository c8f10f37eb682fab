"""The command line's entry: one parser, one room per family of commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path


def main(argv: Sequence[str], *, serve: Callable[..., int]) -> int:
    """Run one command; returns the exit code."""
    words = list(argv)
    if words[:1] == ["serve"]:
        words = words[1:]
    parser = argparse.ArgumentParser(prog="agent-ls")
    parser.add_argument("--stdio", action="store_true")
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--debug", action="store_true")
    options = parser.parse_args(words)
    return serve(debug=options.debug, log_file=options.log_file)
