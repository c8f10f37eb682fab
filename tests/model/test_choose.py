"""What is configured, which model is asked for what, what it costs, and who listens on this machine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agent_ls.core.attempt import ModelChoice
from agent_ls.core.errors import ConfigError
from agent_ls.core.job import Usage
from agent_ls.model.choose import choose
from agent_ls.model.claude import Claude
from agent_ls.model.configured import DEFAULT_MODEL, SourceKind, configured, model_names
from agent_ls.model.local import LocalServer, find_local_servers
from agent_ls.model.prices import load_prices
from agent_ls.model.scripted import Scripted
from tests.support.messages_server import MessagesServer


@pytest.mark.parametrize(
    ("environ", "kind", "sentence"),
    [
        ({}, SourceKind.NONE, "no model is configured"),
        ({"ANTHROPIC_API_KEY": ""}, SourceKind.NONE, "no model is configured"),
        ({"ANTHROPIC_API_KEY": "k"}, SourceKind.SERVICE, "api.anthropic.com:443 with ANTHROPIC_API_KEY"),
        (
            {"ANTHROPIC_AUTH_TOKEN": "k", "ANTHROPIC_BASE_URL": "https://me:pw@gate/x"},
            SourceKind.SERVICE,
            "gate:443 with ANTHROPIC_AUTH_TOKEN",
        ),
        ({"ANTHROPIC_BASE_URL": "http://localhost:11434"}, SourceKind.SERVICE, "localhost:11434 with no key"),
        (
            {"ANTHROPIC_API_KEY": "k", "AGENT_LS_SCRIPT": "s.json"},
            SourceKind.SCRIPT,
            "scripted turns, no model was called",
        ),
    ],
)
def test_what_is_configured(environ: dict[str, str], kind: SourceKind, sentence: str) -> None:
    source = configured(environ)
    assert (source.kind, source.sentence) == (kind, sentence)


def test_the_environment_wins_over_the_users_base_url() -> None:
    assert configured({}, "http://a").base_url == "http://a"
    assert configured({"ANTHROPIC_BASE_URL": "http://b"}, "http://a").base_url == "http://b"


def test_models_of_the_tiers() -> None:
    assert model_names(ModelChoice(), {}) == ModelChoice(DEFAULT_MODEL, DEFAULT_MODEL, DEFAULT_MODEL)
    chosen = ModelChoice(work="w", explain="e", max_tokens=7)
    assert model_names(chosen, {}) == ModelChoice("w", "e", "w", 7)
    assert model_names(chosen, {"AGENT_LS_MODEL": "new"}) == ModelChoice("new", "e", "new", 7)


async def test_choosing(tmp_path: Path) -> None:
    script = tmp_path / "s.json"
    script.write_text(json.dumps({"turns": [{"content": [{"type": "text", "text": "x"}]}]}), "utf-8")
    assert isinstance(choose({"AGENT_LS_SCRIPT": str(script), "ANTHROPIC_API_KEY": "k"}), Scripted)
    model = choose({"ANTHROPIC_BASE_URL": "http://localhost:1"})
    assert isinstance(model, Claude)
    await model.close()
    await model.close()


def test_nothing_configured_names_three_ways() -> None:
    with pytest.raises(ConfigError) as none:
        choose({})
    for way in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "localhost:11434"):
        assert way in none.value.remedy
    assert none.value.kept


def test_a_script_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        choose({"AGENT_LS_SCRIPT": str(tmp_path / "none.json")})


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("claude-sonnet-5-5", 2 + 10 + 0.2 + 2.5),
        ("claude-haiku-5-5-20261001", 0.1 + 0.5 + 0.01 + 0.125),
        ("anthropic/claude-opus-5-5", 4 + 20 + 0.4 + 5),
        ("llama3", None),
        ("claude-sonnet-5-5-turbo", None),
    ],
)
def test_cost(model: str, cost: float | None) -> None:
    usage = Usage(1_000_000, 1_000_000, 1_000_000, 1_000_000)
    assert load_prices().cost_usd(model, usage) == (None if cost is None else pytest.approx(cost))


def test_own_prices_override(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(
        '[models."llama3"]\ninput = 0\noutput = 0\n[models.claude-sonnet-5-5]\ninput = 1\noutput = 1\ncache_read = 0.5\n'
    )
    prices = load_prices(tmp_path)
    million = Usage(input=1_000_000)
    assert prices.cost_usd("llama3", million) == 0
    assert prices.cost_usd("claude-sonnet-5-5", million + Usage(cache_read=1_000_000)) == 1.5
    assert prices.cost_usd("claude-opus-5-5", million) == 4


@pytest.mark.parametrize(
    "text", ["models = 3", "[models.x]\ninput = 1", "[models.x]\ninput = -1\noutput = 1", "=", "\xff"]
)
def test_a_broken_price_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "prices.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"prices\.toml cannot be used"):
        load_prices(tmp_path)


async def listening(answer: bytes) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def test_local_servers_are_found_and_others_passed_over() -> None:
    models = json.dumps({"object": "list", "data": [{"id": "llama3"}, {"id": "qwen"}]}).encode()
    servers = [
        await listening(b"HTTP/1.0 200 OK\r\n\r\n" + models),
        await listening(b"HTTP/1.0 404 Not Found\r\n\r\n" + models),
        await listening(b"HTTP/1.0 200 OK\r\n\r\n<html>"),
        await listening(b"SSH-2.0-whatever\r\n"),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    async with MessagesServer([]) as closed:
        pass
    found = await find_local_servers(
        {port: f"server {i}" for i, port in enumerate([*ports, closed.port])}, 10
    )
    for server in servers:
        server.close()
        await server.wait_closed()
    assert found == (LocalServer("server 0", f"http://localhost:{ports[0]}", ("llama3", "qwen")),)


async def test_a_port_that_says_nothing_is_left_after_the_deadline() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client leaves
        writer.close()
        left.set()

    left = asyncio.Event()
    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    assert await find_local_servers({silent.sockets[0].getsockname()[1]: "silent"}, 0.05) == ()
    async with asyncio.timeout(10):
        await left.wait()
    silent.close()
    await silent.wait_closed()
