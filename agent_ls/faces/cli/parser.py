"""The command line as data for argparse; ``docs/cli.md`` describes it for people."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final, NoReturn, final

from agent_ls import __version__
from agent_ls.core.attempt import MOST_ATTEMPTS
from agent_ls.core.errors import UsageError

JOB_ACTIONS: Final = (
    "list",
    "show",
    "diff",
    "log",
    "answer",
    "tell",
    "approve",
    "check",
    "use",
    "apply",
    "discard",
    "undo",
    "cancel",
    "resume",
    "retry",
    "purge",
)
SHELLS: Final = ("bash", "zsh", "fish")


@final
class _Parser(argparse.ArgumentParser):
    """Errors are values of ours: one sentence, exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:], remedy=f"{self.prog} --help shows the choices")


def build_parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The whole parser, and the commands' own; ``command`` is the chosen name, ``None`` for serving."""
    parser = _Parser(
        prog="agent-ls",
        description="A coding agent behind the Language Server Protocol. Without a command: serve an editor on stdio.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"agent-ls {__version__}")
    parser.add_argument(
        "--completion", choices=SHELLS, metavar="SHELL", help="print completions for bash, zsh or fish"
    )
    _serving(parser)
    commands: Any = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    serve = commands.add_parser("serve", help="serve an editor (the default)", allow_abbrev=False)
    _serving(serve, default=argparse.SUPPRESS)
    demo = commands.add_parser("demo", help="the main job end to end on a sample project", allow_abbrev=False)
    demo.add_argument(
        "--live", action="store_true", help="use the configured model instead of scripted turns"
    )
    attempt = commands.add_parser(
        "try", help="the same on your repository, without a model", allow_abbrev=False
    )
    _folder(attempt)
    attempt.add_argument(
        "--yes", action="store_true", help="trust the folder for this run: its tests may run"
    )
    _delegate(commands)
    _run(commands)
    _actions(commands)
    explain = commands.add_parser("explain", help="what a symbol or a folder is for", allow_abbrev=False)
    explain.add_argument("place", metavar="FILE:LINE[:COL]", help="a place, or a folder")
    explain.add_argument("--again", action="store_true", help="ask the model anew")
    _folder(explain)
    _json(explain)
    context = commands.add_parser(
        "context", help="the code that a task needs, best first", allow_abbrev=False
    )
    context.add_argument("task", metavar="TASK", help="what should be done; - reads it from stdin")
    context.add_argument("--at", metavar="FILE[:LINE]", help="where the cursor is")
    context.add_argument("--budget", type=_positive, default=8000, metavar="TOKENS")
    _folder(context)
    _json(context)
    index = commands.add_parser("index", help="bring the index up to date", allow_abbrev=False)
    index.add_argument("--rebuild", action="store_true", help="from nothing")
    _folder(index)
    _json(index)
    _jobs(commands)
    _evaluate(commands)
    trust = commands.add_parser("trust", help="let a folder's checks and engines run", allow_abbrev=False)
    trust.add_argument("--revoke", action="store_true")
    _folder(trust)
    doctor = commands.add_parser(
        "doctor", help="what is set up, what is missing, and the remedy", allow_abbrev=False
    )
    _folder(doctor)
    _json(doctor)
    return parser, dict(commands.choices)


def _serving(parser: argparse.ArgumentParser, default: Any = None) -> None:
    """``default``: a command must not take back what stood before it."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--stdio", action="store_true", default=default, help="speak on stdin and stdout (the default)"
    )
    where.add_argument("--tcp", default=default, metavar="HOST:PORT", help="wait for one editor on a socket")
    parser.add_argument("--log-file", type=Path, default=default, metavar="F")
    parser.add_argument(
        "--debug",
        action="store_true",
        default=default or False,
        help="serving: debug requests and a detailed log; else: a traceback where something unforeseen happens",
    )


def _delegate(commands: Any) -> None:
    delegate = commands.add_parser("delegate", help="give a task to the agent", allow_abbrev=False)
    delegate.add_argument("task", metavar="TASK", help="what should be done; - reads it from stdin")
    delegate.add_argument("--at", metavar="FILE[:LINE[:COL]]", help="the place it is about")
    delegate.add_argument("--file", action="append", default=[], metavar="F", help="a file to look at first")
    delegate.add_argument(
        "--attempts",
        type=_positive,
        default=1,
        metavar="N",
        help="make N attempts and choose by running them",
    )
    delegate.add_argument(
        "--budget-usd", type=float, metavar="X", help="ceiling of the attempt in US dollars"
    )
    delegate.add_argument(
        "--plan-first", action="store_true", help="see and approve the steps before anything is edited"
    )
    delegate.add_argument("--detach", action="store_true", help="go on in the background")
    _outcome(delegate)


def _run(commands: Any) -> None:
    run = commands.add_parser("run", help="any program as the engine of a plan", allow_abbrev=False)
    _outcome(run)
    run.add_argument("argv", nargs="+", metavar="CMD", help="the program and its arguments, behind --")


def _actions(commands: Any) -> None:
    rename = commands.add_parser("rename", help="rename a symbol everywhere", allow_abbrev=False)
    rename.add_argument("place", metavar="FILE:LINE:COL", help="where its name stands")
    rename.add_argument("name", metavar="NAME", help="the name to give")
    missing = commands.add_parser("add-import", help="add the import that a name lacks", allow_abbrev=False)
    missing.add_argument("place", metavar="FILE:LINE:COL", help="where the name stands")
    missing.add_argument("--from", dest="wish", default="", metavar="MODULE", help="if several can be meant")
    tidy = commands.add_parser(
        "remove-unused-imports", help="remove what a file imports and does not use", allow_abbrev=False
    )
    tidy.add_argument("place", metavar="FILE")
    move = commands.add_parser(
        "move", help="move a symbol to another file, with its imports", allow_abbrev=False
    )
    move.add_argument("place", metavar="FILE:LINE:COL", help="where its name is defined")
    move.add_argument("target", metavar="TARGET", help="the file to move it to")
    for parser in (rename, missing, tidy, move):
        _outcome(parser)


def _outcome(parser: argparse.ArgumentParser) -> None:
    _folder(parser)
    parser.add_argument(
        "--check", action="append", default=[], metavar="CMD", help="prove the plan with this command"
    )
    for name in ("raise", "lower"):
        parser.add_argument(
            f"--{name}",
            action="append",
            nargs=2,
            default=[],
            metavar=("CMD", "REGEX"),
            help=f"{name} the number that this command prints, found by a regular expression",
        )
    into = parser.add_mutually_exclusive_group()
    into.add_argument("--apply", action="store_true", help="write the plan into the files")
    into.add_argument("--patch", type=Path, metavar="FILE", help="write the plan as a patch for git apply")
    into.add_argument("--branch", metavar="NAME", help="commit the plan on a new branch, without a checkout")
    parser.add_argument("--force", action="store_true", help="--apply even when checks failed")
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true", help="one JSON object on stdout")
    told.add_argument("--json-stream", action="store_true", help="a JSON line per event, then the object")


def _jobs(commands: Any) -> None:
    jobs = commands.add_parser("jobs", help="list jobs, and act on one", allow_abbrev=False)
    _folder(jobs)
    _json(jobs)
    actions: Any = jobs.add_subparsers(dest="action", metavar="ACTION", parser_class=_Parser)
    jobs.set_defaults(action="list")
    jobs.add_argument("--watch", action="store_true", help="a board of all jobs that renews itself")
    for name in JOB_ACTIONS:
        action = actions.add_parser(name, allow_abbrev=False)
        if name == "log":
            action.add_argument(
                "id", nargs="?", default="", metavar="ID", help="the job; --wire alone: all, explanations too"
            )
        elif name != "list":
            action.add_argument("id", metavar="ID", help="the job; its beginning is enough")
        if name == "show":
            action.add_argument("--markdown", action="store_true", help="as the text of a pull request")
        if name == "answer":
            action.add_argument("text", metavar="TEXT", help="the answer")
        if name == "tell":
            action.add_argument("text", metavar="TEXT", help="the agent reads it with its next turn")
        if name == "retry":
            action.add_argument("text", nargs="?", default="", metavar="TEXT", help="what to do differently")
            action.add_argument("--hunk", action="append", metavar="H", help="do only this hunk anew")
        if name == "diff":
            action.add_argument("--attempt", type=_positive, metavar="K", help="what attempt K has drafted")
        if name == "use":
            action.add_argument("attempt", type=_positive, metavar="K", help="make attempt K the plan")
        if name == "log":
            action.add_argument("--wire", action="store_true", help="every byte sent to a model and received")
        if name == "apply":
            action.add_argument("--file", action="append", metavar="F", help="only this file")
            action.add_argument("--hunk", action="append", metavar="H", help="only this hunk")
            action.add_argument(
                "--force", action="store_true", help="also where checks failed or texts clash"
            )
        _folder(action, default=argparse.SUPPRESS)
        action.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object on stdout"
        )


def _evaluate(commands: Any) -> None:
    evaluate = commands.add_parser(
        "eval", help="measure a model or engines on a suite of tasks", allow_abbrev=False
    )
    evaluate.add_argument("suite", type=Path, metavar="SUITE", help="a folder of tasks")
    evaluate.add_argument("--attempts", type=_positive, default=1, metavar="N", help="at each task")
    evaluate.add_argument(
        "--engine", action="append", default=[], metavar="NAME=CMD", help="measure this program, too"
    )
    evaluate.add_argument("--model", action="store_true", help="the configured model beside the engines")
    evaluate.add_argument(
        "--best-of", type=_tries, metavar="N", help="the model with N attempts, of which one is chosen, too"
    )
    evaluate.add_argument("--bounds", action="store_true", help="the reference solutions, and doing nothing")
    evaluate.add_argument("--validate", action="store_true", help="only look whether the tasks hold")
    evaluate.add_argument("--task", action="append", default=[], metavar="NAME", help="only these tasks")
    evaluate.add_argument("--parallel", type=_positive, metavar="N", help="tasks at the same time")
    evaluate.add_argument("--fresh", action="store_true", help="forget what was measured before")
    evaluate.add_argument("--state", type=Path, metavar="DIR", help="where the record and the trees are kept")
    evaluate.add_argument("--html", type=Path, metavar="FILE", help="the figures as a page")
    evaluate.add_argument("--yes", action="store_true", help="trust the suite for this run")
    _folder(evaluate)
    _json(evaluate)


def _folder(parser: argparse.ArgumentParser, default: Any = Path()) -> None:
    parser.add_argument(
        "-C", dest="folder", type=Path, default=default, metavar="DIR", help="the workspace folder"
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def _tries(text: str) -> int:
    value = int(text)
    if not 2 <= value <= MOST_ATTEMPTS:
        raise ValueError(text)
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value
