"""``delegate`` and ``run``: what is asked for, as an intent, and the job from its start to its end."""

from __future__ import annotations

import math
import shlex
import sys
from argparse import Namespace
from dataclasses import replace
from typing import Any, Final

from agent_ls.core.errors import NotTrustedError, UsageError
from agent_ls.core.job import Intent, IntentKind, JobId, Measure
from agent_ls.core.settings import Settings
from agent_ls.core.text import content_hash
from agent_ls.faces.cli.delivery import CANCELLED, Delivery, outcome_code
from agent_ls.faces.cli.detaching import detach
from agent_ls.faces.cli.following import Watcher, follow
from agent_ls.faces.cli.session import Place, existing, inside, opened, site_at
from agent_ls.jobs.estimating import said
from agent_ls.jobs.service import Service

_TITLE: Final = 60


async def delegate(here: Place, options: Namespace) -> int:
    """Give a task to the agent; the exit codes are those of `delivery.outcome_code`."""
    task = task_text(options.task)
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
        files=tuple(existing(here.root, name) for name in options.file),
        checks=_checks(options.check),
        measures=_measures(options),
        attempts=options.attempts,
        plan_first=options.plan_first,
    )
    if options.detach:
        return await detach(here, options, task)
    return await _work(here, options, intent)


async def run(here: Place, options: Namespace) -> int:
    """Run a program in the scratch tree; its changes are the plan."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise UsageError(
            "There is no command behind --", remedy="For example: agent-ls run -- ruff check --fix"
        )
    intent = Intent(
        IntentKind.RUN,
        _short(f"Run: {shlex.join(argv)}"),
        argv=tuple(argv),
        checks=_checks(options.check),
        measures=_measures(options),
    )
    return await _work(here, options, intent)


async def act(here: Place, options: Namespace) -> int:
    """A deterministic action, on the index of now."""
    site, data = site_at(here.root, options.place)
    kind, title, wish = _action(here, options)
    intent = Intent(
        kind,
        _short(title),
        new_name=wish,
        site=site,
        site_hash=content_hash(data),
        checks=_checks(options.check),
        measures=_measures(options),
    )
    return await _work(here, options, intent)


def _action(here: Place, options: Namespace) -> tuple[IntentKind, str, str]:
    """Its kind, its title, and what is wished."""
    match options.command:
        case "rename":
            return IntentKind.RENAME, f"Rename to {options.name}", options.name
        case "add-import":
            return IntentKind.ADD_IMPORT, "Add the missing import", options.wish
        case "move":
            target = inside(here.root, options.target)
            return IntentKind.MOVE, f"Move to {target}", target
        case _:
            return IntentKind.REMOVE_IMPORTS, f"Remove unused imports of {options.place}", ""


def task_text(given: str) -> str:
    """The task of the command line, or of stdin for ``-``.

    Raises:
        UsageError: it is empty.
    """
    text = sys.stdin.buffer.read().decode("utf-8", "replace") if given == "-" else given
    if not text.strip():
        raise UsageError("The task is empty", remedy="Say what should be done")
    return text.strip()


async def _work(here: Place, options: Namespace, intent: Intent) -> int:
    delivery = await Delivery.checked(here, options)
    watcher = Watcher(here.err, stream=options.json_stream)
    async with opened(here, on_job=watcher, settings=_budgeted(here.settings, options)) as service:
        if intent.kind is IntentKind.RUN and not service.trusted():
            raise NotTrustedError(
                f"{here.root} is not trusted, so no program is run in it",
                kept="Nothing was run and nothing was changed",
                remedy="`agent-ls trust` says what trusting means and asks",
            )
        job = await _started(service, intent)
        estimate = service.job(job).view.estimate_usd
        if estimate is not None and not options.json_stream:
            here.err.line(
                f"This will probably cost {said(estimate)}; the ceiling is ${_ceiling(here, options):.2f}."
            )
        cancelled = await follow(service, job, watcher, here.err)
        detail = service.job(job)
        if cancelled:
            delivery.tell(detail, None, cancelled=True)
            return CANCELLED
        applied = await delivery.deliver(service, detail)
        delivery.tell(service.job(job), applied)
        return outcome_code(detail, applied, asked=bool(intent.checks or intent.measures))


async def _started(service: Service, intent: Intent) -> JobId:
    match intent.kind:
        case IntentKind.DELEGATE:
            return service.delegate(intent)
        case IntentKind.RUN:
            return service.run(intent)
        case _:
            await service.indexer.refresh()  # the index is all that it knows
            return service.act(intent)


def _checks(given: list[str]) -> tuple[tuple[str, ...], ...]:
    """Each as one command line, split as a shell would split it; no shell ever runs it."""
    try:
        return tuple(tuple(shlex.split(text)) for text in given if text.strip())
    except ValueError as error:
        raise UsageError(f"--check: {error}", remedy="Close the quotes") from None


def _ceiling(here: Place, options: Namespace) -> float:
    return _budgeted(here.settings, options).budgets.attempt_usd * getattr(options, "attempts", 1)


def _measures(options: Namespace) -> tuple[Measure, ...]:
    """``--raise`` and ``--lower``: a command, and where in its output the number is."""
    given = [("higher", pair) for pair in vars(options)["raise"]] + [
        ("lower", pair) for pair in options.lower
    ]
    try:
        return tuple(
            Measure(argv, pattern, direction)
            for direction, (command, pattern) in given
            for argv in _checks([command])
        )
    except ValueError as error:
        raise UsageError(f"A measure {error}", remedy="Mend the regular expression") from None


def _budgeted(settings: Settings, options: Namespace) -> Settings:
    usd: Any = getattr(options, "budget_usd", None)
    if usd is None:
        return settings
    if not (0 < usd < math.inf):
        raise UsageError("--budget-usd must be a number above 0")
    return replace(settings, budgets=replace(settings.budgets, attempt_usd=usd))


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"
