"""A session in this process: what is said to it, what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from agent_ls.faces.lsp.context import ServerContext
from agent_ls.faces.lsp.framing import Message
from agent_ls.faces.lsp.registry import Features
from agent_ls.faces.lsp.session import Session


class Talk:
    """A client on the same loop: it sends values and collects values."""

    def __init__(self, features: Features | None = None, *, debug: bool = False, **offers: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        self.parents: list[int] = []
        self.context: ServerContext | None = None
        self.features = features or Features()
        self.session = Session(self._hear, self._build, offers, self.parents.append, debug=debug)
        self._last_id = 0

    def _hear(self, data: bytes) -> None:
        self.heard.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def _build(self, context: ServerContext) -> Features:
        self.context = context
        return self.features

    def send(self, **message: Any) -> None:
        self.session.receive([Message({"jsonrpc": "2.0", **message})])

    def answers(self, msg_id: Any) -> list[dict[str, Any]]:
        return [m for m in self.heard if "method" not in m and m.get("id") == msg_id]

    async def until(self, done: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0)

    async def call(self, method: str, params: Any = None) -> dict[str, Any]:
        self._last_id += 1
        msg_id = f"call-{self._last_id}"
        self.send(id=msg_id, method=method, params=params)
        await self.until(lambda: self.answers(msg_id))
        (answer,) = self.answers(msg_id)
        return answer.get("error") or {"result": answer["result"]}

    async def start(self, **params: Any) -> Talk:
        self.reply = await self.call("initialize", {"capabilities": {}, **params})
        await self.until(lambda: self.session._building is None)
        return self
