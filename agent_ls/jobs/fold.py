"""A job is what its journal says: a pure fold, so that a crash at any moment leaves a right state.

`step` never refuses a record: whatever was written did happen. What may be asked of a job in
which state is the service's question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import final

from agent_ls.core.attempt import (
    Answered,
    Asked,
    AttemptRequest,
    Checked,
    Compacted,
    DraftFile,
    Explored,
    Opened,
    Outcome,
    Progressed,
    RequestStarted,
    Selected,
    TurnDone,
)
from agent_ls.core.job import CheckReport, JobId, JobState, Question, Spent, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.records import (
    Created,
    Discarded,
    Ended,
    Landed,
    LandingFailed,
    LandingStarted,
    Record,
    Replaced,
    Replied,
    Resumed,
    Started,
    Told,
    Widened,
    WorkerLost,
)

Draft = tuple[DraftFile, ...]


@final
@dataclass(frozen=True, slots=True)
class Job:
    """A job after some records.

    ``runs``: how often an attempt was handed to a worker. ``deaths``: how often in a row the
    worker left since anything new was recorded. ``asked_open``: a request went out whose turn has
    not come; ``inner_open``: the same inside of a turn. ``steps``: what the agent says it will do.
    ``plan``: the draft as it is now, ``pending`` and ``applied`` as in `Landed`.
    ``told``: texts that no recorded turn has taken up. ``replies``: answers that the worker has not
    confirmed, by the question's text: an attempt begun again may ask something else under the same id.
    ``landing``: an operation whose end is not recorded. ``evidence``: the outcome's notes for people.
    ``replaces``: see `Created`. ``wanted``: how many attempts the job is to have. ``own``: how the first one ended, while nobody
    has begun it again. ``selected``: which attempt is the plan, where there are several.
    """

    request: AttemptRequest
    created_at: float
    updated_at: float
    state: JobState = JobState.QUEUED
    retry_of: str = ""
    replaces: Draft = ()
    runs: int = 0
    deaths: int = 0
    asked_open: bool = False
    inner_open: bool = False
    steps: Planned | None = None
    spent: Spent = field(default_factory=Spent)
    summary: str = ""
    problem: str = ""
    plan: Draft = ()
    checks: tuple[CheckReport, ...] = ()
    verdict: Verdict = Verdict.UNVERIFIED
    verdict_note: str = ""
    tree_hash: str = ""
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    pending: Draft = ()
    applied: tuple[Draft, ...] = ()
    landing: LandingStarted | None = None
    question: Question | None = None
    replies: Mapping[str, str] = field(default_factory=dict[str, str])
    told: tuple[str, ...] = ()
    wanted: int = 1
    own: Outcome | None = None
    selected: Selected | None = None

    @property
    def id(self) -> JobId:
        return self.request.job

    @property
    def touches(self) -> set[RelPath]:
        """Every path that belongs to the job: its site's and its plan's."""
        site = self.request.intent.site
        paths = {path for f in self.plan for path in (f.path, f.moved_from) if path is not None}
        return paths | ({site.path} if site else set())


def fold(entries: Iterable[Entry], job: Job | None = None) -> Job | None:
    """The job that the entries make of ``job``; ``None`` as long as there is no `Created`."""
    for entry in entries:
        if isinstance(entry.record, Created) and job is None:
            created = entry.record
            job = Job(
                *(created.request, entry.at, entry.at),
                retry_of=created.retry_of,
                replaces=created.replaces,
            )
        elif job is not None and entry.record is not None:
            job = replace(step(job, entry.record), updated_at=entry.at)
    return job


def step(job: Job, record: Record) -> Job:
    """The job after one more record."""
    match record:
        case Created() | Opened() | Progressed():
            return job
        case Started():
            return _started(job)
        case WorkerLost():
            return replace(job, deaths=job.deaths + 1)
        case Ended():
            return replace(job, state=record.state, problem=record.reason, question=None)
        case Resumed():
            request = replace(job.request, budget=record.budget, forgiven=job.spent.turns)
            return replace(
                job,
                request=request,
                state=JobState.QUEUED,
                problem="",
                deaths=0,
                own=job.own if job.own is not None and job.own.state is JobState.READY else None,
            )
        case Widened():
            return replace(job, wanted=record.attempts, state=JobState.RUNNING, selected=None)
        case Selected():
            return _selected(job, record)
        case Told():
            return replace(job, told=(*job.told, record.text))
        case Replied():
            return _replied(job, record)
        case Discarded():
            return replace(job, state=JobState.DISCARDED)
        case Replaced():
            return _replaced(job, record)
        case LandingStarted():
            return replace(job, landing=record)
        case LandingFailed():
            return replace(job, landing=None)
        case Landed():
            return _landed(job, record)
        case _:
            return _event(job, record)


def _started(job: Job) -> Job:
    lost = job.spent.unrecorded_requests + job.asked_open + job.inner_open
    return replace(
        job,
        runs=job.runs + 1,
        asked_open=False,
        inner_open=False,
        question=None,
        own=None,
        state=JobState.RUNNING,
        spent=replace(job.spent, unrecorded_requests=lost),
    )


_AttemptEvent = (
    RequestStarted | TurnDone | Explored | Compacted | Planned | Asked | Answered | Checked | Outcome
)


def _event(job: Job, event: _AttemptEvent) -> Job:
    alive = replace(job, deaths=0)
    match event:
        case RequestStarted():  # the same request again is nothing new
            return replace(job, inner_open=True) if event.inner else replace(job, asked_open=True)
        case TurnDone():
            spent = replace(_paid(job.spent, event), turns=job.spent.turns + 1)
            return replace(_drafted(alive, event.draft), spent=spent, asked_open=False, told=())
        case Explored() | Compacted():
            return replace(alive, spent=_paid(job.spent, event), inner_open=False)
        case Planned():
            return replace(alive, steps=event)
        case Asked():
            waits = JobState.WAITING if _under_way(job) else job.state
            return replace(alive, state=waits, question=event.question)
        case Answered():
            runs = JobState.RUNNING if _under_way(job) else job.state
            asked = job.question.text if job.question else ""
            left = {text: answer for text, answer in job.replies.items() if text != asked}
            return replace(alive, state=runs, question=None, replies=left)
        case Checked():
            if _is_settled(job) and not event.again:
                return alive
            return replace(
                alive,
                checks=event.reports,
                verdict=event.verdict,
                tree_hash=event.tree_hash,
                warnings=event.warnings,
                verdict_note="",
            )
        case Outcome():
            return _outcome(alive, event)


def _under_way(job: Job) -> bool:
    """Whether what a worker says is about the run that the job waits for."""
    return job.state.live and job.state is not JobState.QUEUED


def _outcome(job: Job, outcome: Outcome) -> Job:
    if job.own is not None and job.wanted > 1:
        return job  # the end of this run was decided before
    # Cancelled, paused or even queued again a moment before the end: what was decided first stands,
    # the draft is kept.
    state = outcome.state if _under_way(job) else job.state
    if job.wanted > 1 and _under_way(job):
        state = JobState.RUNNING  # the others are still at work, or it is being chosen
    spent = outcome.spent if outcome.spent.turns >= job.spent.turns else job.spent
    ended = replace(
        job, state=state, spent=spent, asked_open=False, inner_open=False, question=None, own=outcome
    )
    if _is_settled(job):
        return ended
    # Any other end stands on the last recorded turn, also where the worker could not open it (a
    # folder that is away for a moment).
    made = outcome.files or outcome.state is JobState.READY
    return replace(
        _drafted(ended, outcome.files) if made else ended,
        summary=outcome.summary,
        problem=outcome.problem if _under_way(job) else job.problem,
        checks=outcome.checks or job.checks,
        verdict=outcome.verdict,
        verdict_note="",
        tree_hash=outcome.tree_hash or job.tree_hash,
        evidence=outcome.evidence,
        warnings=outcome.warnings,
    )


def _selected(job: Job, selected: Selected) -> Job:
    """The job with the plan of the chosen attempt; what is in the user's texts stays as it is."""
    if _is_settled(job):
        return job
    outcome = selected.outcome
    return replace(
        _drafted(job, outcome.files),
        state=JobState.READY,
        summary=outcome.summary,
        problem=outcome.problem,
        checks=outcome.checks,
        verdict=outcome.verdict,
        verdict_note="",
        tree_hash=outcome.tree_hash,
        evidence=outcome.evidence,
        warnings=outcome.warnings,
        question=None,
        selected=selected,
    )


def _drafted(job: Job, files: Draft) -> Job:
    """The job with another draft, where none is settled."""
    return job if _is_settled(job) else replace(job, plan=files, pending=files)


def _is_settled(job: Job) -> bool:
    """Whether the draft is in the user's texts, or on its way there: what is said of another is too late.

    A run that was cancelled may still say something after its draft was applied by force.
    """
    return bool(job.applied) or job.landing is not None


def _replied(job: Job, reply: Replied) -> Job:
    if job.question is None or job.question.id != reply.question_id:
        return job
    question = replace(job.question, answer=reply.answer)
    return replace(job, question=question, replies={**job.replies, question.text: reply.answer})


def _landed(job: Job, landed: Landed) -> Job:
    merged = bool(landed.moved)
    return replace(
        job,
        landing=None,
        state=landed.state,
        pending=landed.pending,
        applied=landed.applied,
        # The verdict was about another tree: the one without what the user typed meanwhile.
        verdict=Verdict.UNVERIFIED if merged else job.verdict,
        verdict_note=landed.note if merged else job.verdict_note,
    )


def _replaced(job: Job, replaced: Replaced) -> Job:
    return replace(
        job,
        state=JobState.APPLIED,
        plan=replaced.plan,
        pending=(),
        # The verdict was about the whole plan.
        verdict=Verdict.UNVERIFIED,
        verdict_note="The rest of it is another job's plan now",
    )


def _paid(spent: Spent, event: TurnDone | Explored | Compacted) -> Spent:
    cost = _sum(spent.cost_usd, event.cost_usd)
    return replace(spent, usage=spent.usage + event.usage, cost_usd=cost)


def _sum(so_far: float | None, more: float | None) -> float | None:
    if more is None:
        return so_far
    return more if so_far is None else so_far + more
