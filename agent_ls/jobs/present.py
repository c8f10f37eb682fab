"""From a job's journal to what faces show. Reads texts from the job's blobs, changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import final

from agent_ls.core.attempt import (
    Answered,
    Asked,
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
from agent_ls.core.diff import stat, unified
from agent_ls.core.edits import ChangeSet
from agent_ls.core.errors import AgentLsError
from agent_ls.core.hunks import hunks
from agent_ls.core.job import JobId, JobState, Progress
from agent_ls.core.merge import Conflict
from agent_ls.core.steps import Planned
from agent_ls.jobs.attempt_views import attempts
from agent_ls.jobs.backing import backings
from agent_ls.jobs.estimating import said
from agent_ls.jobs.fold import Job
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.landing import from_draft
from agent_ls.jobs.records import (
    Created,
    Discarded,
    Ended,
    Landed,
    LandingFailed,
    LandingStarted,
    Replaced,
    Replied,
    Resumed,
    Started,
    Told,
    Widened,
    WorkerLost,
)
from agent_ls.jobs.views import ConflictView, EventView, FileView, JobDetail, JobView
from agent_ls.workspace.blobs import BlobStore

_LOST = "The process that ran this job is gone; the work is kept up to the last whole turn"
_COUNTS_KEPT = 4096


@final
class Presenter:
    """Makes views; remembers line counts, which are diffs of texts that never change."""

    def __init__(self, blobs: Callable[[JobId], BlobStore]) -> None:
        self._blobs = blobs
        self._counts: dict[tuple[str | None, str | None], tuple[int, int]] = {}

    def view(self, job: Job, owner: str, progress: Progressed | None = None) -> JobView:
        """A job at a glance. ``owner`` as in `JobView`."""
        intent = job.request.intent
        state, problem = job.state, job.problem
        if state.live and owner == "nobody":
            state, problem = JobState.INTERRUPTED, _LOST
        elif state is JobState.RUNNING and progress is not None:
            state = progress.state if progress.state.live else state
        waiting = {path for f in job.pending for path in (f.path, f.moved_from)}
        return JobView(
            id=job.id,
            kind=intent.kind,
            state=state,
            title=intent.title,
            created_at=job.created_at,
            updated_at=job.updated_at,
            progress=_progress(job, state, progress),
            estimate_usd=job.request.estimate_usd,
            spent=job.spent,
            verdict=job.verdict,
            verdict_note=job.verdict_note,
            warnings=job.warnings,
            problem=problem,
            site=intent.site,
            question=job.question if state is JobState.WAITING else None,
            files=tuple(
                self._file(job.id, f, landed=bool(job.applied) and f.path not in waiting) for f in job.plan
            ),
            owner=owner,
            landing="" if job.landing is None else ("undo" if job.landing.undo else "apply"),
        )

    def detail(
        self,
        job: Job,
        view: JobView,
        entries: Sequence[Entry],
        further: Sequence[Job] = (),
        story: Sequence[Entry] | None = None,
    ) -> JobDetail:
        """Everything about one job. A text that is lost leaves the patch empty and says so.

        ``further``: its attempts after the first. ``story``: the record of the attempt that is the plan,
        where it is not the job's own.
        """
        get = self._blobs(job.id).get
        try:
            plan, pending = from_draft(job.plan, get), from_draft(job.pending, get)
        except AgentLsError as error:
            plan = pending = ChangeSet()
            view = replace(view, problem=error.sentence())
        pieces = hunks(plan)
        left = pieces if job.pending == job.plan else hunks(pending)
        return JobDetail(
            view=view,
            summary=job.summary,
            task=job.request.intent.task,
            hunks=tuple(pieces),
            backing=backings(job.request.intent, plan, story or entries, get),
            pending=frozenset(hunk.id for hunk in left),
            patch=unified(plan),
            checks=job.checks,
            tree_hash=job.tree_hash,
            evidence=job.evidence,
            events=tuple(events(entries)),
            runs=max(1, job.runs) if job.wanted == 1 else job.wanted,
            attempts=attempts(job, further, lambda draft: self._files(job.id, draft)),
            selection=job.selected.reason if job.selected is not None else "",
            steps=job.steps,
        )

    def _files(self, job: JobId, draft: Sequence[DraftFile]) -> tuple[FileView, ...]:
        return tuple(self._file(job, file, landed=False) for file in draft)

    def _file(self, job: JobId, file: DraftFile, *, landed: bool) -> FileView:
        key = (file.before, file.after)
        if key not in self._counts:
            if len(self._counts) >= _COUNTS_KEPT:
                self._counts.clear()
            self._counts[key] = self._count(job, file)
        added, removed = self._counts[key]
        return FileView(file.path, _op(file), added, removed, file.moved_from, landed)

    def _count(self, job: JobId, file: DraftFile) -> tuple[int, int]:
        get = self._blobs(job).get
        try:
            before = None if file.before is None else get(file.before)
            after = None if file.after is None else get(file.after)
        except AgentLsError:
            return 0, 0  # a list of jobs must not fail for one lost text; `detail` says it
        return stat(before, after)


def _progress(job: Job, state: JobState, progress: Progressed | None) -> Progress:
    """Where a live job is; before it has said anything, what it will probably cost."""
    if not state.live:
        return Progress()
    if progress is not None:
        return progress.progress
    estimate = job.request.estimate_usd
    return Progress() if estimate is None or job.spent.turns else Progress(f"will cost {said(estimate)}")


def changed_files(changes: ChangeSet) -> tuple[FileView, ...]:
    """The files of a change set that is in the user's texts."""
    return tuple(
        FileView(c.path, c.op.value, *stat(c.before, c.after), moved_from=c.moved_from, landed=True)
        for c in changes
    )


def conflict_views(conflicts: Iterable[Conflict]) -> tuple[ConflictView, ...]:
    return tuple(
        ConflictView(c.path, c.line + 1, c.reason, _text(c.base), _text(c.ours), _text(c.theirs))
        for c in conflicts
    )


def events(entries: Iterable[Entry]) -> Iterable[EventView]:
    """A job's log for people; what says nothing to them is left out."""
    for entry in entries:
        text = _sentence(entry)
        if text:
            yield EventView(entry.at, entry.kind, text)


def _sentence(entry: Entry) -> str:
    match entry.record:
        case Created(request=request):
            return f"asked for: {request.intent.title}"
        case Started():
            return "an attempt began"
        case WorkerLost(reason=reason):
            return f"the agent worker ended{f' ({reason})' if reason else ''}; the attempt goes on from its last turn"
        case Ended(state=state, reason=reason):
            return f"{state.value.replace('_', ' ')}: {reason}" if reason else state.value
        case Resumed():
            return "resumed"
        case Widened(attempts=wanted, reason=reason):
            return f"{wanted} attempts in all: {reason}"
        case Selected(attempt=attempt, reason=reason):
            return f"attempt {attempt} is the plan: {reason}"
        case Told(text=text):
            return f"you said: {text}"
        case Asked(question=question):
            return f"asks: {question.text}"
        case Answered(answer=answer, by_default=by_default):
            return f"answered{' by default' if by_default else ''}: {answer}"
        case TurnDone(turn=turn, assistant=assistant):
            return f"turn {turn}: {_turn(assistant)}"
        case Explored(question=question, assistant=assistant):
            return f"exploring {' '.join(question.split())[:80]!r}: {_turn(assistant)}"
        case Compacted(dropped=dropped, blanked=blanked):
            what = (
                f"turns up to {dropped} became notes" if dropped else f"results up to turn {blanked} left out"
            )
            return f"the conversation was shortened: {what}"
        case Planned(steps=steps, state=state):
            return f"plan {state.value}: {len(steps)} steps"
        case Checked(reports=reports, verdict=verdict):
            ran = ", ".join(f"{r.name} {r.status}" for r in reports) or "nothing to run"
            return f"checked ({verdict.value}): {ran}"
        case Outcome(state=state, summary=summary, problem=problem):
            return f"{state.value.replace('_', ' ')}: {summary or problem}"
        case LandingStarted(undo=undo, changes=changes):
            return f"the editor is asked to {'undo' if undo else 'apply'} {_count(changes)}"
        case Landed(state=state, note=note):
            return state.value.replace("_", " ") + (f"; {note}" if note else "")
        case LandingFailed(reason=reason):
            return f"nothing landed: {reason}"
        case Discarded():
            return "discarded"
        case Replaced(by=by):
            return f"what had not landed is the plan of job {by} now"
        case Opened() | RequestStarted() | Replied() | Progressed() | None:
            return ""


def _turn(content: Sequence[dict[str, object]]) -> str:
    tools = [str(block.get("name")) for block in content if block.get("type") == "tool_use"]
    if tools:
        return ", ".join(tools)
    words = " ".join(str(block.get("text", "")) for block in content if block.get("type") == "text")
    return " ".join(words.split())[:200]


def _count(changes: Sequence[DraftFile]) -> str:
    return "1 file" if len(changes) == 1 else f"{len(changes)} files"


def _op(file: DraftFile) -> str:
    if file.moved_from is not None:
        return "move"
    if file.before is None:
        return "create"
    return "delete" if file.after is None else "edit"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
