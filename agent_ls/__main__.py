"""``agent-ls`` and ``python -P -m agent_ls``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    from agent_ls.app import run  # noqa: PLC0415  (the import is the start-up cost: pay it once, here)

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
