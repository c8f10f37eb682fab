"""``eval``: a suite measured, and its figures as words, as JSON, or as a page."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, final

from agent_ls.core.errors import NotTrustedError, UsageError, WorkspaceError
from agent_ls.core.settings import Settings
from agent_ls.evaluation.measuring import Evaluation, News, Surroundings, Wanted, forget
from agent_ls.evaluation.page import page
from agent_ls.evaluation.results import Record
from agent_ls.evaluation.solvers import BOUNDS, By, Solver, distinct, engine
from agent_ls.evaluation.suite import Suite, read_suite
from agent_ls.evaluation.summary import Rate, Row, Summary, summarise
from agent_ls.faces.cli.asking import somebody_there, yes_or_no
from agent_ls.faces.cli.session import Place, opened
from agent_ls.faces.cli.terminal import Terminal
from agent_ls.faces.cli.trust import meaning
from agent_ls.jobs.requests import model_choice
from agent_ls.jobs.service import Service
from agent_ls.jobs.trust import Trust
from agent_ls.workspace.state import StateDirs, state_dirs

_FAILED: Final = 1
_WORDS: Final = 200


async def evaluate(here: Place, options: Namespace) -> int:
    """Measure; 0 when all that was asked for is measured and no task is broken, else 1."""
    suite = (await _suite(here, options)).only(tuple(options.task))
    _writable(options.html)
    folder = _folder(here, suite, options)
    environ = {**here.environ, "AGENT_LS_STATE_DIR": str(folder / "state")}
    around = Surroundings(state_dirs(environ), here.settings, environ, _opener(here))
    wanted = Wanted(suite, _solvers(here, options), options.attempts, folder, _parallel(here, options))
    with Record(folder) as record:
        if options.fresh:
            forget(folder, record)
        told = _Told(here.err, wanted, record)
        evaluation = Evaluation(wanted, around, record, told)
        await evaluation.run()
        summary = summarise(
            suite, wanted.solvers, wanted.attempts, record, problems=sorted(evaluation.problems)
        )
    _deliver(here, options, summary, folder)
    return 0 if summary.whole and not summary.broken else _FAILED


def _writable(html: Path | None) -> None:
    if html is not None and not html.absolute().parent.is_dir():
        raise UsageError(f"{html} cannot be written: there is no such folder")


def _parallel(here: Place, options: Namespace) -> int:
    return options.parallel or max(1, here.settings.jobs.parallel)


async def _suite(here: Place, options: Namespace) -> Suite:
    """The suite's tasks, if their programs may run.

    Raises:
        NotTrustedError: nobody has said so.
    """
    suite = _read(options.suite)
    root = suite.root
    if options.yes or Trust(here.dirs.trust_file()).trusted(root):
        return suite
    if somebody_there():
        here.err.line(meaning(replace(here, root=root)))
        if await yes_or_no(here.err, "Run the suite's programs now, for this once?"):
            return suite
    raise NotTrustedError(
        f"{root} is not trusted, and its tasks run programs",
        kept="Nothing was run",
        remedy="`--yes` trusts it for this run, `agent-ls trust -C SUITE` for later ones too",
    )


def _read(folder: Path) -> Suite:
    root = Path(os.path.realpath(folder))
    if not root.is_dir():
        raise UsageError(f"{folder} is not a folder", remedy="Name the folder of a suite")
    return read_suite(root)


def _solvers(here: Place, options: Namespace) -> tuple[Solver, ...]:
    """The engines that are named; the model, unless only engines or only the validation are asked for."""
    found = [engine(text, here.settings) for text in options.engine]
    if options.bounds:
        found += BOUNDS
    if options.model or options.best_of or not (found or options.validate):
        work = model_choice(here.settings, here.environ).work
        script = here.environ.get("AGENT_LS_SCRIPT", "")
        where = here.settings.models.base_url or here.environ.get("ANTHROPIC_BASE_URL", "")
        model = Solver(work or "model", By.MODEL, model=f"{work} {where} {script}")
        best = replace(model, name=f"{model.name}, best of {options.best_of}", tries=options.best_of or 1)
        found = [model, *([best] if options.best_of else []), *found]
    return distinct(found)


def _folder(here: Place, suite: Suite, options: Namespace) -> Path:
    if options.state is not None:
        return options.state.absolute()
    digest = hashlib.sha256(os.fsencode(suite.root)).hexdigest()[:12]
    return here.dirs.base / "evaluations" / f"{suite.root.name[:40]}-{digest}"


def _opener(here: Place):  # noqa: ANN202 - an `OpenService`
    @asynccontextmanager
    async def open_service(root: Path, dirs: StateDirs, settings: Settings) -> AsyncGenerator[Service]:
        environ = {**here.environ, "AGENT_LS_STATE_DIR": str(dirs.base)}
        inner = replace(here, root=root, dirs=dirs, settings=settings, environ=environ)
        async with opened(inner) as service:
            yield service

    return open_service


@final
class _Told:
    """Each result on a line of stderr, with how many there are."""

    def __init__(self, err: Terminal, wanted: Wanted, record: Record) -> None:
        self._err = err
        digests = {task.digest for task in wanted.suite.tasks}
        solvers = {solver.digest for solver in wanted.solvers}
        self._total = len(digests) * len(solvers) * wanted.attempts
        self._done = sum(
            a.task in digests and a.solver in solvers and a.number <= wanted.attempts for a in record.results
        )
        if self._done:
            err.line(f"{self._done} of {self._total} attempts are measured already (--fresh measures anew)")

    def __call__(self, news: News) -> None:
        if news.result is not None and news.solver is not None:
            self._done += 1
            how = (
                "passed"
                if news.result.passed
                else f"failed ({_first(news.result.problem) or 'hidden check'})"
            )
            colour = "green" if news.result.passed else "yellow"
            name = f"{news.task.name}: {news.solver.name} #{news.result.attempt.number}"
            self._err.line(f"{self._done}/{self._total} {name}: {how}", colour)
        elif news.problem:
            self._err.line(f"{news.task.name}: {_first(news.problem)}", "red")


def _deliver(here: Place, options: Namespace, summary: Summary, folder: Path) -> None:
    if options.html is not None:
        try:
            options.html.write_text(page(summary), "utf-8")
        except OSError as error:
            raise WorkspaceError(
                f"{options.html} cannot be written: {error.strerror}",
                kept=f"What was measured is kept in {folder}",
                remedy="Run the same command with another place: nothing is measured twice",
            ) from error
    if options.json:
        sys.stdout.write(json.dumps(summary.json(), ensure_ascii=False) + "\n")
        return
    for line in table(summary):
        here.out.line(line)
    for name, problem in summary.broken.items():
        here.out.line(f"broken, not counted: {name}: {_first(problem)}", "red")
    for problem in summary.problems:
        here.out.line(f"not measured: {problem}", "yellow")
    if summary.sandbox == "none":
        here.out.line("The programs ran without a sandbox: they could have read the hidden files.", "yellow")


def table(summary: Summary) -> list[str]:
    """The figures as lines of a table."""
    sound = len(summary.suite.tasks) - len(summary.broken)
    head = f"{summary.suite.root.name}: {sound} sound tasks of {len(summary.suite.tasks)}"
    if not summary.rows:
        return [head]
    rows = [["", "pass@1", "95 %", *_many(summary), "tokens in/out", "cost", "wall", "by steps"]]
    rows += [_cells(row, summary) for row in summary.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    times = "1 attempt" if summary.attempts == 1 else f"{summary.attempts} attempts"
    return [f"{head}, {times} each", *(line.rstrip() for line in lines)]


def _many(summary: Summary) -> list[str]:
    n = summary.attempts
    return [f"pass@{n}", f"selected@{n}"] if n > 1 else []


def _cells(row: Row, summary: Summary) -> list[str]:
    if not row.cells:
        return [row.solver.name, "nothing measured", *[""] * (len(_many(summary)) + 5)]
    first = row.pass_at[0]
    tokens = row.usage.input + row.usage.cache_read + row.usage.cache_write
    many = [_at(row.pass_at, summary.attempts), _at(row.selected_at, summary.attempts)]
    return [
        row.solver.name,
        _percent(first.value),
        f"{_percent(first.low)}-{_percent(first.high)}",
        *(many if summary.attempts > 1 else []),
        f"{tokens}/{row.usage.output}",
        "-" if row.cost_usd is None else f"${row.cost_usd:.2f}",
        f"{row.wall_s:.0f} s",
        "  ".join(f"{length.name}: {_percent(length.rate.value)}" for length in row.lengths),
    ]


def _at(rates: tuple[Rate, ...], k: int) -> str:
    return _percent(rates[k - 1].value) if len(rates) >= k else "-"


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"


def _first(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:_WORDS]
