"""What a job's view is made of: its files, its attempts, its log, the jobs beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

from agent_ls.core.job import JobId, JobState, Spent, Verdict
from agent_ls.core.paths import RelPath

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class FileView:
    """One file of a plan. ``op``: edit, create, delete or move. ``landed``: it is in the user's texts."""

    path: RelPath
    op: str
    added: int
    removed: int
    moved_from: RelPath | None = None
    landed: bool = False

    def wire(self) -> Json:
        made: Json = {
            "path": self.path,
            "op": self.op,
            "added": self.added,
            "removed": self.removed,
            "landed": self.landed,
        }
        return made | ({"movedFrom": self.moved_from} if self.moved_from else {})


@final
@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt of a job.

    ``chosen``: its draft is the job's plan. ``how``: in what it differs from the first one.
    ``found``: what running it beside the others has shown, in words.
    """

    number: int
    state: JobState
    chosen: bool = False
    verdict: Verdict = Verdict.UNVERIFIED
    summary: str = ""
    problem: str = ""
    how: str = ""
    files: tuple[FileView, ...] = ()
    spent: Spent = field(default_factory=Spent)
    found: tuple[str, ...] = ()

    def wire(self) -> Json:
        return {
            "attempt": self.number,
            "state": self.state.value,
            "chosen": self.chosen,
            "verdict": self.verdict.value,
            "plan": self.summary,
            "problem": self.problem,
            "how": self.how,
            "files": [f.wire() for f in self.files],
            "turns": self.spent.turns,
            "costUsd": self.spent.cost_usd,
            "found": list(self.found),
        }


@final
@dataclass(frozen=True, slots=True)
class EventView:
    """One line of a job's log for people. ``at``: seconds since the epoch."""

    at: float
    kind: str
    text: str

    def wire(self) -> Json:
        return {"at": self.at, "kind": self.kind, "text": self.text}


@final
@dataclass(frozen=True, slots=True)
class OverlapView:
    """Another job that is at the same place. ``line`` is 1-based, in the text it began from; ``symbol`` may be ``""``."""

    job: JobId
    title: str
    state: JobState
    path: RelPath
    line: int
    symbol: str = ""

    def wire(self) -> Json:
        return {
            "jobId": self.job,
            "title": self.title,
            "state": self.state.value,
            "path": self.path,
            "line": self.line,
            "symbol": self.symbol,
        }
