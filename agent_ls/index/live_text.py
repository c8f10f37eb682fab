"""One open document in the live worker: its bytes and its tree, moved from edit to edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from tree_sitter import Point, Tree

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.index.anchors import MARKERS
from agent_ls.index.extract import ParseTimeoutError, anchors, dialect, facts_of, parse
from agent_ls.index.facts import FileFacts
from agent_ls.index.live_facts import LiveFacts


@final
class LiveText:
    """Facts are those of a fresh parse of the same bytes, always; getting them is incremental."""

    def __init__(self, language: str, data: bytes, version: int) -> None:
        self._named_language = language
        self.data = data
        self.version = version
        self._language = dialect(data, language)
        self._tree: Tree | None = None

    def edit(self, edits: Sequence[TextEdit], version: int) -> None:
        """Apply edits, all of which point into the text as it is now. Parses nothing.

        Raises:
            ValueError: the edits overlap or lie outside: the caller's text is another one.
        """
        new = apply_text_edits(self.data, edits)
        if self._tree is not None:
            for edit in reversed(edits):
                self._move(self._tree, edit)
        self.data = new
        self.version = version

    def facts(self, markers: Sequence[str] = MARKERS) -> LiveFacts:
        """Parse what changed and look."""
        found = self.file_facts(names=False)
        return LiveFacts(self.version, found.definitions, tuple(anchors(found, markers)), found.problems)

    def file_facts(self, *, names: bool = True) -> FileFacts:
        """All facts. A text that takes too long to parse has none."""
        language = dialect(self.data, self._named_language)
        old = self._tree if language == self._language else None
        self._language = language
        try:
            tree = parse(self.data, language, old=old)
            if old is not None and tree.root_node.has_error:
                # Recovery from errors depends on what was reused: only a fresh parse is the same for all.
                tree = parse(self.data, language)
        except ParseTimeoutError:
            self._tree = None
            return FileFacts(language, 0)
        self._tree = tree
        return facts_of(self.data, language, tree, names=names)

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


def _point(data: bytes, offset: int) -> Point:
    """Row and column as tree-sitter counts them: rows end at line feeds only."""
    return Point(data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1))


def _after(start: Point, inserted: bytes) -> Point:
    rows = inserted.count(b"\n")
    if not rows:
        return Point(start.row, start.column + len(inserted))
    return Point(start.row + rows, len(inserted) - inserted.rfind(b"\n") - 1)
