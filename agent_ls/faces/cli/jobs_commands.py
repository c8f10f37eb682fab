"""``jobs``: every job of a folder, and everything that can be done with one."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from agent_ls.core.diff import unified
from agent_ls.core.errors import UnknownJobError, UsageError
from agent_ls.core.job import JobId, JobState, Verdict
from agent_ls.core.steps import outline
from agent_ls.faces.cli.delivery import CANCELLED, CHECKS_FAILED, NO_PLAN, outcome_code
from agent_ls.faces.cli.following import Watcher, follow
from agent_ls.faces.cli.handoff import pull_request
from agent_ls.faces.cli.progress import progress_text
from agent_ls.faces.cli.session import Place, inside, opened
from agent_ls.jobs.backing import noted_patch
from agent_ls.jobs.claims import said
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import Applied, JobDetail, JobView

Act = Callable[[Place, Service, JobId, Namespace], Awaitable[int]]


async def jobs(here: Place, options: Namespace) -> int:
    """List jobs, watch them, or act on one."""
    if options.watch:
        from agent_ls.faces.cli.board import board  # noqa: PLC0415  (only who watches pays for it)

        return await board(here, options)
    watcher = Watcher(here.err)
    async with opened(here, on_job=watcher) as service:
        if options.action == "list":
            return _list(here, service, options)
        if options.action == "log" and options.wire and not options.id:
            return _wire(
                here, service.whole_wire_log(), "Nothing was sent: no model's service was called here."
            )
        if not options.id:
            raise UsageError(
                f"`jobs {options.action}` needs the ID of a job", remedy="`agent-ls jobs` lists them"
            )
        job = find_job(service, options.id)
        if options.action == "resume":
            await service.resume(job)
            return await _to_its_end(here, service, job, options, watcher)
        if options.action == "retry":
            return await _to_its_end(
                here, service, service.retry(job, options.text, options.hunk), options, watcher
            )
        return await _ACTIONS[options.action](here, service, job, options)


def find_job(service: Service, text: str) -> JobId:
    """The job whose id is, or begins with, a text."""
    found = [view.id for view in service.jobs() if view.id == text or view.id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{text!r} is the beginning of {len(found)} jobs", remedy="Give more of the ID")
    raise UnknownJobError(
        f"There is no job {text!r} in this folder",
        remedy="`agent-ls jobs` lists them; -C names another folder",
    )


def _list(here: Place, service: Service, options: Namespace) -> int:
    views = service.jobs()
    if options.json:
        _print({"jobs": [view.wire() for view in views]})
        return 0
    if not views:
        here.out.line("No jobs in this folder yet.")
    for view in views:
        here.out.line(_row(view))
    return 0


def _row(view: JobView) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(view.created_at))
    owner = " (another process works on it)" if view.owner == "elsewhere" and view.state.live else ""
    verdict = f" {view.verdict.value}" if view.has_plan else ""
    asks = f" asks: {' '.join(view.question.text.split())}" if view.question else ""
    return f"{view.id}  {when}  {progress_text(view)}{verdict}  {view.title}{owner}{asks}"


async def _show(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    detail = service.job(job)
    if options.json:
        _print(detail.wire())
        return 0
    if options.markdown:
        here.out.line(pull_request(detail))
        return 0
    here.out.line(_row(detail.view), "bold")
    for label, text in (("task", detail.task), ("problem", detail.view.problem), ("plan", detail.summary)):
        if text:
            here.out.line(f"{label}: {text}")
    if detail.steps is not None:
        here.out.line(f"steps ({detail.steps.state.value}):")
        for line in outline(detail.steps.steps).splitlines():
            here.out.line(f"  {line}")
    _attempts(here, detail)
    for check in detail.checks:
        here.out.line(f"check {check.name}: {check.status} {f'({check.sandbox})' if check.sandbox else ''}")
    for other in detail.view.overlaps:
        here.out.line(f"note: {said(other)}", "yellow")
    for warning in detail.view.warnings:
        here.out.line(f"warning: the plan {warning}", "yellow")
    for note in detail.evidence:
        here.out.line(f"note: {note}", "yellow")
    if detail.view.verdict_note:
        here.out.line(detail.view.verdict_note, "yellow")
    for file in detail.view.files:
        here.out.line(
            f"  {file.op:7} {file.path}  +{file.added} -{file.removed}{'  (landed)' if file.landed else ''}"
        )
    for hunk in detail.hunks:
        here.out.line(
            f"  hunk {hunk.id}  {hunk.path}:{hunk.new_start_line + 1}  +{hunk.added} -{hunk.removed}"
        )
        if hunk.id in detail.backing and (words := detail.backing[hunk.id].words):
            here.out.line(f"       {words}", "dim")
    return 0


def _attempts(here: Place, detail: JobDetail) -> None:
    """The attempts beside each other, where there are several, and why one of them is the plan."""
    if len(detail.attempts) < 2:
        return
    for attempt in detail.attempts:
        files = f"{len(attempt.files)} files" if len(attempt.files) != 1 else "1 file"
        cost = "" if attempt.spent.cost_usd is None else f", ${attempt.spent.cost_usd:.4f}"
        here.out.line(
            f"{'*' if attempt.chosen else ' '} attempt {attempt.number}: {attempt.state.value.replace('_', ' ')}, "
            f"{attempt.verdict.value}, {files}{cost}{f'  ({attempt.how})' if attempt.how else ''}"
        )
        for note in (attempt.problem, *attempt.found):
            if note:
                here.out.line(f"    {note}")
    if detail.selection:
        here.out.line(f"chosen: {detail.selection}")


async def _diff(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    detail = service.job(job)
    plan = service.plan(job, options.attempt)
    if options.attempt is not None:
        detail = replace(detail, patch=unified(plan))
    if options.json:
        _print(detail.result())
        return 0 if detail.patch else 1
    noted = noted_patch(plan, detail.backing) if detail.patch else ""
    if here.out.tty:
        here.out.diff(noted)
    else:
        sys.stdout.buffer.write(noted.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    return 0 if noted else 1


async def _log(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    if options.wire:
        nothing = "Nothing was sent: this job has called no model's service."
        return _wire(here, service.wire_log(job), nothing)
    detail = service.job(job)
    if options.json:
        _print({"events": [event.wire() for event in detail.events]})
        return 0
    for event in detail.events:
        here.out.line(f"{time.strftime('%H:%M:%S', time.localtime(event.at))}  {event.kind}  {event.text}")
    return 0


def _wire(here: Place, lines: Iterable[dict[str, Any]], nothing: str) -> int:
    empty = True
    for line in lines:
        _print(line)
        empty = False
    if empty:
        here.err.line(nothing)
    return 0


async def _answer(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    question = service.job(job).view.question
    if question is None:
        raise UsageError("This job asks nothing", remedy="`agent-ls jobs show ID` tells how it stands")
    return _told(here, options, await service.answer(job, question.id, options.text))


async def _tell(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    await service.tell(job, options.text)
    return _told(here, options, service.job(job).view)


async def _approve(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    return _told(here, options, await service.decide_plan(job, approve=True))


async def _apply(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    files = None if options.file is None else [inside(here.root, name) for name in options.file]
    applied = await service.apply(job, files, options.hunk, force=options.force)
    _landed(here, options, applied)
    if applied.landed or (applied.state is JobState.APPLIED and not applied.conflicts):
        return 0
    return CHECKS_FAILED if service.job(job).view.verdict is Verdict.WORSE and not options.force else NO_PLAN


async def _undo(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    undone = await service.undo(job)
    _landed(here, options, undone)
    return 0 if undone.landed else NO_PLAN


def _landed(here: Place, options: Namespace, applied: Applied) -> None:
    if options.json:
        _print(applied.wire())
        return
    here.err.line(applied.message)
    for clash in applied.conflicts:
        here.err.line(f"  {clash.path}:{clash.line}: {clash.reason}", "yellow")


async def _check(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    view = await service.check(job)
    if options.json:
        _print(service.job(job).result())
    else:
        here.out.line(_row(view))
        for check in service.job(job).checks:
            here.out.line(f"check {check.name}: {check.status}")
    return CHECKS_FAILED if view.verdict is Verdict.WORSE else 0


async def _use(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    return _told(here, options, await service.use(job, options.attempt))


async def _discard(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    return _told(here, options, await service.discard(job))


async def _cancel(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    return _told(here, options, await service.cancel(job))


async def _to_its_end(here: Place, service: Service, job: JobId, options: Namespace, watcher: Watcher) -> int:
    """Follow a job that was begun (again) as `delegate` does."""
    cancelled = await follow(service, job, watcher, here.err)
    detail = service.job(job)
    if options.json:
        _print(detail.result())
    else:
        here.out.line(_row(detail.view))
        if detail.view.problem:
            here.err.line(detail.view.problem, "yellow")
    return CANCELLED if cancelled else outcome_code(detail)


async def _purge(here: Place, service: Service, job: JobId, options: Namespace) -> int:
    await service.purge(job)
    if options.json:
        _print({"purged": job})
    else:
        here.err.line(f"{job} and all its texts are deleted.")
    return 0


def _told(here: Place, options: Namespace, view: JobView) -> int:
    if options.json:
        _print(view.wire())
    else:
        here.out.line(_row(view))
    return 0


def _print(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


_ACTIONS: dict[str, Act] = {
    "show": _show,
    "diff": _diff,
    "log": _log,
    "answer": _answer,
    "tell": _tell,
    "approve": _approve,
    "apply": _apply,
    "undo": _undo,
    "check": _check,
    "use": _use,
    "discard": _discard,
    "cancel": _cancel,
    "purge": _purge,
}
