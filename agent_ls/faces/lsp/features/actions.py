"""``textDocument/codeAction``: the menu. Asked for on every cursor move, answered from facts at hand."""

from __future__ import annotations

from typing import Any, final

from agent_ls.core.errors import AgentLsError
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.features.entries import arguments_of, usable
from agent_ls.faces.lsp.features.places import Here, diagnostics_of, locate
from agent_ls.faces.lsp.folders import Folders
from agent_ls.faces.lsp.markdown import plain
from agent_ls.jobs.views import Offer

Json = dict[str, Any]
_GENERATED = 1  # CodeActionTag.LLMGenerated
_AUTOMATIC = 2  # CodeActionTriggerKind.Automatic


@final
class Actions:
    """The code-action request."""

    def __init__(self, folders: Folders, documents: Documents, editor: Editor) -> None:
        self._folders = folders
        self._documents = documents
        self._editor = editor

    def code_action(self, params: Json) -> list[Json]:
        context = params["context"]
        only: list[str] | None = context.get("only")
        automatic = context.get("triggerKind") == _AUTOMATIC
        try:
            here = locate(self._folders, self._documents, params["textDocument"]["uri"], params["range"])
        except AgentLsError:
            return []  # a file of no folder of ours: nothing to offer, and no popup about it
        theirs: list[Json] = [d for d in context.get("diagnostics") or () if isinstance(d, dict)]
        diagnostics = diagnostics_of(theirs, here.text, self._documents.encoding)
        offers = here.folder.service.offers(here.site, diagnostics, only, automatic=automatic)
        return [self._action(offer, here, theirs) for offer in usable(offers, self._editor)]

    def _action(self, offer: Offer, here: Here, theirs: list[Json]) -> Json:
        arguments = arguments_of(offer, here, self._documents.encoding)
        fixes = [d for d in theirs if any(d.get("message") == mine.message for mine in offer.diagnostics)]
        if fixes and offer.site is not None:
            arguments["diagnostics"] = fixes
        title = plain(offer.title)
        command: Json = {"title": title, "command": offer.command, "arguments": [arguments]}
        if not self._editor.literal_actions:
            return command
        action: Json = {"title": title, "kind": offer.kind, "command": command}
        if fixes:
            action["diagnostics"] = fixes
        if self._editor.tags_generated and offer.group in ("fix", "anchor", "delegate", "verb"):
            action["tags"] = [_GENERATED]
        return action
