"""Runs the tool calls of one whole turn, in order, on the turn's draft."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import jsonschema

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools import (
    checking,
    editing,
    ending,
    exploring,
    importing,
    planning,
    reading,
    renaming,
    searching,
    symbols,
)
from agent_ls.agent.tools.leniency import completed
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, fit
from agent_ls.core.errors import AgentLsError
from agent_ls.model.protocol import ToolCall
from agent_ls.workspace.secrets import redact

Json = dict[str, Any]

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        *planning.TOOLS,
        *searching.TOOLS,
        *reading.TOOLS,
        *symbols.TOOLS,
        *exploring.TOOLS,
        *editing.TOOLS,
        *renaming.TOOLS,
        *importing.TOOLS,
        *checking.TOOLS,
        *ending.TOOLS,
    )
}
"""By name, in the order in which the model is told of them; the order is part of the cached prefix."""

READING: Mapping[str, Tool] = {tool.name: tool for tool in (*searching.TOOLS, *reading.TOOLS, *symbols.TOOLS)}
"""The tools of an exploration: none of them can change anything, ask anybody or run a program."""


def definitions(tools: Mapping[str, Tool] = TOOLS) -> list[Json]:
    """The tools in the wire format of the Messages API."""
    return [tool.definition() for tool in tools.values()]


async def run_calls(bench: Bench, calls: Sequence[ToolCall], tools: Mapping[str, Tool] = TOOLS) -> list[Json]:
    """Run the calls of a turn and return one ``tool_result`` block for each, in the same order.

    A call that fails leaves the turn's draft as it was before that call; the calls after it run
    all the same, because each was answered for itself. Only cancellation comes out of here.
    """
    results: list[Json] = []
    for position, call in enumerate(calls):
        text, failed = await _run(bench, call, tools, last=position == len(calls) - 1)
        bench.failed_calls += failed
        block: Json = {"type": "tool_result", "tool_use_id": call.id, "content": fit(redact(text)[0])}
        if failed:
            block["is_error"] = True
        results.append(block)
    return results


async def _run(bench: Bench, call: ToolCall, tools: Mapping[str, Tool], *, last: bool) -> tuple[str, bool]:
    before = bench.draft.fork()
    try:
        tool, given = _checked(call, tools)
        if call.name == "finish" and not last:
            raise ToolRefusedError("finish must be the last call of its turn", remedy="Call it alone")  # noqa: TRY301
        if tool.changes:
            bench.planner.require_leave()
        bench.link.progress(_step(call))
        return await tool.run(bench, given), False
    except AgentLsError as error:
        bench.draft.adopt(before)
        return f"Error: {error.sentence()}", True
    except Exception as error:  # noqa: BLE001
        # The toolbox door: whatever breaks inside a tool is an answer to the model, because a
        # bug in one tool must not cost the user the whole attempt.
        bench.draft.adopt(before)
        return f"Error: the tool itself failed ({type(error).__name__}: {error}). Nothing was changed.", True


def _checked(call: ToolCall, tools: Mapping[str, Tool]) -> tuple[Tool, Json]:
    """The tool of a call and its arguments, which are as the tool's schema says.

    Raises:
        ToolRefusedError: no such tool, or arguments that do not fit; the text says what is right.
    """
    tool = tools.get(call.name)
    if tool is None:
        raise ToolRefusedError(f"There is no tool {call.name!r}", remedy=f"There are: {', '.join(tools)}")
    if call.problem:
        raise ToolRefusedError(
            f"The arguments of {call.name} could not be read: {call.problem}",
            kept="Nothing was run",
            remedy="Send the call again, in smaller pieces if it was cut off",
        )
    given: Json = completed(tool.schema, call.input)
    if problem := _problem(tool, given):
        raise ToolRefusedError(
            f"The arguments of {call.name} do not fit: {problem}",
            kept="Nothing was run",
            remedy=f"Wanted: {json.dumps(_without_words(tool.schema), sort_keys=True)}",
        )
    return tool, given


@cache
def _validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(TOOLS[name].schema)


def _problem(tool: Tool, given: Json) -> str:
    errors = sorted(_validator(tool.name).iter_errors(given), key=lambda error: str(error.json_path))
    return "; ".join(f"{error.json_path}: {error.message[:200]}" for error in errors[:3])


def _without_words(schema: object) -> object:
    """A schema without its descriptions: they were sent with the tool."""
    if isinstance(schema, dict):
        items = cast("Json", schema).items()
        return {k: _without_words(v) for k, v in items if not (k == "description" and isinstance(v, str))}
    return schema


def _step(call: ToolCall) -> str:
    """What a call does, in a few words for people."""
    target = call.input.get("path") or call.input.get("old_path") or call.input.get("name") or ""
    verbs = {
        "search_text": "searching",
        "find_files": "looking for files",
        "read_file": "reading",
        "outline": "reading",
        "find_symbol": "looking up",
        "references": "looking up uses of",
        "edit_file": "editing",
        "write_file": "writing",
        "delete_file": "deleting",
        "move_path": "moving",
        "run_checks": "running checks",
        "ask_user": "asking",
        "finish": "proving the draft",
        "rename_symbol": "renaming in",
        "add_import": "importing into",
        "remove_unused_imports": "tidying",
        "explore": "exploring",
        "propose_plan": "planning",
    }
    return f"{verbs.get(call.name, call.name)} {target}".strip()
