"""Explorations: a read-only agent on the small tier answers a question about the draft.

It has a conversation of its own inside one turn of the attempt. Each of its turns is recorded,
so that a turn that is repeated after a crash does not pay twice for the same findings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from agent_ls.agent import context
from agent_ls.agent.bench import Bench
from agent_ls.agent.caching import with_walking_marks
from agent_ls.agent.history import messages
from agent_ls.agent.link import Link
from agent_ls.agent.meter import Meter
from agent_ls.agent.tools.spec import ToolRefusedError
from agent_ls.agent.tools.toolbox import READING, definitions, run_calls
from agent_ls.core.attempt import Explored, RequestStarted
from agent_ls.core.job import Usage
from agent_ls.core.paths import RelPath
from agent_ls.model.protocol import Turn, TurnRequest

Json = dict[str, Any]

TURNS = 12
SHARE = 0.25
"""Of the attempt's dollars, what one exploration may spend."""
_MAX_TOKENS = 4000
_LAST = "This is your last turn: answer now with what you know, without calling a tool."
_EMPTY: Json = {"type": "text", "text": "(no answer)"}


@final
@dataclass(slots=True)
class DraftExplorer:
    """`bench.Explorer` for one attempt.

    ``recorded``: turns of explorations in a turn that was lost, by question and number. ``ask``,
    ``cost_usd`` as in `loop.Talk`; ``take_pins`` hands out the pins that are new.
    """

    model: str
    ask: Callable[[TurnRequest], Awaitable[Turn]]
    link: Link
    meter: Meter
    cost_usd: Callable[[str, Usage], float | None]
    take_pins: Callable[[], Mapping[RelPath, str | None]]
    recorded: Mapping[tuple[str, int], Sequence[Explored]]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _asked: dict[tuple[int, str], int] = field(default_factory=dict[tuple[int, str], int])

    async def explore(self, bench: Bench, question: str) -> str:
        """See `bench.Explorer`."""
        number = self._asked.get((bench.turn, question), 0)
        self._asked[bench.turn, question] = number + 1
        said = list(self.recorded.get((question, number), ()))
        # What the small agent reads, this one has not seen: an edit must not be bound to it.
        inside = replace(bench, draft=bench.draft.fork(), seen=set[RelPath](), failed_calls=0)
        opening = context.question(bench.draft, question)
        while True:
            if said and (answer := _answer(said[-1])) is not None:
                return answer
            if ceiling := self._ceiling(said):
                return _unfinished(said, ceiling)
            said.append(await self._turn(inside, opening, said, question, number))

    async def _turn(
        self, bench: Bench, opening: Json, said: Sequence[Explored], question: str, number: int
    ) -> Explored:
        await self.link.record(RequestStarted(bench.turn, inner=True))
        request = TurnRequest(
            self.model,
            context.system("explore"),
            definitions(READING),
            with_walking_marks(messages(opening, said)),
            _MAX_TOKENS,
            self.options,
        )
        try:
            turn = await self.ask(request)
            results = await run_calls(bench, turn.calls, READING)
        except BaseException:  # (cancelled or failed, the request was sent: it counts)
            self.meter.lost_request()
            raise
        last = len(said) + 2 == TURNS and bool(results)
        done = Explored(
            turn=bench.turn,
            question=question,
            number=number,
            assistant=turn.content or [_EMPTY],
            user=[*results, {"type": "text", "text": _LAST}] if last else results,
            stop_reason=turn.stop_reason,
            usage=turn.usage,
            cost_usd=self.cost_usd(turn.model, turn.usage),
            pins=self.take_pins(),
        )
        await self.link.record(done)
        self.meter.add_inner(done)
        return done

    def _ceiling(self, said: Sequence[Explored]) -> str:
        if len(said) >= TURNS:
            return f"{TURNS} turns"
        paid = sum(turn.cost_usd or 0.0 for turn in said)
        if paid >= self.meter.budget.usd * SHARE:
            return f"its share of the budget (${paid:.3f})"
        if said and said[-1].stop_reason == "refusal":
            return "a refusal"
        return ""


def _answer(last: Explored) -> str | None:
    """The findings, if the turn gave them; ``None`` while the exploration goes on."""
    if last.user or last.stop_reason in ("pause_turn", "refusal"):
        return None
    text = _text(last)
    if not text or last.assistant == [_EMPTY]:
        raise ToolRefusedError("The exploration found no words", remedy="Search and read yourself")
    cut = last.stop_reason in ("max_tokens", "model_context_window_exceeded")
    return f"{text}\n[the answer was cut off here]" if cut else text


def _unfinished(said: Sequence[Explored], ceiling: str) -> str:
    words = "\n".join(text for turn in said if (text := _text(turn)))
    if not words:
        raise ToolRefusedError(
            f"The exploration ended without an answer ({ceiling})",
            remedy="Ask a narrower question, or search and read yourself",
        )
    return f"{words}\n[the exploration ended here, unfinished: {ceiling}]"


def _text(turn: Explored) -> str:
    blocks = (block for block in turn.assistant if block.get("type") == "text" and block != _EMPTY)
    return "".join(str(block.get("text", "")) for block in blocks).strip()
