"""Tools that read files: ``read_file``, ``find_files``."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.files import existing, lines_of, text_of
from agent_ls.agent.tools.globs import matches
from agent_ls.agent.tools.spec import RESULT_LIMIT, Tool, ToolRefusedError, optional_integer, string
from agent_ls.workspace.secrets import redact_keys

Json = dict[str, Any]

_FILES_SHOWN = 200


async def read_file(bench: Bench, args: Json) -> str:
    path, data = existing(bench, args["path"])
    lines = lines_of(redact_keys(text_of(path, data).removeprefix("\ufeff")))
    first = args["start_line"] or 1
    last = args["end_line"] or len(lines)
    bench.seen.add(path)
    if not lines:
        return f"{path} is empty."
    if first < 1 or first > len(lines) or last < first:
        raise ToolRefusedError(
            f"{path} has lines 1 to {len(lines)}; {first} to {last} is no part of it",
            remedy="Lines count from 1; null means from the start or to the end",
        )
    return _numbered(path, lines, first, min(last, len(lines)))


def _numbered(path: str, lines: list[str], first: int, last: int) -> str:
    head = f"{path}, lines {first} to {last} of {len(lines)}:"
    out, used = [head], len(head)
    for number in range(first, last + 1):
        line = f"{number:>6}\t{lines[number - 1]}"
        # A cut at a line is one that the next call can go on from.
        if used + len(line) + 1 > RESULT_LIMIT - 120:
            if number == first:
                kept = RESULT_LIMIT - 200 - used
                out.append(
                    f"{line[:kept]}\n[… this line has {len(lines[number - 1])} characters; cut here …]"
                )
                number += 1  # noqa: PLW2901  (the cut line was shown)
            if number <= last:
                out.append(f"[… cut at the result's size; go on with start_line={number} …]")
            break
        out.append(line)
        used += len(line) + 1
    return "\n".join(out)


async def find_files(bench: Bench, args: Json) -> str:
    found = [path for path in bench.draft.files() if matches(path, args["glob"])]
    if not found:
        return f"No file matches {args['glob']!r}. Without a slash the pattern is tried on file names."
    out: list[str] = []
    used = 0
    for path in found[:_FILES_SHOWN]:
        used += len(path) + 1
        if used > RESULT_LIMIT - 100:
            break
        out.append(path)
    if len(out) < len(found):
        out.append(f"[… {len(found) - len(out)} more; narrow the pattern …]")
    return "\n".join(out)


TOOLS = (
    Tool(
        "find_files",
        "List files of the workspace by a glob pattern, e.g. `*.py`, `src/**/test_*.ts`, `docs/`. "
        "Ignored and secret files are not listed.",
        {"glob": string("`*` and `?` within one path part, `**` over parts; no slash: matches file names")},
        find_files,
    ),
    Tool(
        "read_file",
        "Read a text file of the workspace with line numbers (a number and a tab stand before each line; they "
        "are not part of the file). Unsaved edits of the user and your own edits are included.",
        {
            "path": string("relative to the workspace"),
            "start_line": optional_integer("first line, from 1; null: from the start"),
            "end_line": optional_integer("last line, inclusive; null: to the end"),
        },
        read_file,
    ),
)
