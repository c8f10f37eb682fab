"""Settings as one frozen tree, read from several sources with different rights.

`parse` lays one source over a tree and returns the new tree with every problem as a
sentence: a bad value is reported and the earlier one stays. Only the user's own file and
environment may say where requests go, what is run without a sandbox and which engines
exist; a repository (its project file, or an editor setting that a repository can plant)
never can. Nor can it raise what may be spent.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Union, cast, final, get_args, get_origin, get_type_hints

from agent_ls.core.job import Measure

Argv = tuple[str, ...]

_USER_ONLY = {"user_only": True}
_USER_RAISES = {"user_raises": True}


class Source(StrEnum):
    """Where a value comes from, weakest rights first."""

    PROJECT = "project file"
    EDITOR = "editor settings"
    USER = "user settings"


@final
@dataclass(frozen=True, slots=True)
class Models:
    """Which model to ask for what, and where."""

    work: str = ""
    """Model id for delegated work; the environment's ``AGENT_LS_MODEL`` wins over it."""
    explain: str = ""
    """Model id for explanations; empty: the work model."""
    escalate: str = ""
    """Model id for further attempts; empty: the work model."""
    max_tokens: int = 16000
    """Most tokens of one answer."""
    base_url: str = field(default="", metadata=_USER_ONLY)
    """Where requests go; empty: ``ANTHROPIC_BASE_URL``, else the SDK's default. User only."""
    api_key_command: Argv = field(default=(), metadata=_USER_ONLY)
    """Command that prints the key, for those who keep it in a password store. User only."""
    idle_timeout_s: float = 60.0
    """Seconds without a byte after which a request counts as hung."""
    patience_minutes: float = 10.0
    """Minutes that a busy or unreachable service is waited for, per turn; then the job fails with its work kept."""


@final
@dataclass(frozen=True, slots=True)
class Engine:
    """A program whose changes become a plan."""

    name: str = ""
    """Short name, as in ``agentLs.run {engine}``."""
    argv: Argv = ()
    """The command, one word per item; it runs in the scratch tree, in the sandbox."""
    title: str = ""
    """What the menu says; empty: the command."""
    languages: Argv = ()
    """Offer it for these languages only; empty: for all."""
    network: bool = False
    """Whether it needs the network inside the sandbox (asked for once)."""


@final
@dataclass(frozen=True, slots=True)
class Checks:
    """How a plan is proven."""

    commands: tuple[Argv, ...] = ()
    """Checks as commands, one list of words each; empty: detected."""
    measures: tuple[Measure, ...] = ()
    """Checks that print a number to be raised or lowered, beside the others."""
    timeout_s: float = 600.0
    """Seconds after which a check is stopped."""
    allow_unsandboxed: bool = field(default=False, metadata=_USER_ONLY)
    """Run checks of trusted workspaces without a sandbox where none works. User only."""


@final
@dataclass(frozen=True, slots=True)
class Budgets:
    """Ceilings; reaching one pauses the attempt with the work kept."""

    attempt_usd: float = field(default=1.0, metadata=_USER_RAISES)
    """US dollars per attempt; raised by the user only."""
    attempt_turns: int = 40
    """Model turns per attempt."""
    attempt_minutes: float = 15.0
    """Minutes per attempt."""
    day_usd: float = field(default=10.0, metadata=_USER_RAISES)
    """US dollars per day, all jobs and explanations together; raised by the user only."""


@final
@dataclass(frozen=True, slots=True)
class Jobs:
    """How jobs are run and kept."""

    parallel: int = 3
    """How many attempts run at the same time."""
    attempts_after_failure: int = 2
    """How many attempts a task gets in all when checks fail on the first; 1: no further one."""
    answer_minutes: float = 5.0
    """Minutes a question waits for you; then the attempt goes on with its own default."""
    keep_days: int = 30
    """Days after which the folder of a job that is over (applied, discarded, undone, failed, cancelled) is deleted."""
    keep_mb: int = 2048
    """Megabytes that the jobs of a workspace may fill; beyond, the oldest that are over are deleted earlier."""


@final
@dataclass(frozen=True, slots=True)
class Indexing:
    """What is indexed, and how eagerly."""

    workers: int = 2
    """Parse worker processes at most."""
    max_file_kb: int = 1024
    """Larger files are listed but not parsed."""


@final
@dataclass(frozen=True, slots=True)
class Hover:
    """What a hover shows."""

    card: bool = False
    """Also show the symbol's signature and documentation (most editors have another server for that)."""


@final
@dataclass(frozen=True, slots=True)
class Lens:
    """What code lenses show."""

    anchors: bool = True
    """A lens on every ``agent:`` comment."""
    marks: bool = True
    """Lenses and marks where jobs work, plans wait and jobs have made lines that are not committed."""


@final
@dataclass(frozen=True, slots=True)
class Cluster:
    """Where attempts run, if not on this machine."""

    scheduler: str = ""
    """Address of a Dask scheduler, ``tls://HOST:PORT``; empty: attempts run here. User only."""
    tls_ca: str = ""
    """The authority's certificate, a file. User only."""
    tls_cert: str = ""
    """Your certificate, a file. User only."""
    tls_key: str = ""
    """Its key, a file. User only."""
    resource: str = "agent-ls"
    """The resource of Dask workers of which an attempt takes one. User only."""


@final
@dataclass(frozen=True, slots=True)
class Prompt:
    """A verb of the team's own in the menu."""

    title: str = ""
    """What the menu says."""
    task: str = ""
    """The task that is delegated."""


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree; section ``agentLs`` in editors, the root table in TOML files."""

    models: Models = field(default_factory=Models)
    """Models."""
    checks: Checks = field(default_factory=Checks)
    """Checks."""
    budgets: Budgets = field(default_factory=Budgets)
    """Budgets."""
    jobs: Jobs = field(default_factory=Jobs)
    """Jobs."""
    index: Indexing = field(default_factory=Indexing)
    """Index."""
    hover: Hover = field(default_factory=Hover)
    """Hover."""
    lens: Lens = field(default_factory=Lens)
    """Lenses."""
    cluster: Cluster = field(default_factory=Cluster, metadata=_USER_ONLY)
    """Cluster. User only."""
    engines: tuple[Engine, ...] = field(default=(), metadata=_USER_ONLY)
    """Programs offered as engines of a plan. User only."""
    prompts: tuple[Prompt, ...] = ()
    """Verbs of your own."""
    anchors: Argv = ("agent:", "TODO(agent):")
    """Markers of comments that ask for a job."""

    def engine(self, name: str) -> Engine | None:
        """The engine of that name."""
        return next((engine for engine in self.engines if engine.name == name), None)


def parse(values: object, source: Source, onto: Settings | None = None) -> tuple[Settings, tuple[str, ...]]:
    """Lay one source's values over a tree.

    Args:
        values: A JSON-like mapping; keys in snake_case or camelCase.
        source: Decides which keys are allowed.
        onto: The tree so far; default: the defaults.

    Returns:
        The new tree, and a sentence for every value that was not taken. Never raises.
    """
    problems: list[str] = []
    base = onto or Settings()
    if not isinstance(values, Mapping):
        return base, (
            f"{source}: expected a table of settings, found {type(values).__name__}; it is ignored",
        )
    read = _table(base, cast("Mapping[object, object]", values), source, "", problems)
    return cast("Settings", read), tuple(problems)


def snake_case(name: str) -> str:
    """``attemptUsd`` → ``attempt_usd``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m[1].lower(), name)


def _table(
    base: Any, values: Mapping[object, object], source: Source, where: str, problems: list[str]
) -> object:
    fields = {f.name: f for f in dataclasses.fields(base)}
    hints = get_type_hints(cast("object", base).__class__)
    taken: dict[str, object] = {}
    for raw_key, value in values.items():
        key = snake_case(str(raw_key))
        place = f"{where}{key}"
        if key not in fields:
            problems.append(f"{source}: there is no setting {place!r}; it is ignored")
        elif fields[key].metadata.get("user_only") and source is not Source.USER:
            problems.append(
                f"{source}: {place!r} can only be set in the user's own config.toml; it is ignored"
            )
        else:
            current = getattr(base, key)
            try:
                read = _value(hints[key], current, value, source, place, problems)
            except ValueError as error:
                problems.append(f"{source}: {place!r} {error}; {current!r} stays")
                continue
            if fields[key].metadata.get("user_raises") and source is not Source.USER and read > current:
                problems.append(
                    f"{source}: {place!r} can only be raised in the user's own config.toml; {current!r} stays"
                )
            else:
                taken[key] = read
    return dataclasses.replace(base, **taken)


def _value(
    kind: Any, current: object, value: object, source: Source, place: str, problems: list[str]
) -> object:
    if get_origin(kind) in (Union, types.UnionType):
        raise ValueError("has a type that is not supported")
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise ValueError(f"must be a table, not {value!r}")
        return _table(current, cast("Mapping[object, object]", value), source, f"{place}.", problems)
    if get_origin(kind) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"must be a list, not {value!r}")
        item = get_args(kind)[0]
        fresh = cast("type", item)() if dataclasses.is_dataclass(item) else None
        items = cast("list[object]", value)
        return tuple(_value(item, fresh, v, source, f"{place}[{i}]", problems) for i, v in enumerate(items))
    return _scalar(kind, value)


def _scalar(kind: Any, value: object) -> object:
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise ValueError(f"must be true or false, not {value!r}")
    if kind in (int, float):
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or (kind is int and int(value) != value)
        ):
            raise ValueError(f"must be a {'whole ' if kind is int else ''}number, not {value!r}")
        if not 0 <= value < 1e9:
            raise ValueError(f"is out of range: {value!r}")
        return kind(value)
    if isinstance(value, str):
        return value
    raise ValueError(f"must be a text, not {value!r}")
