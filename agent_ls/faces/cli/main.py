"""The command line's entry: the parser, the command, and errors as words and exit codes."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol

from agent_ls.core.errors import (
    AgentLsError,
    ConfigError,
    NotTrustedError,
    OutsideWorkspaceError,
    UnknownJobError,
    UsageError,
)
from agent_ls.faces.cli.terminal import stderr, stdout

FAILED: Final = 1
USAGE: Final = 2
CANCELLED: Final = 130

_MEANT = (UsageError, ConfigError, NotTrustedError, UnknownJobError, OutsideWorkspaceError)

Command = Callable[..., Awaitable[int]]


class Serve(Protocol):
    """How `app` serves an editor."""

    def __call__(
        self, *, tcp: str | None = None, debug: bool = False, log_file: Path | None = None
    ) -> int: ...


def main(argv: Sequence[str], *, serve: Serve) -> int:
    """Run one command; returns the exit code."""
    try:
        code = _run(list(argv), serve)
        sys.stdout.flush()  # here, where a reader that has left is no surprise
    except AgentLsError as error:
        stderr().line(f"agent-ls: {error.sentence()}", "red")
        return USAGE if isinstance(error, _MEANT) else FAILED
    except KeyboardInterrupt:
        stderr().line("agent-ls: Cancelled.")
        return CANCELLED
    except BrokenPipeError:
        # The reader of our output has left (`| head`): nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


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
    _meet_people(debug=options.debug)
    return asyncio.run(_command(options))


def _meet_people(*, debug: bool) -> None:
    """Streams that can say everything, and no traceback for a person: it goes to a log file."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that is no text, or a terminal without the arrow
            stream.reconfigure(errors="backslashreplace")
    if not debug:
        sys.excepthook = _surprised


def _surprised(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from agent_ls.workspace.state import private_dir, state_dirs  # noqa: PLC0415

    log = "--debug shows where"
    with suppress(OSError):
        path = private_dir(state_dirs(os.environ).logs()) / "agent-ls.log"
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(sys.argv[1:3])}\n")
            traceback.print_exception(kind, error, trace, file=file)
        log = f"the details are in {path}"
    stderr().line(
        f"agent-ls: Something unforeseen happened: {error!r}. `agent-ls jobs` shows what was kept; {log}.",
        "red",
    )


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
        case "rename" | "add-import" | "remove-unused-imports":
            from agent_ls.faces.cli import work  # noqa: PLC0415

            return work.act
        case "explain" | "context" | "index":
            from agent_ls.faces.cli import looking  # noqa: PLC0415

            return {"explain": looking.explain, "context": looking.context, "index": looking.index}[name]
        case "jobs":
            from agent_ls.faces.cli.jobs_commands import jobs  # noqa: PLC0415

            return jobs
        case "trust":
            from agent_ls.faces.cli.trust import trust  # noqa: PLC0415

            return trust
        case "eval":
            from agent_ls.faces.cli.evaluating import evaluate  # noqa: PLC0415

            return evaluate
        case "doctor":
            from agent_ls.faces.cli.doctor import doctor  # noqa: PLC0415

            return doctor
        case "try":
            from agent_ls.faces.cli.trying import try_repository  # noqa: PLC0415

            return try_repository
        case _:
            raise UsageError(f"There is no command {name!r}")
