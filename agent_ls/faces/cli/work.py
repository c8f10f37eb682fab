"""``delegate`` and ``run``: a job from its start to where its plan goes."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from argparse import Namespace
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, final

from agent_ls.core.errors import NotTrustedError, UsageError, WorkspaceError
from agent_ls.core.job import Intent, IntentKind, JobId, JobState, Question, Verdict
from agent_ls.core.settings import Settings
from agent_ls.core.text import content_hash
from agent_ls.faces.cli.branch import commit_to_branch
from agent_ls.faces.cli.progress import ProgressLine
from agent_ls.faces.cli.session import Place, inside, opened, site_at
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import Applied, JobDetail, JobView
from agent_ls.workspace.process.detached import start_detached

DONE: Final = 0
NO_PLAN: Final = 1
CHECKS_FAILED: Final = 3
CANCELLED: Final = 130
_TITLE: Final = 60


async def delegate(here: Place, options: Namespace) -> int:
    """Give a task to the agent; see DESIGN's exit codes in `outcome_code`."""
    task = (sys.stdin.read() if options.task == "-" else options.task).strip()
    if not task:
        raise UsageError("The task is empty", remedy="Say what should be done")
    site, site_hash = None, ""
    if options.at:
        site, data = site_at(here.root, options.at)
        site_hash = content_hash(data)
    intent = Intent(
        kind=IntentKind.DELEGATE,
        title=_short(f"Delegate: {task}"),
        task=task,
        site=site,
        site_hash=site_hash,
        files=tuple(inside(here.root, name) for name in options.file),
        checks=_checks(options.check),
        attempts=options.attempts,
        plan_first=options.plan_first,
    )
    if options.detach:
        return _detach(here)
    return await _work(here, options, intent)


async def run(here: Place, options: Namespace) -> int:
    """Run a program in the scratch tree; its changes are the plan."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise UsageError(
            "There is no command behind --", remedy="For example: agent-ls run -- ruff check --fix"
        )
    intent = Intent(
        IntentKind.RUN, _short(f"Run: {shlex.join(argv)}"), argv=tuple(argv), checks=_checks(options.check)
    )
    return await _work(here, options, intent)


@final
class _Watcher:
    """Follows one job for a person (stderr) or a program (JSON lines on stdout)."""

    def __init__(self, here: Place, *, stream: bool) -> None:
        self._line = ProgressLine(here.err)
        self._stream = stream
        self.job: JobId | None = None

    def __call__(self, view: JobView) -> None:
        if self.job is not None and view.id != self.job:
            return
        if self._stream:
            sys.stdout.write(json.dumps(view.wire()) + "\n")
            sys.stdout.flush()
        else:
            self._line.show(view)

    def end(self) -> None:
        self._line.end()


async def _work(here: Place, options: Namespace, intent: Intent) -> int:
    watcher = _Watcher(here, stream=options.json_stream)
    async with opened(here, on_job=watcher, settings=_budgeted(here.settings, options)) as service:
        if intent.kind is IntentKind.RUN and not service.trusted():
            raise NotTrustedError(
                f"{here.root} is not trusted, so no program is run in it",
                kept="Nothing was run and nothing was changed",
                remedy="`agent-ls trust` says what trusting means and asks",
            )
        job = service.delegate(intent) if intent.kind is IntentKind.DELEGATE else service.run(intent)
        watcher.job = job
        cancelled = await _follow(here, service, job)
        watcher.end()
        detail = service.job(job)
        if cancelled:
            _tell(here, options, detail, None)
            return CANCELLED
        applied = await _deliver(here, service, options, detail)
        _tell(here, options, service.job(job), applied)
        return outcome_code(detail, applied)


async def _follow(here: Place, service: Service, job: JobId) -> bool:
    """Wait for the job; asks a person what it asks. Returns whether it was cancelled by Ctrl-C."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    stopping = loop.create_task(stop.wait())
    asked: set[str] = set()
    try:
        while True:
            waiting = loop.create_task(service.wait(job, for_question=True))
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                waiting.cancel()
                await service.cancel(job)
                return True
            view = waiting.result()
            if not view.state.live:
                return False
            if view.question is not None and view.question.id not in asked:
                asked.add(view.question.id)
                await _ask(here, service, job, view.question)
            else:
                await _until_answered(service, job, asked, stop)
    finally:
        stopping.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _until_answered(service: Service, job: JobId, asked: set[str], stop: asyncio.Event) -> None:
    """A question without a person: its default is taken when its time is over."""
    while not stop.is_set():
        view = service.job(job).view
        if not view.state.live or view.question is None or view.question.id not in asked:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.2)


async def _ask(here: Place, service: Service, job: JobId, question: Question) -> None:
    here.err.line(question.text, "bold")
    for number, choice in enumerate(question.choices, 1):
        here.err.line(f"  {number}. {choice}")
    if not sys.stdin.isatty():
        here.err.line(
            f"Nobody is at a terminal: it goes on with {question.default!r} after {question.timeout_s:.0f} s"
        )
        return
    text = await asyncio.to_thread(sys.stdin.readline)
    answer = text.strip()
    if answer.isdigit() and 1 <= int(answer) <= len(question.choices):
        answer = question.choices[int(answer) - 1]
    await service.answer(job, question.id, answer or question.default)


# --- where the plan goes ------------------------------------------------------------------


async def _deliver(here: Place, service: Service, options: Namespace, detail: JobDetail) -> Applied | None:
    if detail.view.state is not JobState.READY or not detail.view.has_plan:
        return None
    if options.patch is not None:
        _write_patch(options.patch, detail.patch)
    elif options.branch:
        message = f"{detail.view.title}\n\n{detail.summary}".strip()
        await commit_to_branch(
            here.root, options.branch, service.preview(detail.view.id).changes, message, here.environ
        )
    elif options.apply and (detail.view.verdict is not Verdict.WORSE or options.force):
        return await service.apply(detail.view.id, force=options.force)
    return None


def _write_patch(path: Path, patch: str) -> None:
    try:
        path.write_bytes(patch.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror}",
            kept="The plan is kept",
            remedy="`agent-ls jobs diff ID` prints it",
        ) from error


def outcome_code(detail: JobDetail, applied: Applied | None) -> int:
    """0: a plan, checks passed or none asked; 1: no plan or failed; 3: a plan whose checks failed."""
    view = detail.view
    if view.state is JobState.CANCELLED:
        return CANCELLED
    if view.state not in (JobState.READY, JobState.APPLIED, JobState.PARTLY_APPLIED) or not view.has_plan:
        return NO_PLAN
    if applied is not None and not applied.landed:
        return NO_PLAN
    failed = any(check.status == "failed" and check.baseline != "failed" for check in detail.checks)
    return CHECKS_FAILED if view.verdict is Verdict.WORSE or failed else DONE


def _tell(here: Place, options: Namespace, detail: JobDetail, applied: Applied | None) -> None:
    if options.json or options.json_stream:
        sys.stdout.write(json.dumps(detail.result()) + "\n")
        return
    view = detail.view
    if view.has_plan and not (options.apply or options.patch or options.branch):
        here.out.diff(detail.patch)
    if detail.summary:
        here.err.line(detail.summary)
    if view.problem:
        here.err.line(view.problem, "yellow")
    for note in detail.evidence:
        here.err.line(f"note: {note}", "yellow")
    for check in detail.checks:
        here.err.line(
            f"check {check.name}: {check.status}", "green" if check.status == "passed" else "yellow"
        )
    if applied is not None and applied.message:
        here.err.line(applied.message)
    here.err.line(_next_step(options, detail), "bold")


def _next_step(options: Namespace, detail: JobDetail) -> str:
    view, short = detail.view, detail.view.id
    if not view.has_plan:
        kept = (
            "its work is kept; `agent-ls jobs resume " + short + "` goes on"
            if view.state.resumable
            else "no file was changed"
        )
        return f"No plan ({view.state.value}): {kept}."
    if view.state in (JobState.APPLIED, JobState.PARTLY_APPLIED):
        return f"Applied. `agent-ls jobs undo {short}` takes it back."
    if options.patch:
        return f"The plan ({view.verdict.value}) is in {options.patch}; `git apply` applies it."
    if options.branch:
        return f"The plan ({view.verdict.value}) is on branch {options.branch}; your files are as they were."
    if options.apply:
        return f"Not applied: the plan is {view.verdict.value}. `agent-ls jobs apply {short} --force` applies it all the same."
    return f"Plan {short} is {view.verdict.value}; `agent-ls jobs apply {short}` applies it, `jobs discard` drops it."


# --- small parts --------------------------------------------------------------------------


def _detach(here: Place) -> int:
    """The same command again without --detach, as a process of its own that outlives this one."""
    words = [word for word in sys.argv[1:] if word != "--detach"]
    pid = start_detached(
        [sys.executable, "-P", "-m", "agent_ls", *words],
        cwd=Path.cwd(),
        env=dict(here.environ),
        log=here.dirs.logs() / "detached.log",
    )
    here.err.line(f"It goes on in the background (process {pid}). `agent-ls jobs` shows it.")
    return DONE


def _checks(given: list[str]) -> tuple[tuple[str, ...], ...]:
    """Each as one command line, split as a shell would split it; no shell ever runs it."""
    try:
        return tuple(tuple(shlex.split(text)) for text in given if text.strip())
    except ValueError as error:
        raise UsageError(f"--check: {error}", remedy="Close the quotes") from None


def _budgeted(settings: Settings, options: Namespace) -> Settings:
    usd: Any = getattr(options, "budget_usd", None)
    if usd is None:
        return settings
    if usd <= 0:
        raise UsageError("--budget-usd must be above 0")
    return replace(settings, budgets=replace(settings.budgets, attempt_usd=usd))


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"
