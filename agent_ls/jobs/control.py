"""How one process of a user asks another that owns a job: a private Unix socket, one line each way.

A request is ``{"method": "apply", "params": {…}}``, an answer ``{"result": …}`` or ``{"error":
{"code", "what", "kept", "remedy"}}``. The socket is 0600 in a folder that only the user can enter,
and the kernel is asked who calls. One request per connection: a caller that dies leaves nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast, final

from agent_ls.core import errors
from agent_ls.core.errors import AgentLsError, BusyError
from agent_ls.workspace.state import private_dir

Answer = Callable[[str, Mapping[str, Any]], Awaitable[object]]

_LINE_LIMIT = 8 * 1024 * 1024
_CONNECT_S = 1.0
_KNOWN = {
    kind.code: kind
    for kind in (
        *(errors.UsageError, errors.ConfigError, errors.WorkspaceError, errors.NotTrustedError),
        *(errors.UnknownJobError, errors.BusyError, errors.CheckError),
    )
}


@final
class Listening:
    """The socket of this process, until `close`."""

    def __init__(self, server: asyncio.Server, path: Path) -> None:
        self._server = server
        self.path = path

    async def close(self) -> None:
        self._server.close()
        with suppress(OSError):
            self.path.unlink()


async def listen(beside: Path, answer: Answer) -> Listening:
    """Listen on a socket of our own beside a path (`StateDirs.socket`); dead sockets there are removed.

    Raises:
        OSError: no socket can be made there.
    """
    folder = await asyncio.to_thread(_prepared, beside.parent)
    path = folder / f"{secrets.token_hex(3)}.sock"  # never longer than what `StateDirs.socket` measured

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _is_ours(writer):
                await _serve(reader, writer, answer)
        except asyncio.CancelledError:
            # The listening ends and asyncio ends its connections. Nobody awaits this task, and before
            # Python 3.12 asyncio itself trips over one that was cancelled.
            return
        finally:
            writer.close()

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)  # nobody else can enter the folder meanwhile; a umask would be every thread's
    server = await asyncio.start_unix_server(serve, sock=listener, limit=_LINE_LIMIT)
    return Listening(server, path)


async def ask(path: str, method: str, params: Mapping[str, Any], *, timeout_s: float) -> Any:
    """Ask the process that listens at a path.

    Raises:
        BusyError: it does not answer in time.
        AgentLsError: whatever it answered.
    """
    try:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=_LINE_LIMIT)
    except (OSError, TimeoutError) as error:
        raise _silent() from error
    try:
        async with asyncio.timeout(timeout_s):
            writer.write(_line({"method": method, "params": params}))
            await writer.drain()
            answer = _object(await reader.readline())
    except (OSError, TimeoutError, ValueError) as error:
        raise _silent() from error
    finally:
        writer.close()
    if "error" in answer:
        raise _error(cast("dict[str, Any]", answer["error"]))
    return answer.get("result")


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    with suppress(OSError, ValueError):
        request = _object(await reader.readline())
        params = request.get("params")
        try:
            if not isinstance(params, dict):
                raise errors.UsageError("The request has no parameters")
            result: object = await answer(str(request.get("method")), cast("dict[str, Any]", params))
            reply: dict[str, object] = {"result": result}
        except AgentLsError as error:
            reply = {
                "error": {
                    "code": error.code,
                    "what": error.what,
                    "kept": error.kept,
                    "remedy": error.remedy,
                }
            }
        writer.write(_line(reply))
        await writer.drain()


def _prepared(folder: Path) -> Path:
    """A private folder without the sockets of processes that are gone."""
    private_dir(folder)
    for path in folder.glob("*.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.2)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue
    return folder


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the same user calls. Where the kernel does not tell, the folder's rights must do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = cast("socket.socket", writer.get_extra_info("socket"))
    words = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", words)
    return uid == os.getuid()


def _line(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("cut off")
    value: object = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind for all that does not read
    return cast("dict[str, Any]", value)


def _error(fields: Mapping[str, Any]) -> AgentLsError:
    kind = _KNOWN.get(str(fields.get("code")), AgentLsError)
    return kind(
        str(fields.get("what", "The owner of the job refused")),
        kept=str(fields.get("kept", "")),
        remedy=str(fields.get("remedy", "")),
    )


def _silent() -> BusyError:
    return BusyError(
        "The job belongs to another running agent-ls, which does not answer",
        kept="Nothing was changed here",
        remedy="Use the editor or terminal it runs in, or end that process and try again",
    )
