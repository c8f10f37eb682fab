"""Who solves a suite: the configured model, programs as engines, and the two bounds."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from agent_ls import __version__
from agent_ls.core.errors import UsageError
from agent_ls.core.job import Intent, IntentKind
from agent_ls.core.settings import Settings
from agent_ls.evaluation.suite import Task

_TITLE: Final = 60
_TASK_PLACE, _NUMBER_PLACE = "{task}", "{attempt}"


class By(StrEnum):
    """How a solver works."""

    MODEL = "model"
    ENGINE = "engine"
    REFERENCE = "reference"  # the upper bound: the suite's own solutions
    NOTHING = "nothing"  # the lower bound


@final
@dataclass(frozen=True, slots=True)
class Solver:
    """One row of the result. ``model``: what the model is called and where it is, for telling results apart.

    ``tries``: of so many attempts, compared by running them, each plan of the model's is the chosen one.
    """

    name: str
    by: By
    argv: tuple[str, ...] = ()
    network: bool = False
    model: str = ""
    tries: int = 1

    @property
    def digest(self) -> str:
        """Changes with what the solver is made of, and with our version: results are never mixed."""
        parts = [__version__, self.by.value, list(self.argv), self.network, self.model, self.tries]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def intent(self, task: Task, number: int) -> Intent:
        """The job that an attempt is. An engine's words may hold ``{task}`` and ``{attempt}`` (from 1)."""
        text = task.asked.task.strip()
        title = f"{task.name}: {self.name}"[:_TITLE]
        if self.by is By.MODEL:
            return Intent(IntentKind.DELEGATE, title, task=text, attempts=self.tries)
        argv = (w.replace(_NUMBER_PLACE, str(number)).replace(_TASK_PLACE, text) for w in self.argv)
        return Intent(IntentKind.RUN, title, argv=tuple(argv), network=self.network)


BOUNDS: Final = (Solver("reference", By.REFERENCE), Solver("nothing", By.NOTHING))


def engine(text: str, settings: Settings) -> Solver:
    """``NAME=CMD`` as it stands on a command line, or the name of an engine of the user's settings.

    ``CMD`` is split as a shell would split it; no shell ever runs it.

    Raises:
        UsageError: neither.
    """
    name, equals, command = text.partition("=")
    if not equals:
        known = settings.engine(name)
        if known is None:
            raise UsageError(
                f"There is no engine {name!r} in your config.toml",
                remedy="Give its command: --engine 'NAME=CMD…'",
            )
        return Solver(name, By.ENGINE, known.argv, known.network)
    try:
        argv = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--engine {name}: {error}", remedy="Close the quotes") from None
    if not name.strip() or not argv:
        raise UsageError(
            f"--engine {text!r} names no command", remedy="For example: --engine 'ruff=ruff check --fix'"
        )
    return Solver(name.strip(), By.ENGINE, argv)


def distinct(solvers: list[Solver]) -> tuple[Solver, ...]:
    """The solvers, if their names tell them apart.

    Raises:
        UsageError: two have one name.
    """
    names = [solver.name for solver in solvers]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"Two engines are called {name!r}", remedy="Give each a name of its own")
    return tuple(solvers)
