"""Deterministic actions as attempts: instant, the same every time, no model, all from the index."""

from __future__ import annotations

from agent_ls.agent.bench import Prover
from agent_ls.agent.ground import Ground
from agent_ls.agent.link import Link
from agent_ls.core.attempt import Answered, Asked, Outcome
from agent_ls.core.errors import UsageError, WorkspaceError
from agent_ls.core.job import ASK, Intent, IntentKind, JobState, Question, Site
from agent_ls.core.paths import RelPath
from agent_ls.index.actions import ActionPlan, Left, refused
from agent_ls.index.missing import add_import
from agent_ls.index.rename import rename
from agent_ls.index.unused import remove_unused_imports

_LISTED = 20
_ANSWER_S = 300.0


async def act(ground: Ground, link: Link, prover: Prover) -> Outcome:
    """The plan of a deterministic action, with what was left alone named in ``problem``.

    Raises:
        UsageError: the intent names no place, or not what is to become of it.
        WorkspaceError: a file of the plan may not be changed, or changed while it was looked at.
    """
    intent = ground.request.intent
    if intent.site is None:
        raise UsageError("This needs a place", remedy="Put the cursor on a symbol")
    link.progress(intent.title)
    plan = _plan(ground, intent, intent.site)
    if plan.choices and intent.new_name == ASK:
        choice = await _chosen(ground, link, plan)
        plan = _plan(ground, intent, intent.site, choice) if choice else plan
    for change in plan.changes:
        if change.before is not None and ground.draft.read(change.path) != change.before:
            raise WorkspaceError(f"{change.path} changed meanwhile", remedy="Start it again")
        if change.after is not None:
            ground.draft.write(change.path, change.after)
    if not plan.changes:
        return Outcome(JobState.FAILED, problem=_refusal(plan), pins=dict(ground.snapshot.pins))
    checked = await prover.prove(ground.draft)
    files, _ = ground.keep(ground.draft)
    return Outcome(
        JobState.READY,
        summary=plan.summary,
        files=files,
        checks=checked.reports,
        verdict=checked.verdict,
        tree_hash=checked.tree_hash,
        warnings=checked.warnings,
        problem=_listed("Left alone", plan.left),
        pins=dict(ground.snapshot.pins),
    )


def _plan(ground: Ground, intent: Intent, site: Site, choice: str = "") -> ActionPlan:
    wish = choice or ("" if intent.new_name == ASK else intent.new_name)
    also = sorted(ground.snapshot.unsaved)
    at = site.span.start
    match intent.kind:
        case IntentKind.ADD_IMPORT:
            return add_import(ground.index, ground.peek, site.path, at, wish)
        case IntentKind.REMOVE_IMPORTS:
            return remove_unused_imports(ground.index, ground.peek, site.path, also=also)
        case _:
            if not wish:
                raise UsageError("A rename needs a place and a new name", remedy="Put the cursor on a symbol")
            return _rename(ground, site, wish, also)


def _rename(ground: Ground, site: Site, wish: str, also: list[RelPath]) -> ActionPlan:
    plan = rename(ground.index, ground.peek, site.path, site.span.start, wish, also=also)
    if not plan.changes:
        return refused(plan.reason or "The index resolves no symbol here")
    why = "the index cannot tell whether it means the same"
    left = tuple(Left(hit.path, hit.line, why) for hit in plan.unresolved)
    return ActionPlan(plan.changes, f"Renamed to {wish} in {len(plan.changes)} files.", left)


async def _chosen(ground: Ground, link: Link, plan: ActionPlan) -> str:
    """Which of several things is meant; empty: nobody said."""
    question = Question("q1.1", plan.reason, plan.choices, timeout_s=_ANSWER_S)
    known = ground.history.answers.get((question.id, question.text))
    if known is not None:
        return known
    await link.record(Asked(question))
    link.progress("waiting for your answer", JobState.WAITING)
    answer = await link.answer(question)
    await link.record(Answered(question.id, answer or "", by_default=answer is None))
    return answer or ""


def _refusal(plan: ActionPlan) -> str:
    choices = f" Choices: {'; '.join(plan.choices)}." if plan.choices else ""
    left = _listed("Left alone", plan.left)
    return f"{plan.reason}.{choices}{' ' + left if left else ''}"


def _listed(head: str, left: tuple[Left, ...]) -> str:
    """Places by reason, the first ones of many."""
    if not left:
        return ""
    by_reason: dict[str, list[str]] = {}
    for place in left[:_LISTED]:
        by_reason.setdefault(place.why, []).append(f"{place.path}:{place.line}")
    more = f"; and {len(left) - _LISTED} more" if len(left) > _LISTED else ""
    parts = "; ".join(f"{', '.join(places)} ({why})" for why, places in by_reason.items())
    return f"{head}: {parts}{more}"
