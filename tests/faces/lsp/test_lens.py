"""The lens stays with its comment while the facts are older than the text."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.features.lens import Lenses
from agent_ls.index.facts import Anchor
from agent_ls.index.live_facts import LiveFacts

URI = "file:///w/a.py"
TEXT = "x = 1\n# agent: do it well\n"


class OneFolder:
    def __init__(self, facts: LiveFacts | None) -> None:
        self.facts = facts

    def of_uri(self, uri: str) -> tuple[Any, RelPath]:
        if uri != URI:
            raise WorkspaceError("elsewhere")
        return SimpleNamespace(live=SimpleNamespace(facts=lambda _path: self.facts)), RelPath("a.py")


def lenses(documents: Documents, facts: LiveFacts | None, uri: str = URI) -> list[dict[str, Any]]:
    return Lenses(OneFolder(facts), documents).code_lens({"textDocument": {"uri": uri}})  # type: ignore[arg-type]


def opened() -> Documents:
    documents = Documents()
    item = {"uri": URI, "languageId": "python", "version": 1, "text": TEXT}
    documents.did_open({"textDocument": item})
    return documents


def typed(documents: Documents, line: int, start: int, end: int, text: str) -> None:
    version = (documents.text(URI) or documents.by_path(Path("/w/a.py"))).version + 1  # type: ignore[union-attr]
    span = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    params = {
        "textDocument": {"uri": URI, "version": version},
        "contentChanges": [{"range": span, "text": text}],
    }
    documents.did_change(params)


FACTS = LiveFacts(1, anchors=(Anchor(Span(6, 25), "do it well"),))


def test_a_lens_of_facts_that_are_behind_is_where_the_comment_is_now() -> None:
    documents = opened()
    typed(documents, 0, 0, 0, "\n\n")
    [lens] = lenses(documents, FACTS)
    assert lens["range"] == {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 19}}
    [argument] = lens["command"]["arguments"]
    assert (argument["range"], argument["version"], argument["kind"]) == (lens["range"], 2, "anchor")


def test_no_lens_where_the_comment_was_torn_or_nothing_is_known() -> None:
    documents = opened()
    typed(documents, 1, 0, 19, "")
    assert lenses(documents, FACTS) == []
    assert lenses(documents, None) == []
    assert lenses(documents, FACTS, "file:///elsewhere.py") == []
