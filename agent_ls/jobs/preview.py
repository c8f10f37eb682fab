"""A plan as a person reviews it: its pending hunks on the texts of now, some of them chosen. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import final

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.hunks import Hunk, hunks
from agent_ls.core.merge import Conflict
from agent_ls.jobs.landing import Texts, plan_apply
from agent_ls.jobs.shifting import shifts


@final
@dataclass(frozen=True, slots=True)
class FilePreview:
    """One file: its text of now, and what it becomes with the chosen hunks (``None``: no such file).

    ``hunks`` are all pending ones with the ids of the plan, but with the lines of ``before`` and
    ``after`` here; ``chosen`` are the ids of those that are done in ``after``. With ``conflicts``
    nothing of the file would land, and ``after`` is ``before``.
    """

    change: FileChange
    before: bytes | None
    after: bytes | None
    hunks: tuple[Hunk, ...]
    chosen: frozenset[str]
    conflicts: tuple[Conflict, ...] = ()


def preview(pending: ChangeSet, now: Texts, chosen: Collection[str] | None) -> list[FilePreview]:
    """Every file that has not landed whole. ``chosen``: ids of hunks; ``None``: all. Cost: a merge per file."""
    return [_file(change, now, chosen) for change in pending]


def _file(change: FileChange, now: Texts, chosen: Collection[str] | None) -> FilePreview:
    pieces = hunks(ChangeSet((change,)))
    ids = frozenset(piece.id for piece in pieces if chosen is None or piece.id in chosen)
    step = plan_apply(ChangeSet((change,)), now, None, ids)
    text = now.get(change.source)
    before = after = text if text is not None else now.get(change.path)
    for landing in step.changes:  # one, or none: nothing chosen, a clash, or all of it is there already
        before, after = landing.before, landing.after
    carried = _carried(change, before, pieces, ids)
    return FilePreview(change, before, after, carried, ids, step.conflicts)


def _carried(
    change: FileChange, before: bytes | None, pieces: list[Hunk], chosen: frozenset[str]
) -> tuple[Hunk, ...]:
    """The hunks with their lines in the text of now and in the text that the chosen ones make of it."""
    if change.before is None or before is None:
        return tuple(pieces)
    shift = shifts(change.before, before)
    grown = 0
    found: list[Hunk] = []
    for piece in pieces:
        start = piece.old_start_line + shift(piece.old_start_line)
        is_in = piece.id in chosen
        found.append(
            replace(
                piece,
                old_start_line=start,
                new_start_line=start + grown,
                new_lines=piece.new_lines if is_in else piece.old_lines,
            )
        )
        grown += piece.new_lines - piece.old_lines if is_in else 0
    return tuple(found)
