"""Process: incremental trees of the open documents.

Told ``open {path, language, data, version}``, ``change {path, version, edits: [[start, end,
new]]}``, ``close {path}`` (texts as base64), ``markers {markers}``; answers ``facts {path,
facts}`` for the newest version it has heard of, or ``lost {path, version}`` when an edit does not
fit: the owner then sends the whole text again. Leaves when its stdin ends.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any, final

from agent_ls.core.edits import TextEdit
from agent_ls.core.text import Span
from agent_ls.index.anchors import MARKERS
from agent_ls.index.live_text import LiveText
from agent_ls.workspace.process import worker_pipes


@final
class Documents:
    """The open documents; `stale` are those whose facts have not been told yet."""

    def __init__(self) -> None:
        self.texts: dict[str, LiveText] = {}
        self.stale: dict[str, None] = {}
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
            self.texts[path] = LiveText(message["language"], data, message["version"])
            self.stale[path] = None
        elif kind == "close":
            self.texts.pop(path, None)
            self.stale.pop(path, None)
        elif path in self.texts:
            edits = [TextEdit(Span(s, e), base64.b64decode(new)) for s, e, new in message["edits"]]
            try:
                self.texts[path].edit(edits, message["version"])
            except ValueError:
                del self.texts[path]
                self.stale.pop(path, None)
                return {"type": "lost", "path": path, "version": message["version"]}
            self.stale[path] = None
        return None

    def next_facts(self) -> dict[str, Any] | None:
        """Facts of the document that was changed longest ago, if one is stale."""
        if not self.stale:
            return None
        path = next(iter(self.stale))
        del self.stale[path]
        facts = self.texts[path].facts(self.markers)
        return {"type": "facts", "path": path, "facts": facts.to_json()}


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
            message = await inbox.get()
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
