"""Entries of the menu about jobs: their questions, their plans, and the part of a plan that is here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agent_ls.core.job import JobId, JobState, Question, Verdict
from agent_ls.jobs.entries import REWRITE, short
from agent_ls.jobs.hunks_here import HunksAt
from agent_ls.jobs.views import JobView, Offer, plan_size

_CHOICES = 3
_CHECKABLE = frozenset({JobState.READY, JobState.PARTLY_APPLIED, JobState.APPLIED})
"""A merge with later edits made a tree that nothing was proven on: the offer to prove the plan on it."""

_JOB_ORDER = {
    JobState.WAITING: 0,
    JobState.READY: 1,
    JobState.PARTLY_APPLIED: 2,
    JobState.INTERRUPTED: 3,
    JobState.OUT_OF_BUDGET: 3,
    JobState.RUNNING: 4,
    JobState.CHECKING: 4,
    JobState.QUEUED: 4,
    JobState.APPLIED: 5,
}

_VERDICTS = {
    Verdict.VERIFIED: "verified",
    Verdict.UNVERIFIED: "unverified",
    Verdict.WORSE: "checks got worse",
}

_REVIEWED = frozenset({JobState.READY, JobState.PARTLY_APPLIED})


def job_offers(jobs: Iterable[JobView]) -> Iterator[Offer]:
    """What can be done with jobs, those that wait for somebody first."""
    ranked = sorted(jobs, key=lambda view: _JOB_ORDER.get(view.state, 9))
    for view in ranked:
        title = short(view.title)
        match view.state:
            case JobState.WAITING if view.question is not None:
                yield from _answers(view.id, view.question)
            case JobState.READY | JobState.PARTLY_APPLIED:
                size = f"{plan_size(view)}, {_VERDICTS[view.verdict]}"
                yield _job(f"Review plan: {title} ({size})", "agentLs.review", {"jobId": view.id})
                yield _job(f"Apply plan: {title} ({size})", "agentLs.apply", {"jobId": view.id})
                if view.state is JobState.READY:
                    yield _job(f"Discard plan: {title}", "agentLs.discard", {"jobId": view.id})
                else:
                    yield _job(f"Undo: {title}", "agentLs.undo", {"jobId": view.id})
            case JobState.RUNNING | JobState.CHECKING | JobState.QUEUED:
                yield _job(f"Cancel: {title}", "agentLs.cancel", {"jobId": view.id})
            case JobState.INTERRUPTED | JobState.OUT_OF_BUDGET:
                yield _job(f"Resume: {title}", "agentLs.resume", {"jobId": view.id})
            case JobState.APPLIED:
                yield _job(f"Undo: {title}", "agentLs.undo", {"jobId": view.id})
            case _:
                continue
        if view.verdict_note and view.state in _CHECKABLE:
            yield _job(f"Check again: {title}", "agentLs.check", {"jobId": view.id})


def hunk_offers(jobs: Iterable[JobView], hunks: Iterable[HunksAt]) -> Iterator[Offer]:
    """A part of a plan, where an editor has no review of its own: just what is at this place."""
    views = {view.id: view for view in jobs if view.state in _REVIEWED}
    for here in hunks:
        view = views.get(here.job)
        if view is not None:
            count = len(here.ids)
            some = "this change" if count == 1 else f"these {count} changes"
            title = f"Apply only {some} (of {here.of} in this file): {short(view.title)}"
            arguments = {"jobId": view.id, "hunks": list(here.ids)}
            yield Offer(title, REWRITE, "agentLs.apply", arguments, group="hunk")


def _answers(job: JobId, question: Question) -> Iterator[Offer]:
    """An entry per possible answer, since LSP has no input box; a plugin asks for any other text itself."""
    asked: dict[str, object] = {"jobId": job, "questionId": question.id}
    text = short(question.text)
    for choice in question.choices[:_CHOICES]:
        yield _question(f"Answer “{short(choice)}”: {text}", {**asked, "answer": choice})
    if not question.choices:
        yield _question(f"Answer: {text}", asked)
        if question.default:
            default = {**asked, "answer": question.default}
            yield _question(f"Answer “{short(question.default)}”: {text}", default)


def _question(title: str, arguments: Mapping[str, object]) -> Offer:
    return Offer(title, REWRITE, "agentLs.answer", dict(arguments), group="question")


def _job(title: str, command: str, arguments: Mapping[str, object]) -> Offer:
    return Offer(title, REWRITE, command, dict(arguments), group="job")
