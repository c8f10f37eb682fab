"""Through a real client library, speaking as real editors."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pytest_lsp import client_capabilities

from tests.faces.lsp.raw_client import OURS, PATIENCE_S, ROOT


@pytest.mark.parametrize(
    ("editor", "encoding"), [("visual-studio-code", "utf-16"), ("neovim", "utf-8"), ("emacs", "utf-8")]
)
async def test_an_editor_edits_asks_and_leaves(
    editor: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    client = LanguageClient("test", "1")
    await client.start_io(*OURS)
    async with asyncio.timeout(PATIENCE_S):
        params = types.InitializeParams(
            capabilities=client_capabilities(editor), process_id=None, root_uri=None
        )
        result = await client.initialize_async(params)
        client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(uri="file:///w/a.py", language_id="python", version=0, text="😀 word\n")
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        before = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[result.capabilities.position_encoding]
        place = types.Position(0, before + 1)
        change = types.TextDocumentContentChangePartial(types.Range(place, place), "s")
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version=1, uri=item.uri), [change]
            )
        )
        where = types.HoverParams(types.TextDocumentIdentifier(item.uri), place)
        hover = await client.text_document_hover_async(where)
        await client.shutdown_async(None)
        client.exit(None)
        await client._server.wait()
    assert result.capabilities.position_encoding == encoding
    assert hover.contents == "1: sword\n"
    assert client._server.returncode == 0
