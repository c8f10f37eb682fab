"""Process: incremental trees of the open documents.

Told ``open {path, language, data, version}``, ``change {path, version, edits: [[start, end,
new]]}``, ``close {path}`` (texts as base64), ``markers {markers}``; answers for the newest version
it has heard of ``facts {path, facts}``, or ``moved {path, base, version, moved, anchors, problems}``
which says how they follow from those of version ``base``; or ``lost {path, version}`` when an edit
does not fit: the owner then sends the whole text again. Leaves when its stdin ends.

A text that cannot be parsed is looked at again, from nothing, when typing pauses.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any, final

from agent_ls.core import codec
from agent_ls.core.edits import TextEdit
from agent_ls.core.text import Span
from agent_ls.index.anchors import MARKERS
from agent_ls.index.live_text import LiveText
from agent_ls.workspace.process import worker_pipes

_PAUSE_S = 0.3


@final
class Documents:
    """The open documents; `stale` are those whose facts have not been told yet.

    ``told``: the version whose facts the owner has. ``unsettled``: texts to look at when typing pauses.
    """

    def __init__(self) -> None:
        self.texts: dict[str, LiveText] = {}
        self.stale: dict[str, None] = {}
        self.told: dict[str, int] = {}
        self.unsettled: dict[str, None] = {}
        self.markers: Sequence[str] = MARKERS

    def take(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """One message into the documents; an answer only when an edit does not fit."""
        kind = message["type"]
        if kind == "markers":
            self.markers = tuple(message["markers"])
            self.stale.update(dict.fromkeys(self.texts))
            return None
        path = message["path"]
        if kind == "open":
            data = base64.b64decode(message["data"])
            self._forget(path)
            self.texts[path] = LiveText(message["language"], data, message["version"])
            self.stale[path] = None
        elif kind == "close":
            self._forget(path)
        elif path in self.texts:
            edits = [TextEdit(Span(s, e), base64.b64decode(new)) for s, e, new in message["edits"]]
            try:
                self.texts[path].edit(edits, message["version"])
            except ValueError:
                self._forget(path)
                return {"type": "lost", "path": path, "version": message["version"]}
            self.stale[path] = None
        return None

    def next_facts(self) -> dict[str, Any] | None:
        """Facts of the document that was changed longest ago, if one is stale."""
        if not self.stale:
            return None
        path = next(iter(self.stale))
        del self.stale[path]
        text = self.texts[path]
        moved = text.change()
        if text.settled:
            self.unsettled.pop(path, None)
        else:
            self.unsettled[path] = None
        base, self.told[path] = self.told.get(path), text.version
        if moved is None or base is None:
            return self._facts(path)
        return {
            "type": "moved",
            "path": path,
            "base": base,
            "version": text.version,
            "moved": codec.to_json(moved),
            "anchors": [codec.to_json(anchor) for anchor in text.anchors(self.markers)],
            "problems": [codec.to_json(problem) for problem in text.problems],
        }

    def settle(self) -> dict[str, Any] | None:
        """Facts from a fresh parse of a text that could not be parsed, if there is one."""
        if not self.unsettled:
            return None
        path = next(iter(self.unsettled))
        del self.unsettled[path]
        return self._facts(path)

    def _facts(self, path: str) -> dict[str, Any]:
        settled = path not in self.unsettled
        return {
            "type": "facts",
            "path": path,
            "facts": self.texts[path].facts(self.markers, settled=settled).to_json(),
        }

    def _forget(self, path: str) -> None:
        self.texts.pop(path, None)
        for listed in (self.stale, self.unsettled, self.told):
            listed.pop(path, None)


async def main() -> None:
    receive, send = await worker_pipes()
    inbox: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def listen() -> None:
        while (message := await receive()) is not None:
            inbox.put_nowait(message)
        inbox.put_nowait(None)

    listening = asyncio.create_task(listen())
    documents = Documents()
    while True:
        # Everything that has been typed so far comes before the next look at it.
        while not documents.stale or not inbox.empty():
            try:
                async with asyncio.timeout(_PAUSE_S if documents.unsettled and not documents.stale else None):
                    message = await inbox.get()
            except TimeoutError:
                settled = documents.settle()
                if settled is not None:
                    await send(settled)
                continue
            if message is None:
                await listening
                return
            answer = documents.take(message)
            if answer is not None:
                await send(answer)
            await asyncio.sleep(0)
        facts = documents.next_facts()
        if facts is not None:
            await send(facts)


if __name__ == "__main__":
    asyncio.run(main())
