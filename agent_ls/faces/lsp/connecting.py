"""Ways to a model, told where none is configured: a key, a gateway, a model server on this machine."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, final

from agent_ls.faces.lsp import arguments as read
from agent_ls.faces.lsp.markdown import plain
from agent_ls.faces.lsp.report import Report, Run
from agent_ls.faces.lsp.shown import Shown
from agent_ls.model.local import LocalServer, find_local_servers

Json = dict[str, Any]
Find = Callable[[], Awaitable[Sequence[LocalServer]]]

_LISTED: Final = 12
_MOST: Final = 200
_ID: Final = 120
_SENTENCE: Final = (
    "No model is configured. Set ANTHROPIC_API_KEY for the editor's environment; or ANTHROPIC_BASE_URL for a"
    " gateway; or name a model server on this machine. The page that opens says how."
)


@final
class Connecting:
    """The command ``agentLs.connect``. Knocks at loopback ports when it is asked, never otherwise."""

    def __init__(
        self, config_file: Path, report: Report, shown: Shown, *, run: Run, find: Find = find_local_servers
    ) -> None:
        self._config_file = config_file
        self._report = report
        self._shown = shown
        self._run = run
        self._find = find

    def connect(self, params: Json) -> Json | Awaitable[Json]:
        """At once, and a page that says how; with ``find`` the servers found are the answer, within a second or two."""
        if read.truth(params, "find", default=False):
            return self._found()
        self._run(self._report.quietly(self._page()))
        self._report.notice(_SENTENCE)
        return {"message": _SENTENCE}

    async def _found(self) -> Json:
        return {"message": _SENTENCE, "servers": [_wire(server) for server in await self._find()]}

    async def _page(self) -> None:
        page = connect_page(self._config_file, await self._find())
        path = self._shown.write("connect-a-model.md", page.encode())
        await self._shown.show(path, "How to connect a model")


def connect_page(config_file: Path, servers: Sequence[LocalServer]) -> str:
    """The three ways, with what to write where."""
    local = "\n\n".join(_way(server, config_file) for server in servers)
    none = (
        "None answers at its usual port. Start one (Ollama, LM Studio, llama.cpp, vLLM, LiteLLM), then choose"
        " “Connect a model …” again."
    )
    return f"""# Connect a model

Any of these three. Afterwards restart the server (or the editor, if its environment has changed);
`agent-ls doctor` asks the model and says what is wrong.

## A key
Set `ANTHROPIC_API_KEY` in the environment that your editor is started from. Or let a program print it, from a
keyring for example; in `{config_file}`:

    [models]
    api_key_command = ["secret-tool", "lookup", "service", "agent-ls"]

## A gateway
Set `ANTHROPIC_BASE_URL` and `ANTHROPIC_AUTH_TOKEN` in that environment.

## A model server on this machine
{local or none}
"""


def _way(server: LocalServer, config_file: Path) -> str:
    models = [_one_line(model) for model in server.models[:_LISTED]]
    listed = (
        f" It has: {', '.join(f'`{model}`' for model in models)}." if models else " It has no model loaded."
    )
    work = json.dumps(models[0] if models else "the id of a model", ensure_ascii=False)
    return (
        f"{server.name} answers at {server.base_url}.{listed} In `{config_file}`:\n\n"
        f'    [models]\n    base_url = "{server.base_url}"\n    work = {work}'
    )


def _one_line(model: str) -> str:
    """An id as one word of the page: any program may listen at such a port, and say what it likes."""
    return " ".join(plain(model).replace("`", "'").split())[:_ID]


def _wire(server: LocalServer) -> Json:
    return {
        "name": server.name,
        "baseUrl": server.base_url,
        "models": [_one_line(model) for model in server.models[:_MOST]],
    }
