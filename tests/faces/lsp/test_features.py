"""What the server offers and what it serves are the same; a hover's words; commands before the folders are open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.job import IntentKind, JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.faces.lsp.features.build import build
from agent_ls.faces.lsp.features.hover import card
from agent_ls.faces.lsp.offers import CAPABILITIES
from agent_ls.faces.lsp.session import ServerContext
from agent_ls.jobs.views import FileView, HoverFacts, JobView, Place
from agent_ls.workspace.state import StateDirs

PROVIDERS = {
    "codeActionProvider": "textDocument/codeAction",
    "hoverProvider": "textDocument/hover",
    "codeLensProvider": "textDocument/codeLens",
    "executeCommandProvider": "",
}


class Wire:
    def __init__(self) -> None:
        self.sent: list[str] = []
        self.open = asyncio.Event()

    async def request(self, method: str, _params: Any = None, *, timeout_s: float = 0) -> Any:
        self.sent.append(method)
        if method == "workspace/configuration":
            await self.open.wait()
        return None

    def notify(self, method: str, _params: Any = None) -> None:
        self.sent.append(method)


def built(tmp_path: Path, wire: Wire, **said: Any) -> Any:
    root = tmp_path / "w"
    root.mkdir()
    params = {
        "capabilities": {"workspace": {"configuration": True}, **said},
        "workspaceFolders": [{"uri": root.as_uri(), "name": "w"}],
    }
    context = ServerContext(params, wire, debug=False)  # type: ignore[arg-type]
    dirs = StateDirs(tmp_path / "s", tmp_path / "c", tmp_path / "k", tmp_path)
    return build(context, dirs, {}), context


async def test_every_offer_has_a_handler_and_every_handler_is_offered(tmp_path: Path) -> None:
    features, _ = built(tmp_path, Wire())
    assert set(CAPABILITIES) == set(PROVIDERS)
    assert set(features.requests) == {method for method in PROVIDERS.values() if method}
    assert sorted(features.commands) == sorted(CAPABILITIES["executeCommandProvider"]["commands"])


async def test_a_command_waits_for_the_folders_but_a_menu_never_does(tmp_path: Path) -> None:
    wire = Wire()
    features, context = built(tmp_path, wire)
    for listener in features.notifications["initialized"]:
        listener({})
    asked = asyncio.create_task(features.commands["agentLs.status"]({}))
    place = {"line": 0, "character": 0}
    params = {"textDocument": {"uri": (tmp_path / "w" / "a.py").as_uri()}, "position": place}
    assert features.requests["textDocument/hover"](params) is None
    await asyncio.sleep(0)
    assert not asked.done()
    wire.open.set()
    try:
        async with asyncio.timeout(20):
            assert len((await asked)["folders"]) == 1
    finally:
        await context.end()


FACTS = HoverFacts(
    symbol="Client.send",
    kind="method",
    span=Span(0, 4),
    references=12,
    callers=(Place(RelPath("app.py"), 3, "main"), Place(RelPath("b.py"), 9)),
    tests=(Place(RelPath("test_a.py"), 5, "test_send"),),
    jobs=(
        JobView(
            *(JobId("j"), IntentKind.DELEGATE, JobState.PARTLY_APPLIED, "Delegate: *x*", 0.0, 0.0),
            files=(FileView(RelPath("a.py"), "edit", 1, 0),),
        ),
    ),
    explanation="Sends **one** message. [more](command:evil)",
)


def test_the_card_in_markdown() -> None:
    assert card(FACTS, markdown=True) == [
        "`Client.send`: 12 references · used by `main (app.py:3)`, `b.py:9` · tests: `test_send (test_a.py:5)`",
        r"Delegate: \*x\*: partly applied, 1 file +1 −0",
        "Sends **one** message. more",
    ]


def test_the_card_in_plain_text() -> None:
    assert card(FACTS, markdown=False) == [
        "Client.send: 12 references · used by main (app.py:3), b.py:9 · tests: test_send (test_a.py:5)",
        "Delegate: *x*: partly applied, 1 file +1 −0",
        "Sends **one** message. [more](command:evil)",
    ]


@pytest.mark.parametrize("markdown", [True, False])
def test_a_name_of_a_repository_does_not_act(markdown: bool) -> None:
    evil = HoverFacts(
        "a`b\u202e", "function", Span(0, 1), signature="[x](command:y)", doc="<img src=x>", references=1
    )
    shown = "\n".join(card(evil, markdown=markdown))
    assert "\u202e" not in shown
    if markdown:
        assert "`[x](command:y)`" in shown
        assert r"\<img src=x\>" in shown
        assert "`` a`b ``" not in shown
        assert "``a`b``" in shown
