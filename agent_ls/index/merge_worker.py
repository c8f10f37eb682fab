"""Process: clashes of lines that may be none in the syntax tree. One landing's worth, then it is gone.

Asked ``{"language", "base", "ours", "theirs"}`` (texts in base64); answers each in order with
``{"data", "clashes"}``, or ``{}`` where a clash stays one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from agent_ls.core.codec import from_json, to_json
from agent_ls.index.merging import Clashing
from agent_ls.index.syntax_merge import resolve
from agent_ls.workspace.process import worker_pipes


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question. Raises `CodecError` for what is none."""
    clash = from_json(Clashing, message)
    resolved = resolve(clash.base, clash.ours, clash.theirs, clash.language)
    return {} if resolved is None else to_json(resolved)


async def main() -> None:
    """Answer until the owner is gone."""
    receive, send = await worker_pipes()
    while (message := await receive()) is not None:
        await send(answer(message))


if __name__ == "__main__":
    asyncio.run(main())
