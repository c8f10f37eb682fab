"""A task for the model: from the request to an outcome, or from where the record ends to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agent_ls.agent import context
from agent_ls.agent.anchor import remove_anchor
from agent_ls.agent.bench import Prover
from agent_ls.agent.confining import confine
from agent_ls.agent.equipment import equip
from agent_ls.agent.ground import Ground
from agent_ls.agent.link import Link
from agent_ls.agent.loop import Ending, converse
from agent_ls.agent.meter import Meter
from agent_ls.agent.planning import UserPlanner
from agent_ls.agent.resources import Resources
from agent_ls.agent.tools.toolbox import definitions
from agent_ls.agent.wirelog import WireLog
from agent_ls.core.attempt import Checked, Opened, Outcome
from agent_ls.core.job import JobState, Spent, Verdict
from agent_ls.index.context import Context
from agent_ls.index.context import context as find_context
from agent_ls.model.configured import model_names
from agent_ls.model.protocol import Model
from agent_ls.model.scripted import Scripted

_CONTEXT_TOKENS = 4000


async def delegate(ground: Ground, link: Link, resources: Resources, prover: Prover, meter: Meter) -> Outcome:
    """Run the conversation to its end and hand over what it left.

    Raises:
        AgentLsError: nothing could be started (no model, a lost text).
    """
    opened = await _opened(ground, link, resources, prover)
    wire = WireLog(Path(ground.request.job_dir), ground.request.attempt)
    model = await resources.model(ground.root, ground.request.models, wire)
    try:
        talk = equip(ground, link, resources, prover, meter, opened, model)
        ending = await converse(talk)
        left_out = confine(ground) if ending.state is JobState.READY else ()
        departures = (*left_out, *_departures(ground, talk.planner))
    finally:
        wire.close()
        await model.close()
    outcome = await conclude(ground, prover, ending, meter.spent)
    return replace(outcome, evidence=(*_origin(model), *departures))


def _origin(model: Model) -> tuple[str, ...]:
    """Scripted turns are never passed off as a model's."""
    if not isinstance(model, Scripted):
        return ()
    return ("scripted turns, no model was called", model.score)


def _departures(ground: Ground, planner: UserPlanner) -> Iterator[str]:
    """The changed files that the plan does not speak of."""
    for change in ground.draft.changes():
        for path in sorted({change.path, change.source}):
            if reason := planner.departure(path):
                yield f"{path}: {reason}"


async def _opened(ground: Ground, link: Link, resources: Resources, prover: Prover) -> Opened:
    if ground.history.opened is not None:
        return ground.history.opened
    request = ground.request
    opened = Opened(
        system=context.system(),
        tools=definitions(),
        opening=context.opening(
            ground.draft,
            request.intent,
            unsaved=sorted(ground.snapshot.unsaved),
            checks=prover.names(ground.draft),
            trusted=request.trusted,
            found=_found(ground),
            variation=request.variation,
        ),
        model=request.variation.model or model_names(request.models, resources.environ).work,
    )
    await link.record(opened)
    return opened


def _found(ground: Ground) -> Context | None:
    """What the index thinks is relevant; an index that knows nothing yet is no reason to wait."""
    intent = ground.request.intent
    if not ground.index.files():
        return None
    return find_context(ground.index, ground.peek, intent.task, intent.site, _CONTEXT_TOKENS)


async def conclude(ground: Ground, prover: Prover, ending: Ending, spent: Spent) -> Outcome:
    """The outcome of a conversation's end: the draft as it is, and what is proven of it."""
    draft = ground.draft
    checked: Checked | None = None
    if ending.state is JobState.READY and draft.changes():
        remove_anchor(draft, ground.request.intent)
        checked = await prover.prove(draft)
    elif ending.state is JobState.READY:
        said = f": {ending.summary}" if ending.summary else ""
        ending = Ending(JobState.FAILED, ending.summary, f"The agent changed nothing{said}"[:600])
    files, _ = ground.keep(draft)
    return Outcome(
        state=ending.state,
        summary=ending.summary,
        files=files,
        checks=checked.reports if checked else (),
        verdict=checked.verdict if checked else Verdict.UNVERIFIED,
        tree_hash=checked.tree_hash if checked else "",
        problem=ending.problem or _doubt(checked),
        warnings=checked.warnings if checked else (),
        spent=spent,
        pins=dict(ground.snapshot.pins),
    )


def _doubt(checked: Checked | None) -> str:
    """What a plan lacks, where it is not verified."""
    if checked is None or checked.verdict is Verdict.VERIFIED:
        return ""
    return checked.reason
