"""The tools ``add_import`` and ``remove_unused_imports``: deterministic, by the index, on the draft."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.files import existing, text_of
from agent_ls.agent.tools.renaming import place, reader
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, optional_string, string
from agent_ls.index.actions import ActionPlan
from agent_ls.index.missing import add_import
from agent_ls.index.unused import remove_unused_imports

Json = dict[str, Any]


async def import_name(bench: Bench, args: Json) -> str:
    path, data = existing(bench, args["path"])
    text_of(path, data)
    offset = place(path, data, args["name"], args["line"])
    plan = add_import(bench.index, reader(bench), path, offset, args["from"] or "")
    return _done(bench, plan)


async def tidy(bench: Bench, args: Json) -> str:
    path, data = existing(bench, args["path"])
    text_of(path, data)
    also = sorted(bench.draft.changes().paths | bench.draft.base.unsaved)
    return _done(bench, remove_unused_imports(bench.index, reader(bench), path, also=also))


def _done(bench: Bench, plan: ActionPlan) -> str:
    left = [f"{place.path}:{place.line} {place.why}" for place in plan.left]
    if not plan.changes:
        choices = f"Call it again with `from`: {'; '.join(plan.choices)}" if plan.choices else ""
        raise ToolRefusedError(plan.reason, kept="; ".join(left), remedy=choices or "Use edit_file")
    for change in plan.changes:
        if change.after is not None:
            bench.draft.write(change.path, change.after)
    return "\n".join([plan.summary, *(["Left alone:", *left] if left else [])])


TOOLS = (
    Tool(
        "add_import",
        "Add the import that a name in a file lacks, spelled and placed as that file does it; where several "
        "things can be meant, the answer lists them.",
        {
            "path": string("the file that lacks the import"),
            "line": {
                "type": "integer",
                "description": "a line of that file on which the name stands, from 1",
            },
            "name": string("the name"),
            "from": optional_string("the module to take it from; null: the only one there is"),
        },
        import_name,
        changes=True,
    ),
    Tool(
        "remove_unused_imports",
        "Remove the imports of a file that are surely unused; the answer lists those that may be there for "
        "another reason.",
        {"path": string("relative to the workspace")},
        tidy,
        changes=True,
    ),
)
