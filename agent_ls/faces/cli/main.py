"""The command line's entry: the parser, the command, and errors as words and exit codes."""

from __future__ import annotations

import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from agent_ls.core.errors import AgentLsError, ConfigError, NotTrustedError, UnknownJobError, UsageError
from agent_ls.faces.cli.terminal import stderr, stdout

FAILED: Final = 1
USAGE: Final = 2
CANCELLED: Final = 130

Command = Callable[..., Awaitable[int]]


class Serve(Protocol):
    """How `app` serves an editor."""

    def __call__(
        self, *, tcp: str | None = None, debug: bool = False, log_file: Path | None = None
    ) -> int: ...


def main(argv: Sequence[str], *, serve: Serve) -> int:
    """Run one command; returns the exit code."""
    try:
        return _run(list(argv), serve)
    except AgentLsError as error:
        stderr().line(f"agent-ls: {error.sentence()}", "red")
        return (
            USAGE
            if isinstance(error, (UsageError, ConfigError, NotTrustedError, UnknownJobError))
            else FAILED
        )
    except KeyboardInterrupt:
        return CANCELLED
    except BrokenPipeError:
        # The reader of our output has left (`| head`): nobody is there to be told.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  (the interpreter flushes it at the end)
        return FAILED


def _run(argv: list[str], serve: Serve) -> int:
    if not argv or argv in (["--stdio"], ["serve"]):
        return serve()  # an editor waits for us: no parser is needed for this
    from agent_ls.faces.cli.parser import build_parser  # noqa: PLC0415

    parser, _ = build_parser()
    options = parser.parse_args(argv)
    if options.completion:
        from agent_ls.faces.cli.completion import completion  # noqa: PLC0415

        sys.stdout.write(completion(options.completion))
        return 0
    if options.command in (None, "serve"):
        return serve(tcp=options.tcp, debug=options.debug, log_file=options.log_file)
    if options.command == "demo":
        from agent_ls.faces.cli.demo import demo  # noqa: PLC0415

        return demo(stdout(), os.environ, live=options.live)
    return asyncio.run(_command(options))


async def _command(options: Namespace) -> int:
    from agent_ls.faces.cli.session import place  # noqa: PLC0415

    here = place(options.folder, os.environ, stdout(), stderr())
    return await _room(options.command)(here, options)


def _room(name: str) -> Command:
    """The command's function; only its room is imported."""
    match name:
        case "delegate" | "run":
            from agent_ls.faces.cli import work  # noqa: PLC0415

            return work.delegate if name == "delegate" else work.run
        case "explain" | "context" | "index":
            from agent_ls.faces.cli import looking  # noqa: PLC0415

            return {"explain": looking.explain, "context": looking.context, "index": looking.index}[name]
        case "jobs":
            from agent_ls.faces.cli.jobs_commands import jobs  # noqa: PLC0415

            return jobs
        case "trust":
            from agent_ls.faces.cli.trust import trust  # noqa: PLC0415

            return trust
        case "doctor":
            from agent_ls.faces.cli.doctor import doctor  # noqa: PLC0415

            return doctor
        case "try":
            from agent_ls.faces.cli.trying import try_repository  # noqa: PLC0415

            return try_repository
        case _:
            raise UsageError(f"There is no command {name!r}")
