"""The comment that a job was started from: its removal belongs to the plan."""

from __future__ import annotations

from agent_ls.core.diff import text_edits
from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.job import Intent
from agent_ls.core.text import Span, content_hash
from agent_ls.workspace.overlay import Overlay


def remove_anchor(draft: Overlay, intent: Intent) -> bool:
    """Delete the intent's comment from the draft if it is still there; whether anything was deleted.

    The comment's span points into the text whose hash the intent names; it is carried to the
    draft's text, and only the very same bytes are deleted: what the agent has rewritten stays.
    """
    if intent.anchor is None or intent.site is None:
        return False
    path = intent.site.path
    base, now = draft.base.read(path), draft.read(path)
    if base is None or now is None or content_hash(base) != intent.site_hash:
        return False
    comment = base[intent.anchor.start : intent.anchor.end]
    start = _carried(base, now, intent.anchor)
    if start is None and now.count(comment) == 1:
        # The diff took the place apart (the code around it was rewritten), the comment itself stands.
        start = now.index(comment)
    if start is None or not comment or now[start : start + len(comment)] != comment:
        return False
    span = _whole_lines(now, Span(start, start + len(comment)))
    draft.write(path, apply_text_edits(now, [TextEdit(span, b"")]))
    return True


def _carried(base: bytes, now: bytes, span: Span) -> int | None:
    """Where a span of ``base`` starts in ``now``; ``None`` if an edit touched its inside."""
    shift = 0
    for edit in text_edits(base, now):
        if edit.span.end <= span.start:
            shift += len(edit.new) - (edit.span.end - edit.span.start)
        elif edit.span.start < span.end:
            return None
    return span.start + shift


def _whole_lines(data: bytes, span: Span) -> Span:
    """The comment with its lines where nothing else stands on them, else with the blanks before it."""
    start, end = span.start, span.end
    while start > 0 and data[start - 1] in b" \t":
        start -= 1
    while end < len(data) and data[end] in b" \t":
        end += 1
    alone = start == 0 or data[start - 1] in b"\r\n"
    at_end = end == len(data) or data[end] in b"\r\n"
    if not at_end:
        return span
    if not alone:
        return Span(start, end)
    if data[end : end + 2] == b"\r\n":
        end += 2
    elif end < len(data):
        end += 1
    return Span(start, end)
