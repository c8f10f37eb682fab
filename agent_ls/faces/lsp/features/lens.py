"""``textDocument/codeLens``: the ``agent:`` comments of the unsaved text, and where jobs are in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

from agent_ls.core.errors import AgentLsError
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.features.marks import mark_lenses
from agent_ls.faces.lsp.features.places import Here, locate
from agent_ls.faces.lsp.folders import Folders
from agent_ls.faces.lsp.markdown import plain

Json = dict[str, Any]
_TITLE = 60


@final
class Lenses:
    """The code-lens request."""

    def __init__(self, folders: Folders, documents: Documents) -> None:
        self._folders = folders
        self._documents = documents

    def code_lens(self, params: Json) -> list[Json]:
        uri = params["textDocument"]["uri"]
        try:
            here = locate(self._folders, self._documents, uri, None)
        except AgentLsError:
            return []
        service = here.folder.service
        anchors = list(self._anchors(here)) if service.settings.lens.anchors else []
        return [*anchors, *mark_lenses(service.marks(here.site.path), here.uri)]

    def _anchors(self, here: Here) -> Iterator[Json]:
        facts = here.folder.live.facts(here.site.path)
        if facts is None:
            return
        for anchor in facts.anchors:
            # The facts are a few keystrokes old while someone types: a lens that flickers is worse.
            span = self._documents.carry(here.uri, anchor.span, facts.version)
            if span is None or span.empty:  # the comment was deleted
                continue
            range_ = here.range_of(span, self._documents.encoding)
            arguments: Json = {
                "task": anchor.text,
                "uri": here.uri,
                "range": range_,
                "version": here.version,
                "kind": "anchor",
            }
            short = anchor.text if len(anchor.text) <= _TITLE else anchor.text[: _TITLE - 1] + "…"
            title = plain(f"Delegate: {short}")
            yield {
                "range": range_,
                "command": {"title": title, "command": wire.DELEGATE, "arguments": [arguments]},
            }
