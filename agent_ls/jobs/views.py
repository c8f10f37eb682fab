"""What faces see of jobs: immutable views and their wire forms.

`wire` forms are those of the language server (camelCase), `result` is the object that
``agent-ls delegate --json`` prints. Both are fixed in ``docs/protocol.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from agent_ls.core.hunks import Hunk
from agent_ls.core.job import (
    CheckReport,
    Diagnostic,
    IntentKind,
    JobId,
    JobState,
    Progress,
    Question,
    Site,
    Spent,
    Usage,
    Verdict,
)
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned
from agent_ls.core.text import Span
from agent_ls.jobs.backing import Backing, hunk_wire
from agent_ls.jobs.check_views import check_result, check_wire
from agent_ls.jobs.part_views import AttemptView, EventView, FileView, OverlapView

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class ConflictView:
    """A clash of the plan with the user's text. ``line`` is 1-based, in the text of now."""

    path: RelPath
    line: int
    reason: str
    base: str = ""
    ours: str = ""
    theirs: str = ""

    def wire(self) -> Json:
        return {
            "path": self.path,
            "line": self.line,
            "reason": self.reason,
            "base": self.base,
            "ours": self.ours,
            "theirs": self.theirs,
        }


@final
@dataclass(frozen=True, slots=True)
class JobView:
    """A job at a glance.

    ``owner``: ``here`` (this process may act on it), ``elsewhere`` (a live process owns it; calls
    are passed on), ``nobody``. ``problem``: why there is no plan, or what it lacks. ``site`` is the
    place the job was started at, in the text of then. ``warnings``: how the plan weakens what it is
    proven by. ``landing`` is set while an apply or undo is
    under way in an editor. ``overlaps``: other jobs that are at the same places.
    ``estimate_usd``: what it was expected to cost, from and to.
    """

    id: JobId
    kind: IntentKind
    state: JobState
    title: str
    created_at: float
    updated_at: float
    progress: Progress = field(default_factory=Progress)
    spent: Spent = field(default_factory=Spent)
    verdict: Verdict = Verdict.UNVERIFIED
    verdict_note: str = ""
    warnings: tuple[str, ...] = ()
    problem: str = ""
    site: Site | None = None
    question: Question | None = None
    files: tuple[FileView, ...] = ()
    owner: str = "here"
    landing: str = ""
    overlaps: tuple[OverlapView, ...] = ()
    estimate_usd: tuple[float, float] | None = None

    @property
    def has_plan(self) -> bool:
        return bool(self.files)

    @property
    def touches(self) -> frozenset[RelPath]:
        """Every path that belongs to the job: its site's and its plan's."""
        own = {self.site.path} if self.site else set[RelPath]()
        return frozenset(own | {path for f in self.files for path in (f.path, f.moved_from) if path})

    def changed(self) -> Json:
        """The parameters of ``agentLs/jobChanged``."""
        return {
            "jobId": self.id,
            "state": self.state.value,
            "title": self.title,
            "step": self.progress.step,
            "done": self.progress.done,
            "total": self.progress.total,
            "usage": usage_wire(self.spent.usage),
            "costUsd": self.spent.cost_usd,
            "verdict": self.verdict.value,
        }

    def wire(self) -> Json:
        """One entry of ``agentLs.jobs``: `changed` and what a list needs."""
        return self.changed() | {
            "kind": self.kind.value,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "turns": self.spent.turns,
            "verdictNote": self.verdict_note,
            "warnings": list(self.warnings),
            "problem": self.problem,
            "question": question_wire(self.question),
            "files": [f.wire() for f in self.files],
            "owner": self.owner,
            "landing": self.landing,
            "overlaps": [other.wire() for other in self.overlaps],
            "estimateUsd": self.estimate_usd and list(self.estimate_usd),
        }


@final
@dataclass(frozen=True, slots=True)
class JobDetail:
    """Everything about one job.

    ``hunks`` and ``patch`` are those of the whole plan, against the texts it was made from;
    `Service.preview` gives them against the texts of now. ``backing``: what stands behind each hunk, by
    its id. ``pending`` are the ids of hunks that have not landed. ``attempts``: one or more, in their
    order; ``runs``: how many there are, or how often
    the only one was begun (resumes included). ``selection``: why the chosen one is the plan. ``evidence``:
    notes for people, such as "scripted turns, no model was called", or a file that deserves a
    second look with the reason. ``steps``: what the agent announced it would do, if it did.
    """

    view: JobView
    summary: str = ""
    task: str = ""
    hunks: tuple[Hunk, ...] = ()
    backing: Mapping[str, Backing] = field(default_factory=dict[str, Backing])
    pending: frozenset[str] = frozenset()
    patch: str = ""
    checks: tuple[CheckReport, ...] = ()
    tree_hash: str = ""
    evidence: tuple[str, ...] = ()
    events: tuple[EventView, ...] = ()
    runs: int = 1
    attempts: tuple[AttemptView, ...] = ()
    selection: str = ""
    steps: Planned | None = None

    def wire(self) -> Json:
        """The result of ``agentLs.job``. Lines are 0-based, as everywhere in the protocol."""
        return self.view.wire() | {
            "plan": self.summary,
            "task": self.task,
            "hunks": [
                hunk_wire(hunk, self.backing.get(hunk.id), landed=hunk.id not in self.pending)
                for hunk in self.hunks
            ],
            "patch": _utf8(self.patch),
            "checks": [check_wire(report) for report in self.checks],
            "treeHash": self.tree_hash,
            "evidence": list(self.evidence),
            "events": [event.wire() for event in self.events],
            "attempts": [attempt.wire() for attempt in self.attempts],
            "selection": self.selection,
            "steps": [{"text": s.text, "files": list(s.files)} for s in self.steps.steps]
            if self.steps
            else [],
            "planState": self.steps.state.value if self.steps else "",
        }

    def result(self) -> Json:
        """The object of ``agent-ls delegate --json`` and ``agent-ls run --json``."""
        view = self.view
        return {
            "job": view.id,
            "state": view.state.value,
            "summary": self.summary or view.problem,
            "verdict": view.verdict.value,
            "files": [
                {"path": f.path, "op": f.op, "added": f.added, "removed": f.removed} for f in view.files
            ],
            "patch": _utf8(self.patch),
            "checks": [check_result(report) for report in self.checks],
            "evidence": list(self.evidence),
            "warnings": list(view.warnings),
            "attempts": self.runs,
            "turns": view.spent.turns,
            "usage": {
                "input": view.spent.usage.input,
                "output": view.spent.usage.output,
                "cache_read": view.spent.usage.cache_read,
                "cache_write": view.spent.usage.cache_write,
            },
            "cost_usd": view.spent.cost_usd,
            "estimate_usd": view.estimate_usd and list(view.estimate_usd),
            "selection": self.selection,
        }


@final
@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply or undo did. ``message`` is one or two sentences for the user.

    ``landed``: files that changed. ``conflicts``: clashes; those files were left as they are.
    ``moved``: files whose text was no longer the plan's, so that the change was merged onto it.
    """

    state: JobState
    landed: tuple[FileView, ...] = ()
    conflicts: tuple[ConflictView, ...] = ()
    moved: tuple[RelPath, ...] = ()
    message: str = ""

    def wire(self) -> Json:
        return {
            "state": self.state.value,
            "landed": [f.wire() for f in self.landed],
            "conflicts": [c.wire() for c in self.conflicts],
            "moved": list(self.moved),
            "message": self.message,
        }


@final
@dataclass(frozen=True, slots=True)
class Explanation:
    """Markdown about a symbol. ``pending``: the text is on its way; ask again after a while."""

    markdown: str = ""
    pending: bool = False


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A place for people: 1-based line, and the symbol around it (``""`` at module level)."""

    path: RelPath
    line: int
    symbol: str = ""


@final
@dataclass(frozen=True, slots=True)
class HoverFacts:
    """Instant facts about the symbol at a place, from the index only.

    ``span``: the name under the cursor. ``signature`` and ``doc`` are empty unless the setting
    ``hover.card`` asks for them. ``references`` counts the uses, ``more`` says that there
    are further ones in files that were not looked at; ``callers`` and ``tests`` are the
    first few. ``explanation`` is cached prose, only while the text it is about is unchanged.
    """

    symbol: str
    kind: str
    span: Span
    signature: str = ""
    doc: str = ""
    references: int = 0
    more: bool = False
    callers: tuple[Place, ...] = ()
    tests: tuple[Place, ...] = ()
    jobs: tuple[JobView, ...] = ()
    explanation: str = ""


@final
@dataclass(frozen=True, slots=True)
class Offer:
    """One entry of the code-action menu.

    ``kind``: ``quickfix.agent``, ``refactor.rewrite.agent`` or ``source.agent``. ``command`` with
    ``arguments`` is what choosing it runs; where ``site`` is set, the face adds ``uri``, ``range``
    and ``version`` to the arguments. ``diagnostics``: the findings that it would fix. ``group``:
    question, job, fix, anchor, delegate, verb, engine, action, connect or more. ``rank``: 0 is best.
    """

    title: str
    kind: str
    command: str
    arguments: Json = field(default_factory=dict[str, Any])
    rank: int = 0
    group: str = ""
    site: Site | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def plan_size(view: JobView) -> str:
    """``3 files +40 −12``."""
    count = len(view.files)
    added, removed = sum(f.added for f in view.files), sum(f.removed for f in view.files)
    return f"{count} {'file' if count == 1 else 'files'} +{added} −{removed}"


def usage_wire(usage: Usage) -> Json:
    return {
        "input": usage.input,
        "output": usage.output,
        "cacheRead": usage.cache_read,
        "cacheWrite": usage.cache_write,
    }


def question_wire(question: Question | None) -> Json | None:
    if question is None:
        return None
    return {
        "questionId": question.id,
        "text": question.text,
        "choices": list(question.choices),
        "default": question.default,
    }


def _utf8(patch: str) -> str:
    """A patch as JSON can carry it: bytes that are not UTF-8 become U+FFFD (write files with `patch` itself)."""
    return patch.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
