"""The attempts of one job as people see them: each by itself, and the job as the sum of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from agent_ls.core.attempt import Outcome, Progressed, Variation
from agent_ls.core.job import JobId, JobState, Progress, Question, Spent
from agent_ls.core.selection import Evidence
from agent_ls.jobs.fold import Draft, Job
from agent_ls.jobs.views import AttemptView, FileView, JobView

Files = Callable[[Draft], tuple[FileView, ...]]
_SEPARATOR = ":"


def together(
    view: JobView, job: Job, further: Sequence[Job], progress: Callable[[JobId], Progressed | None]
) -> JobView:
    """The view of a job with several attempts: what all have spent, who asks, how far it is."""
    spent = job.spent
    for other in further:
        spent = _plus(spent, other.spent)
    view = replace(view, spent=spent)
    if not view.state.live:
        return view
    if (asks := next(questions(job, further), None)) is not None:
        return replace(view, state=JobState.WAITING, question=asks[1])
    ended = [job.own is not None, *(not other.state.live for other in further)]
    done = sum(ended)
    said = [(job, progress(job.id)), *((other, progress(other.id)) for other in further)]
    steps = [f"attempt {other.request.attempt} {p.progress.step}" for other, p in said if p is not None]
    step = "comparing the attempts" if done == job.wanted else " · ".join(steps)
    state = JobState.RUNNING if view.state is JobState.WAITING else view.state
    if job.own is not None and state in (JobState.RUNNING, JobState.QUEUED):
        state = JobState.CHECKING if done == job.wanted else JobState.RUNNING
    return replace(view, state=state, question=None, progress=Progress(step[:200], done, job.wanted))


def questions(job: Job, further: Sequence[Job]) -> Iterator[tuple[JobId, Question]]:
    """Whoever waits for an answer, with its question; ids of further attempts' questions name the attempt.

    One that was answered, of which the attempt has not said that it heard it, is no question any more.
    """
    if job.question is not None and _asks(job):
        yield job.id, job.question
    for other in further:
        if other.question is not None and _asks(other):
            name = f"{other.request.attempt}{_SEPARATOR}{other.question.id}"
            yield other.id, replace(other.question, id=name)


def _asks(run: Job) -> bool:
    return run.state is JobState.WAITING and run.question is not None and run.question.answer is None


def own_id(question: str) -> str:
    """The id by which the attempt knows its question."""
    number, separator, rest = question.partition(_SEPARATOR)
    return rest if separator and number.isdecimal() else question


def attempts(job: Job, further: Sequence[Job], files: Files) -> tuple[AttemptView, ...]:
    """Every attempt by itself. ``files``: makes the views of a draft's files.

    A job with one attempt has that one, in the job's own words.
    """
    if job.wanted == 1:
        return (_view(1, job, job.own, job.state, chosen=bool(job.plan), job=job, files=files),)
    first = job.own
    state = first.state if first is not None else (job.state if job.state.live else JobState.INTERRUPTED)
    chosen = job.selected.attempt if job.selected is not None else 0
    found = [_view(1, job, first, state, chosen=chosen == 1, job=job, files=files)]
    for other in further:
        number = other.request.attempt
        found.append(
            _view(number, other, other.own, other.state, chosen=chosen == number, job=job, files=files)
        )
    return tuple(found)


def _view(
    number: int, run: Job, own: Outcome | None, state: JobState, *, chosen: bool, job: Job, files: Files
) -> AttemptView:
    evidence = {e.attempt: e for e in job.selected.evidence} if job.selected is not None else {}
    draft = run.plan
    if own is not None and own.files:
        draft = own.files
    elif number == 1 and job.selected is not None:
        draft = ()  # the run of the first attempt is the job, whose plan is the chosen one's
    return AttemptView(
        number=number,
        state=state,
        chosen=chosen,
        verdict=own.verdict if own is not None else run.verdict,
        summary=own.summary if own is not None else "",
        problem=own.problem if own is not None else run.problem,
        how=_how(run.request.variation),
        files=files(draft),
        spent=run.spent,
        found=findings(evidence[number]) if number in evidence else (),
    )


def findings(evidence: Evidence) -> tuple[str, ...]:
    """What running a candidate beside the others has shown, in words."""
    said = [
        (not evidence.applies, "clashes with the files of now"),
        (evidence.syntax, f"{evidence.syntax} new syntax errors"),
        (evidence.idle, "changes nothing that a program would notice"),
        (evidence.broken, f"{len(evidence.broken)} of the project's tests fail that passed before"),
        (evidence.mended, f"{evidence.mended} tests pass that failed before"),
        (evidence.findings, f"{evidence.findings} new findings of linters"),
        (evidence.weakened, f"{evidence.weakened} tests made less strict"),
    ]
    peers = [
        f"the tests of attempt {author}: {len(tally.failing)} fail"
        if tally.failing
        else f"passes the tests of attempt {author}"
        for author, tally in sorted(evidence.peers.items())
        if author != evidence.attempt
    ]
    return (*(text for true, text in said if true), *peers)


def _how(variation: Variation) -> str:
    parts = [
        variation.model,
        f"effort {variation.effort}" if variation.effort else "",
        variation.hint.splitlines()[-1] if variation.hint else "",
    ]
    return " · ".join(part for part in parts if part)


def _plus(one: Spent, other: Spent) -> Spent:
    costs = [cost for cost in (one.cost_usd, other.cost_usd) if cost is not None]
    return Spent(
        one.turns + other.turns,
        one.usage + other.usage,
        sum(costs) if costs else None,
        one.unrecorded_requests + other.unrecorded_requests,
    )
