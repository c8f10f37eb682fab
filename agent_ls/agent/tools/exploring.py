"""The tool ``explore``: a question about the code, answered by a cheaper reader."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, string

Json = dict[str, Any]


async def explore(bench: Bench, args: Json) -> str:
    question = args["question"].strip()
    if not question:
        raise ToolRefusedError("The question is empty", remedy="Say what you want to know about the code")
    return await bench.explorer.explore(bench, question)


TOOLS = (
    Tool(
        "explore",
        "Hand a question about the code to a smaller, read-only agent that searches and reads on its own, and "
        "get its findings with file and line. For what would take many searches; not for what one call answers. "
        "It sees your draft, but neither this conversation nor the task: say in the question all it needs.",
        {"question": string("a question about the code, complete in itself")},
        explore,
    ),
)
