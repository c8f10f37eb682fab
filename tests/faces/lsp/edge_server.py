"""The edge with a few small features: what the process tests and the benchmark start."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

from agent_ls.core.errors import ConfigError
from agent_ls.faces.lsp.convert import from_position
from agent_ls.faces.lsp.server import Address, Features, ServerContext, serve

OFFERS = {
    "hoverProvider": True,
    "inlineCompletionProvider": True,
    "executeCommandProvider": {"commands": ["text", "sleep"]},
}


def build(context: ServerContext) -> Features:
    features = Features()

    @features.feature("textDocument/hover")
    async def hover(params: dict[str, Any]) -> dict[str, Any] | None:
        document = context.documents.text(params["textDocument"]["uri"])
        if document is None:
            return None
        at = from_position(document.text, params["position"], context.encoding)
        return {
            "contents": f"{document.version}: {document.text.slice(at, at + 10).decode('utf-8', 'replace')}"
        }

    @features.feature("test/slowText")
    async def slow_text(params: dict[str, Any]) -> dict[str, Any]:
        document = context.documents.text(params["uri"])
        assert document is not None
        before = document.version
        await asyncio.sleep(params.get("seconds", 0))
        newest = context.documents.text(params["uri"])
        return {
            "before": before,
            "after": document.version,
            "text": document.data.decode(),
            "newest": newest and newest.version,
        }

    @features.feature("test/echo")
    def echo(params: dict[str, Any]) -> Any:
        return params

    @features.feature("test/print")
    def print_(_params: dict[str, Any]) -> None:
        print("this goes to stderr")

    @features.feature("test/childReadsStdin")
    async def child(_params: dict[str, Any]) -> int:
        code = "import sys; sys.exit(len(sys.stdin.buffer.read()))"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        return await process.wait()

    @features.feature("test/fail")
    async def fail(params: dict[str, Any]) -> None:
        if params.get("expected"):
            raise ConfigError("No model is configured", remedy="Set ANTHROPIC_API_KEY")
        raise RuntimeError(f"secret of {Path.cwd()}")

    @features.feature("test/unserialisable")
    def unserialisable(_params: dict[str, Any]) -> object:
        return object()

    @features.feature("test/hang")
    def hang(params: dict[str, Any]) -> None:
        context.notify("test/hanging")
        time.sleep(params["seconds"])

    @features.feature("test/hangThread")
    async def hang_thread(params: dict[str, Any]) -> None:
        context.notify("test/hanging")
        await asyncio.to_thread(time.sleep, params["seconds"])

    @features.feature("test/deafToCancel")
    async def deaf(params: dict[str, Any]) -> str:
        try:
            await asyncio.sleep(params["seconds"])
        except asyncio.CancelledError:
            await asyncio.sleep(params["seconds"])
        return "late"

    @features.feature("test/askClient")
    async def ask(params: dict[str, Any]) -> Any:
        return await context.request("test/question", params, timeout_s=params.get("timeout", 30))

    @features.feature("test/roots")
    def roots(_params: dict[str, Any]) -> list[str]:
        return [str(root) for root in context.roots]

    @features.feature("test/flood")
    def flood(params: dict[str, Any]) -> None:
        for _ in range(params["messages"]):
            context.notify("test/noise", "x" * 1_000_000)

    @features.command("text")
    def text(argument: dict[str, Any]) -> dict[str, Any]:
        document = context.documents.text(argument["uri"])
        return {"text": document and document.data.decode(), "version": document and document.version}

    @features.command("sleep")
    async def sleep(argument: dict[str, Any]) -> dict[str, Any]:
        try:
            await asyncio.sleep(argument["seconds"])
        except asyncio.CancelledError:
            context.notify("test/cancelled")
            raise
        return {}

    async def last_words() -> None:
        context.notify("test/lastWords", {})

    context.on_shutdown(last_words)
    return features


if __name__ == "__main__":
    tcp = Address.parse(sys.argv[1]) if len(sys.argv) > 1 else None
    sys.exit(serve(build, offers=OFFERS, debug=True, tcp=tcp))
