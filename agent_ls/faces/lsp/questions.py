"""What a job asks, as a finding in the text it is about: severity Information, source ``agent-ls``.

The answers stand in the code-action menu of that file. A finding of ours is never itself
offered a fix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, final

from agent_ls.core.job import JobId
from agent_ls.core.text import Span
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.convert import to_range
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.markdown import plain
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.port import LspPort
from agent_ls.faces.lsp.rope import Rope
from agent_ls.jobs.views import JobView

Json = dict[str, Any]
_INFORMATION: Final = 3


@final
@dataclass(slots=True)
class _Place:
    """Where a job was started; ``version`` is the document's of that moment, ``None``: not open then."""

    uri: str
    version: int | None
    asked: str = ""
    """The question that stands there now, by its id."""


@final
class Questions:
    """The open questions of all jobs, as the editor's diagnostics."""

    def __init__(self, peer: Peer, documents: Documents, editor: Editor) -> None:
        self._peer = peer
        self._documents = documents
        self._wanted = editor.diagnostics
        self._places: dict[JobId, _Place] = {}
        self._published: dict[str, dict[JobId, Json]] = {}

    def follow(self, view: JobView, port: LspPort) -> None:
        """Hear of a job: its question appears, or goes when it is answered or the job has ended."""
        if not self._wanted or view.site is None:
            return
        place = self._places.get(view.id)
        if place is None:
            document = port.document(view.site.path)
            place = _Place(port.uri(view.site.path), document.version if document else None)
            self._places[view.id] = place
        question = view.question if view.state.live else None
        asked = question.id if question is not None else ""
        if asked == place.asked:
            return
        place.asked = asked
        there = self._published.setdefault(place.uri, {})
        if question is None:
            there.pop(view.id, None)
        else:
            text = plain(f"{view.title}: {question.text}")
            if question.choices:
                text += plain(f" ({' / '.join(question.choices)})")
            there[view.id] = {
                "range": self._range(view.site.span, place, port, view),
                "severity": _INFORMATION,
                "source": wire.SOURCE,
                "code": "question",
                "message": f"{text}\nAnswer from the code-action menu.",
                "data": {"jobId": view.id, "questionId": question.id},
            }
        self._publish(place.uri)

    def leave(self, port: LspPort) -> None:
        """A folder was closed: nothing of ours stays in its files."""
        for uri in [uri for uri in self._published if port.holds(uri)]:
            self._published[uri] = {}
            self._publish(uri)

    def _publish(self, uri: str) -> None:
        there = self._published[uri]
        self._peer.notify(
            "textDocument/publishDiagnostics", {"uri": uri, "diagnostics": list(there.values())}
        )
        if not there:
            del self._published[uri]

    def _range(self, span: Span, place: _Place, port: LspPort, view: JobView) -> Json:
        """The job's place in the text of now, cut to its first line; the nearest line where it is gone."""
        document = self._documents.text(place.uri)
        if document is not None and place.version is not None:
            span = self._documents.carry(place.uri, span, place.version) or span
        text = document.text if document is not None else Rope.of(self._closed(port, view))
        start = min(span.start, text.size)
        end = text.line_end(text.line_of(start))
        if not span.empty:
            end = min(end, max(start, span.end))
        return to_range(text, Span(min(start, end), end), self._documents.encoding)

    @staticmethod
    def _closed(port: LspPort, view: JobView) -> bytes:
        return (port.read(view.site.path) if view.site is not None else None) or b""
