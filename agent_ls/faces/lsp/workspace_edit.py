"""A change set as the WorkspaceEdit that this editor can take.

Minimal text edits, versions of open documents never null, file operations and annotations
only as the editor takes them. What it cannot take is a value, not a surprise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from agent_ls.core.diff import text_edits
from agent_ls.core.edits import ChangeSet, FileChange, Op, TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.faces.lsp.convert import Encoding, to_range
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.rope import Rope

Json = dict[str, Any]

_PLAIN = "agent-ls"
_ASK = "agent-ls.review"
_DOUBT = "agent-ls.doubt:"


@final
@dataclass(frozen=True, slots=True)
class Open:
    """How an open document is named and which version the edit is for."""

    uri: str
    version: int


@final
@dataclass(frozen=True, slots=True)
class EditRequest:
    """A WorkspaceEdit, and the paths whose change this editor cannot take at all."""

    edit: Json
    left_out: tuple[RelPath, ...] = ()


def workspace_edit(
    changes: ChangeSet,
    editor: Editor,
    *,
    encoding: Encoding,
    open_documents: Mapping[RelPath, Open],
    uri_of: Callable[[RelPath], str],
    label: str,
    notes: Mapping[RelPath, str] | None = None,
    doubts: Mapping[RelPath, str] | None = None,
    asks: bool = False,
) -> EditRequest:
    """Build the edit. ``changes`` must be against the texts of now (the open buffers where open).

    ``notes`` say per file why it changes; editors that show annotations show them. ``asks``: the
    editor's preview opens, with everything ticked but the files of ``doubts``.
    """
    possible = [change for change in changes if _needs(change) <= _can(editor)]
    left_out = tuple(change.path for change in changes if not _needs(change) <= _can(editor))
    if not editor.document_changes:
        edits = {_uri(c, open_documents, uri_of): _text_edits(c, encoding) for c in possible}
        return EditRequest({"changes": edits}, left_out)
    annotated = editor.annotations
    doubtful = dict(doubts or {}) if asks and annotated else {}
    operations: list[Json] = []
    for change in possible:
        if editor.ends_lines and change.op is Op.CREATE:
            change = _without_last_line_end(change)  # noqa: PLW2901  (the editor puts it back)
        note = _note(change, doubtful) if annotated else {}
        operations += _operations(change, encoding, open_documents, uri_of, note)
    edit: Json = {"documentChanges": operations}
    if annotated and operations:
        edit["changeAnnotations"] = _annotations(label, notes or {}, doubtful, asks=asks)
        if asks:
            operations.append(_question(possible[0], open_documents, uri_of))
    return EditRequest(edit, left_out)


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
    note: Json,
) -> list[Json]:
    """File operation first, then the text edits at the path where the file then is."""
    uri = _uri(change, documents, uri_of)
    known = documents.get(change.path) if change.op is Op.EDIT else None
    text: Json = {
        "textDocument": {"uri": uri, "version": known.version if known else None},
        "edits": [{**edit, **note} for edit in _text_edits(change, encoding)],
    }
    match change.op:
        case Op.EDIT:
            return [text]
        case Op.CREATE:
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
    before, after = change.before or b"", change.after or b""
    rope = Rope.of(before)
    edits: list[TextEdit] = text_edits(before, after)
    return [
        {"range": to_range(rope, edit.span, encoding), "newText": edit.new.decode("utf-8", "replace")}
        for edit in edits
    ]


def _note(change: FileChange, doubts: Mapping[RelPath, str]) -> Json:
    return {"annotationId": f"{_DOUBT}{change.path}" if change.path in doubts else _PLAIN}


def _annotations(
    label: str, notes: Mapping[RelPath, str], doubts: Mapping[RelPath, str], *, asks: bool
) -> Json:
    described = "; ".join(f"{path}: {note}" for path, note in sorted(notes.items()))
    entries: Json = {_PLAIN: {"label": label, "needsConfirmation": False}}
    if described:
        entries[_PLAIN]["description"] = described
    for path, why in doubts.items():
        entries[f"{_DOUBT}{path}"] = {"label": f"Look twice: {why}", "needsConfirmation": True}
    if asks:
        entries[_ASK] = {"label": "Review before applying", "needsConfirmation": True}
    return entries


def _question(
    change: FileChange, documents: Mapping[RelPath, Open], uri_of: Callable[[RelPath], str]
) -> Json:
    """One empty insertion that asks: VS Code then opens its preview with every real edit ticked."""
    known = documents.get(change.path)
    here = Rope.of(b"")
    return {
        "textDocument": {"uri": _uri(change, documents, uri_of), "version": known.version if known else None},
        "edits": [{"range": to_range(here, Span(0, 0), Encoding.UTF8), "newText": "", "annotationId": _ASK}],
    }
