"""``jobs --watch``: the board's door. Looks whether there is a terminal and what draws on it."""

from __future__ import annotations

import importlib.util
import sys
from argparse import Namespace

from agent_ls.core.errors import ConfigError, UsageError
from agent_ls.faces.cli.session import Place, opened


async def board(here: Place, options: Namespace) -> int:
    """Show every job of the folder until the person leaves.

    Raises:
        UsageError: there is no terminal, or something else was asked for as well.
        ConfigError: the library that draws is not installed.
    """
    if options.action != "list" or options.json:
        raise UsageError(
            "--watch goes with no action and not with --json", remedy="`agent-ls jobs --json` lists the jobs"
        )
    if importlib.util.find_spec("textual") is None:
        raise ConfigError(
            "The board needs Textual, which is not installed",
            kept="Everything else works without it: `agent-ls jobs` lists the jobs",
            remedy="pip install 'agent-ls[board]'",
        )
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The board needs a terminal", remedy="`agent-ls jobs` lists the jobs")
    from agent_ls.faces.cli.board_acts import Acts  # noqa: PLC0415
    from agent_ls.faces.cli.board_app import BoardApp  # noqa: PLC0415

    async with opened(here):
        pass  # a landing that was cut off is settled and let go: the board itself holds no job
    async with opened(here) as service:
        await BoardApp(service, Acts(here)).run_async()
    return 0
