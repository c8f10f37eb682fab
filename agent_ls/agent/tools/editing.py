"""Tools that change the draft: ``edit_file``, ``write_file``, ``delete_file``, ``move_path``."""

from __future__ import annotations

from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.files import existing, text_of
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, array, boolean, strict_object, string
from agent_ls.agent.tools.syntax import new_problems
from agent_ls.core.diff import line_hunks, stat
from agent_ls.core.matching import Applied, Refused, Replacement, StrReplace, WholeFile, apply_edit
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.core.text import line_ending
from agent_ls.workspace.secrets import REMOVED, redact_keys

Json = dict[str, Any]

_EXCERPTS = 4
_EXCERPT_LINES = 24
_KIN = 8  # files that are asked for the line end of a new one


async def edit_file(bench: Bench, args: Json) -> str:
    path, data = existing(bench, args["path"])
    now = text_of(path, data)
    edits = tuple(Replacement(e["old_str"], e["new_str"], e["replace_all"]) for e in args["edits"])
    if not edits:
        raise ToolRefusedError("There is no edit in the list", remedy="Give at least one edit")
    _no_removed_secret(path, now, *(edit.new for edit in edits))
    request = StrReplace(edits)
    shown = bench.text_shown(path)
    result = apply_edit(shown, now, request)
    if isinstance(result, Refused) and shown != now:
        # An earlier call of this turn changed the file, and this one may speak of its result.
        again = apply_edit(None, now, request)
        result = again if isinstance(again, Applied) else result
    return _take(bench, path, data, result)


async def write_file(bench: Bench, args: Json) -> str:
    path = rel_path(args["path"])
    content: str = args["content"]
    if not bench.draft.exists(path):
        return _create(bench, path, content)
    path, data = existing(bench, path)
    if path not in bench.seen:
        raise ToolRefusedError(
            f"{path} exists and you have not read it",
            remedy="Read it first; for a part of it edit_file is the better tool",
        )
    now = text_of(path, data)
    _no_removed_secret(path, now, content)
    return _take(bench, path, data, apply_edit(None, now, WholeFile(content)))


async def delete_file(bench: Bench, args: Json) -> str:
    path, _ = existing(bench, args["path"])
    bench.draft.delete(path)
    return f"Deleted {path}."


async def move_path(bench: Bench, args: Json) -> str:
    old, new = rel_path(args["old_path"]), rel_path(args["new_path"])
    below = [f for f in bench.draft.files() if f.startswith(old + "/")]
    if not below:
        existing(bench, old)
        pairs = [(old, new)]
    else:
        if new.startswith(old + "/"):
            raise ToolRefusedError(f"{new} lies inside {old}", remedy="Name a folder outside it")
        pairs = [(path, RelPath(new + path[len(old) :])) for path in below]
    for source, target in pairs:
        bench.draft.move(source, target)
        if source in bench.seen:
            bench.seen.add(target)
    what = f"{len(pairs)} files from {old}/ to {new}/" if below else f"{old} to {new}"
    return f"Moved {what}. Imports and other mentions of the old path are still to be changed."


def _create(bench: Bench, path: RelPath, content: str) -> str:
    result = apply_edit(None, "", WholeFile(content)) if content else Applied("")
    if isinstance(result, Refused):
        raise ToolRefusedError(result.error)
    end = _end_beside(bench, path) or line_ending(content.encode())
    data = result.text.encode().replace(b"\n", end)
    bench.draft.write(path, data)
    bench.seen.add(path)
    return f"Created {path}, {len(data.splitlines())} lines." + _problems(path, data, None)


def _end_beside(bench: Bench, path: RelPath) -> bytes | None:
    """The line end of the files of this kind in the folder, where some have one and all the same."""
    name, folder = PurePosixPath(path), PurePosixPath(path).parent
    kin = (other for other in bench.draft.files() if PurePosixPath(other).parent == folder)
    kin = (other for other in kin if PurePosixPath(other).suffix == name.suffix)
    texts = (bench.draft.read(other) for other in islice(kin, _KIN))
    ends = {line_ending(data) for data in texts if data is not None and (b"\n" in data or b"\r" in data)}
    return ends.pop() if len(ends) == 1 else None


def _take(bench: Bench, path: RelPath, before: bytes, result: Applied | Refused) -> str:
    if isinstance(result, Refused):
        raise ToolRefusedError(result.error)
    after = result.text.encode()
    if after == before:
        raise ToolRefusedError(
            f"The edit leaves {path} as it is", remedy="Check that old_str and new_str differ"
        )
    bench.draft.write(path, after)
    bench.seen.add(path)
    added, removed = stat(before, after)
    head = f"Edited {path}: +{added} -{removed} lines."
    return head + _excerpts(before, after) + _problems(path, after, before)


def _no_removed_secret(path: RelPath, now: str, *texts: str) -> None:
    """Where a secret was taken out of what the model saw, its stand-in must not replace it."""
    if REMOVED not in now and any(REMOVED in text for text in texts):
        raise ToolRefusedError(
            f"{REMOVED!r} is not text of {path}: it stands where a secret was taken out",
            remedy="Edit around it, without the line that holds it",
        )


def _excerpts(before: bytes, after: bytes) -> str:
    """The changed places as they are now, numbered, so that the next edit starts from the truth."""
    lines = redact_keys(after.decode("utf-8", "replace")).encode().splitlines()
    out: list[str] = []
    hunks = line_hunks(before, after)
    for hunk in hunks[:_EXCERPTS]:
        first, last = max(0, hunk.new_start - 2), min(len(lines), hunk.new_end + 2)
        cut = min(last, first + _EXCERPT_LINES)
        out += [f"{n + 1:>6}\t{lines[n].decode()[:240]}" for n in range(first, cut)]
        out.append("[…]" if cut < last else "")
    if len(hunks) > _EXCERPTS:
        out.append(f"[{len(hunks) - _EXCERPTS} more changed places]")
    return "\n" + "\n".join(out).rstrip() if out else ""


def _problems(path: RelPath, after: bytes, before: bytes | None) -> str:
    problems = new_problems(path, after, before)
    if not problems:
        return ""
    return "\nNew syntax errors, to be put right before you finish:\n" + "\n".join(problems[:8])


_EDIT = strict_object(
    {
        "old_str": string("the text to replace, exactly as in the file, with enough of it to be unique"),
        "new_str": string("what stands there instead; empty: nothing"),
        "replace_all": boolean("true: every occurrence; false: old_str must occur once"),
    }
)

TOOLS = (
    Tool(
        "edit_file",
        "Replace parts of a file. All edits of a call apply, or none; each is made against the text you were "
        "shown. The answer shows the changed places and any new syntax error.",
        {"path": string("relative to the workspace"), "edits": array(_EDIT, "in any order, not overlapping")},
        edit_file,
        changes=True,
    ),
    Tool(
        "write_file",
        "Create a file, or replace one that you have read, with the whole content: never with parts left out. "
        "To change parts of a file use edit_file.",
        {"path": string("relative to the workspace"), "content": string("the whole text of the file")},
        write_file,
        changes=True,
    ),
    Tool(
        "delete_file",
        "Delete a file.",
        {"path": string("relative to the workspace")},
        delete_file,
        changes=True,
    ),
    Tool(
        "move_path",
        "Rename or move a file or a folder. What mentions the old path is not changed.",
        {"old_path": string("a file or a folder"), "new_path": string("where it goes; must not exist")},
        move_path,
        changes=True,
    ),
)
