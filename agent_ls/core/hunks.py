"""A change set in pieces that a person can take or leave."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from agent_ls.core.diff import LineHunk, line_hunks
from agent_ls.core.edits import ChangeSet, FileChange, Op
from agent_ls.core.paths import RelPath

_EXCERPT_LINES = 40


@final
@dataclass(frozen=True, slots=True)
class Hunk:
    """One piece of a change: neighbouring lines, or a file's creation, deletion or move.

    ``id`` is stable as long as the change set's file is: it names content and place. Lines are
    0-based, starts and counts; ``old_*`` count in the text before, ``new_*`` in the text after.
    A move's own hunk has no lines. ``excerpt``: the lines with ``-`` and ``+``, shortened.
    """

    id: str
    path: RelPath
    op: Op
    old_start_line: int
    old_lines: int
    new_start_line: int
    new_lines: int
    added: int
    removed: int
    excerpt: str


def hunks(changes: ChangeSet) -> list[Hunk]:
    """All pieces, by path and then by line. Cost: one line diff per file."""
    return [hunk for change in changes for hunk, _ in _pieces(change)]


def select(
    changes: ChangeSet, files: Collection[RelPath] | None = None, hunk_ids: Collection[str] | None = None
) -> tuple[ChangeSet, ChangeSet]:
    """Split a change set into what is chosen and the rest.

    Args:
        changes: The whole.
        files: Paths chosen entirely.
        hunk_ids: Pieces chosen by id; unknown ones choose nothing. Both ``None``: everything.

    Returns:
        Chosen and rest, both against the original texts: the rest contains nothing of the chosen
        and is rebased (`core.merge.rebase`) when it is applied later.
    """
    if files is None and hunk_ids is None:
        return changes, ChangeSet()
    whole, ids = set(files or ()), set(hunk_ids or ())
    chosen: list[FileChange] = []
    rest: list[FileChange] = []
    for change in changes:
        pieces = _pieces(change)
        taken = [piece for piece in pieces if piece[0].id in ids]
        if change.path in whole or change.source in whole or len(taken) == len(pieces):
            chosen.append(change)
        elif not taken:
            rest.append(change)
        else:
            left = [piece for piece in pieces if piece[0].id not in ids]
            first, second = _split(change, [p[1] for p in taken], [p[1] for p in left])
            chosen.append(first)
            rest.append(second)
    return ChangeSet.of(chosen), ChangeSet.of(rest)


def _pieces(change: FileChange) -> list[tuple[Hunk, LineHunk | None]]:
    """A file's hunks with the lines they stand for; ``None`` is the move itself."""
    old = (change.before or b"").splitlines(keepends=True)
    new = (change.after or b"").splitlines(keepends=True)
    if change.op in (Op.CREATE, Op.DELETE):
        whole = LineHunk(0, len(old), 0, len(new))
        return [(_hunk(change, whole, old, new), whole)]
    pieces: list[tuple[Hunk, LineHunk | None]] = []
    if change.moved_from is not None:
        excerpt = f"rename {change.moved_from} → {change.path}"
        name = _name(change, "move", b"", b"")
        pieces.append((Hunk(name, change.path, Op.MOVE, 0, 0, 0, 0, 0, 0, excerpt), None))
    lines = line_hunks(change.before or b"", change.after or b"")
    return pieces + [(_hunk(change, part, old, new), part) for part in lines]


def _hunk(change: FileChange, part: LineHunk, old: list[bytes], new: list[bytes]) -> Hunk:
    removed, added = old[part.old_start : part.old_end], new[part.new_start : part.new_end]
    return Hunk(
        id=_name(change, str(part.old_start), b"".join(removed), b"".join(added)),
        path=change.path,
        op=Op.EDIT if change.op is Op.MOVE else change.op,
        old_start_line=part.old_start,
        old_lines=len(removed),
        new_start_line=part.new_start,
        new_lines=len(added),
        added=len(added),
        removed=len(removed),
        excerpt=_excerpt(removed, added),
    )


def _name(change: FileChange, place: str, removed: bytes, added: bytes) -> str:
    digest = hashlib.sha256()
    for part in (change.path.encode("utf-8", "surrogateescape"), place.encode(), removed, added):
        digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()[:12]


def _excerpt(removed: list[bytes], added: list[bytes]) -> str:
    lines = [f"-{_shown(line)}" for line in removed] + [f"+{_shown(line)}" for line in added]
    if len(lines) > _EXCERPT_LINES:
        hidden = len(lines) - _EXCERPT_LINES
        half = _EXCERPT_LINES // 2
        lines = [*lines[:half], f"… {hidden} more lines …", *lines[-half:]]
    return "\n".join(lines)


def _shown(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _split(
    change: FileChange, taken: list[LineHunk | None], left: list[LineHunk | None]
) -> tuple[FileChange, FileChange]:
    """The chosen and the remaining part of an edit or a move."""
    first, second = _with(change, taken), _with(change, left)
    if change.moved_from is None:
        return FileChange(change.path, change.before, first), FileChange(change.path, change.before, second)
    if None in taken:  # the file moves now; what is left edits it at its new place
        return FileChange(change.path, change.before, first, change.moved_from), FileChange(
            change.path, change.before, second
        )
    return FileChange(change.source, change.before, first), FileChange(
        change.path, change.before, second, change.moved_from
    )


def _with(change: FileChange, parts: list[LineHunk | None]) -> bytes:
    """The text before with only these parts done."""
    old = (change.before or b"").splitlines(keepends=True)
    new = (change.after or b"").splitlines(keepends=True)
    out: list[bytes] = []
    at = 0
    for part in parts:
        if part is not None:
            out += old[at : part.old_start] + new[part.new_start : part.new_end]
            at = part.old_end
    return b"".join([*out, *old[at:]])
