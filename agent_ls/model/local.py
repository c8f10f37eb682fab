"""Model servers on this machine that speak the Messages API, found by knocking at their usual ports.

Only on request (`doctor`, "Connect a model …"), only on loopback, without a key.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast, final

USUAL_PORTS: Mapping[int, str] = MappingProxyType(
    {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM", 4000: "LiteLLM"}
)
_MAX_ANSWER = 1_000_000
# HTTP/1.0, so that the answer is neither chunked nor kept alive.
_REQUEST = b"GET /v1/models HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n"


@final
@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that lists models. ``name`` is what usually listens at its port."""

    name: str
    base_url: str
    models: tuple[str, ...]


async def find_local_servers(
    ports: Mapping[int, str] = USUAL_PORTS, deadline_s: float = 1.0
) -> tuple[LocalServer, ...]:
    """The servers that answer ``GET /v1/models`` within the deadline, asked side by side. Never raises."""
    found = await asyncio.gather(*(_knock(port, name, deadline_s) for port, name in ports.items()))
    return tuple(server for server in found if server is not None)


async def _knock(port: int, name: str, deadline_s: float) -> LocalServer | None:
    try:
        async with asyncio.timeout(deadline_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_REQUEST)
                answer = await reader.read(_MAX_ANSWER)
                while (more := await reader.read(_MAX_ANSWER)) and len(answer) < _MAX_ANSWER:
                    answer += more
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    models = _models(answer)
    return None if models is None else LocalServer(name, f"http://localhost:{port}", models)


def _models(answer: bytes) -> tuple[str, ...] | None:
    """The ids in a list of models; ``None`` where the answer is something else (another program's port)."""
    if not answer.startswith(b"HTTP/1.") or b" 200" not in answer[:16]:
        return None
    try:
        listing: object = json.loads(answer.partition(b"\r\n\r\n")[2])
    except ValueError:
        return None
    data: object = cast("dict[str, Any]", listing).get("data") if isinstance(listing, dict) else None
    if not isinstance(data, list):
        return None
    entries = cast("list[object]", data)
    return tuple(
        str(cast("dict[str, Any]", entry)["id"])
        for entry in entries
        if isinstance(entry, dict) and "id" in entry
    )
