"""The tool ``propose_plan``: steps with files, shown to the user before the work is done."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, array, strict_object, string
from agent_ls.core.paths import rel_path
from agent_ls.core.steps import PlanStep

Json = dict[str, Any]

_MOST_STEPS = 30


async def propose_plan(bench: Bench, args: Json) -> str:
    steps = tuple(
        PlanStep(step["text"].strip(), tuple(rel_path(path.rstrip("/")) for path in step["files"]))
        for step in args["steps"]
    )
    if not steps or not all(step.text for step in steps):
        raise ToolRefusedError("A plan needs steps, each with words", remedy="Say per step what will be done")
    if len(steps) > _MOST_STEPS:
        raise ToolRefusedError(
            f"{len(steps)} steps are too many to read", remedy="Join what belongs together"
        )
    return await bench.planner.propose(bench.turn, steps)


_STEP = strict_object(
    {
        "text": string("what is done in this step and why, in a sentence or two"),
        "files": array(
            {"type": "string"},
            "every file that the step creates, changes, moves or deletes; a folder stands for all below it",
        ),
    }
)

TOOLS = (
    Tool(
        "propose_plan",
        "Show the user the steps of your work with the files they touch, before you edit. Needed where the user "
        "asked for a plan first; else worth it only when the task is vague or touches many files. Propose anew "
        "when you learn that the work must go another way: edits outside of the plan's files are marked.",
        {"steps": array(_STEP, "in the order in which they are done")},
        propose_plan,
    ),
)
