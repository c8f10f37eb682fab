"""The figures of an evaluation, from its record: rates by solver, by task and by length, with intervals.

Intervals are over tasks: they say how far the rate may lie from that on other tasks of the kind,
not how far attempts at these very tasks scatter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from math import exp, fsum, log
from operator import add
from statistics import fmean
from typing import Any, Final, final

from agent_ls.core.job import Usage
from agent_ls.evaluation.results import Attempt, Record, Result
from agent_ls.evaluation.selection import Select, by_evidence, selected_at_k
from agent_ls.evaluation.solvers import Solver
from agent_ls.evaluation.statistics import clopper_pearson, pass_at_k, wilson
from agent_ls.evaluation.suite import Suite, Task

Json = dict[str, Any]

LENGTHS: Final = (("1-3", 3), ("4-8", 8), ("9-15", 15), ("16-30", 30), ("31+", 10**9))
"""Classes of expected steps: name, and the most steps it holds."""


@final
@dataclass(frozen=True, slots=True)
class Rate:
    """A rate over ``tasks`` with its 95 % interval (Wilson)."""

    value: float
    low: float
    high: float
    tasks: int

    @staticmethod
    def of(values: Sequence[float]) -> Rate:
        """The mean of rates, one per task; there is at least one."""
        value = fmean(values)
        return Rate(value, *wilson(value, len(values)), len(values))

    def json(self) -> Json:
        return {
            "rate": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "tasks": self.tasks,
        }


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """One task and one solver."""

    task: Task
    results: tuple[Result, ...]

    @property
    def passed(self) -> int:
        return sum(result.passed for result in self.results)

    def json(self) -> Json:
        low, high = clopper_pearson(self.passed, len(self.results))
        return {
            "task": self.task.name,
            "attempts": len(self.results),
            "passed": self.passed,
            "low": round(low, 4),
            "high": round(high, 4),
            "each": [_result_json(result) for result in self.results],
        }


@final
@dataclass(frozen=True, slots=True)
class Length:
    """A class of tasks by expected steps. ``steps``: their geometric mean."""

    name: str
    steps: float
    rate: Rate


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One solver. ``pass_at[k - 1]`` and ``selected_at[k - 1]`` are for ``k`` attempts.

    ``cost_usd`` is ``None`` where no price is known or nothing was paid; ``wall_s`` is the sum over attempts.
    """

    solver: Solver
    cells: tuple[Cell, ...]
    pass_at: tuple[Rate, ...] = ()
    selected_at: tuple[Rate, ...] = ()
    lengths: tuple[Length, ...] = ()
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = None
    wall_s: float = 0.0
    turns: int = 0
    ends: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def attempts(self) -> int:
        return sum(len(cell.results) for cell in self.cells)

    def json(self) -> Json:
        usage = self.usage
        return {
            "name": self.solver.name,
            "by": self.solver.by.value,
            "attempts": self.attempts,
            "pass_at": {str(k): rate.json() for k, rate in enumerate(self.pass_at, 1)},
            "selected_at": {str(k): rate.json() for k, rate in enumerate(self.selected_at, 1)},
            "by_length": [
                {"steps": length.name, "mean_steps": round(length.steps, 1), **length.rate.json()}
                for length in self.lengths
            ],
            "turns": self.turns,
            "usage": {
                "input": usage.input,
                "output": usage.output,
                "cache_read": usage.cache_read,
                "cache_write": usage.cache_write,
            },
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 6),
            "wall_s": round(self.wall_s, 3),
            "ends": dict(self.ends),
            "tasks": [cell.json() for cell in self.cells],
        }


@final
@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that is told. ``broken``: tasks that measure nothing, by name, with the reason."""

    suite: Suite
    attempts: int
    rows: tuple[Row, ...]
    broken: Mapping[str, str]
    problems: tuple[str, ...] = ()
    sandbox: str = ""

    @property
    def whole(self) -> bool:
        """Whether every attempt at every sound task was measured."""
        sound = len(self.suite.tasks) - len(self.broken)
        return not self.problems and all(row.attempts == sound * self.attempts for row in self.rows)

    def json(self) -> Json:
        return {
            "suite": self.suite.root.name,
            "tasks": len(self.suite.tasks),
            "attempts": self.attempts,
            "whole": self.whole,
            "sandbox": self.sandbox,
            "broken": dict(self.broken),
            "problems": list(self.problems),
            "solvers": [row.json() for row in self.rows],
        }


def summarise(
    suite: Suite,
    solvers: Sequence[Solver],
    attempts: int,
    record: Record,
    *,
    problems: Sequence[str] = (),
    select: Select = by_evidence,
) -> Summary:
    """The figures of what is in the record of the suite as it is now. Broken tasks count nowhere."""
    known = {
        task.name: record.validated[task.digest] for task in suite.tasks if task.digest in record.validated
    }
    broken = {name: validated.problem for name, validated in known.items() if validated.problem}
    sound = [task for task in suite.tasks if task.name not in broken]
    rows = tuple(_row(solver, sound, attempts, record.results, select) for solver in solvers)
    sandboxes = sorted({validated.by for validated in known.values() if validated.by})
    return Summary(suite, attempts, rows, broken, tuple(problems), ", ".join(sandboxes))


def _row(
    solver: Solver, tasks: Sequence[Task], attempts: int, results: Mapping[Attempt, Result], select: Select
) -> Row:
    cells: list[Cell] = []
    for task in tasks:
        named = (Attempt(solver.digest, task.digest, number) for number in range(1, attempts + 1))
        if found := tuple(results[attempt] for attempt in named if attempt in results):
            cells.append(Cell(task, found))
    if not cells:
        return Row(solver, ())
    every = [result for cell in cells for result in cell.results]
    ks = range(1, min(len(cell.results) for cell in cells) + 1)
    costs = [result.cost_usd for result in every if result.cost_usd is not None]
    return Row(
        solver,
        tuple(cells),
        pass_at=tuple(Rate.of([_pass(cell, k) for cell in cells]) for k in ks),
        selected_at=tuple(Rate.of([selected_at_k(cell.results, k, select) for cell in cells]) for k in ks),
        lengths=tuple(_lengths(cells)),
        usage=reduce(add, (result.usage for result in every), Usage()),
        cost_usd=fsum(costs) if costs else None,
        wall_s=fsum(result.wall_s for result in every),
        turns=sum(result.turns for result in every),
        ends=Counter(result.state or "nothing" for result in every),
    )


def _pass(cell: Cell, k: int) -> float:
    return pass_at_k(len(cell.results), cell.passed, k)


def _lengths(cells: Sequence[Cell]) -> list[Length]:
    found: list[Length] = []
    least = 0
    for name, most in LENGTHS:
        those = [cell for cell in cells if least < cell.task.asked.size.steps <= most]
        least = most
        if those:
            mean = exp(fmean(log(cell.task.asked.size.steps) for cell in those))
            found.append(Length(name, mean, Rate.of([_pass(cell, 1) for cell in those])))
    return found


def _result_json(result: Result) -> Json:
    return {
        "attempt": result.attempt.number,
        "passed": result.passed,
        "state": result.state,
        "verdict": result.verdict,
        "problem": result.problem,
        "said": result.said,
        "lines": result.lines,
        "turns": result.turns,
        "cost_usd": result.cost_usd,
        "wall_s": result.wall_s,
        "job": result.job,
    }
