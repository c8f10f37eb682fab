"""The doctor's question to a service, over a real connection."""

from __future__ import annotations

import asyncio

import pytest

from agent_ls.core.errors import ConfigError, ModelError
from agent_ls.model.configured import configured
from agent_ls.model.probe import probe
from tests.support.messages_server import MessagesServer


async def check(url: str, model: str = "m", key: str = "sk-right") -> object:
    environ = {"ANTHROPIC_BASE_URL": url} | ({"ANTHROPIC_API_KEY": key} if key else {})
    return await probe(configured(environ), environ, model)


async def test_a_service_that_would_answer() -> None:
    async with MessagesServer([], models={"m": {}}, key="sk-right") as server:
        assert await check(server.url) is None
        assert await check(server.url + "/v1/") is None


async def test_a_wrong_key_and_an_unknown_model() -> None:
    async with MessagesServer([], models={"m": {}}, key="sk-right") as server:
        wrong, unknown = await check(server.url, key="sk-wrong"), await check(server.url, model="a/b")
    assert isinstance(wrong, ConfigError)
    assert "refused the key" in wrong.what
    assert "sk-wrong" not in wrong.sentence()
    assert isinstance(unknown, ConfigError)
    assert "has no model 'a/b'" in unknown.what


async def test_a_server_without_that_look_up_is_a_server() -> None:
    async with MessagesServer([]) as server:
        assert await check(server.url + "/gateway") is None


async def test_what_is_not_there() -> None:
    async with MessagesServer([]) as server:
        pass
    gone, nonsense = await check(server.url), await check("nonsense")
    assert isinstance(gone, ModelError)
    assert f"127.0.0.1:{server.port} cannot be reached" in gone.what
    assert isinstance(nonsense, ConfigError)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n<html>sign in</html>", "something else"),
        (b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n", "302"),
        (b"nothing like HTTP\r\n\r\n", "cannot be reached"),
    ],
)
async def test_something_else_listens(answer: bytes, words: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found = await check(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    server.close()
    await server.wait_closed()
    assert isinstance(found, ModelError)
    assert words in found.what
