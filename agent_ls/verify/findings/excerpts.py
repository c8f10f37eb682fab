"""The draft's own lines beside a failure: what is there now, not what a traceback quoted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import Failure
from agent_ls.core.paths import RelPath
from agent_ls.core.text import decode
from agent_ls.workspace.secrets import redact

_BEFORE = 2
_AFTER = 2
_LINE_CHARS = 200


def with_excerpts(
    failures: Iterable[Failure],
    files: Collection[RelPath],
    read: Callable[[RelPath], bytes | None],
    most: int,
) -> tuple[Failure, ...]:
    """The first ``most`` failures, each with its path as the workspace has it and the lines around its place."""
    by_name: dict[str, list[RelPath]] = defaultdict(list)
    for path in files:
        by_name[path.rpartition("/")[2]].append(path)
    shown: list[Failure] = []
    for failure in [*failures][:most]:
        path = _resolve(failure.path, by_name)
        excerpt = _excerpt(path, failure.line, read) if path and failure.line else ""
        shown.append(replace(failure, path=path or failure.path, excerpt=excerpt))
    return tuple(shown)


def _resolve(path: str, by_name: dict[str, list[RelPath]]) -> RelPath | None:
    """The one file that a tool means: its whole path, or the longest end of it that names just one."""
    candidates = by_name.get(path.rpartition("/")[2], []) if path else []
    if exact := [c for c in candidates if c == path]:
        return exact[0]
    # A module's path stands before a package's folder (go); a class's name stands alone (JVM).
    best = max((_common_tail(c, path) for c in candidates), default=0)
    fitting = [c for c in candidates if _common_tail(c, path) == best]
    return fitting[0] if len(fitting) == 1 else None


def _common_tail(one: str, other: str) -> int:
    pairs = zip(reversed(one.split("/")), reversed(other.split("/")), strict=False)
    count = 0
    for a, b in pairs:
        if a != b:
            break
        count += 1
    return count


def _excerpt(path: RelPath, line: int, read: Callable[[RelPath], bytes | None]) -> str:
    try:
        data = read(path)
    except WorkspaceError:
        return ""
    text = None if data is None else decode(data)
    if data is None or text is None:
        return ""
    lines = [part.decode("utf-8", "replace") for part in data.splitlines()]
    first, last = max(1, line - _BEFORE), min(len(lines), line + _AFTER)
    rows = [
        f"{'>' if number == line else ' '} {number:>5}  {lines[number - 1][:_LINE_CHARS]}"
        for number in range(first, last + 1)
    ]
    return redact("\n".join(rows))[0]
