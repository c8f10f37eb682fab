"""The main job and its ways out, through the real server: bytes are asserted. One server for all of it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agent_ls.faces.cli.editor import ServerError
from tests.scenarios.kit import World, ask, call, change, edits, finish, look, script, world

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALC = '"""Sums 😀."""\n\n\ndef add(a, b):\n    return a - b\n\n\ndef main():\n    print(add(1, 2))\n'
FIXED = CALC.replace("a - b", "a + b")
FIX = ("return a - b", "return a + b")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("main")) as made:
        yield made


async def test_menu_delegate_type_apply_undo(here: World) -> None:
    here.file("calc.py", CALC)
    buffer = here.editor.open("calc.py")
    here.play(edits("calc.py", FIX, held=True))
    menu = await here.until_facts(buffer, "add", CALC.index("return"))
    entry = next(e for e in menu if e["title"] == "Delegate: change add …")
    argument = {**entry["command"]["arguments"][0], "task": "make add add"}
    job = (await here.editor.command("agentLs.delegate", argument))["jobId"]
    await here.until_state(job, "waiting")

    typed = "# typed while it ran 😀\n"
    here.editor.type(buffer, 0, typed)
    await here.answer(job)
    assert await here.until_state(job, "ready", "failed") == "ready"

    assert await here.operation("agentLs.apply", job) == (
        "Applied to 1 file; 1 file unsaved; rebased over your edit in calc.py: not re-checked."
    )
    assert buffer.text == typed + FIXED
    assert (here.root / "calc.py").read_text() == CALC, "only the editor writes"

    here.editor.type(buffer, len(buffer.text), "# and after it\n")
    await here.operation("agentLs.undo", job)
    assert here.editor.state(job) == "undone"
    assert buffer.text == typed + CALC + "# and after it\n"


async def test_a_clash_is_reported_and_nothing_lands(here: World) -> None:
    here.file("clash.py", CALC)
    buffer = here.editor.open("clash.py")
    job = await here.plan(buffer, edits("clash.py", FIX))
    at = buffer.text.index("a - b")
    here.editor.type(buffer, at, "a * b", delete=len("a - b"))
    mine = buffer.text
    sentence = await here.operation("agentLs.apply", job)
    assert sentence.startswith("Nothing was changed: it clashes with your text at clash.py line 5")
    assert "retry the job" in sentence
    assert buffer.text == mine
    assert (await here.job(job))["state"] == "ready"


async def test_parts_of_a_plan_by_file_and_by_hunk(here: World) -> None:
    two = "one = 1\n" + "\n" * 20 + "two = 2\n"
    here.file("p1.py", two)
    here.file("p2.py", "three = 3\n")
    first, second = here.editor.open("p1.py"), here.editor.open("p2.py")
    turns = script(
        [look("p1.py"), look("p2.py")],
        [change("p1.py", ("one = 1", "one = 11"), ("two = 2", "two = 22")), change("p2.py", ("3", "33"))],
        [finish()],
    )
    job = await here.plan(first, turns)
    await here.operation("agentLs.apply", job, files=["p2.py"])
    assert (first.text, second.text) == (two, "three = 33\n")
    detail = await here.job(job)
    assert detail["state"] == "partly_applied"
    hunk = next(h for h in detail["hunks"] if h["path"] == "p1.py" and "22" in h["excerpt"])
    await here.operation("agentLs.apply", job, hunks=[hunk["id"]])
    assert first.text == two.replace("two = 2", "two = 22")
    await here.operation("agentLs.apply", job)
    assert first.text == two.replace("one = 1", "one = 11").replace("two = 2", "two = 22")
    assert here.editor.state(job) == "applied"
    await here.operation("agentLs.undo", job)
    assert (first.text, second.text) == (two, "three = 3\n")


async def test_files_are_created_moved_and_deleted_and_all_comes_back(here: World) -> None:
    files = {"ops/old.py": "old = 1\n", "ops/gone.py": "gone = 1\n"}
    for name, text in files.items():
        here.file(name, text)
    buffer = here.editor.open("ops/old.py")
    turns = script(
        [look("ops/old.py"), look("ops/gone.py")],
        [
            call("move_path", old_path="ops/old.py", new_path="ops/new.py"),
            call("delete_file", path="ops/gone.py"),
            call("write_file", path="ops/made/fresh.py", content="fresh = 1\n"),
        ],
        [look("ops/new.py")],
        [change("ops/new.py", ("old = 1", "old = 2"))],
        [finish()],
    )
    job = await here.plan(buffer, turns)
    assert await here.operation("agentLs.apply", job) == "Applied to 3 files; 2 files unsaved."
    assert not (here.root / "ops/old.py").exists()
    assert not (here.root / "ops/gone.py").exists()
    assert here.read("ops/new.py") == "old = 2\n"
    assert here.read("ops/made/fresh.py") == "fresh = 1\n"
    await here.operation("agentLs.undo", job)
    assert here.editor.state(job) == "undone"
    assert {name: here.read(name) for name in files} == files
    assert not (here.root / "ops/made/fresh.py").exists()


async def test_a_discarded_plan_cannot_be_applied_but_retried(here: World) -> None:
    here.file("discard.py", CALC)
    buffer = here.editor.open("discard.py")
    job = await here.plan(buffer, edits("discard.py", FIX))
    assert (await here.editor.command("agentLs.discard", {"jobId": job}))["state"] == "discarded"
    assert "was discarded" in await here.operation("agentLs.apply", job)
    assert buffer.text == CALC
    again = (await here.editor.command("agentLs.retry", {"jobId": job, "instruction": "be quick"}))["jobId"]
    assert await here.until_state(again, "ready", "failed") == "ready"
    assert (await here.job(again))["task"].endswith("be quick")


async def test_a_turn_under_way_is_cancelled_from_the_progress(here: World) -> None:
    here.file("cancel.py", CALC)
    buffer = here.editor.open("cancel.py")
    tokens: list[str] = []
    ends: dict[str, str] = {}

    def told(method: str, params: dict[str, Any]) -> None:
        if method == "$/progress" and params["value"]["kind"] == "begin":
            tokens.append(str(params["token"]))
        elif method == "$/progress" and params["value"]["kind"] == "end":
            ends[str(params["token"])] = params["value"]["message"]

    here.editor.on_event = told
    here.play(script([look("cancel.py")], [finish()], pause_s={1: 600}))
    job = await here.delegate(buffer)
    await here.editor.until(lambda: any(job in token for token in tokens))
    token = next(t for t in tokens if job in t)
    here.editor.notify("window/workDoneProgress/cancel", {"token": token})
    assert await here.until_state(job, "cancelled", "failed", "ready") == "cancelled"
    await here.editor.until(lambda: token in ends)
    assert "can be resumed" in ends[token]
    here.play(edits("cancel.py", FIX))
    await here.editor.command("agentLs.resume", {"jobId": job})
    assert await here.until_state(job, "ready", "failed") == "ready"


async def test_a_killed_worker_costs_a_turn_at_most(here: World) -> None:
    here.file("kill.py", CALC)
    buffer = here.editor.open("kill.py")
    here.play(edits("kill.py", FIX, held=True))
    job = await here.delegate(buffer)
    await here.until_state(job, "waiting")
    status = await here.editor.command("agentLs.status", {})
    os.kill(status["folders"][0]["workerPid"], signal.SIGKILL)
    await here.editor.until(lambda: here.editor.state(job) in ("running", "queued"))
    await here.answer(job)
    assert await here.until_state(job, "ready", "failed") == "ready"
    events = [e["text"] for e in (await here.job(job))["events"]]
    assert sum("the agent worker ended" in text for text in events) == 1
    assert sum(text.startswith("turn 1:") for text in events) == 1, "no turn is repeated"


async def test_a_question_stands_in_the_text_and_is_answered_from_the_menu(here: World) -> None:
    here.file("question.py", CALC)
    buffer = here.editor.open("question.py")
    place = CALC.index("return")
    here.play(
        script(
            [look("question.py")],
            [ask("Which sign?", ("plus", "minus"))],
            [change("question.py", FIX)],
            [finish()],
        )
    )
    line = {"line": 4, "character": 4}
    argument = {"task": "x", "uri": buffer.uri, "range": {"start": line, "end": line}, "version": 1}
    job = (await here.editor.command("agentLs.delegate", argument))["jobId"]
    here.editor.type(buffer, 0, "# a line above\n")
    await here.editor.until(lambda: bool(here.editor.diagnostics.get(buffer.uri)))
    [finding] = here.editor.diagnostics[buffer.uri]
    assert (finding["severity"], finding["source"]) == (3, "agent-ls")
    assert "Which sign? (plus / minus)" in finding["message"]
    assert finding["range"] == {"start": {"line": 5, "character": 4}, "end": {"line": 5, "character": 16}}

    menu = await here.editor.menu(buffer, place, diagnostics=[finding])
    assert [e["title"] for e in menu][:2] == ["Answer “plus”: Which sign?", "Answer “minus”: Which sign?"]
    assert not any(e["kind"].startswith("quickfix") for e in menu), "our own findings get no fix"
    await here.choose(menu, "plus")
    assert await here.until_state(job, "ready", "failed") == "ready"
    assert here.editor.diagnostics[buffer.uri] == []


async def test_the_menu_leads_to_what_it_has_no_room_for(here: World) -> None:
    here.file("more.py", CALC)
    buffer = here.editor.open("more.py")
    job = await here.plan(buffer, edits("more.py", FIX))
    menu = await here.until_facts(buffer, "Agent jobs here", CALC.index("return"))
    assert len(menu) <= 6
    here.editor.choose = lambda _text, titles: next((t for t in titles if "Discard" in t), None)
    try:
        await here.choose(menu, "Agent jobs here …")
        assert await here.until_state(job, "discarded") == "discarded"
    finally:
        here.editor.choose = lambda _text, _titles: None


async def test_an_engine_is_a_plan_like_every_other(here: World) -> None:
    here.file("shout.txt", "quiet\n")
    await here.editor.command("agentLs.trust", {"uri": here.root.as_uri(), "trusted": True})
    job = (await here.editor.command("agentLs.run", {"engine": "shout"}))["jobId"]
    assert await here.until_state(job, "ready", "failed") == "ready", await here.job(job)
    await here.operation("agentLs.apply", job)
    assert here.read("shout.txt") == "QUIET\n"
    with pytest.raises(ServerError, match=r"no engine 'whisper' \(known: shout, latin\)"):
        await here.editor.command("agentLs.run", {"engine": "whisper"})
    await here.editor.command("agentLs.trust", {"uri": here.root.as_uri(), "trusted": False})
    with pytest.raises(ServerError, match=r"not trusted.*agent-ls trust"):
        await here.editor.command("agentLs.run", {"engine": "shout"})


async def test_review_shows_a_real_file(here: World) -> None:
    here.file("review.py", CALC)
    buffer = here.editor.open("review.py")
    job = await here.plan(buffer, edits("review.py", FIX))
    shown = len(here.editor.shown)
    answer = await here.editor.command("agentLs.review", {"jobId": job})
    await here.editor.until(lambda: len(here.editor.shown) > shown)
    path = Path(here.editor.shown[-1].removeprefix("file://"))
    assert path.suffix == ".diff"
    assert path.read_text() == answer["patch"]
    assert "+    return a + b" in answer["patch"]
    assert path.stat().st_mode & 0o077 == 0


async def test_what_cannot_be_done_is_a_sentence(here: World) -> None:
    with pytest.raises(ServerError, match=r"no job 'J1' in the open folders\. agentLs\.jobs lists"):
        await here.editor.command("agentLs.apply", {"jobId": "J1"})
    with pytest.raises(ServerError, match="'jobId' is missing"):
        await here.editor.command("agentLs.cancel", {})
    outside = (here.folder / "config" / "config.toml").as_uri()
    with pytest.raises(ServerError, match=r"not a file of an open workspace folder\. Open its folder"):
        await here.editor.command("agentLs.delegate", {"task": "x", "uri": outside})
    with pytest.raises(ServerError, match="neither open nor a readable file"):
        await here.editor.command("agentLs.delegate", {"task": "x", "uri": (here.root / "no.py").as_uri()})
    params = {"textDocument": {"uri": outside}, "position": {"line": 0, "character": 0}}
    assert await here.editor.request("textDocument/hover", params) is None
    zero = {"start": params["position"], "end": params["position"]}
    menu = {"textDocument": {"uri": outside}, "range": zero, "context": {"diagnostics": []}}
    assert await here.editor.request("textDocument/codeAction", menu) == []
    assert not any("Traceback" in message for message in here.editor.messages)
