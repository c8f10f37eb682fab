r"""Differences between two texts: line hunks, minimal byte edits, git-style patches.

All of it works on bytes and is deterministic. Lines are those of `core.text`, except in
`unified`, which must count as git does (``\n`` only), so that a patch applies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.alignment import Gap, gaps
from agent_ls.core.edits import ChangeSet, FileChange, Op, TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span, common_prefix, common_suffix

_NO_FINAL_NEWLINE = b"\\ No newline at end of file\n"
_NEEDS_QUOTES = re.compile(r'["\\\x00-\x1f\x7f]')
_MODE = (
    b"100644"  # a change set carries texts only; git warns, and applies, where the file's own mode differs
)


@final
@dataclass(frozen=True, slots=True)
class LineHunk:
    """Lines ``old_start..old_end`` of the old text became ``new_start..new_end`` of the new one.

    0-based, half-open. Hunks of one list are ascending and at least one unchanged line apart.
    """

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def line_hunks(old: bytes, new: bytes) -> list[LineHunk]:
    """Which lines changed. About linear for texts that mostly agree; see `core.alignment`."""
    return [LineHunk(*gap) for gap in gaps(old.splitlines(keepends=True), new.splitlines(keepends=True))]


def text_edits(old: bytes, new: bytes) -> list[TextEdit]:
    r"""The smallest byte edits we find that turn ``old`` into ``new``, ascending and apart.

    Edits begin and end on UTF-8 character boundaries (where the texts are UTF-8) and never
    between ``\r`` and ``\n``, so that they are expressible as positions in every encoding.
    Cost: that of the line diff, plus linear in the changed lines.
    """
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    edits: list[TextEdit] = []
    offset = line = 0
    for gap in gaps(old_lines, new_lines):
        offset += sum(map(len, old_lines[line : gap[0]]))
        line = gap[0]
        for removed, added in _pieces(old_lines, new_lines, gap):
            edit = _trimmed(offset, removed, added)
            if edit is not None:
                edits.append(edit)
            offset += len(removed)
        line = gap[1]
    return _joined(edits)


def _pieces(old: Sequence[bytes], new: Sequence[bytes], gap: Gap) -> Iterator[tuple[bytes, bytes]]:
    """A gap's text as pairs of (removed, added): line by line where the counts agree, else as one."""
    first, last, new_first, new_last = gap
    if last - first == new_last - new_first:
        yield from zip(old[first:last], new[new_first:new_last], strict=True)
    else:
        yield b"".join(old[first:last]), b"".join(new[new_first:new_last])


def _trimmed(offset: int, removed: bytes, added: bytes) -> TextEdit | None:
    """The edit of ``removed`` (at ``offset``) to ``added`` without what both begin and end with."""
    if removed == added:
        return None
    head = common_prefix(removed, added)
    while head and not (_is_boundary(removed, head) and _is_boundary(added, head)):
        head -= 1
    tail = common_suffix(removed, added, head)
    while tail and not (
        _is_boundary(removed, len(removed) - tail) and _is_boundary(added, len(added) - tail)
    ):
        tail -= 1
    return TextEdit(Span(offset + head, offset + len(removed) - tail), added[head : len(added) - tail])


def _is_boundary(data: bytes, at: int) -> bool:
    if at in (0, len(data)):
        return True
    return data[at] & 0xC0 != 0x80 and not (data[at - 1] == 0x0D and data[at] == 0x0A)


def _joined(edits: list[TextEdit]) -> list[TextEdit]:
    """Edits that touch become one: two insertions at one place have no order in LSP."""
    joined: list[TextEdit] = []
    for edit in edits:
        if joined and joined[-1].span.end == edit.span.start:
            last = joined.pop()
            joined.append(TextEdit(Span(last.span.start, edit.span.end), last.new + edit.new))
        else:
            joined.append(edit)
    return joined


def stat(old: bytes | None, new: bytes | None) -> tuple[int, int]:
    """Lines added and removed, counted as git counts them; ``None`` is a file that is not there."""
    added = removed = 0
    for first, last, new_first, new_last in gaps(_git_lines(old or b""), _git_lines(new or b"")):
        removed += last - first
        added += new_last - new_first
    return added, removed


Headings = Mapping[RelPath, Sequence[tuple[int, str]]]
"""Words about places of a file's text before: 0-based line, one line of text."""


def unified(changes: ChangeSet, context: int = 3, headings: Headings | None = None) -> str:
    r"""A patch that ``git apply`` accepts; bytes that are not UTF-8 stand in it as surrogate escapes.

    Write it with ``errors="surrogateescape"`` and without newline translation: ``\r`` inside it
    belongs to the files. ``headings`` stand behind the ``@@`` of the hunk that holds their line,
    where git itself puts the function's name and reads nothing.
    """
    words = headings or {}
    patches = (_file_patch(change, context, words.get(change.path, ())) for change in changes)
    return b"".join(patches).decode("utf-8", "surrogateescape")


def _file_patch(change: FileChange, context: int, headings: Sequence[tuple[int, str]]) -> bytes:
    old, new = change.before, change.after
    head = [b"diff --git %s %s\n" % (_quoted("a/" + change.source), _quoted("b/" + change.path))]
    match change.op:
        case Op.CREATE:
            head.append(b"new file mode %s\n" % _MODE)
        case Op.DELETE:
            head.append(b"deleted file mode %s\n" % _MODE)
        case Op.MOVE:
            head += (
                b"similarity index %d%%\n" % _similarity(old or b"", new or b""),
                b"rename from %s\n" % _quoted(change.source),
                b"rename to %s\n" % _quoted(change.path),
            )
        case Op.EDIT:
            pass
    if old != new:
        mode = b" " + _MODE if change.op in (Op.EDIT, Op.MOVE) else b""
        head.append(b"index %s..%s%s\n" % (_blob_name(old), _blob_name(new), mode))
    body = list(_hunks(_git_lines(old or b""), _git_lines(new or b""), context, headings))
    if body:
        head.append(b"--- %s\n" % (b"/dev/null" if old is None else _named("a/" + change.source)))
        head.append(b"+++ %s\n" % (b"/dev/null" if new is None else _named("b/" + change.path)))
    return b"".join(head + body)


def _hunks(
    old: list[bytes], new: list[bytes], context: int, headings: Sequence[tuple[int, str]]
) -> Iterator[bytes]:
    for group in _grouped(gaps(old, new), 2 * context):
        first = max(0, group[0][0] - context)
        last = min(len(old), group[-1][1] + context)
        new_first = group[0][2] - (group[0][0] - first)
        new_last = group[-1][3] + (last - group[-1][1])
        said = dict.fromkeys(words for line, words in headings if group[0][0] <= line <= group[-1][1])
        heading = "".join(f" {words}" for words in ("; ".join(said),) if words).encode("utf-8", "replace")
        yield b"@@ -%s +%s @@%s\n" % (_range(first, last), _range(new_first, new_last), heading)
        at = first
        for start, end, new_start, new_end in group:
            yield from (_line(b" ", line) for line in old[at:start])
            yield from (_line(b"-", line) for line in old[start:end])
            yield from (_line(b"+", line) for line in new[new_start:new_end])
            at = end
        yield from (_line(b" ", line) for line in old[at:last])


def _grouped(changed: list[Gap], reach: int) -> Iterator[list[Gap]]:
    """Gaps whose contexts touch stand in one hunk."""
    group: list[Gap] = []
    for gap in changed:
        if group and gap[0] - group[-1][1] > reach:
            yield group
            group = []
        group.append(gap)
    if group:
        yield group


def _range(first: int, last: int) -> bytes:
    count = last - first
    if count == 1:
        return b"%d" % (first + 1)
    return b"%d,%d" % (first + 1 if count else first, count)


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n" + _NO_FINAL_NEWLINE


def _git_lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _blob_name(data: bytes | None) -> bytes:
    """Git's name of a blob, in full: ``git apply --3way`` can then find the base."""
    if data is None:
        return b"0" * 40
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode()


def _similarity(old: bytes, new: bytes) -> int:
    if old == new:
        return 100
    kept = len(old) - sum(edit.span.end - edit.span.start for edit in text_edits(old, new))
    return min(99, 100 * kept // max(len(old), len(new), 1))


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    if not _NEEDS_QUOTES.search(path):
        return raw
    escapes = {0x22: b'\\"', 0x5C: b"\\\\", 0x0A: b"\\n", 0x09: b"\\t", 0x0D: b"\\r"}
    return b'"%s"' % b"".join(
        escapes.get(c) or (b"\\%03o" % c if c < 0x20 or c == 0x7F else bytes([c])) for c in raw
    )


def _named(path: str) -> bytes:
    """A path on a ``---`` or ``+++`` line: a tab ends one with blanks, else git takes them for a date."""
    return _quoted(path) + (b"\t" if " " in path and not _NEEDS_QUOTES.search(path) else b"")
