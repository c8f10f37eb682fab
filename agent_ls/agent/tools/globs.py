"""Glob patterns over relative paths, without a regular expression that could explode."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from agent_ls.core.paths import RelPath


def matches(path: RelPath, pattern: str) -> bool:
    """Whether a path matches: ``*`` and ``?`` within one part, ``**`` over any number of parts.

    A pattern without ``/`` is tried on the file's name, wherever it lies; ``dir/`` means all
    below it. Cost: parts of the path × parts of the pattern.
    """
    pattern = pattern.removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    if "/" not in pattern:
        return fnmatchcase(path.rpartition("/")[2], pattern)
    return _parts_match(tuple(path.split("/")), tuple(pattern.split("/")))


@lru_cache(maxsize=4096)
def _parts_match(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        rest = pattern[1:]
        return _parts_match(path, rest) or (bool(path) and _parts_match(path[1:], pattern))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _parts_match(path[1:], pattern[1:])
