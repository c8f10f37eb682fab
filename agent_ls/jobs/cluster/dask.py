"""Dask as a way for messages and a finder of places: the only room that knows `distributed`.

An attempt is a task that holds one of a worker's resources, and two queues on the scheduler: one up
to the owner, and one down that each run of the task makes anew (a queue that a dead node still
listens to would swallow a message). Dask's own repetition of lost tasks is not used: a second run
says that it is there, and the owner decides.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, final
from urllib.parse import urlsplit

from agent_ls.core.errors import ConfigError, WorkspaceError
from agent_ls.core.settings import Cluster
from agent_ls.jobs.cluster.host import Blobs, Json, host

_CONNECT_S: Final = 10.0
_LEAVE_S: Final = 10.0
_CLOSE_S: Final = 0.4
_MOST_BYTES: Final = 8_000_000  # of one message on its way through the scheduler


async def attempt_task(name: str, module: str) -> None:
    """The task of one attempt; runs on a Dask worker's loop."""
    distributed: Any = import_module("distributed")
    down = f"{name}-{secrets.token_hex(8)}"
    async with asyncio.timeout(_CONNECT_S):  # for the owner this is still a wait for a place, without an end
        client: Any = distributed.get_client()
        await client
        up_queue = await distributed.Queue(f"{name}-up", client=client)
        down_queue = await distributed.Queue(down, client=client)
    await host(_QueueLine(up_queue, down_queue, down), module, os.environ)


@final
class _QueueLine:
    """`host.Line` over two queues. Every message up names the queue down."""

    def __init__(self, up: Any, down: Any, name: str) -> None:
        self._up, self._down, self._name = up, down, name

    async def send(self, message: Json, blobs: Blobs | None = None) -> None:
        await _put(self._up, {**message, "down": self._name}, blobs)

    async def receive(self, timeout_s: float) -> tuple[Json, Blobs] | None:
        return await _get(self._down, timeout_s)


async def _put(queue: Any, message: Json, blobs: Blobs | None = None) -> None:
    """JSON as bytes: the scheduler's own encoding would turn lists into tuples."""
    await queue.put([json.dumps(message).encode(), dict(blobs or {})])


async def _get(queue: Any, timeout_s: float) -> tuple[Json, Blobs] | None:
    try:
        data, blobs = await queue.get(timeout=timeout_s)
    except TimeoutError:
        return None
    return json.loads(data), blobs


@final
class Dask:
    """The connection to one scheduler, made when it is first needed and again when it is lost."""

    def __init__(self, settings: Cluster) -> None:
        self._settings = settings
        self._client: Any = None
        self._connecting = asyncio.Lock()

    async def place(self, name: str, module: str) -> Place:
        """Ask for a place for an attempt; it answers with ``here`` when there is one.

        Raises:
            ConfigError: `distributed` is not installed, or the address would carry keys in the clear.
            WorkspaceError: the scheduler does not answer.
        """
        client = await self._connected()
        distributed: Any = import_module("distributed")
        up = await distributed.Queue(f"{name}-up", client=client)
        resources = {self._settings.resource: 1} if self._settings.resource else None
        future = client.submit(
            *(attempt_task, name, module), key=name, pure=False, resources=resources, retries=0
        )
        return Place(distributed, client, future, up)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # a scheduler that is gone must not keep us here
                async with asyncio.timeout(_CLOSE_S):
                    await client.close(timeout=_CLOSE_S)

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is not None and self._client.status == "running":
                return self._client
            try:
                distributed: Any = import_module("distributed")
            except ImportError as error:
                raise ConfigError(
                    "[cluster] needs the package distributed, which is not installed",
                    kept="The work is kept",
                    remedy="pip install 'agent-ls[cluster]', or take [cluster] out of config.toml",
                ) from error
            security = self._security(distributed)
            try:
                self._client = await distributed.Client(
                    self._settings.scheduler,
                    asynchronous=True,
                    security=security,
                    set_as_default=False,
                    timeout=_CONNECT_S,
                )
            except (OSError, TimeoutError, ValueError, TypeError) as error:
                raise WorkspaceError(
                    f"The cluster at {self._settings.scheduler} does not answer: {error}",
                    kept="The work is kept",
                    remedy="Start its scheduler, or take [cluster] out of config.toml; then resume the job",
                ) from error
            return self._client

    def _security(self, distributed: Any) -> Any:
        settings = self._settings
        address = urlsplit(settings.scheduler)
        if address.scheme != "tls":
            if not _loopback(address.hostname or ""):
                raise ConfigError(
                    f"[cluster] scheduler = {settings.scheduler!r} would carry your code and keys in the clear",
                    kept="Nothing was sent",
                    remedy="Use tls://HOST:PORT with tls_ca, tls_cert and tls_key",
                )
            return None
        files = {
            name: Path(getattr(settings, name)).expanduser() for name in ("tls_ca", "tls_cert", "tls_key")
        }
        if missing := [name for name, file in files.items() if not file.is_file()]:
            raise ConfigError(
                f"[cluster] {' and '.join(missing)} must name a file that is there",
                kept="Nothing was sent",
                remedy="Set them in config.toml, then resume the job",
            )
        ca, cert, key = (str(file) for file in files.values())
        return distributed.Security(
            require_encryption=True, tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key
        )


@final
class Place:
    """The owner's end of one attempt's task."""

    def __init__(self, distributed: Any, client: Any, future: Any, up: Any) -> None:
        self._distributed, self._client = distributed, client
        self._future, self._up = future, up
        self._down: Mapping[str, Any] = {}
        self._finished = False

    async def receive(self, timeout_s: float) -> tuple[Json, Blobs] | None:
        return await _get(self._up, timeout_s)

    async def send(self, down: str, message: Json, blobs: Blobs | None = None) -> None:
        """Send to the run of the task that named ``down``; many bytes go in several messages."""
        queue = self._down.get(down)
        if queue is None:
            queue = await self._distributed.Queue(down, client=self._client)
            self._down = {**self._down, down: queue}
        for part in _parts(blobs or {}):
            await _put(queue, message, part)

    def gone(self) -> str:
        """Why nothing can come any more; empty while something can. Asked after a silence."""
        status = str(self._future.status)
        if status == "finished":  # its last words may still be under way: they have until the next silence
            ended, self._finished = self._finished, True
            return "its node ended without a word" if ended else ""
        if status == "pending":
            return ""
        return f"the cluster lost the attempt ({status})"

    async def leave(self, *, quickly: bool = False) -> None:
        """Tell every run to end and take the task back, or else a node is held until its owner's silence ends it."""
        with suppress(Exception):  # whatever is wrong with the cluster, the node ends by its own silence
            async with asyncio.timeout(_CLOSE_S if quickly else _LEAVE_S):
                for down in self._down:
                    await self.send(down, {"type": "end"})
                await self._future.cancel()
                self._up.close()
                for queue in self._down.values():
                    queue.close()


def _parts(blobs: Blobs) -> list[dict[str, bytes]]:
    parts: list[dict[str, bytes]] = [{}]
    size = 0
    for digest, data in blobs.items():
        if parts[-1] and size + len(data) > _MOST_BYTES:
            parts.append({})
            size = 0
        parts[-1][digest] = data
        size += len(data)
    return parts


def _loopback(name: str) -> bool:
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
