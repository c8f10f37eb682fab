"""What an earlier run of an attempt left behind, folded from its recorded events.

A turn counts only once it is recorded whole, so the fold is simple: the conversation is the
opening and every `TurnDone`; the draft is the last turn's; whatever was recorded after that
belongs to a turn that is asked for again, and its request is counted as unrecorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from agent_ls.core.attempt import (
    EVENT_TYPES,
    Answered,
    Asked,
    Checked,
    Compacted,
    DraftFile,
    Event,
    Explored,
    Opened,
    Outcome,
    RequestStarted,
    TurnDone,
)
from agent_ls.core.codec import from_json
from agent_ls.core.job import Spent
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned

Json = dict[str, Any]

_SHORT_RESULT = 200
_USERS_WORD = "The user "
GO_ON = "The user wants you to go on with the task."


@dataclass(slots=True)
class History:
    """Where an attempt stands; the empty value is an attempt that never began.

    ``answers``: by question id and text, those that a person gave in the turn that was lost.
    ``explored``: by question and number, the exploration's turns in the turn that was lost.
    ``checked``: the last proof of exactly the current draft.
    """

    opened: Opened | None = None
    turns: list[TurnDone] = field(default_factory=list[TurnDone])
    pins: dict[RelPath, str | None] = field(default_factory=dict[RelPath, "str | None"])
    draft: tuple[DraftFile, ...] = ()
    spent: Spent = field(default_factory=Spent)
    checked: Checked | None = None
    answers: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    explored: dict[tuple[str, int], list[Explored]] = field(
        default_factory=dict[tuple[str, int], "list[Explored]"]
    )
    compacted: Compacted | None = None
    planned: Planned | None = None


def fold(records: Sequence[Mapping[str, Any]]) -> History:
    """Rebuild an attempt's state from recorded events (``{"event": name, "value": {…}}``), oldest first.

    Events of a kind that this version does not know are passed over: a newer owner may write more.

    Raises:
        CodecError: a known event does not read.
    """
    history = History()
    questions: dict[str, str] = {}
    started = inner = False
    for record in records:
        name, value = str(record.get("event", "")), record.get("value")
        kind = EVENT_TYPES.get(name)
        if kind is None:
            continue
        event = from_json(kind, value)
        if isinstance(event, RequestStarted) and event.inner:
            history.spent = _count_lost(history.spent, started=inner)
            inner = True
        elif isinstance(event, RequestStarted):
            history.spent = _count_lost(history.spent, started=started)
            started = True
        elif isinstance(event, TurnDone):
            started = False
            _take_turn(history, event)
        elif isinstance(event, (Explored, Compacted)):
            inner = False
            history.spent = add_cost(history.spent, event)
            _take(history, event, questions)
        else:
            _take(history, event, questions)
    for open_request in (started, inner):
        history.spent = _count_lost(history.spent, started=open_request)
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
        case Explored():
            history.explored.setdefault((event.question, event.number), []).append(event)
            history.pins |= dict(event.pins)
        case Compacted():
            history.compacted = event
        case Planned():
            history.planned = event
        case Checked():
            history.checked = event
        case Outcome():
            history.pins |= dict(event.pins)
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
    history.explored.clear()
    history.spent = add_turn(history.spent, turn)


def add_turn(spent: Spent, turn: TurnDone) -> Spent:
    """What was spent, one turn later."""
    return replace(add_cost(spent, turn), turns=spent.turns + 1)


def add_cost(spent: Spent, paid: TurnDone | Explored | Compacted) -> Spent:
    """Tokens and dollars of one more request. A cost is unknown until a request has one."""
    cost = spent.cost_usd if paid.cost_usd is None else (spent.cost_usd or 0.0) + paid.cost_usd
    return replace(spent, usage=spent.usage + paid.usage, cost_usd=cost)


class Said(Protocol):
    """A turn as far as the conversation goes: what the model said and what it was answered."""

    @property
    def assistant(self) -> list[Json]: ...
    @property
    def user(self) -> list[Json]: ...
    @property
    def stop_reason(self) -> str: ...


def messages(opening: Json, turns: Sequence[Said], compacted: Compacted | None = None) -> list[Json]:
    """The conversation as the service wants it: roles alternate, a paused answer and its sequel are one.

    A function of the record alone: the same bytes at every turn, and after a resume.
    """
    out: list[Json] = [opening]
    if compacted is not None and compacted.dropped:
        out = [{**opening, "content": [*opening["content"], {"type": "text", "text": compacted.notes}]}]
    first, blanked = (compacted.dropped, compacted.blanked) if compacted else (0, 0)
    for number, turn in enumerate(turns[first:], first + 1):
        if out[-1]["role"] == "assistant":
            out[-1] = {"role": "assistant", "content": [*out[-1]["content"], *turn.assistant]}
        else:
            out.append({"role": "assistant", "content": list(turn.assistant)})
        if turn.user:
            user = [blank(block) for block in turn.user] if number <= blanked else list(turn.user)
            out.append({"role": "user", "content": user})
        elif turn.stop_reason != "pause_turn":
            # That turn had ended the attempt: if anything is asked after it, the user wants it to go on.
            out.append({"role": "user", "content": [{"type": "text", "text": GO_ON}]})
    return out


def blank(block: Json) -> Json:
    """A tool result without its text, where the text is long enough to matter; other blocks as they are.

    What the user has said or decided stays: no call could bring it back.
    """
    text = block.get("content")
    if block.get("type") != "tool_result" or not isinstance(text, str) or len(text) <= _SHORT_RESULT:
        return block
    if text.startswith(_USERS_WORD):
        return block
    return {
        **block,
        "content": f"[left out to save room: {len(text)} characters; call the tool again if needed]",
    }


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
