"""Equips a conversation: everything that a turn may need, built once per run of an attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from agent_ls.agent.asking import UserAsker
from agent_ls.agent.bench import Bench, Prover
from agent_ls.agent.compaction import Compactor
from agent_ls.agent.exploring import DraftExplorer
from agent_ls.agent.ground import Ground
from agent_ls.agent.history import past_calls
from agent_ls.agent.link import Link
from agent_ls.agent.loop import Talk
from agent_ls.agent.meter import Meter
from agent_ls.agent.notes import notes
from agent_ls.agent.planning import UserPlanner
from agent_ls.agent.resources import Resources
from agent_ls.agent.scripts import DraftScripts
from agent_ls.agent.search import DraftSearcher
from agent_ls.core.attempt import Opened, TurnDone, Variation
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.model.configured import model_names
from agent_ls.model.protocol import Model, Turn, TurnRequest
from agent_ls.model.retry import RetryPolicy, Waiting, ask
from agent_ls.workspace.overlay import Overlay

_SHOWING = frozenset({"read_file", "edit_file", "write_file", "move_path"})
_LIMITS_S = 10.0
"""A service that does not say its limits in this time is taken to have none to say."""


def equip(
    ground: Ground,
    link: Link,
    resources: Resources,
    prover: Prover,
    meter: Meter,
    opened: Opened,
    model: Model,
) -> Talk:
    """The conversation at the point where its record ends."""
    request, history = ground.request, ground.history
    asker = UserAsker(link, meter, history.answers, wait_s=request.answer_wait_s)
    planner = UserPlanner(link, asker, history.planned, first=request.intent.plan_first)
    patient = _patient(model, link, meter, request.models.patience_s)
    explorer = DraftExplorer(
        model=model_names(request.models, resources.environ).explain,
        ask=patient,
        link=link,
        meter=meter,
        cost_usd=resources.cost_usd,
        take_pins=ground.snapshot.take_new_pins,
        recorded=dict(history.explored),
        options=options(request.variation),
    )
    searcher = DraftSearcher(resources.search(), ground.blobs, ground.blobs_dir, request.buffers)
    scripts = DraftScripts(ground, link, resources)
    seen = _seen(ground)

    def bench(turn: int, draft: Overlay) -> Bench:
        return Bench(
            intent=request.intent,
            shown=ground.draft,
            draft=draft,
            index=ground.index,
            prover=prover,
            searcher=searcher,
            asker=asker,
            scripts=scripts,
            explorer=explorer,
            planner=planner,
            link=link,
            turn=turn,
            seen=seen,
            last_turn=turn >= request.budget.turns,
        )

    return Talk(
        opened=opened,
        max_tokens=request.models.max_tokens,
        link=link,
        meter=meter,
        draft=ground.draft,
        ask=patient,
        bench=bench,
        cost_usd=resources.cost_usd,
        keep=ground.keep,
        room=_room(ground, link, resources, prover, opened, model, planner, meter, patient),
        planner=planner,
        options=options(request.variation),
        turns=list(history.turns),
        forgiven=request.forgiven,
    )


def options(variation: Variation) -> dict[str, Any]:
    """Fields of every request: the model thinks as much as a turn needs, or as the attempt is to try.

    A service that does not know a field goes without.
    """
    effort = {"output_config": {"effort": variation.effort}} if variation.effort else {}
    return {"thinking": {"type": "adaptive"}, **effort}


def _patient(
    model: Model, link: Link, meter: Meter, patience_s: float
) -> Callable[[TurnRequest], Awaitable[Turn]]:
    """Ask with the patience that services need; the user hears of the waits."""
    policy = RetryPolicy(total_s=patience_s)

    def waited(waiting: Waiting) -> None:
        if waiting.billed:
            meter.lost_request()
        link.progress(waiting.sentence)

    async def patient(request: TurnRequest) -> Turn:
        return await ask(model, request, policy=policy, on_wait=waited)

    return patient


def _room(
    ground: Ground,
    link: Link,
    resources: Resources,
    prover: Prover,
    opened: Opened,
    model: Model,
    planner: UserPlanner,
    meter: Meter,
    ask: Callable[[TurnRequest], Awaitable[Turn]],
) -> Compactor:
    def stand_in(turns: Sequence[TurnDone], said: str) -> str:
        return notes(turns, said, ground.draft.changes(), prover.last, planner.planned)

    async def window() -> int | None:
        try:
            async with asyncio.timeout(_LIMITS_S):
                return (await model.limits(opened.model)).context
        except TimeoutError:
            return None

    return Compactor(
        opened=opened,
        options=options(ground.request.variation),
        link=link,
        meter=meter,
        ask=ask,
        window=window,
        notes=stand_in,
        cost_usd=resources.cost_usd,
        now=ground.history.compacted,
    )


def _seen(ground: Ground) -> set[RelPath]:
    """The files that the model has looked at: those attached, and those of earlier calls."""
    seen = set(ground.request.intent.files)
    for call in past_calls(ground.history.turns):
        if call.failed:
            continue
        for key in ("path", "new_path"):
            if isinstance(text := call.input.get(key), str) and call.name in _SHOWING:
                try:
                    seen.add(rel_path(text))
                except WorkspaceError:
                    continue
    return seen
