"""Edits as values: byte edits of one text, and the change set of a whole draft.

A draft's outcome is kept as whole texts before and after (a `ChangeSet`), because that is
what survives everything: it can be merged onto any later text, inverted without git, and
verified by hash. `TextEdit`s are derived from it by `core.diff` at the last moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span


@final
@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the bytes of ``span`` by ``new``. Spans of one list never overlap and are ascending."""

    span: Span
    new: bytes


class Op(StrEnum):
    """What happens to a file."""

    EDIT = "edit"
    CREATE = "create"
    DELETE = "delete"
    MOVE = "move"


@final
@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's text before and after, as bytes.

    ``before is None``: the file is created. ``after is None``: it is deleted. ``moved_from``:
    the text lay at that path before (and may be changed as well). Both ``None`` is no change
    and not allowed.
    """

    path: RelPath
    before: bytes | None
    after: bytes | None
    moved_from: RelPath | None = None

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError(f"{self.path}: neither before nor after")
        if self.moved_from is not None and (self.before is None or self.after is None):
            raise ValueError(f"{self.path}: a move has a text on both sides")

    @property
    def op(self) -> Op:
        if self.moved_from is not None:
            return Op.MOVE
        if self.before is None:
            return Op.CREATE
        return Op.DELETE if self.after is None else Op.EDIT

    @property
    def source(self) -> RelPath:
        """Where the text lay before the change."""
        return self.moved_from or self.path

    def inverted(self) -> FileChange:
        """The change that takes this one back."""
        if self.moved_from is None:
            return FileChange(self.path, self.after, self.before)
        return FileChange(self.moved_from, self.after, self.before, moved_from=self.path)


@final
@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What a draft does to the workspace; at most one change per path, sorted by path."""

    changes: tuple[FileChange, ...] = ()

    @staticmethod
    def of(changes: Iterable[FileChange]) -> ChangeSet:
        """Sort and check: every path and every move's source appears once; no-op changes are dropped."""
        kept = sorted(
            (c for c in changes if c.moved_from is not None or c.before != c.after),
            key=lambda change: change.path,
        )
        seen: set[RelPath] = set()
        for change in kept:
            for path in {change.path, change.source}:
                if path in seen:
                    raise ValueError(f"{path} is changed twice")
                seen.add(path)
        return ChangeSet(tuple(kept))

    def __iter__(self) -> Iterator[FileChange]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def paths(self) -> frozenset[RelPath]:
        """Every path that the change set touches, sources of moves included."""
        return frozenset(p for c in self.changes for p in (c.path, c.source))

    def inverted(self) -> ChangeSet:
        """The change set that takes this one back."""
        return ChangeSet.of(change.inverted() for change in self.changes)

    def only(self, paths: Iterable[RelPath]) -> ChangeSet:
        """The part that touches the given paths."""
        wanted = set(paths)
        return ChangeSet(tuple(c for c in self.changes if c.path in wanted or c.source in wanted))


def apply_text_edits(data: bytes, edits: Iterable[TextEdit]) -> bytes:
    """Apply ascending, non-overlapping edits to a text.

    Raises:
        ValueError: edits overlap, are out of order or out of bounds.
    """
    out: list[bytes] = []
    at = 0
    for edit in edits:
        if edit.span.start < at or edit.span.end > len(data):
            raise ValueError(f"edit {edit.span} overlaps, is out of order or out of bounds")
        out += (data[at : edit.span.start], edit.new)
        at = edit.span.end
    out.append(data[at:])
    return b"".join(out)


def apply_changes(files: Mapping[RelPath, bytes], changes: ChangeSet) -> dict[RelPath, bytes]:
    """The files after a change set, without checking that ``before`` matches (callers merge first)."""
    result = dict(files)
    for change in changes:
        if change.after is None or change.moved_from is not None:
            result.pop(change.source, None)
    for change in changes:
        if change.after is not None:
            result[change.path] = change.after
    return result
