"""The tool ``rename_symbol``: deterministic, by the index, on the draft."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.files import existing, text_of
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, string
from agent_ls.agent.tools.syntax import problems_of
from agent_ls.core.diff import line_hunks
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.rename import RenamePlan, rename

Json = dict[str, Any]

_LISTED = 40
_LINES = 12


async def rename_symbol(bench: Bench, args: Json) -> str:
    path, data = existing(bench, args["path"])
    text_of(path, data)
    plan = _plan(bench, path, place(path, data, args["name"], args["line"]), args["new_name"])
    if not plan.changes:
        raise ToolRefusedError(
            plan.reason or "The index resolves no symbol there",
            remedy="Point at the symbol's definition (find_symbol), or change the places with edit_file",
        )
    for change in plan.changes:
        if change.moved_from is not None:  # a class of Java takes its file along
            bench.draft.move(change.moved_from, change.path)
        if change.after is not None:
            bench.draft.write(change.path, change.after)
    return "\n".join([*_done(plan.changes, args), *_left(plan), *_problems(plan.changes)])


def _plan(bench: Bench, path: RelPath, offset: int, new_name: str) -> RenamePlan:
    also = sorted(bench.draft.changes().paths | bench.draft.base.unsaved)
    return rename(bench.index, reader(bench), path, offset, new_name, also=also)


def reader(bench: Bench) -> Callable[[RelPath], bytes | None]:
    """Texts as the draft has them."""

    def read(wanted: RelPath) -> bytes | None:
        try:
            return bench.draft.read(wanted)
        except WorkspaceError:
            return None  # the index may still list what is hidden by now

    return read


def place(path: RelPath, data: bytes, name: str, line: int) -> int:
    """The byte offset of a name on a 1-based line."""
    index = LineIndex(data)
    if not 1 <= line <= len(index):
        raise ToolRefusedError(f"{path} has lines 1 to {len(index)}", remedy="Lines count from 1")
    span = index.span_of_lines(line - 1, line - 1)
    word = rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])"
    found = re.search(word, data[span.start : span.end])
    if not name or found is None:
        places = [index.line_of(m.start()) + 1 for m in re.finditer(word, data)] if name else []
        where = f"It stands on line {', '.join(map(str, places[:8]))}" if places else "Look with outline"
        raise ToolRefusedError(f"{name!r} does not stand on line {line} of {path}", remedy=where)
    return span.start + found.start()


def _done(changes: ChangeSet, args: Json) -> list[str]:
    out = [f"Renamed {args['name']} to {args['new_name']} in {len(changes)} files:"]
    return out + [f"{c.path}: lines {_lines(c)}" for c in list(changes)[:_LISTED]]


def _lines(change: FileChange) -> str:
    hunks = line_hunks(change.before or b"", change.after or b"")
    lines = [line + 1 for hunk in hunks for line in range(hunk.new_start, hunk.new_end)]
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return ", ".join(map(str, lines[:_LINES])) + more


def _left(plan: RenamePlan) -> list[str]:
    if not plan.unresolved:
        return []
    places = [f"{hit.path}:{hit.line}" for hit in plan.unresolved[:_LISTED]]
    more = f" and {len(plan.unresolved) - _LISTED} more" if len(plan.unresolved) > _LISTED else ""
    return [
        "Left alone, because they may mean something else (look at them): " + ", ".join(places) + more,
    ]


def _problems(changes: ChangeSet) -> list[str]:
    problems = problems_of(changes)
    return ["New syntax errors, to be put right before you finish:", *problems[:8]] if problems else []


TOOLS = (
    Tool(
        "rename_symbol",
        "Rename a function, class, method or variable everywhere the index can tell that it is meant, in one "
        "step. The answer lists the changed lines and the places that were left alone.",
        {
            "path": string("a file in which the symbol stands, best the one that defines it"),
            "line": {
                "type": "integer",
                "description": "a line of that file on which the name stands, from 1",
            },
            "name": string("the name as it is now, without its class or module"),
            "new_name": string("the name to give"),
        },
        rename_symbol,
        changes=True,
    ),
)
