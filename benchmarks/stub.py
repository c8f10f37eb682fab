"""A bare pygls server: the anchor of every ratio, and the proof that each gap is real.

It does as little as a pygls server can: hover on a document, the text of a document (as a
command and as a request of our own), a sleep, and an echo of custom params.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("stub", "1")


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(ls: LanguageServer, params: types.HoverParams) -> types.Hover:
    document = ls.workspace.get_text_document(params.text_document.uri)
    return types.Hover(contents=f"{document.version}: {document.word_at_position(params.position)}")


@server.command("text")
def text(ls: LanguageServer, argument: dict[str, Any]) -> dict[str, Any]:
    document = ls.workspace.get_text_document(argument["uri"])
    return {"text": document.source, "version": document.version}


@server.feature("agentLs/debug/documentText")
def document_text(ls: LanguageServer, params: Any) -> dict[str, Any]:
    document = ls.workspace.get_text_document(params.uri)
    return {"text": document.source, "version": document.version}


@server.feature("agentLs/debug/sleep")
async def sleep(_ls: LanguageServer, params: Any) -> dict[str, Any]:
    await asyncio.sleep(params.seconds)
    return {}


@server.command("sleep")
async def sleep_command(_ls: LanguageServer, argument: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(argument["seconds"])
    return {}


@server.feature("test/slowText")
async def slow_text(ls: LanguageServer, params: Any) -> dict[str, Any]:
    document = ls.workspace.get_text_document(params.uri)
    before = document.version
    await asyncio.sleep(params.seconds)
    return {"before": before, "after": document.version, "text": document.source}


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION)
def inline_completion(_ls: LanguageServer, _params: types.InlineCompletionParams) -> list[Any]:
    return []


@server.feature("test/echo")
def echo(_ls: LanguageServer, params: Any) -> Any:
    return params


@server.feature("test/hang")
@server.thread()
def hang(_ls: LanguageServer, params: Any) -> None:
    time.sleep(params.seconds)


if __name__ == "__main__":
    server.start_io()
