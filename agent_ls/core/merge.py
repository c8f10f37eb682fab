"""Moving a change set onto later texts, and taking it back.

Nothing here guesses: where both sides touched the same lines differently, the user's text
stays and the clash is returned as a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

from agent_ls.core.diff3 import MergedText, TextConflict, merge_text
from agent_ls.core.edits import ChangeSet, FileChange, Op
from agent_ls.core.paths import RelPath

__all__ = ["Conflict", "MergedText", "Rebased", "TextConflict", "merge_text", "rebase", "undo"]


@final
@dataclass(frozen=True, slots=True)
class Conflict:
    """A clash of a plan with the text of now. ``ours`` is the plan's side, ``theirs`` the user's.

    ``line``: 0-based, in the text of now. Where a whole file clashes (created twice, gone,
    deleted though changed), the texts are whole files and ``b""`` stands for one that is absent.
    """

    path: RelPath
    base: bytes
    ours: bytes
    theirs: bytes
    line: int
    reason: str


@final
@dataclass(frozen=True, slots=True)
class Rebased:
    """A change set moved onto the texts of now.

    ``changes``: what still applies, its ``before`` being now; a file with clashing regions is in
    it with the rest of its edits, so a caller that wants all or nothing looks at ``conflicts``
    first. ``moved``: paths whose text of now is not the one that the change was made against.
    """

    changes: ChangeSet
    conflicts: tuple[Conflict, ...] = ()
    moved: tuple[RelPath, ...] = ()


def rebase(
    changes: ChangeSet,
    now: Mapping[RelPath, bytes | None],
    resolved: Mapping[RelPath, bytes] = MappingProxyType({}),
) -> Rebased:
    """Move a change set onto the texts of now. Never raises.

    Args:
        changes: What was planned, each ``before`` being the text that the planner saw.
        now: The newest texts of ``changes.paths``; ``None`` or missing: no such file.
        resolved: Texts of files whose lines clash, merged by somebody who knows their language: from
            these changes and exactly these texts of now.

    Returns:
        What still applies, against now, and every clash as a value. What is already so is dropped.
    """
    kept: list[FileChange] = []
    conflicts: list[Conflict] = []
    moved: list[RelPath] = []
    for change in changes:
        source, target = now.get(change.source), now.get(change.path)
        if source != change.before or (change.op is Op.MOVE and target is not None):
            moved.append(change.path)
        result = _rebase_file(change, source, target, resolved.get(change.path))
        if isinstance(result, str):
            conflicts.append(_whole_file(change, source if target is None else target, result))
        elif result is not None:
            kept.append(result[0])
            conflicts += result[1]
    return Rebased(ChangeSet.of(kept), tuple(conflicts), tuple(moved))


def undo(
    landed: ChangeSet,
    now: Mapping[RelPath, bytes | None],
    resolved: Mapping[RelPath, bytes] = MappingProxyType({}),
) -> Rebased:
    """Take a landed change set back, keeping whatever was edited since. See `rebase`."""
    return rebase(landed.inverted(), now, resolved)


def _rebase_file(
    change: FileChange, source: bytes | None, target: bytes | None, resolved: bytes | None
) -> tuple[FileChange, list[Conflict]] | str | None:
    """The change against now with its clashing regions, ``None`` if already so, a reason if impossible."""
    match change.op:
        case Op.CREATE:
            if target is None:
                return change, []
            return None if target == change.after else "a file of this name was created meanwhile"
        case Op.DELETE:
            if source is None:
                return None
            return (change, []) if source == change.before else "the file to be deleted was changed meanwhile"
        case Op.MOVE:
            if source is None:
                return None if target == change.after else "the file to be moved is gone"
            if target is not None:
                return "a file already stands where this one is to be moved"
        case Op.EDIT:
            if source is None:
                return "the file to be edited is gone"
    merged = merge_text(change.before or b"", change.after or b"", source)
    if merged.conflicts and resolved is not None:
        merged = MergedText(resolved)
    conflicts = [Conflict(change.path, c.base, c.ours, c.theirs, c.line, c.reason) for c in merged.conflicts]
    return FileChange(change.path, source, merged.data, change.moved_from), conflicts


def _whole_file(change: FileChange, now: bytes | None, reason: str) -> Conflict:
    return Conflict(change.path, change.before or b"", change.after or b"", now or b"", 0, reason)
