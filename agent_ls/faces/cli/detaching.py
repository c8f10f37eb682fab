"""``delegate --detach``: the same command as a process of its own that outlives this one."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, Final, cast

from agent_ls.core.errors import WorkspaceError
from agent_ls.faces.cli.session import Place
from agent_ls.workspace.process.detached import start_detached
from agent_ls.workspace.state import private_dir

_BEGUN_S: Final = 20.0
_LOOK_S: Final = 0.05


async def detach(here: Place, options: Namespace, task: str) -> int:
    """Start it, and stay until its job is written down or it says why there is none.

    Raises:
        WorkspaceError: it cannot be started, or does not begin in time.
    """
    log = private_dir(here.dirs.logs()) / f"detached-{secrets.token_hex(4)}.log"
    pid = start_detached(
        [sys.executable, "-P", "-m", "agent_ls", *_words(here, options, task)],
        cwd=Path.cwd(),
        env=dict(here.environ),
        log=log,
    )
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _BEGUN_S
    while loop.time() < deadline:
        gone, status = os.waitpid(pid, os.WNOHANG)  # noqa: ASYNC222  (it does not wait)
        if job := _job(log):
            _tell(here, options, job, pid, log)
            return 0
        if gone:
            here.err.line(_last_line(log) or "It ended at once, without a word", "red")
            return os.waitstatus_to_exitcode(status) or 1
        await asyncio.sleep(_LOOK_S)
    raise WorkspaceError(
        f"The background process {pid} has not begun its job within {_BEGUN_S:.0f} seconds",
        kept="It may still begin: `agent-ls jobs` shows it",
        remedy=f"Its words are in {log}",
    )


def _tell(here: Place, options: Namespace, job: str, pid: int, log: Path) -> None:
    if options.json or options.json_stream:
        sys.stdout.write(json.dumps({"job": job, "pid": pid, "log": str(log)}) + "\n")
        return
    here.out.line(job)
    here.err.line(
        f"Job {job} goes on in the background (process {pid}). `agent-ls jobs show {job}` tells how it stands, "
        f"`jobs answer` and `jobs cancel` reach it; everything it says is in {log}."
    )


def _words(here: Place, options: Namespace, task: str) -> list[str]:
    """The command again, with the task that was read and the folder that was meant."""
    words = ["delegate", "-C", str(here.root), "--json-stream"]
    for name, value in (
        ("--at", options.at),
        ("--patch", options.patch),
        ("--branch", options.branch),
        ("--budget-usd", options.budget_usd),
    ):
        if value is not None:
            words.append(f"{name}={value}")
    words += [f"--file={name}" for name in options.file]
    words += [f"--check={command}" for command in options.check]
    for name in ("raise", "lower"):
        words += [word for pair in vars(options)[name] for word in (f"--{name}", *pair)]
    words += [f"--{name}" for name in ("apply", "force") if getattr(options, name)]
    return [*words, "--", task]


def _job(log: Path) -> str:
    """The job's id as the stream in the log tells it; ``""``: not yet."""
    for line in log.read_text("utf-8", "replace").splitlines():
        try:
            value: object = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return str(cast("dict[str, Any]", value).get("jobId", ""))
    return ""


def _last_line(log: Path) -> str:
    return next((line for line in reversed(log.read_text("utf-8", "replace").splitlines()) if line), "")
