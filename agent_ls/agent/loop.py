"""The loop: ask the model, run its tools on the turn's draft, record the whole turn, go on.

A turn exists only when all of it is there: the model's message was received to its end, its
calls were run on a draft of their own, and the owner has recorded both. Until then nothing has
happened, so a turn can be lost at any moment and is simply asked for again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.breaker import LoopBreaker
from agent_ls.agent.caching import with_walking_marks
from agent_ls.agent.compaction import EXCEEDED, Compactor
from agent_ls.agent.history import finished, messages, past_calls
from agent_ls.agent.link import Link
from agent_ls.agent.meter import Meter
from agent_ls.agent.notes import USER_SAYS
from agent_ls.agent.planning import UserPlanner
from agent_ls.agent.tools.toolbox import run_calls
from agent_ls.core.attempt import DraftFile, Opened, RequestStarted, TurnDone
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import JobState, Usage
from agent_ls.core.paths import RelPath
from agent_ls.model.protocol import ContextOverflowError, Turn, TurnRequest
from agent_ls.workspace.overlay import Overlay

Json = dict[str, Any]

_ASK_TO_FINISH = (
    "You called no tool. If the task is done, call finish with a summary; else go on with the tools."
)
_CUT_OFF = "Your answer was cut off at its length limit. Go on from there, in smaller pieces."
_AGAIN = "The work so far is kept: resume the job."
_SMALLER = "The work so far is kept: resume the job, or give the rest as a smaller task."
_OTHER_WORDS = "retry the job in other words."
_SILENT: Json = {"type": "text", "text": "(no answer)"}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended. ``state``: ready, failed, cancelled or out_of_budget."""

    state: JobState
    summary: str = ""
    problem: str = ""


@dataclass(slots=True)
class Talk:
    """A conversation under way: what was said, and what the next turn needs.

    ``ask`` sends one request and returns a whole turn, with whatever patience the service needs.
    ``bench`` makes a turn's bench for its number and draft; ``cost_usd`` prices a turn;
    ``keep`` records a draft and returns it with the pins that are new. ``room`` shortens what was
    said; ``planner`` knows whether the user has rejected the plan; ``options`` are fields of every request;
    ``forgiven`` as in `AttemptRequest`.
    """

    opened: Opened
    max_tokens: int
    link: Link
    meter: Meter
    draft: Overlay
    ask: Callable[[TurnRequest], Awaitable[Turn]]
    bench: Callable[[int, Overlay], Bench]
    cost_usd: Callable[[str, Usage], float | None]
    keep: Callable[[Overlay], tuple[tuple[DraftFile, ...], Mapping[RelPath, str | None]]]
    room: Compactor
    planner: UserPlanner
    options: Json = field(default_factory=dict[str, Any])
    turns: list[TurnDone] = field(default_factory=list[TurnDone])
    forgiven: int = 0


async def converse(talk: Talk) -> Ending:
    """Run turns until the agent finishes, cannot go on, or a ceiling is reached.

    Every ending leaves ``talk.draft`` at the last recorded turn. Raises nothing of its own;
    cancellation passes.
    """
    breaker = LoopBreaker(past_calls(talk.turns[talk.forgiven :]))
    while True:
        if refused := talk.planner.rejected():
            return Ending(JobState.CANCELLED, problem=refused)
        if talk.turns and (ending := _ending(talk.turns, breaker, talk.forgiven)):
            return ending
        if ceiling := talk.meter.reached():
            return Ending(JobState.OUT_OF_BUDGET, problem=ceiling)
        try:
            async with talk.meter.limit():
                await talk.room.make_room(talk.turns)
            done = await _turn(talk, breaker)
        except ContextOverflowError as error:
            if await talk.room.overflowed(talk.turns):
                continue
            return Ending(JobState.FAILED, problem=error.sentence())
        except TimeoutError:
            return Ending(JobState.OUT_OF_BUDGET, problem=talk.meter.out_of_time)
        except AgentLsError as error:
            return Ending(JobState.FAILED, problem=error.sentence())
        talk.turns.append(done)


async def _turn(talk: Talk, breaker: LoopBreaker) -> TurnDone:
    number = talk.meter.spent.turns + 1
    await talk.link.record(RequestStarted(number))
    talk.link.progress("thinking")
    draft = talk.draft.fork()
    try:
        # The clock stops what may hang; what is done by then is always recorded.
        async with talk.meter.limit():
            turn = await talk.ask(_request(talk))
            results = await run_calls(talk.bench(number, draft), turn.calls)
    except BaseException:  # (cancelled or failed, the request was sent: it counts)
        talk.meter.lost_request()
        raise
    files, pins = talk.keep(draft)
    done = TurnDone(
        turn=number,
        assistant=turn.content or [_SILENT],
        user=results,
        stop_reason=turn.stop_reason,
        usage=turn.usage,
        cost_usd=talk.cost_usd(turn.model, turn.usage),
        pins=pins,
        draft=files,
    )
    done = replace(done, user=[*results, *_words(talk, done, breaker)])
    await talk.link.record(done)
    talk.draft.adopt(draft)
    talk.meter.add(done)
    return done


def _request(talk: Talk) -> TurnRequest:
    opened = talk.opened
    said = with_walking_marks(messages(opened.opening, talk.turns, talk.room.now))
    return TurnRequest(opened.model, opened.system, opened.tools, said, talk.max_tokens, talk.options)


def _words(talk: Talk, done: TurnDone, breaker: LoopBreaker) -> list[Json]:
    """What stands in the next user message beside tool results."""
    warning = breaker.note(past_calls([done]))
    if finished(done) is not None or done.stop_reason in ("refusal", "pause_turn"):
        return []
    words: list[str] = []
    if done.stop_reason in ("max_tokens", EXCEEDED):
        words.append(_CUT_OFF)
    elif not done.user and not _asked_to_finish(talk.turns):
        words.append(_ASK_TO_FINISH)
    if warning:
        words.append(warning)
    words += [f"{USER_SAYS}{text}" for text in talk.link.told()]
    return [{"type": "text", "text": text} for text in words]


def _asked_to_finish(turns: list[TurnDone]) -> bool:
    return bool(turns) and any(block.get("text") == _ASK_TO_FINISH for block in turns[-1].user)


def _ending(turns: list[TurnDone], breaker: LoopBreaker, forgiven: int) -> Ending | None:
    """How the last recorded turn ends the attempt, if it does.

    A function of the record alone, so that a resumed attempt ends as the undisturbed one would;
    ``forgiven`` is part of it.
    """
    last = turns[-1]
    if (summary := finished(last)) is not None:
        return Ending(JobState.READY, summary)
    if len(turns) <= forgiven:
        return None  # however it had ended: the user wants it to go on
    text = "".join(str(block.get("text", "")) for block in last.assistant if block.get("type") == "text")
    match last.stop_reason:
        case "refusal":
            said = f": {text.strip()}" if text.strip() and last.assistant != [_SILENT] else ""
            problem = f"The model declined to go on with this task{said[:500]}"
            return Ending(JobState.FAILED, problem=f"{problem}. The work so far is kept: {_OTHER_WORDS}")
        case "model_context_window_exceeded" if [t.stop_reason for t in turns[forgiven:][-2:]] == [
            EXCEEDED
        ] * 2:
            problem = f"The conversation no longer fits into the model's window, even shortened. {_SMALLER}"
            return Ending(JobState.FAILED, problem=problem)
        case "pause_turn":
            return None
        case _:
            pass
    if broken := breaker.broken():
        return Ending(JobState.FAILED, problem=broken)
    if not last.user and last.assistant == [_SILENT]:
        return Ending(JobState.FAILED, problem=f"The model gave no answer. {_AGAIN}")
    if not last.user:
        return Ending(JobState.READY, text.strip(), problem="The agent stopped without calling finish")
    return None
