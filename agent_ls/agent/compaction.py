"""Keeps a conversation within the model's window: old results go first, then old turns.

What is decided is recorded before it is used (`Compacted`), and the messages are a function of
the record: so they stay byte-stable until the next time, and a resumed attempt sends the same.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from agent_ls.agent.caching import with_walking_marks
from agent_ls.agent.history import messages
from agent_ls.agent.link import Link
from agent_ls.agent.meter import Meter
from agent_ls.agent.notes import ASK
from agent_ls.core.attempt import Compacted, Opened, RequestStarted, TurnDone
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import Usage
from agent_ls.model.protocol import Turn, TurnRequest

Json = dict[str, Any]

DEFAULT_WINDOW = 200_000
FULL = 0.6
"""Beyond this share of the window the conversation is shortened: models read worse long before the end."""
ROOM = 0.35
"""Blanking is enough only if it comes down to this share: each shortening costs the whole cache once."""
EXCEEDED = "model_context_window_exceeded"
_TAIL = 4
_CHARS_PER_TOKEN = 3.5
_SMALL = 4_000
_SAID_TOKENS = 2_000


@final
@dataclass(slots=True)
class Compactor:
    """One attempt's room. ``now`` is the record that counts.

    ``window`` asks for the model's window in tokens, ``None`` where it is unknown; ``notes`` makes the
    text that stands for turns (`agent.notes`) from them and the model's words. ``ask``, ``cost_usd`` as
    in `loop.Talk`.
    """

    opened: Opened
    options: Json
    link: Link
    meter: Meter
    ask: Callable[[TurnRequest], Awaitable[Turn]]
    window: Callable[[], Awaitable[int | None]]
    notes: Callable[[Sequence[TurnDone], str], str]
    cost_usd: Callable[[str, Usage], float | None]
    now: Compacted | None = None
    _known: int = 0

    async def make_room(self, turns: Sequence[TurnDone]) -> None:
        """Before a request: shorten the conversation where it fills too much of the window.

        Cost: a look at the last turn's usage; where that is unknown, one pass over the messages.
        """
        if not turns or turns[-1].stop_reason == "pause_turn":
            return
        size = self._size(turns)
        if _exceeded(turns[-1]) and not self._shortened_since(turns):
            await self.overflowed(turns)
        elif size > _SMALL and size > FULL * await self._window():
            await self._shorten(turns, size)

    async def overflowed(self, turns: Sequence[TurnDone]) -> bool:
        """The service says that the conversation is too long: shorten it harder, without asking it.

        Returns:
            Whether there was anything left to shorten.
        """
        if not turns:
            return False
        self._known = min(await self._window(), self._size(turns))
        before, last = self.now, len(turns) - 1
        if last > (before.blanked if before else 0):
            await self._record(self._blanked(turns, last))
            return True
        cut = _cut(turns, last)
        if cut > (before.dropped if before else 0):
            said = before.said if before else ""
            await self._record(self._dropped(turns, cut, said))
            return True
        return False

    async def _shorten(self, turns: Sequence[TurnDone], size: int) -> None:
        # Tokens per character differ from text to text: the service's own count of this one is the measure.
        room = ROOM * await self._window() * self._estimate(turns, self.now) / size
        tail = max(0, len(turns) - _TAIL)
        blanked = self._blanked(turns, tail)
        if self._estimate(turns, blanked) <= room:
            await self._take(blanked)
            return
        cut = _cut(turns, tail)
        if cut <= (self.now.dropped if self.now else 0):
            # A few turns fill the window: only their results are left to give up.
            await self._take(self._blanked(turns, len(turns) - 1))
            return
        said, usage, cost = await self._ask_for_notes(turns)
        dropped = replace(self._dropped(turns, cut, said), usage=usage, cost_usd=cost)
        if self._estimate(turns, dropped) > room:
            dropped = replace(dropped, blanked=len(turns) - 1)
        await self._record(dropped)
        self.meter.add_inner(dropped)

    async def _take(self, blanked: Compacted) -> None:
        """Record a blanking, if it makes a difference."""
        if blanked.blanked > (self.now.blanked if self.now else 0):
            await self._record(blanked)

    def _blanked(self, turns: Sequence[TurnDone], upto: int) -> Compacted:
        before = self.now or Compacted(0, 0)
        return Compacted(len(turns), max(upto, before.blanked), before.dropped, before.notes, before.said)

    def _dropped(self, turns: Sequence[TurnDone], cut: int, said: str) -> Compacted:
        blanked = max(cut, self.now.blanked if self.now else 0)
        return Compacted(len(turns), blanked, cut, self.notes(turns[:cut], said), said)

    async def _record(self, compacted: Compacted) -> None:
        await self.link.record(compacted)
        self.now = compacted

    async def _ask_for_notes(self, turns: Sequence[TurnDone]) -> tuple[str, Usage, float | None]:
        """The model's own words about the conversation; a service that fails costs only those words."""
        self.link.progress("making room in the conversation")
        said = messages(self.opened.opening, turns, self.now)
        said[-1] = {**said[-1], "content": [*said[-1]["content"], {"type": "text", "text": ASK}]}
        # The same tools and options as ever: to change them would cost the cache of all that is read here.
        request = TurnRequest(
            self.opened.model,
            self.opened.system,
            self.opened.tools,
            with_walking_marks(said),
            _SAID_TOKENS,
            self.options,
        )
        await self.link.record(RequestStarted(len(turns) + 1, inner=True))
        try:
            turn = await self.ask(request)
        except AgentLsError:
            return (self.now.said if self.now else ""), Usage(), None
        except BaseException:  # (cancelled: the request was sent, so it counts)
            self.meter.lost_request()
            raise
        return turn.text.strip(), turn.usage, self.cost_usd(turn.model, turn.usage)

    async def _window(self) -> int:
        if not self._known:
            self._known = await self.window() or DEFAULT_WINDOW
        return self._known

    def _size(self, turns: Sequence[TurnDone]) -> int:
        """Tokens of the next request: as the service counted the last one, with what came since."""
        last = turns[-1]
        counted = last.usage.input + last.usage.cache_read + last.usage.cache_write
        if counted and not (self.now is not None and self.now.turn >= last.turn):
            return counted + last.usage.output + _tokens(last.user)
        return self._estimate(turns, self.now)

    def _estimate(self, turns: Sequence[TurnDone], compacted: Compacted | None) -> int:
        fixed = _tokens(self.opened.system) + _tokens(self.opened.tools)
        return fixed + _tokens(messages(self.opened.opening, turns, compacted))

    def _shortened_since(self, turns: Sequence[TurnDone]) -> bool:
        return self.now is not None and self.now.turn >= len(turns)


def _tokens(value: object) -> int:
    return int(len(json.dumps(value, ensure_ascii=False)) / _CHARS_PER_TOKEN)


def _exceeded(turn: TurnDone) -> bool:
    return turn.stop_reason == EXCEEDED


def _cut(turns: Sequence[TurnDone], upto: int) -> int:
    """How many turns may be dropped, at most ``upto``: never between an answer and its sequel."""
    while upto > 0 and not turns[upto - 1].user:
        upto -= 1
    return upto
