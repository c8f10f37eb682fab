"""A change set as the WorkspaceEdit that this editor can take.

Minimal text edits, versions of open documents never null, file operations and annotations
only as the editor takes them. What it cannot take is a value, not a surprise.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from agent_ls.core.diff import text_edits
from agent_ls.core.edits import ChangeSet, FileChange, Op, TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.faces.lsp.annotations import ASK, Annotations
from agent_ls.faces.lsp.convert import Encoding, to_range
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.rope import Rope
from agent_ls.jobs.backing import Reasoned

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class Open:
    """How an open document is named and which version the edit is for."""

    uri: str
    version: int


@final
@dataclass(frozen=True, slots=True)
class EditRequest:
    """A WorkspaceEdit, and what is not in it.

    ``left_out``: paths whose change this editor cannot take. ``not_text``: paths whose text is not
    UTF-8, so that what an editor makes of it is not known.
    """

    edit: Json
    left_out: tuple[RelPath, ...] = ()
    not_text: tuple[RelPath, ...] = ()


def workspace_edit(
    changes: ChangeSet,
    editor: Editor,
    *,
    encoding: Encoding,
    open_documents: Mapping[RelPath, Open],
    uri_of: Callable[[RelPath], str],
    label: str,
    notes: Mapping[RelPath, str] | None = None,
    reasons: Mapping[RelPath, Sequence[Reasoned]] | None = None,
    doubts: Mapping[RelPath, str] | None = None,
    asks: bool = False,
) -> EditRequest:
    """Build the edit. ``changes`` must be against the texts of now (the open buffers where open).

    Editors that show annotations show the edits grouped by ``reasons``, and ``notes`` about files. ``asks``: the
    editor's preview opens, with everything ticked but the files of ``doubts``.
    """
    left_out = tuple(change.path for change in changes if not _needs(change) <= _can(editor))
    not_text = tuple(change.path for change in changes if not _is_text(change))
    possible = [
        change if change.source in open_documents else without_mark(change)
        for change in changes
        if change.path not in left_out and change.path not in not_text
    ]
    if not editor.document_changes:
        edits = {_uri(c, open_documents, uri_of): _text_edits(c, encoding) for c in possible}
        return EditRequest({"changes": edits}, left_out, not_text)
    annotated = editor.annotations
    doubtful = dict(doubts or {}) if asks and annotated else {}
    notebook = Annotations(label, notes or {}, reasons or {}, doubtful) if annotated else None
    operations: list[Json] = []
    for change in possible:
        if editor.ends_lines and change.op is Op.CREATE:
            change = _without_last_line_end(change)  # noqa: PLW2901  (the editor puts it back)
        operations += _operations(change, encoding, open_documents, uri_of, notebook)
    edit: Json = {"documentChanges": operations}
    if notebook is not None and operations:
        edit["changeAnnotations"] = notebook.wire(asks=asks)
        if asks:
            operations.append(_question(possible[0], open_documents, uri_of))
    return EditRequest(edit, left_out, not_text)


def without_mark(change: FileChange) -> FileChange:
    """The change as an editor sees it that opens the file: no editor counts a byte-order mark as text."""
    if change.before is None or change.after is None or not change.before.startswith(BOM_UTF8):
        return change
    return replace(change, before=change.before[3:], after=change.after.removeprefix(BOM_UTF8))


def _is_text(change: FileChange) -> bool:
    """Whether everything that text edits are made of is UTF-8; deleting or moving needs no text."""
    if change.after is None or change.before == change.after:
        return True
    try:
        for data in (change.before or b"", change.after):
            data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _needs(change: FileChange) -> frozenset[str]:
    match change.op:
        case Op.CREATE:
            return frozenset({"create"})
        case Op.DELETE:
            return frozenset({"delete"})
        case Op.MOVE:
            return frozenset({"rename"})
        case Op.EDIT:
            return frozenset()


def _can(editor: Editor) -> frozenset[str]:
    return editor.resource_operations if editor.document_changes else frozenset()


def _uri(change: FileChange, documents: Mapping[RelPath, Open], uri_of: Callable[[RelPath], str]) -> str:
    known = documents.get(change.path)
    return known.uri if known else uri_of(change.path)


def _operations(
    change: FileChange,
    encoding: Encoding,
    documents: Mapping[RelPath, Open],
    uri_of: Callable[[RelPath], str],
    notebook: Annotations | None,
) -> list[Json]:
    """File operation first, then the text edits at the path where the file then is."""
    uri = _uri(change, documents, uri_of)
    known = documents.get(change.path) if change.op is Op.EDIT else None
    text: Json = {
        "textDocument": {"uri": uri, "version": known.version if known else None},
        "edits": [
            {**edit, **(notebook.of_edit(change, edit["range"]["start"]["line"]) if notebook else {})}
            for edit in _text_edits(change, encoding)
        ],
    }
    note = notebook.of_file(change) if notebook else {}
    match change.op:
        case Op.EDIT:
            return [text]
        case Op.CREATE:
            # Without ignoreIfExists Neovim empties a file that is there; the port has just seen that none is.
            create: Json = {"kind": "create", "uri": uri, "options": {"ignoreIfExists": True}, **note}
            return [create, text] if text["edits"] else [create]
        case Op.DELETE:
            return [{"kind": "delete", "uri": uri, **note}]
        case Op.MOVE:
            source = documents.get(change.source)
            old = source.uri if source else uri_of(change.source)
            rename: Json = {"kind": "rename", "oldUri": old, "newUri": uri, **note}
            return [rename, text] if text["edits"] else [rename]


def _without_last_line_end(created: FileChange) -> FileChange:
    text = created.after or b""
    return FileChange(created.path, None, text.removesuffix(b"\n").removesuffix(b"\r"))


def _text_edits(change: FileChange, encoding: Encoding) -> list[Json]:
    return lsp_edits(change.before or b"", change.after or b"", encoding)


def lsp_edits(before: bytes, after: bytes, encoding: Encoding) -> list[Json]:
    """The TextEdits that turn one text into the other."""
    rope = Rope.of(before)
    return [
        {"range": to_range(rope, edit.span, encoding), "newText": edit.new.decode("utf-8")}
        for edit in _inside(before, text_edits(before, after))
    ]


def _inside(before: bytes, edits: list[TextEdit]) -> list[TextEdit]:
    """The edits without a place behind the last line end, where the same can be said before it.

    Neovim 0.10 leaves an empty line where lines are added or removed behind the last one: a buffer
    has no place there. ``x`` + line end at the end of the text is line end + ``x`` before it.
    """
    if not edits or edits[-1].span.end != len(before):
        return edits
    *rest, last = edits
    head = before[: last.span.start]
    end = _line_end(head)
    moved = last.new or before[last.span.start :]
    room = len(head) - (rest[-1].span.end if rest else 0)
    if not end or room < len(end) or (last.new and not last.span.empty) or _line_end(moved) != end:
        return edits
    new = end + last.new.removesuffix(end) if last.new else b""
    shifted = TextEdit(Span(last.span.start - len(end), last.span.end - len(end)), new)
    if room > len(end) or not rest:
        return [*rest, shifted]
    return [*rest[:-1], TextEdit(Span(rest[-1].span.start, shifted.span.end), rest[-1].new + new)]


def _line_end(text: bytes) -> bytes:
    return next((end for end in (b"\r\n", b"\n", b"\r") if text.endswith(end)), b"")


def _question(
    change: FileChange, documents: Mapping[RelPath, Open], uri_of: Callable[[RelPath], str]
) -> Json:
    """One empty insertion that asks: VS Code then opens its preview with every real edit ticked."""
    known = documents.get(change.path)
    here = Rope.of(b"")
    return {
        "textDocument": {"uri": _uri(change, documents, uri_of), "version": known.version if known else None},
        "edits": [{"range": to_range(here, Span(0, 0), Encoding.UTF8), "newText": "", "annotationId": ASK}],
    }
