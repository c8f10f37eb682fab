"""The open documents, as the editor says they are.

A `Document` is a value: a handler that took version 7 keeps version 7 while the user types
on. Nothing here reads the disk; a URI that is not open has no text.

Text arrives as JSON strings, which may hold lone surrogates (half an emoji, typed by
nobody). Each becomes U+FFFD, which has the same width as the surrogate in all three
position encodings, so that editor and server stay in step.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, final

from agent_ls.core.edits import TextEdit
from agent_ls.core.text import Span, common_prefix, common_suffix
from agent_ls.faces.lsp.convert import Encoding, from_range
from agent_ls.faces.lsp.history import History, Step, compose
from agent_ls.faces.lsp.json_values import Json
from agent_ls.faces.lsp.rope import Rope
from agent_ls.faces.lsp.uris import uri_to_path

_log = logging.getLogger(__name__)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MAX_COMPOSED: Final = 200  # composing is quadratic; a change of more parts counts as one big edit


@final
@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One version of one open document."""

    uri: str
    path: Path | None
    language_id: str
    version: int
    text: Rope
    saved: bool
    """The text is what the editor last opened or saved; ``False`` once it was changed since."""

    @property
    def data(self) -> bytes:
        """The whole text in UTF-8; joined once per version, when first asked for."""
        return self.text.data


@final
@dataclass(frozen=True, slots=True)
class DocumentEvent:
    """What just happened to a document; ``edits`` lead from the version before to ``document``'s."""

    kind: Literal["opened", "changed", "saved", "closed"]
    document: Document
    edits: tuple[TextEdit, ...] = ()


Listener = Callable[[DocumentEvent], None]


@final
class Documents:
    """Every open document by URI. Lives on the loop; changed by the editor's notifications only."""

    def __init__(self, encoding: Encoding = Encoding.UTF16) -> None:
        self.encoding = encoding
        self._open: dict[str, Document] = {}
        self._history: dict[str, History] = {}
        self._listeners: list[Listener] = []

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def text(self, uri: str) -> Document | None:
        """The newest version, or ``None`` if the document is not open. Never reads the disk."""
        return self._open.get(uri)

    def by_path(self, path: Path) -> Document | None:
        """The open document of a file, however its editor spells the URI. Linear in open documents."""
        return next((document for document in self._open.values() if document.path == path), None)

    def text_at(self, uri: str, version: int) -> Rope | None:
        """The text of a version that is current or still remembered."""
        document = self._open.get(uri)
        if document is None or document.version == version:
            return document and document.text
        return self._history[uri].text_at(version)

    def carry(self, uri: str, span: Span, from_version: int) -> Span | None:
        """Where a byte span of ``from_version`` lies in the newest text; see `History.carry`."""
        document = self._open.get(uri)
        if document is None:
            return None
        if document.version == from_version:
            return span if span.end <= document.text.size else None
        return self._history[uri].carry(span, from_version)

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` on the loop after every event, in order. One that raises is logged, others go on."""
        self._listeners.append(listener)

    def did_open(self, params: Json) -> None:
        item = params["textDocument"]
        uri = item["uri"]
        self._history[uri] = History()
        document = Document(
            uri=uri,
            path=uri_to_path(uri),
            language_id=item["languageId"],
            version=item["version"],
            text=Rope.of(to_bytes(item["text"])),
            saved=True,
        )
        self._open[uri] = document
        self._tell(DocumentEvent("opened", document))

    def did_change(self, params: Json) -> None:
        """Apply one didChange as a whole. Unknown documents and older versions are ignored and logged."""
        uri, version = params["textDocument"]["uri"], params["textDocument"]["version"]
        old = self._open.get(uri)
        if old is None:
            _log.warning("didChange for a document that is not open was ignored")
            return
        if version <= old.version:
            _log.warning("didChange to version %d was ignored: version %d is here", version, old.version)
            return
        text, edits = _changed(old.text, params["contentChanges"], self.encoding)
        new = Document(uri, old.path, old.language_id, version, text, saved=old.saved and not edits)
        self._history[uri].add(Step(old.version, old.text.leaves, edits))
        self._open[uri] = new
        self._tell(DocumentEvent("changed", new, edits))

    def did_save(self, params: Json) -> None:
        uri = params["textDocument"]["uri"]
        old = self._open.get(uri)
        if old is not None:
            new = Document(uri, old.path, old.language_id, old.version, old.text, saved=True)
            self._open[uri] = new
            self._tell(DocumentEvent("saved", new))

    def did_close(self, params: Json) -> None:
        uri = params["textDocument"]["uri"]
        document = self._open.pop(uri, None)
        self._history.pop(uri, None)
        if document is not None:
            self._tell(DocumentEvent("closed", document))

    def _tell(self, event: DocumentEvent) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001  (a listener's bug must not cost the editor's text)
                _log.exception("a document listener failed")


def to_bytes(text: str) -> bytes:
    """UTF-8 of a JSON string, each lone surrogate replaced by U+FFFD (the same width everywhere)."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode("utf-8")


def _changed(
    text: Rope, changes: list[dict[str, Any]], encoding: Encoding
) -> tuple[Rope, tuple[TextEdit, ...]]:
    """The text after all changes (each against the result of those before it), and the byte edits."""
    composed: list[TextEdit] = []
    before, one_by_one = text, len(changes) <= _MAX_COMPOSED
    for change in changes:
        new = to_bytes(change["text"])
        range_ = change.get("range")
        edit = TextEdit(from_range(text, range_, encoding), new) if range_ else difference(text.data, new)
        if edit.span.empty and not edit.new:
            continue
        text = text.replace(edit.span, edit.new)
        if one_by_one:
            compose(composed, edit)
    if not one_by_one:
        composed = [difference(before.data, text.data)]
    return text, tuple(composed)


def difference(old: bytes, new: bytes) -> TextEdit:
    """One edit from ``old`` to ``new``: their common start and end are left out, characters stay whole.

    Editors that send the whole text each time would otherwise void every place that is
    carried forward. Compares by halving, at memory speed.
    """
    head = common_prefix(old, new)
    while head > 0 and (_inside(old, head) or _inside(new, head)):
        head -= 1
    tail = common_suffix(old, new, head)
    while tail > 0 and (_inside(old, len(old) - tail) or _inside(new, len(new) - tail)):
        tail -= 1
    return TextEdit(Span(head, len(old) - tail), new[head : len(new) - tail])


def _inside(data: bytes, at: int) -> bool:
    """Whether an offset would split a character."""
    return at < len(data) and data[at] & 0xC0 == 0x80
