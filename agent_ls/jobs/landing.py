"""From a plan to what an editor is asked for, and from its answer to what is really there. Pure.

A file with a clash is never landed. What has not landed stays *pending*, against the texts the
plan was made from, and is merged onto the texts of its own moment when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.diff import line_hunks
from agent_ls.core.edits import ChangeSet, FileChange, apply_changes
from agent_ls.core.errors import OutsideWorkspaceError
from agent_ls.core.hunks import select
from agent_ls.core.merge import Conflict, merge_text, rebase, undo
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.index.merging import Clashing, Resolved
from agent_ls.index.names import language_of
from agent_ls.jobs.port import Landing

Read = Callable[[RelPath], bytes | None]
Texts = Mapping[RelPath, bytes | None]
NOTHING_RESOLVED: Mapping[RelPath, Resolved] = MappingProxyType({})


@final
@dataclass(frozen=True, slots=True)
class Step:
    """What an editor is to be asked for.

    ``changes``: from the texts of now. ``chosen`` and ``rest``: the part of the plan that this
    stands for, and the other. ``left_out``: the paths of ``conflicts``, which are not in
    ``changes``. ``moved``: files whose text had changed, ``edits`` in how many places.
    ``settled``: clashes of lines that were none in the syntax.
    """

    changes: ChangeSet
    chosen: ChangeSet = field(default_factory=ChangeSet)
    rest: ChangeSet = field(default_factory=ChangeSet)
    left_out: frozenset[RelPath] = frozenset()
    conflicts: tuple[Conflict, ...] = ()
    moved: tuple[RelPath, ...] = ()
    edits: int = 0
    settled: int = 0


def texts_of(paths: Iterable[RelPath], read: Read) -> dict[RelPath, bytes | None]:
    """The texts of now of some paths."""
    return {path: read(path) for path in paths}


def plan_apply(
    pending: ChangeSet,
    now: Texts,
    files: Collection[RelPath] | None,
    hunks: Collection[str] | None,
    resolved: Mapping[RelPath, Resolved] = NOTHING_RESOLVED,
    landed: Sequence[ChangeSet] = (),
) -> Step:
    """The chosen part of what is pending, on the texts of now, without the files that clash.

    ``landed``: what of the plan is there already, oldest first; it does not count as the user's edits.
    """
    chosen, rest = select(pending, files, hunks)
    rebased = rebase(chosen, now, _texts(resolved))
    left_out = frozenset(conflict.path for conflict in rebased.conflicts)
    changes = ChangeSet.of(change for change in rebased.changes if change.path not in left_out)
    left = {change.path: change.after for done in landed for change in done}
    moved = tuple(
        path
        for path in rebased.moved
        if path in changes.paths and not (path in left and left[path] == now.get(path))
    )
    edits = sum(
        _edits_between(left.get(change.source, change.before), now.get(change.source))
        for change in chosen
        if change.path in moved
    )
    settled = sum(known.clashes for known in resolved.values())
    return Step(changes, chosen, rest, left_out, rebased.conflicts, moved, edits, settled)


def clashing(changes: ChangeSet, conflicts: Iterable[Conflict], now: Texts) -> dict[RelPath, Clashing]:
    """The files with clashing lines whose syntax may know better."""
    paths = {conflict.path for conflict in conflicts}
    found: dict[RelPath, Clashing] = {}
    for change in changes:
        text, language = now.get(change.source), language_of(change.path)
        if change.path not in paths or text is None or language is None:
            continue
        if change.before is not None and change.after is not None:
            found[change.path] = Clashing(language, change.before, change.after, text)
    return found


def _texts(resolved: Mapping[RelPath, Resolved]) -> dict[RelPath, bytes]:
    return {path: known.data for path, known in resolved.items()}


def remaining(pending: ChangeSet, step: Step, missing: Collection[RelPath]) -> ChangeSet:
    """What is pending after a step whose paths ``missing`` (and its clashes) did not land."""
    not_there = step.left_out.union(missing)
    left: list[FileChange] = []
    for change in pending:
        own = {change.path, change.source}
        part = next((c for c in step.chosen if c.path in own), None)
        if part is None or part.path in not_there:
            left.append(change)
        else:
            left += [c for c in step.rest if c.path in own]
    return ChangeSet.of(left)


def plan_undo(
    applied: Sequence[ChangeSet], now: Texts, resolved: Mapping[RelPath, Resolved] = NOTHING_RESOLVED
) -> Step:
    """Every landing taken back, the last one first, on the texts of now; later edits stay.

    ``resolved``: for a single landing only; between several there are texts that nobody saw.
    """
    if len(applied) == 1:
        return _undo_one(applied[0], now, resolved)
    texts = dict(now)
    conflicts: list[Conflict] = []
    moved: set[RelPath] = set()
    for landed in reversed(applied):
        step = _undo_one(landed, texts)
        conflicts += step.conflicts
        moved.update(step.moved)
        there = {path: text for path, text in texts.items() if text is not None}
        after = apply_changes(there, step.changes)
        texts = {path: after.get(path) for path in {*texts, *after}}
    left_out = _of_one_fate((conflict.path for conflict in conflicts), applied)
    # Several landings in one step: whole files before and after, where a move is a delete and a create.
    changes = ChangeSet.of(
        FileChange(path, now.get(path), text)
        for path, text in texts.items()
        if now.get(path) != text and path not in left_out
    )
    return Step(changes, left_out=left_out, conflicts=tuple(conflicts), moved=tuple(sorted(moved - left_out)))


def _of_one_fate(paths: Iterable[RelPath], applied: Sequence[ChangeSet]) -> frozenset[RelPath]:
    """The paths, with those that a move of some landing connects to them: all are left out, or none."""
    found = set(paths)
    linked = [{change.path, change.source} for landed in applied for change in landed if change.moved_from]
    while more := [pair for pair in linked if pair & found and not pair <= found]:
        found.update(*more)
    return frozenset(found)


def still_applied(
    applied: Sequence[ChangeSet], step: Step, missing: Collection[RelPath]
) -> tuple[ChangeSet, ...]:
    """The landings that are still there after an undo whose paths ``missing`` (and clashes) stayed."""
    stayed = step.left_out.union(missing)
    left = (ChangeSet.of(c for c in landed if {c.path, c.source} & stayed) for landed in applied)
    return tuple(landed for landed in left if landed)


def settle(step: Step, landing: Landing, read: Read) -> tuple[ChangeSet, tuple[RelPath, ...]]:
    """What of a step is really in the user's texts, and the paths that are not.

    The face's word is taken where it saw the change land; everything else is looked up.
    """
    told = {change.path for change in landing.landed}
    there = [c for c in step.changes if c.path in told or contained(c, read) or turned(c, read) is not None]
    missing = tuple(c.path for c in step.changes if c not in there)
    return ChangeSet.of(turned(c, read) or c for c in there), missing


def turned(change: FileChange, read: Read) -> FileChange | None:
    """A file's creation as it really is, where the editor gave it its own line ends; else ``None``.

    A buffer that is a list of lines has no others, and an undo must know the text that it takes back.
    """
    now = read(change.path) if change.before is None else None
    if now is None or now == change.after or now.splitlines() != (change.after or b"").splitlines():
        return None
    return FileChange(change.path, None, now)


def contained(change: FileChange, read: Read) -> bool:
    """Whether a change is in the texts of now, possibly with later edits around it."""
    now = read(change.path)
    if change.moved_from is not None and read(change.moved_from) is not None:
        return False
    if change.after is None or now is None:
        return change.after is now
    if now == change.after:
        return True
    if change.before is None or now == change.before:
        return False
    merged = merge_text(change.before, change.after, now)
    return not merged.conflicts and merged.data == now


def to_draft(changes: ChangeSet, put: Callable[[bytes], str]) -> tuple[DraftFile, ...]:
    """A change set by content hashes; ``put`` keeps the texts."""
    return tuple(
        DraftFile(
            change.path,
            None if change.before is None else put(change.before),
            None if change.after is None else put(change.after),
            change.moved_from,
        )
        for change in changes
    )


def from_draft(draft: Iterable[DraftFile], get: Callable[[str], bytes]) -> ChangeSet:
    """The change set that hashes stand for.

    Raises:
        OutsideWorkspaceError: a record names a place outside, which no attempt of ours ever does.
        WorkspaceError: what ``get`` raises for a lost text.
    """
    return ChangeSet.of(
        FileChange(
            _inside(file.path),
            None if file.before is None else get(file.before),
            None if file.after is None else get(file.after),
            None if file.moved_from is None else _inside(file.moved_from),
        )
        for file in draft
    )


def _inside(path: RelPath) -> RelPath:
    """The path, if it is one of the workspace: records come from a pipe and from a disk."""
    if rel_path(path) != path:
        raise OutsideWorkspaceError(
            f"The plan names {path[:80]!r}, which is no plain path of this workspace",
            kept="Nothing was changed",
            remedy="Discard the plan and retry the job",
        )
    return path


def _undo_one(landed: ChangeSet, now: Texts, resolved: Mapping[RelPath, Resolved] = NOTHING_RESOLVED) -> Step:
    rebased = undo(landed, now, _texts(resolved))
    left_out = frozenset(conflict.path for conflict in rebased.conflicts)
    changes = ChangeSet.of(change for change in rebased.changes if change.path not in left_out)
    moved = tuple(path for path in rebased.moved if path in changes.paths)
    return replace(
        _step(changes, rebased.conflicts, moved), settled=sum(known.clashes for known in resolved.values())
    )


def _step(changes: ChangeSet, conflicts: Sequence[Conflict], moved: Sequence[RelPath]) -> Step:
    left_out = frozenset(conflict.path for conflict in conflicts)
    return Step(changes, left_out=left_out, conflicts=tuple(conflicts), moved=tuple(moved))


def _edits_between(before: bytes | None, now: bytes | None) -> int:
    return 1 if before is None or now is None else len(line_hunks(before, now))
