"""The tool ``search_text``."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.bench import Bench, SearchQuery
from agent_ls.agent.tools.globs import matches
from agent_ls.agent.tools.spec import RESULT_LIMIT, Tool, boolean, optional_string, string

Json = dict[str, Any]

_LINE_SHOWN = 240


async def search_text(bench: Bench, args: Json) -> str:
    glob = args["glob"]
    paths = tuple(p for p in bench.draft.files() if glob is None or matches(p, glob))
    if not paths:
        return f"No file matches {glob!r}, so nothing was searched."
    query = SearchQuery(args["pattern"], args["regex"], args["ignore_case"], paths)
    answer = await bench.searcher.search(bench.draft, query)
    if not answer.lines:
        return f"No line matches in {len(paths)} files."
    out: list[str] = []
    used, shown, current = 0, 0, ""
    for path, number, text in answer.lines:
        line = f"{number:>6}\t{text[:_LINE_SHOWN]}{' …' if len(text) > _LINE_SHOWN else ''}"
        if path != current:
            line, current = f"{path}:\n{line}", path
        used += len(line) + 1
        if used > RESULT_LIMIT - 100:
            break
        shown += 1
        out.append(line)
    left = len(answer.lines) - shown
    if left or answer.more:
        number = f"more than {left}" if answer.more else str(left)
        out.append(f"[… {number} further matching lines; narrow the pattern or the glob …]")
    return "\n".join(out)


TOOLS = (
    Tool(
        "search_text",
        "Search the lines of all files of the workspace. Unsaved edits of the user and your own edits are included.",
        {
            "pattern": string("the text to find, or a Python regular expression, tried on each line"),
            "regex": boolean("whether pattern is a regular expression"),
            "ignore_case": boolean("whether upper and lower case are the same"),
            "glob": optional_string("only files that match, as in find_files; null: all"),
        },
        search_text,
    ),
)
