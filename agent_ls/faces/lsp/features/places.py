"""From the protocol's places to ours: a URI and a range become a folder, a path and a span."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from agent_ls.core.errors import UsageError
from agent_ls.core.job import Diagnostic, Site
from agent_ls.core.text import Span
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.convert import Encoding, from_range, to_range
from agent_ls.faces.lsp.documents import Document, Documents
from agent_ls.faces.lsp.folders import Folder, Folders
from agent_ls.faces.lsp.rope import Rope

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class Here:
    """A place that a request names, with the text it was taken from."""

    folder: Folder
    site: Site
    text: Rope
    uri: str
    version: int | None

    def range_of(self, span: Span, encoding: Encoding) -> Json:
        return to_range(self.text, span, encoding)


def locate(
    folders: Folders, documents: Documents, uri: str, range_: Json | None, version: int | None = None
) -> Here:
    """The place that a request names, carried forward from ``version`` to the text of now.

    Raises:
        WorkspaceError: the URI is no file of an open folder.
        UsageError: the file is neither open nor on disk, or the place's text is gone.
    """
    folder, path = folders.of_uri(uri)
    document = documents.text(uri) or folder.port.document(path)
    if document is None:
        data = folder.port.read(path)
        if data is None:
            raise UsageError(f"{path} is neither open nor a readable file", remedy="Save it or open it first")
        text = Rope.of(data)
        span = from_range(text, range_, documents.encoding) if range_ else Span(0, 0)
        return Here(folder, Site(path, span), text, uri, None)
    span = _span(documents, document, range_, version)
    return Here(folder, Site(path, span), document.text, document.uri, document.version)


def _span(documents: Documents, document: Document, range_: Json | None, version: int | None) -> Span:
    if range_ is None:
        return Span(0, 0)
    if version is None or version == document.version:
        return from_range(document.text, range_, documents.encoding)
    then = documents.text_at(document.uri, version)
    carried = None
    if then is not None:
        carried = documents.carry(document.uri, from_range(then, range_, documents.encoding), version)
    if carried is None:
        raise UsageError(
            f"The place belongs to version {version} of the text, which is gone (now: {document.version})",
            remedy="Choose the action again",
        )
    return carried


def diagnostics_of(found: list[Json], text: Rope, encoding: Encoding) -> tuple[Diagnostic, ...]:
    """The editor's diagnostics as values; our own are left out, malformed ones too."""
    made: list[Diagnostic] = []
    for item in found:
        message, source = item.get("message"), str(item.get("source") or "")
        if source == wire.SOURCE or not isinstance(message, str) or not _is_range(item.get("range")):
            continue
        severity = item.get("severity")
        code = item.get("code")
        made.append(
            Diagnostic(
                from_range(text, item["range"], encoding),
                message,
                severity if isinstance(severity, int) else 1,
                source,
                "" if code is None else str(code),
            )
        )
    return tuple(made)


def _is_range(value: Any) -> bool:
    try:
        return all(
            isinstance(value[end][unit], int) for end in ("start", "end") for unit in ("line", "character")
        )
    except (KeyError, TypeError):
        return False
