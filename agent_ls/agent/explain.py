"""A short explanation of a place, read-only: one request, no tools, no draft."""

from __future__ import annotations

from pathlib import Path

from agent_ls.agent.caching import marked
from agent_ls.agent.context import data_block, excerpt
from agent_ls.agent.prompts import prompt
from agent_ls.agent.resources import Resources
from agent_ls.agent.wirelog import WireLog
from agent_ls.core.attempt import Explained, ExplainRequest
from agent_ls.core.text import Span
from agent_ls.index.query import Index
from agent_ls.model.configured import model_names
from agent_ls.model.protocol import TurnRequest
from agent_ls.model.retry import RetryPolicy, ask
from agent_ls.workspace.gate import Gate
from agent_ls.workspace.secrets import redact
from agent_ls.workspace.state import private_dir

_MAX_TOKENS = 1500
_CALLERS = 12
_SILENT = "The model gave no explanation. Ask again, or select a smaller part."
_PATIENCE = RetryPolicy(total_s=30.0, broken_answers=2)


async def explain(request: ExplainRequest, resources: Resources) -> Explained:
    """Markdown about the symbol, the selection or the folder at the request's site.

    The text comes from a model that has read repository text: the face that shows it takes out
    links, images and HTML.

    Raises:
        ConfigError: no model is configured.
        WorkspaceError: the file is one that no model may see.
        ModelError: the service failed.
    """
    if not request.folder:  # a skeleton is of the index, which holds nothing that no model may see
        # The text comes from the editor, which opens anything: the same door as for an attempt.
        Gate(Path(request.root)).resolve(request.site.path)
    turn_request = TurnRequest(
        model=model_names(request.models, resources.environ).explain,
        system=[marked({"type": "text", "text": prompt("explain")})],
        tools=[],
        messages=[{"role": "user", "content": [{"type": "text", "text": _question(request)}]}],
        max_tokens=_MAX_TOKENS,
    )
    wire = WireLog(private_dir(Path(request.wire_dir))) if request.wire_dir else None
    model = await resources.model(Path(request.root), request.models, wire)
    try:
        turn = await ask(model, turn_request, policy=_PATIENCE)
    finally:
        if wire is not None:
            wire.close()
        await model.close()
    cost_usd = resources.cost_usd(turn.model, turn.usage)
    if not turn.text.strip() or turn.stop_reason == "refusal":
        return Explained(problem=_SILENT, cost_usd=cost_usd)
    return Explained(turn.text.strip(), cost_usd=cost_usd)


def _question(request: ExplainRequest) -> str:
    if request.folder:
        what = f"the folder {request.site.path}/" if request.site.path else "this repository"
        page = data_block("skeleton", request.text.decode("utf-8", "replace"), path=request.site.path)
        return redact(
            f"Explain {what}: what it is for, how its parts work together, where to begin to read.\n\n"
            "You see its files with the heads of their outermost definitions, not the code.\n\n" + page
        )[0]
    path, data, span = request.site.path, request.text, request.site.span
    parts = ["Explain this place." if span.empty else "Explain what is selected, and what it is there for."]
    index = Index(Path(request.index_db))
    try:
        symbol = index.symbol_at(path, span.start) if span.empty else None
        if symbol is not None and symbol.span.end <= len(data):
            span = Span(symbol.span.start, max(symbol.span.start, symbol.span.end))
            name = symbol.name
            parts[0] = f"Explain the {symbol.kind} {symbol.path}."
            uses = index.references(name, limit=_CALLERS)
            if uses:
                lines = "\n".join(f"{use.path}:{use.line} {use.enclosing}".rstrip() for use in uses)
                parts.append("Used by name at:\n" + data_block("uses", lines))
    finally:
        index.close()
    return redact("\n\n".join([*parts, excerpt(path, data, span)]))[0]
