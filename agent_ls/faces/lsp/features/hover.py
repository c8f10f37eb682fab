"""``textDocument/hover``: instant facts that other servers do not say. Never a model call."""

from __future__ import annotations

from typing import Any, final

from agent_ls.core.errors import AgentLsError
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.features.places import locate
from agent_ls.faces.lsp.folders import Folders
from agent_ls.faces.lsp.markdown import code, escape, plain, safe_markdown
from agent_ls.jobs.views import HoverFacts, Place, plan_size

Json = dict[str, Any]
_SHOWN = 4


@final
class Hovers:
    """The hover request."""

    def __init__(self, folders: Folders, documents: Documents, editor: Editor) -> None:
        self._folders = folders
        self._documents = documents
        self._editor = editor

    def hover(self, params: Json) -> Json | None:
        position = params["position"]
        try:
            here = locate(
                self._folders,
                self._documents,
                params["textDocument"]["uri"],
                {"start": position, "end": position},
            )
        except AgentLsError:
            return None
        facts = here.folder.service.hover(here.site)
        if facts is None:
            return None
        markdown = self._editor.markdown
        lines = card(facts, markdown=markdown)
        if not lines:
            return None
        value = "\n\n".join(lines)
        contents: Json = {"kind": "markdown" if markdown else "plaintext", "value": value}
        return {"contents": contents, "range": here.range_of(facts.span, self._documents.encoding)}


def card(facts: HoverFacts, *, markdown: bool) -> list[str]:
    """The hover's paragraphs; text of a repository or a model never acts in them."""
    mark = code if markdown else plain
    prose = escape if markdown else plain
    lines: list[str] = []
    if facts.signature:
        lines.append(mark(facts.signature))
    if facts.doc:
        lines.append(prose(facts.doc))
    uses: list[str] = []
    if facts.references:
        plural = "reference" if facts.references == 1 and not facts.more else "references"
        uses.append(f"{facts.references}{'+' if facts.more else ''} {plural}")
    if facts.callers:
        uses.append(f"used by {_places(facts.callers, markdown=markdown)}")
    if facts.tests:
        uses.append(f"tests: {_places(facts.tests, markdown=markdown)}")
    if uses:
        lines.append(f"{mark(facts.symbol)}: " + " · ".join(uses))
    lines += [
        f"{prose(job.title)}: {job.state.value.replace('_', ' ')}"
        + (f", {plan_size(job)}" if job.files else "")
        for job in facts.jobs
    ]
    if facts.explanation:
        lines.append(safe_markdown(facts.explanation) if markdown else plain(facts.explanation))
    return lines


def _places(places: tuple[Place, ...], *, markdown: bool) -> str:
    mark = code if markdown else plain
    named = [
        mark(f"{p.symbol} ({p.path}:{p.line})" if p.symbol else f"{p.path}:{p.line}") for p in places[:_SHOWN]
    ]
    return ", ".join(named) + (" …" if len(places) > _SHOWN else "")
