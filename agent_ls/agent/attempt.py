"""One attempt: a request in, events along the way, an outcome at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never, final

from agent_ls.agent.delegate import delegate
from agent_ls.agent.deterministic import act
from agent_ls.agent.engine import run_command
from agent_ls.agent.ground import Ground, open_ground
from agent_ls.agent.link import Link
from agent_ls.agent.meter import Meter
from agent_ls.agent.proof import DraftProver
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import AttemptRequest, Checked, Outcome
from agent_ls.core.codec import CodecError
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import IntentKind, JobState, Spent


@final
class Attempt:
    """Runs one request. `run` may be cancelled at any moment; `stopped` then says what is left."""

    def __init__(self, request: AttemptRequest, link: Link, resources: Resources) -> None:
        self._request = request
        self._link = link
        self._resources = resources
        self._ground: Ground | None = None
        self._meter: Meter | None = None

    async def run(self) -> Outcome:
        """The outcome; errors that a person can understand become a failed one. Cancellation passes."""
        try:
            self._ground = await open_ground(self._request)
            outcome = await self._attempt(self._ground)
            return replace(outcome, evidence=(*outcome.evidence, *_marks(self._ground)))
        except AgentLsError as error:
            return self.stopped(JobState.FAILED, error.sentence())
        except CodecError as error:
            return self.stopped(JobState.FAILED, f"The job's record cannot be read: {error}. Start it again.")
        finally:
            if self._ground is not None:
                self._ground.index.close()

    def stopped(self, state: JobState, problem: str) -> Outcome:
        """The outcome of an attempt that ends here, with the draft of the last recorded turn."""
        ground = self._ground
        spent = self._meter.spent if self._meter else Spent()
        if ground is None:
            return Outcome(state=state, problem=problem, spent=spent)
        files, _ = ground.keep(ground.draft)
        return Outcome(
            state=state, problem=problem, files=files, spent=spent, pins=dict(ground.snapshot.pins)
        )

    async def _attempt(self, ground: Ground) -> Outcome:
        prover = DraftProver(ground, self._link, self._resources)
        if self._request.check_only:
            return _proven(await prover.prove(ground.draft))
        kind = self._request.intent.kind
        match kind:
            case IntentKind.DELEGATE:
                self._meter = Meter(self._request.budget, ground.history.spent)
                return await delegate(ground, self._link, self._resources, prover, self._meter)
            case IntentKind.RUN:
                return await run_command(ground, self._link, self._resources, prover)
            case IntentKind.RENAME | IntentKind.ADD_IMPORT | IntentKind.REMOVE_IMPORTS | IntentKind.MOVE:
                return await act(ground, self._link, prover)
        assert_never(kind)


def _proven(checked: Checked) -> Outcome:
    return Outcome(
        JobState.READY,
        checks=checked.reports,
        verdict=checked.verdict,
        tree_hash=checked.tree_hash,
        problem=checked.reason,
    )


def _marks(ground: Ground) -> tuple[str, ...]:
    """The changed files that deserve a second look, each with the reason."""
    gate = ground.snapshot.gate
    reasons = ((path, gate.marked(path)) for path in sorted(ground.draft.changes().paths))
    return tuple(f"{path}: {reason}" for path, reason in reasons if reason)
