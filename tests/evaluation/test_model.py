"""A model on the loopback server, measured beside an engine: passes, tokens, and going on after a kill."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.evaluation.kit import evaluate, make_task, rate, rows
from tests.faces.cli.kit import Shell, call
from tests.support.messages_server import MessagesServer


def turns(value: int) -> list[dict[str, Any]]:
    written = call("edit_file", path="answer.py", edits=[{"old_str": "41", "new_str": f"{value}"}])
    expects: list[list[dict[str, Any]]] = [[], [{"contains": []}]]
    return [
        {"expect": e, **t}
        for e, t in zip(expects, (written, call("finish", summary="Value is 42.")), strict=True)
    ]


def conversation(name: str, value: int) -> dict[str, Any]:
    return {"match": f"({name})", "turns": turns(value)}


def model_env(server: MessagesServer) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": server.url, "AGENT_LS_MODEL": "claude-test"}


async def test_a_model_beside_an_engine(shell: Shell, suite: Path) -> None:
    for name, steps in (("a", 1), ("b", 5), ("c", 12), ("d", 12)):
        make_task(suite, name, steps=steps)
    scripts = [conversation(name, 43 if name == "c" else 42) for name in "abcd"]
    engine = """half=sh -c 'case "$0" in *"(a)"*|*"(b)"*) sed -i s/41/42/ answer.py;; esac' '{task}'"""
    async with MessagesServer(scripts) as server:
        said = await asyncio.to_thread(
            *(evaluate, shell, suite, "--model", "--engine", engine, "--attempts", "2", "--json"),
            env=model_env(server),
        )
        assert server.violations == []
        assert len(server.turns) == 16
    model, half = rows(said)["claude-test"], rows(said)["half"]
    assert (rate(model), rate(half)) == (0.75, 0.5)
    assert [(at["steps"], at["rate"]) for at in model["by_length"]] == [("1-3", 1), ("4-8", 1), ("9-15", 0.5)]
    assert model["turns"] == 16
    assert model["usage"]["input"] + model["usage"]["cache_write"] > 1000
    assert (half["turns"], half["cost_usd"]) == (0, None)


async def test_best_of_is_what_the_selection_chose(shell: Shell, suite: Path) -> None:
    """The first of three breaks the project's own test, the others do not: one of those is the plan."""
    folder = make_task(suite, "a")
    test = "import unittest\nimport answer\n\n\nclass Odd(unittest.TestCase):\n    def test(self):\n        assert answer.value != 43\n"
    (folder / "workspace" / "test_answer.py").write_text(test)
    ways = ("the way with the fewest", "First write a test")  # what the further attempts are told
    scripts = [*({"match": way, "turns": turns(42)} for way in ways), conversation("a", 43)]
    async with MessagesServer(scripts) as server:
        said = await asyncio.to_thread(
            evaluate, shell, suite, "--best-of", "3", "--json", env=model_env(server)
        )
    row = rows(said)
    assert (rate(row["claude-test"]), row["claude-test"]["turns"]) == (0.0, 2)
    assert (rate(row["claude-test, best of 3"]), row["claude-test, best of 3"]["turns"]) == (1.0, 6)


async def test_a_killed_evaluation_repeats_no_turn(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    script = conversation("a", 42)
    script["turns"][1]["faults"] = [{"kind": "hang", "after": 1}]
    async with MessagesServer([script]) as server:
        running = shell.start("eval", str(suite), "--yes", env=model_env(server))
        try:
            await server.wait_for_requests(2, timeout_s=100)
        finally:
            running.kill()
            await asyncio.to_thread(running.communicate)
        said = await asyncio.to_thread(evaluate, shell, suite, "--json", env=model_env(server))
        assert [exchange.turn for exchange in server.turns] == [0, 1, 1]
    assert rate(rows(said)["claude-test"]) == 1.0


async def test_a_service_that_never_answers_is_no_failure_of_the_model(shell: Shell, suite: Path) -> None:
    make_task(suite, "a")
    async with MessagesServer([conversation("a", 42)], key="another") as server:
        said = await asyncio.to_thread(evaluate, shell, suite, "--json", code=1, env=model_env(server))
        assert "not measured" in said.json["problems"][0]
        assert said.json["solvers"][0]["attempts"] == 0
        server.key = "k"  # the user mends it
        said = await asyncio.to_thread(evaluate, shell, suite, "--json", env=model_env(server))
    assert rate(rows(said)["claude-test"]) == 1.0


async def test_words_and_page_tell_the_same(shell: Shell, suite: Path) -> None:
    make_task(suite, "a<b>")
    make_task(suite, "broken", solution=None)
    page = shell.folder / "page.html"
    words = ["--engine", "<i>=sed -i s/41/42/ answer.py", "--engine", "bad=true", "--html", str(page)]
    said = evaluate(shell, suite, *words, code=1)
    assert "1 sound tasks of 2" in said.out
    assert "broken, not counted: broken: there is no reference solution" in said.out
    text = page.read_text()
    for part in (
        "<svg",
        "&lt;i&gt;",
        "a&lt;b&gt;",
        "there is no reference solution",
        "prefers-color-scheme: dark",
    ):
        assert part in text
    for foreign in ("<script", "http://", "https://", "url(", "@import", "<i>", "<b>", "src="):
        assert foreign not in text
