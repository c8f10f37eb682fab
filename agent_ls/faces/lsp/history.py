"""What happened to a text between two versions, kept for a while.

The range of a command belongs to the version that the menu was drawn from; the user may
have typed since. Old versions share nearly all of their leaves with the newest, so keeping
some is cheap and carrying a place forward is exact instead of guessed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from agent_ls.core.edits import TextEdit
from agent_ls.core.text import Span
from agent_ls.faces.lsp.rope import Leaf, Rope

_MAX_VERSIONS: Final = 256
_MAX_BYTES: Final = 4 * 1024 * 1024
_TOUCHED_BYTES: Final = 24 * 1024  # the leaves that one edit replaces, with their line starts


@final
@dataclass(frozen=True, slots=True)
class Step:
    """One didChange: version and text before it, and its edits against that text (ascending, disjoint)."""

    version: int
    before: tuple[Leaf, ...]
    edits: tuple[TextEdit, ...]


@final
class History:
    """The last steps of one open document, bounded by number and by the bytes they keep alive."""

    __slots__ = ("_costs", "_steps")

    def __init__(self) -> None:
        self._steps: deque[Step] = deque()
        self._costs: deque[int] = deque()

    def add(self, step: Step) -> None:
        """Append the newest step; the oldest leave when a bound is passed."""
        self._steps.append(step)
        self._costs.append(_cost(step))
        while len(self._steps) > _MAX_VERSIONS or (sum(self._costs) > _MAX_BYTES and len(self._steps) > 1):
            self._steps.popleft()
            self._costs.popleft()

    def text_at(self, version: int) -> Rope | None:
        """The text that a former version had, as long as it is remembered."""
        return next((Rope(step.before) for step in self._steps if step.version == version), None)

    def carry(self, span: Span, version: int) -> Span | None:
        """Where a span of a former version lies now.

        Edits before it shift it, edits inside it grow or shrink it, text inserted at either
        end stays outside. ``None``: the version is forgotten, or an edit replaced one of the
        span's ends, so that it no longer exists.
        """
        steps = [step for step in self._steps if step.version >= version]
        if not steps or steps[0].version != version:
            return None
        moved: Span | None = span
        for step in steps:
            moved = carry(moved, step.edits) if moved is not None else None
        return moved


def carry(span: Span, edits: Sequence[TextEdit]) -> Span | None:
    """Move a span across ascending, disjoint edits; ``None`` if one of its ends was replaced."""
    before = inside = 0
    for edit in edits:
        growth = len(edit.new) - (edit.span.end - edit.span.start)
        if edit.span.end <= span.start:
            before += growth
        elif edit.span.start >= span.end:
            break
        elif span.start <= edit.span.start and edit.span.end <= span.end:
            inside += growth
        else:
            return None
    return Span(span.start + before, span.end + before + inside)


def compose(edits: list[TextEdit], step: TextEdit) -> None:
    """Add an edit made *after* ``edits`` (against their result) to them, in place.

    Afterwards ``edits`` is again ascending, disjoint and against the first text. Linear in
    the number of edits. Edits that the new one touches become one with it.
    """
    start, end, shift, first = step.span.start, step.span.end, 0, 0
    while first < len(edits) and edits[first].span.start + shift + len(edits[first].new) < start:
        shift += _growth(edits[first])
        first += 1
    old_start, head, tail = start - shift, b"", b""
    last, after = first, shift
    while last < len(edits) and edits[last].span.start + after <= end:
        edit, at = edits[last], edits[last].span.start + after  # where it lies in the text of now
        if at < start:  # only the first can begin before the step does
            head, old_start = edit.new[: start - at], edit.span.start
        tail = edit.new[end - at :]
        after += _growth(edit)
        last += 1
    old_end = end - shift if last == first else max(end - after, edits[last - 1].span.end)
    edits[first:last] = [TextEdit(Span(old_start, old_end), head + step.new + tail)]


def _growth(edit: TextEdit) -> int:
    return len(edit.new) - (edit.span.end - edit.span.start)


def _cost(step: Step) -> int:
    """Roughly the bytes that only this step keeps alive."""
    changed = sum(len(edit.new) + edit.span.end - edit.span.start for edit in step.edits)
    touched = _TOUCHED_BYTES * min(len(step.edits), len(step.before))
    return 8 * len(step.before) + changed + touched
