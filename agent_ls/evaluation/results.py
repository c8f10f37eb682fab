"""What was measured, one line each in a file that only grows: a killed evaluation goes on from it."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast, final

from agent_ls.core.codec import CodecError, from_json, to_json
from agent_ls.core.errors import BusyError, WorkspaceError
from agent_ls.core.job import Usage
from agent_ls.workspace.state import private_dir


@final
@dataclass(frozen=True, slots=True)
class Attempt:
    """Names one attempt. ``solver`` and ``task`` are digests of what they are made of, not names."""

    solver: str
    task: str
    number: int


@final
@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt went.

    ``state``: how its job ended. ``verdict``: what its own visible checks said. ``passed``: what the
    hidden ones said; ``said``: the end of their output where they failed. ``shape``: a hash of the
    plan, equal for equal plans; ``lines``: added and removed. ``wall_s`` is this machine's.
    """

    attempt: Attempt
    passed: bool
    state: str = ""
    verdict: str = ""
    problem: str = ""
    said: str = ""
    shape: str = ""
    lines: int = 0
    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = None
    wall_s: float = 0.0
    job: str = ""


@final
@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt's job was started: after a kill it is resumed, not repeated."""

    attempt: Attempt
    job: str


@final
@dataclass(frozen=True, slots=True)
class Validated:
    """Whether a task can be measured at all; ``problem`` says why not. ``by``: the sandbox, or ``none``."""

    task: str
    problem: str
    by: str = ""


Line = Result | Begun | Validated
_KINDS: dict[str, type[Line]] = {kind.__name__: kind for kind in (Result, Begun, Validated)}


@final
class Record:
    """The file, held by one process. Lines are on disk when `add` returns; a torn last one is passed over."""

    def __init__(self, folder: Path) -> None:
        """Open or begin it.

        Raises:
            BusyError: another process evaluates the same suite.
            WorkspaceError: the folder cannot be used.
        """
        self.results: dict[Attempt, Result] = {}
        self.begun: dict[Attempt, str] = {}
        self.validated: dict[str, Validated] = {}
        try:
            path = private_dir(folder) / "results.jsonl"
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._lock()
            data = path.read_bytes()
            if data and not data.endswith(b"\n"):
                os.write(self._handle, b"\n")
        except OSError as error:
            raise _unwritable(folder, error) from error
        for line in data.splitlines():
            self._read(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._handle)

    def add(self, line: Line) -> None:
        """Keep a line.

        Raises:
            WorkspaceError: the disk does not take it.
        """
        text = json.dumps({"kind": type(line).__name__, "value": to_json(line)}, ensure_ascii=False)
        try:
            os.write(self._handle, text.encode("utf-8", "replace") + b"\n")
            os.fsync(self._handle)
        except OSError as error:
            raise _unwritable(Path("results.jsonl"), error) from error
        self._take(line)

    def clear(self) -> None:
        """Forget everything that was measured."""
        os.ftruncate(self._handle, 0)
        for known in (self.results, self.begun, self.validated):
            known.clear()

    def _read(self, line: bytes) -> None:
        try:
            value: Any = json.loads(line)
            kind = _KINDS[str(cast("dict[str, Any]", value)["kind"])]
            self._take(from_json(kind, value["value"]))
        except (ValueError, KeyError, TypeError, CodecError):
            return  # torn by a kill: what it would have said is measured again

    def _take(self, line: Line) -> None:
        match line:
            case Result():
                self.results[line.attempt] = line
            case Begun():
                self.begun[line.attempt] = line.job
            case Validated():
                self.validated[line.task] = line

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise BusyError(
                "Another process evaluates this suite",
                kept="Nothing was run here",
                remedy="Wait for its end, or name another folder with --state",
            ) from error


def _unwritable(place: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"{place} cannot be written: {error.strerror}",
        kept="What was measured before is kept",
        remedy="Make room, or check the rights of the state directory",
    )
