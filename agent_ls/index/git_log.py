"""Asks git for the history of HEAD and keeps it beside the fact store. Run by the index host only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from agent_ls.core.errors import WorkspaceError
from agent_ls.index.history import LOG, MOST_COMMITS, Commit, parse_log
from agent_ls.index.history_file import history_path, read_commits, write_history
from agent_ls.workspace.process import find_program, run

_DEADLINE_S = 60.0
_MOST_BYTES = 32_000_000
_MOST_NEW = 500


async def refresh_history(root: Path, db: Path, environ: Mapping[str, str]) -> None:
    """Bring the kept history up to HEAD. Quick when HEAD is where it was: one short program.

    Only what HEAD reaches is kept: after a branch switch or a rewrite everything is asked anew.
    A folder without a commit has none; a git that fails or takes longer than a minute leaves an
    empty history until HEAD moves, and context goes without.
    """
    git = find_program("git", outside=root)
    if git is None:
        return
    safe = [str(git), "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", str(root)]
    env = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    env |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}

    async def ask(*arguments: str) -> bytes | None:
        try:
            done = await run(
                [*safe, *arguments], cwd=root, env=env, timeout_s=_DEADLINE_S, output_limit=_MOST_BYTES
            )
        except WorkspaceError:
            return None
        return done.output if done.exit_code == 0 and not done.truncated else None

    file = history_path(db)
    head = _hash((await ask("rev-parse", "--verify", "--quiet", "HEAD")) or b"")
    if not head:
        file.unlink(missing_ok=True)
        return
    known_head, known = read_commits(file)
    if known_head == head:
        return
    fresh: list[Commit] | None = None
    # An ancestor's history is part of HEAD's: only what came since is asked.
    if known_head and await ask("merge-base", "--is-ancestor", known_head, head) is not None:
        log = await ask(*LOG, "--relative", f"--max-count={_MOST_NEW + 1}", head, f"^{known_head}")
        fresh = parse_log(log) if log is not None else None
    if fresh is None or len(fresh) > _MOST_NEW:
        log = await ask(*LOG, "--relative", head)
        fresh, known = (parse_log(log) if log is not None else []), []
    write_history(file, head, [*fresh, *known][:MOST_COMMITS])


def _hash(output: bytes) -> str:
    """The commit that git named; warnings may stand around it."""
    found = re.search(rb"^[0-9a-f]{40,64}$", output, re.MULTILINE)
    return found[0].decode("ascii") if found else ""
