"""One open document in the live worker: its bytes and its tree, moved from edit to edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from tree_sitter import Point, Tree

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.text import LineIndex, Span
from agent_ls.index.anchors import MARKERS
from agent_ls.index.comments import read_comment
from agent_ls.index.extract import (
    ParseTimeoutError,
    Survey,
    anchors,
    dialect,
    parse,
    survey,
    survey_within,
)
from agent_ls.index.facts import Anchor, Definition, FileFacts, SyntaxProblem
from agent_ls.index.live_facts import LiveFacts, Moved
from agent_ls.index.names import HOSTS

_MOST_AT_ONCE = 30_000
"""Bytes that are looked at between two keys: a few milliseconds."""
_MOST_EMBEDDED = 10_000
"""The same where code inside is parsed anew."""


@final
@dataclass(slots=True)
class _Dirty:
    """The part of a text that edits touched since it was last looked at, in offsets of now."""

    start: int
    end: int
    delta: int = 0

    def edited(self, start: int, end: int, new: int) -> None:
        """Bytes ``start..end`` became ``new`` bytes."""
        grown = new - (end - start)
        self.start = min(self.start, start)
        self.end = max(self.end, end) + grown
        self.delta += grown


@final
class LiveText:
    """Facts are those of a fresh parse of the same bytes; getting them is incremental.

    An edit inside a definition costs what that definition costs, not what the text does. While the
    text cannot be parsed, unsettled facts may differ from a fresh parse's: recovery from errors
    depends on what was reused.
    """

    def __init__(self, language: str, data: bytes, version: int) -> None:
        self._named_language = language
        self.data = data
        self.version = version
        self._language = dialect(data, language)
        self._tree: Tree | None = None
        self._known = Survey(language, LineIndex(b""))
        self._dirty: _Dirty | None = None
        self._settled = False
        self._incomplete = False
        self._markers: Sequence[str] = ()
        self._marked: bool | None = None

    @property
    def settled(self) -> bool:
        """Whether the last facts are those of a fresh parse."""
        return self._settled

    def edit(self, edits: Sequence[TextEdit], version: int) -> None:
        """Apply edits, all of which point into the text as it is now. Parses nothing.

        Raises:
            ValueError: the edits overlap or lie outside: the caller's text is another one.
        """
        new = apply_text_edits(self.data, edits)
        for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
            span = edit.span
            if self._tree is not None:
                self._move(self._tree, edit)
            if self._dirty is None:
                self._dirty = _Dirty(span.start, span.end)
            self._dirty.edited(span.start, span.end, len(edit.new))
        self.data = new
        self.version = version

    def facts(self, markers: Sequence[str] = MARKERS, *, settled: bool = True) -> LiveFacts:
        """Parse what changed and look; see `change`."""
        self.change(settled=settled)
        return LiveFacts(
            self.version, tuple(self._known.definitions), self.anchors(markers), self._known.problems
        )

    def change(self, *, settled: bool = False) -> Moved | None:
        """Parse what changed and look; how the definitions of now follow from those before.

        ``None``: nothing can be said but all of them anew.
        """
        if self._dirty is None and self._tree is not None and (self._settled or not settled):
            return None
        old = self._tree
        language = dialect(self.data, self._named_language)
        old = old if language == self._language else None
        self._language = language
        try:
            tree = parse(self.data, language, old=old)
            self._settled = old is None or not tree.root_node.has_error
            if settled and not self._settled:
                tree, old, self._settled = parse(self.data, language), None, True
        except ParseTimeoutError:
            self._know_nothing()
            return None
        dirty, self._tree, self._dirty = self._dirty, tree, None
        self._marked = None if self._marked or dirty is None else self._marked_near(dirty)
        if old is None or dirty is None or (settled and self._incomplete):
            return self._look_again(tree)
        moved = self._moved(old, tree, dirty)
        most = _MOST_EMBEDDED if language in HOSTS else _MOST_AT_ONCE
        if moved is None and (settled or len(self.data) <= most):
            return self._look_again(tree)
        if moved is None:
            # A look at the whole text would be felt at every key: it is for the next pause.
            moved, self._incomplete = self._carried(dirty), True
        self._settled = self._settled and not self._incomplete
        return moved

    def _look_again(self, tree: Tree) -> None:
        try:
            self._known = survey(self.data, self._language, tree)
        except ParseTimeoutError:  # of the code inside
            self._know_nothing()
        self._incomplete = False

    def _know_nothing(self) -> None:
        self._tree, self._dirty, self._settled = None, None, True
        self._known = Survey(self._language, LineIndex(b""))

    def anchors(self, markers: Sequence[str] = MARKERS) -> tuple[Anchor, ...]:
        """The wishes in the comments of the text as it was last looked at."""
        if self._marked is None or self._markers != markers:
            self._markers = markers
            self._marked = self._is_marked(self.data)
        if not self._marked:
            return ()
        lines = self._known.lines
        comments = [read_comment(self.data, lines, start, end) for start, end in self._known.comments]
        return tuple(anchors(FileFacts(self._language, len(lines), comments=tuple(comments)), markers))

    def _is_marked(self, part: bytes) -> bool:
        folded = part.lower()
        return any(marker.lower().encode() in folded for marker in self._markers)

    def _marked_near(self, dirty: _Dirty) -> bool | None:
        """Whether a text without markers has one after an edit; ``None``: not known."""
        if self._marked is None:
            return None
        reach = max(map(len, self._markers), default=0) * 4
        return self._is_marked(self.data[max(0, dirty.start - reach) : dirty.end + reach])

    @property
    def problems(self) -> tuple[SyntaxProblem, ...]:
        return self._known.problems

    def _moved(self, old: Tree, tree: Tree, dirty: _Dirty) -> Moved | None:
        """Look inside the innermost definition that holds all that changed, if there is one."""
        if self._language in HOSTS:  # this tree says nothing about the code inside
            return None
        changed = old.changed_ranges(tree)
        start = min([dirty.start, *(r.start_byte for r in changed)])
        end = max([dirty.end, *(r.end_byte for r in changed)])
        before, was_end, delta = self._known, end - dirty.delta, dirty.delta
        holder = self._holder(tree, Span(start, was_end), delta)
        if holder is None:
            return None
        now = Span(holder.start, holder.end + delta)
        lines = before.lines.edited(self.data, dirty.start, dirty.end - delta, delta)
        found = survey_within(
            *(self.data, self._language, tree, now, before, lines),
            lambda at: at + delta if at >= was_end else at,
        )
        found.definitions = _with_docs(
            found.definitions, before.definitions, self._language, now, was_end, delta
        )
        lines = len(found.lines) - len(before.lines)
        moved = Moved(holder, was_end, delta, lines, tuple(found.definitions))
        if _around(before.definitions, holder) != _around(found.definitions, now):
            return None
        found.definitions = moved.apply(before.definitions)
        self._known = found
        return moved

    def _carried(self, dirty: _Dirty) -> Moved:
        """Former facts in their new places, without those that an edit cut into; what is new comes later."""
        before, delta = self._known, dirty.delta
        start, was_end = dirty.start, dirty.end - delta
        known = Survey(self._language, before.lines.edited(self.data, start, was_end, delta))
        around = tuple(
            _grown(d, self.data, start, was_end, delta, known.lines)
            for d in before.definitions
            if d.span.start <= start and was_end <= d.span.end
        )
        moved = Moved(Span(start, was_end), was_end, delta, len(known.lines) - len(before.lines), around)
        known.definitions = moved.apply(before.definitions)
        known.comments = [
            (a, b) if b <= start else (a + delta, b + delta)
            for a, b in before.comments
            if b <= start or was_end <= a
        ]
        known.problems = before.problems
        self._known = known
        return moved

    def _move(self, tree: Tree, edit: TextEdit) -> None:
        start, end = edit.span.start, edit.span.end
        before = _point(self.data, start)
        tree.edit(
            start,
            end,
            start + len(edit.new),
            before,
            _point(self.data, end),
            _after(before, edit.new),
        )

    def _holder(self, tree: Tree, changed: Span, delta: int) -> Span | None:
        """The innermost former definition around a change that is still one node of the tree of now."""
        for definition in reversed(self._known.definitions):
            span = definition.span
            if span.start < changed.start and changed.end < span.end:
                if span.end - span.start > _MOST_AT_ONCE:
                    return None
                end = span.end + delta
                node = tree.root_node.descendant_for_byte_range(span.start, end)
                if node is not None and node.byte_range == (span.start, end):
                    return span
        return None


def _with_docs(
    found: list[Definition],
    before: Sequence[Definition],
    language: str,
    span: Span,
    was_end: int,
    delta: int,
) -> list[Definition]:
    """What stands above a definition did not change, and attributes there were not looked at."""
    if language == "python":
        return found
    docs = {d.name_span.start + (delta if d.name_span.start >= was_end else 0): d.doc for d in before}
    return [
        replace(d, doc=docs.get(d.name_span.start, d.doc))
        if d.span.start <= span.start and span.end <= d.span.end
        else d
        for d in found
    ]


def _grown(d: Definition, data: bytes, start: int, was_end: int, delta: int, lines: LineIndex) -> Definition:
    """A definition around an edit, or right behind one; its name may have been typed on."""
    first, at, to = d.span.start, d.name_span.start, d.name_span.end
    typed = data[start : was_end + delta]
    if at <= start and was_end <= to and (start > at or typed.isalnum()):
        to += delta
    elif was_end <= at:
        at, to = at + delta, to + delta
    span = Span(first + delta if was_end <= first else first, d.span.end + delta)
    name = Span(at, max(at, to))
    written = data[name.start : name.end].decode("utf-8", "replace")
    return replace(d, name=written, span=span, name_span=name, line=lines.line_of(name.start))


def _around(definitions: Sequence[Definition], span: Span) -> list[str]:
    """Names of the definitions that hold a span, itself included."""
    return [d.name for d in definitions if d.span.start <= span.start and span.end <= d.span.end]


def _point(data: bytes, offset: int) -> Point:
    """Row and column as tree-sitter counts them: rows end at line feeds only."""
    return Point(data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1))


def _after(start: Point, inserted: bytes) -> Point:
    rows = inserted.count(b"\n")
    if not rows:
        return Point(start.row, start.column + len(inserted))
    return Point(start.row + rows, len(inserted) - inserted.rfind(b"\n") - 1)
