"""ripgrep as a sieve: which of many files hold one of some literal texts. What matches is decided elsewhere.

It is given the files by name, so that which files are looked at is our decision alone (ignore rules,
secrets, links), and only names come back: a file that was swapped for a link meanwhile is refused
when it is read. So an answer is the same with and without it; ripgrep only saves reading.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from agent_ls.core.errors import WorkspaceError
from agent_ls.workspace.process import find_program, run

_FROM_FILES: Final = 400
"""Below, reading them is cheaper than starting two processes."""
_ARGUMENT_BYTES: Final = 1_000_000
_ARGUMENTS: Final = (
    "--no-config", "--no-ignore", "--hidden", "--no-messages", "--color=never", "--threads=2", "--no-mmap",
    "--encoding=none", "--text", "--fixed-strings", "--files-with-matches", "--null",
)  # fmt: skip
_NONE_MATCHED: Final = 1


async def sieve(
    root: Path,
    paths: Sequence[str],
    needles: Sequence[str],
    *,
    ignore_case: bool,
    environ: Mapping[str, str],
    timeout_s: float,
) -> Sequence[str]:
    """Those of the files below a folder that may hold one of the texts, in their order.

    All of them where there is no ripgrep, where they are few, or where it fails.
    """
    if not needles or len(paths) < _FROM_FILES:
        return paths
    program = find_program("rg", outside=root, path=environ.get("PATH", ""))
    if program is None:
        return paths
    argv = [str(program), *_ARGUMENTS, "--ignore-case" if ignore_case else "--case-sensitive"]
    argv += [word for needle in needles for word in ("-e", needle)]
    left: list[str] = []
    for chunk in _chunks(paths):
        held = await _held(argv, chunk, root, timeout_s)
        if held is None:  # a file that is gone by now makes it fail as a whole
            held = await _held(argv, [path for path in chunk if _is_file(root, path)], root, timeout_s)
        left += chunk if held is None else [path for path in chunk if path in held]
    return left


async def _held(argv: Sequence[str], paths: Sequence[str], root: Path, timeout_s: float) -> set[str] | None:
    if not paths:
        return set()
    named = [f"./{path}" for path in paths]  # neither an option nor "-", its word for stdin
    try:
        ended = await run(
            [*argv, "--", *named],
            cwd=root,
            env={},
            timeout_s=timeout_s,
            output_limit=4 * sum(len(path) + 1 for path in named),
            stdout_only=True,
        )
    except WorkspaceError:
        return None
    if ended.exit_code not in (0, _NONE_MATCHED) or ended.truncated:
        return None
    return {found.removeprefix("./") for found in ended.output.decode("utf-8", "replace").split("\0")}


def _chunks(paths: Sequence[str]) -> list[list[str]]:
    """As many names as one command line takes."""
    chunks: list[list[str]] = [[]]
    size = 0
    for path in paths:
        size += len(path.encode()) + 16  # with its pointer
        if size > _ARGUMENT_BYTES and chunks[-1]:
            chunks.append([])
            size = len(path.encode()) + 16
        chunks[-1].append(path)
    return chunks


def _is_file(root: Path, path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(root / path).st_mode)
    except OSError:
        return False
