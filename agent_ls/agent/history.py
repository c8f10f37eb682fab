"""What an earlier run of an attempt left behind, folded from its recorded events.

A turn counts only once it is recorded whole, so the fold is simple: the conversation is the
opening and every `TurnDone`; the draft is the last turn's; whatever was recorded after that
belongs to a turn that is asked for again, and its request is counted as unrecorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent_ls.core.attempt import (
    EVENT_TYPES,
    Answered,
    Asked,
    Checked,
    DraftFile,
    Event,
    Opened,
    Outcome,
    RequestStarted,
    TurnDone,
)
from agent_ls.core.codec import from_json
from agent_ls.core.job import JobState, Spent
from agent_ls.core.paths import RelPath

Json = dict[str, Any]


@dataclass(slots=True)
class History:
    """Where an attempt stands; the empty value is an attempt that never began.

    ``answers``: by question id and text, those that a person gave in the turn that was lost.
    ``checked``: the last proof of exactly the current draft. ``ended``: the plan was already handed over.
    """

    opened: Opened | None = None
    turns: list[TurnDone] = field(default_factory=list[TurnDone])
    pins: dict[RelPath, str | None] = field(default_factory=dict[RelPath, "str | None"])
    draft: tuple[DraftFile, ...] = ()
    spent: Spent = field(default_factory=Spent)
    checked: Checked | None = None
    answers: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    ended: Outcome | None = None


def fold(records: Sequence[Mapping[str, Any]]) -> History:
    """Rebuild an attempt's state from recorded events (``{"event": name, "value": {…}}``), oldest first.

    Events of a kind that this version does not know are passed over: a newer owner may write more.

    Raises:
        CodecError: a known event does not read.
    """
    history = History()
    questions: dict[str, str] = {}
    started = False
    for record in records:
        name, value = str(record.get("event", "")), record.get("value")
        kind = EVENT_TYPES.get(name)
        if kind is None:
            continue
        event = from_json(kind, value)
        if isinstance(event, RequestStarted):
            history.spent = _count_lost(history.spent, started=started)
            started = True
        elif isinstance(event, TurnDone):
            started = False
            _take_turn(history, event)
        else:
            _take(history, event, questions)
    history.spent = _count_lost(history.spent, started=started)
    return history


def _count_lost(spent: Spent, *, started: bool) -> Spent:
    return replace(spent, unrecorded_requests=spent.unrecorded_requests + 1) if started else spent


def _take(history: History, event: Event, questions: dict[str, str]) -> None:
    match event:
        case Opened():
            history.opened = event
        case Asked():
            questions[event.question.id] = event.question.text
        case Answered():
            history.answers[event.question_id, questions.get(event.question_id, "")] = event.answer
        case Checked():
            history.checked = event
        case Outcome():
            history.pins |= dict(event.pins)
            history.ended = event if event.state is JobState.READY else None
        case _:
            pass


def _take_turn(history: History, turn: TurnDone) -> None:
    if turn.draft != history.draft and not _finishes(turn):
        # The proof may belong to a state of the draft in the middle of the turn.
        history.checked = None
    history.turns.append(turn)
    history.pins |= dict(turn.pins)
    history.draft = turn.draft
    history.answers.clear()
    history.spent = add_turn(history.spent, turn)


def add_turn(spent: Spent, turn: TurnDone) -> Spent:
    """What was spent, one turn later. A cost is unknown until a turn has one."""
    cost = spent.cost_usd if turn.cost_usd is None else (spent.cost_usd or 0.0) + turn.cost_usd
    return replace(spent, turns=spent.turns + 1, usage=spent.usage + turn.usage, cost_usd=cost)


def messages(opening: Json, turns: Sequence[TurnDone]) -> list[Json]:
    """The conversation as the service wants it: roles alternate, a paused answer and its sequel are one."""
    out: list[Json] = [opening]
    for turn in turns:
        if out[-1]["role"] == "assistant":
            out[-1] = {"role": "assistant", "content": [*out[-1]["content"], *turn.assistant]}
        else:
            out.append({"role": "assistant", "content": list(turn.assistant)})
        if turn.user:
            out.append({"role": "user", "content": list(turn.user)})
    return out


@dataclass(frozen=True, slots=True)
class PastCall:
    """A tool call of a recorded turn and how it was answered."""

    name: str
    input: Json
    failed: bool


def past_calls(turns: Sequence[TurnDone]) -> Iterator[PastCall]:
    """Every tool call of the recorded turns, in order."""
    for turn in turns:
        answers = {
            block.get("tool_use_id"): block for block in turn.user if block.get("type") == "tool_result"
        }
        for block in turn.assistant:
            if block.get("type") == "tool_use" and block.get("id") in answers:
                answer = answers[block["id"]]
                yield PastCall(block["name"], block["input"], bool(answer.get("is_error")))


def _finishes(turn: TurnDone) -> bool:
    return finished(turn) is not None


def finished(turn: TurnDone) -> str | None:
    """The summary with which a turn ended the attempt, if its ``finish`` was accepted."""
    for call in past_calls([turn]):
        if call.name == "finish" and not call.failed:
            return str(call.input.get("summary", ""))
    return None
