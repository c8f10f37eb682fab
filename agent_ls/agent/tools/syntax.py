"""Syntax errors that a draft brought in; those that were there before are the user's business."""

from __future__ import annotations

from agent_ls.core.edits import ChangeSet
from agent_ls.core.paths import RelPath
from agent_ls.index.extract import ParseTimeoutError, syntax_problems
from agent_ls.index.names import language_of

_SIZE_LIMIT = 1_000_000


def new_problems(path: RelPath, after: bytes, before: bytes | None) -> list[str]:
    """Syntax errors of ``after`` that ``before`` did not have, one sentence each."""
    language = language_of(path)
    if language is None or len(after) > _SIZE_LIMIT:
        return []
    try:
        return [problem.text for problem in syntax_problems(after, language, since=before)]
    except ParseTimeoutError:
        return []  # a text that the grammar cannot read in time is for the checks to judge


def problems_of(changes: ChangeSet) -> list[str]:
    """New syntax errors of a whole draft, each with its file."""
    return [
        f"{change.path}: {text}"
        for change in changes
        if change.after is not None
        for text in new_problems(change.path, change.after, change.before)
    ]
