"""A job as a value: its state, what was asked, what it may spend, what it has spent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, final

from agent_ls.core.paths import RelPath
from agent_ls.core.rework import Part
from agent_ls.core.text import Span

JobId = NewType("JobId", str)
"""Short, unguessable, sortable by time of creation, safe as a file name."""


class JobState(StrEnum):
    """States of a job; the wire names are fixed."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    CHECKING = "checking"
    READY = "ready"
    APPLIED = "applied"
    PARTLY_APPLIED = "partly_applied"
    DISCARDED = "discarded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDONE = "undone"
    OUT_OF_BUDGET = "out_of_budget"
    INTERRUPTED = "interrupted"

    @property
    def live(self) -> bool:
        """An attempt is under way or waits for its turn."""
        return self in _LIVE

    @property
    def resumable(self) -> bool:
        """An attempt can go on from the last whole turn."""
        return self in _RESUMABLE


_LIVE = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.WAITING, JobState.CHECKING})
_RESUMABLE = frozenset({JobState.INTERRUPTED, JobState.OUT_OF_BUDGET, JobState.FAILED, JobState.CANCELLED})


class Verdict(StrEnum):
    """What the checks say about a plan's tree; bound to the hash of the tree it was proven on."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    WORSE = "worse"


class IntentKind(StrEnum):
    """How a job gets its change set."""

    DELEGATE = "delegate"  # the agent
    RUN = "run"  # any program, in the scratch tree
    RENAME = "rename"  # this and the rest: deterministic, from the index
    ADD_IMPORT = "add_import"
    REMOVE_IMPORTS = "remove_imports"
    MOVE = "move"


ASK = "?"
"""A wish that a person is asked for, where there is more than one choice."""


@final
@dataclass(frozen=True, slots=True)
class Site:
    """A place in a text of the workspace: where the cursor or the selection is."""

    path: RelPath
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding of another tool at a place, as the editor showed it."""

    span: Span
    message: str
    severity: int = 1
    source: str = ""
    code: str = ""


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """A check that prints a number to be raised or lowered."""

    argv: tuple[str, ...] = ()
    """The command, one word per item; it must also succeed."""
    number: str = ""
    """Regular expression; of its last match in the output, the first group (or all of it) is the number."""
    direction: str = "higher"
    """``higher`` or ``lower``: which way is better."""
    tolerance: float = 0.0
    """By which share of the number before it may be worse: 0.05 is five per cent."""
    name: str = ""
    """Short name; empty: the command."""

    def __post_init__(self) -> None:
        if self.direction not in ("higher", "lower"):
            raise ValueError(f"has direction {self.direction!r}, which is neither higher nor lower")
        try:
            re.compile(self.number)
        except re.error as error:
            raise ValueError(f"has a regular expression that does not compile: {error}") from error


@final
@dataclass(frozen=True, slots=True)
class Intent:
    """Everything that is needed to start a job again from nothing.

    ``title`` is short and for people. ``task`` is what the user said (for `DELEGATE`), ``argv``
    the engine's command (for `RUN`), ``new_name`` the name (for `RENAME`), or the module, the import
    or `ASK` (for `ADD_IMPORT`; empty: the only one there is), or the file to move to (for `MOVE`). ``site_hash`` is the
    content hash of the text that ``site`` and ``diagnostics`` point into. ``network``: the engine may use the
    network inside the sandbox. ``anchor`` is the span
    of an ``agent:`` comment whose removal belongs to the plan. ``rework``: the attempt begins with a
    plan (`AttemptRequest.plan`), of which only these parts are to be done anew.
    """

    kind: IntentKind
    title: str
    task: str = ""
    argv: tuple[str, ...] = ()
    new_name: str = ""
    site: Site | None = None
    site_hash: str = ""
    anchor: Span | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    files: tuple[RelPath, ...] = ()
    checks: tuple[tuple[str, ...], ...] = ()
    measures: tuple[Measure, ...] = ()
    attempts: int = 1
    plan_first: bool = False
    network: bool = False
    rework: tuple[Part, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Budget:
    """Ceilings of one attempt; reaching one pauses it with the work kept."""

    usd: float = 1.0
    turns: int = 40
    wall_s: float = 900.0


@final
@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them. ``input`` excludes what was read from or written to its cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )


@final
@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that a check found wrong.

    ``test``: the test's own id, or the rule of a linter or compiler. ``line`` is 1-based, 0 where
    none is known. ``excerpt``: lines of the draft around it. ``before``: it failed without the draft, too.
    """

    test: str
    path: str = ""
    line: int = 0
    message: str = ""
    excerpt: str = ""
    before: bool = False


@final
@dataclass(frozen=True, slots=True)
class CheckReport:
    """One check's outcome. ``status``: passed, failed, error (could not run), skipped (with the reason in output).

    ``failures``: the first ones that could be read off its output, new ones first; ``failed`` and
    ``ran`` count all of them and all tests, where the tool says so. ``number``: what a measure
    printed, ``number_before`` without the draft; ``direction`` says which way is better.
    ``nearest``: only the tests next to the change were run, because one of them failed.
    """

    name: str
    status: str
    output: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    duration_s: float = 0.0
    sandbox: str = ""
    baseline: str = ""
    failures: tuple[Failure, ...] = ()
    failed: int | None = None
    ran: int | None = None
    number: float | None = None
    number_before: float | None = None
    direction: str = ""
    nearest: bool = False


@final
@dataclass(frozen=True, slots=True)
class Question:
    """Something the agent wants to know; after ``timeout_s`` it goes on with ``default``."""

    id: str
    text: str
    choices: tuple[str, ...] = ()
    default: str = ""
    timeout_s: float = 300.0
    answer: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands, for people: ``3/8 editing client.py``."""

    step: str = ""
    done: int = 0
    total: int = 0


@final
@dataclass(frozen=True, slots=True)
class Spent:
    """What a job has used so far. ``cost_usd`` is ``None`` where no price is known or nothing was paid."""

    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = None
    unrecorded_requests: int = 0
