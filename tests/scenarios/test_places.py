"""Encodings, kinds of menus, comments that ask, hovers, folders and settings, through the real server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_ls.faces.cli.editor import ServerError
from agent_ls.faces.cli.editor_texts import Buffer
from tests.scenarios.kit import PATIENCE_S, World, capabilities, edits, script, world

SOURCE = "# 😀é\nname = '😀😀'; value = 1\n\n\ndef twice(x):\n    return x + x\n\n\nprint(twice(value))\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_places_behind_wide_characters(encoding: str, tmp_path: Path) -> None:
    async with world(tmp_path, capabilities=capabilities(general__positionEncodings=[encoding])) as here:
        assert here.editor.encoding == encoding
        here.file("wide.py", SOURCE)
        buffer = here.editor.open("wide.py")
        job = await here.plan(buffer, edits("wide.py", ("value = 1", "value = 2")))
        here.editor.type(buffer, 2, "é😀")
        await here.operation("agentLs.apply", job)
        assert buffer.text == SOURCE.replace("# 😀", "# é😀😀").replace("value = 1", "value = 2")
        at = buffer.text.index("value = 2") + len("value")
        answer = await here.editor.request("agentLs/debug/documentText", {"uri": buffer.uri})
        assert answer == {"text": buffer.text, "version": buffer.version}
        # A range of the menu's own comes back as it was sent: both directions agree.
        menu = await here.editor.menu(buffer, at - 5, at)
        line = buffer.text[:at].rpartition("\n")[2]
        units = {
            "utf-8": len(line.encode()),
            "utf-16": len(line.encode("utf-16-le")) // 2,
            "utf-32": len(line),
        }
        entry = next(e for e in menu if "selection" in e["title"])
        assert entry["command"]["arguments"][0]["range"]["end"]["character"] == units[encoding]


async def test_menus_comments_hovers_and_settings(tmp_path: Path) -> None:
    """One server for what does not disturb each other."""
    async with world(tmp_path) as here:
        await kinds(here)
        await automatic(here)
        await a_comment_that_asks(here)
        await a_comment_is_written_for_the_task(here)
        await hovering(here)
        await renaming(here)
        await importing(here)
        await explaining(here)
        await settings_change(here)


async def kinds(here: World) -> None:
    here.file("kinds.py", SOURCE)
    buffer = here.editor.open("kinds.py")
    at = SOURCE.index("return")
    await here.until_facts(buffer, "twice", at)
    finding = {
        "range": {"start": {"line": 5, "character": 4}, "end": {"line": 5, "character": 10}},
        "message": "x is odd",
        "severity": 2,
        "source": "lint",
    }
    full = await here.editor.menu(buffer, at, diagnostics=[finding])
    assert 1 < len(full) <= 6
    assert {e["kind"] for e in full} <= {"quickfix.agent", "refactor.rewrite.agent", "source.agent"}
    assert not any("isPreferred" in e for e in full)
    fix = full[0]
    assert (fix["kind"], fix["diagnostics"]) == ("quickfix.agent", [finding])
    for only in (
        ["quickfix"],
        ["quickfix.agent"],
        ["refactor"],
        ["refactor.rewrite"],
        ["source"],
        ["source.agent"],
    ):
        menu = await here.editor.menu(buffer, at, diagnostics=[finding], only=only)
        assert menu, only
        assert all((e["kind"] + ".").startswith(only[0] + ".") for e in menu), only
    for only in (["source.fixAll"], ["source.organizeImports"], ["refactor.extract"], ["quick"]):
        assert await here.editor.menu(buffer, at, diagnostics=[finding], only=only) == [], only
    ours = {**finding, "source": "agent-ls"}
    assert await here.editor.menu(buffer, at, diagnostics=[ours], only=["quickfix"]) == []
    titles = [e["title"] for e in full]
    assert not any("everywhere …" in title for title in titles), "nobody here could ask for the new name"


async def automatic(here: World) -> None:
    here.file("lamp.py", SOURCE)
    buffer = here.editor.open("lamp.py")
    await here.until_facts(buffer, "twice", SOURCE.index("return"))
    place = {"line": 5, "character": 6}
    params: dict[str, Any] = {
        "textDocument": {"uri": buffer.uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": [], "triggerKind": 2},
    }
    assert await here.editor.request("textDocument/codeAction", params) == []


async def a_comment_that_asks(here: World) -> None:
    text = "def f():\n    # agent: return two\n    #   instead of one\n    return 1\n"
    here.file("asks.py", text)
    buffer = here.editor.open("asks.py")
    here.editor.type(buffer, 0, "# unsaved 😀\n")
    menu = await here.until_facts(buffer, "Do: return two instead of one", buffer.text.index("agent:"))
    lens_params = {"textDocument": {"uri": buffer.uri}}
    [lens] = await here.editor.request("textDocument/codeLens", lens_params)
    assert lens["command"]["title"] == "Delegate: return two instead of one"
    assert lens["range"]["start"] == {"line": 2, "character": 4}
    # The lens stays with its comment while facts lag behind what is typed.
    here.editor.type(buffer, 0, "\n\n")
    [moved] = await here.editor.request("textDocument/codeLens", lens_params)
    assert moved["range"]["start"]["line"] == 4
    here.play(edits("asks.py", ("return 1", "return 2")))
    job = (await here.choose(menu, "Do: return two"))["jobId"]
    assert await here.until_state(job, "ready", "failed") == "ready", await here.job(job)
    await here.operation("agentLs.apply", job)
    assert buffer.text == "\n\n# unsaved 😀\ndef f():\n    return 2\n", "the comment goes with the plan"
    refreshes = [m for m, _ in here.asked if m == "workspace/codeLens/refresh"]
    assert refreshes


async def a_comment_is_written_for_the_task(here: World) -> None:
    """No plugin, no input box: "Delegate …" begins with an ``agent:`` comment above the cursor."""
    here.file("box.py", "def g():\n    x = '😀'\n    return x\n")
    buffer = here.editor.open("box.py")
    menu = await here.until_facts(buffer, "Delegate: change g", buffer.text.index("return"))
    answer = await here.choose(menu, "Delegate: change g …")
    assert answer["jobId"] is None
    await here.editor.until(lambda: "agent:" in buffer.text)
    assert buffer.text == "def g():\n    x = '😀'\n    # agent: \n    return x\n"
    await here.editor.until(lambda: any(m == "window/showDocument" for m, _ in here.asked))
    shown = next(p for m, p in reversed(here.asked) if m == "window/showDocument")
    assert shown["selection"]["start"] == {"line": 2, "character": len("    # agent: ")}
    here.editor.type(buffer, buffer.text.index("agent: ") + len("agent: "), "name it well")
    assert await here.until_facts(buffer, "Do: name it well", buffer.text.index("agent:"))


async def hovering(here: World) -> None:
    here.file("hover.py", SOURCE)
    buffer = here.editor.open("hover.py")
    here.editor.save(buffer)
    await here.until_facts(buffer, "twice", SOURCE.index("return"))
    async with asyncio.timeout(PATIENCE_S):  # the index hears of the saved file within a moment
        while True:
            found = await here.editor.hover(buffer, SOURCE.index("twice") + 1)
            if found is not None and "reference" in found["contents"]["value"]:
                break
            await asyncio.sleep(0.05)
    assert found["contents"]["kind"] == "markdown"
    assert "`twice`" in found["contents"]["value"]
    assert found["range"]["start"] == {"line": 4, "character": 4}
    assert await here.editor.hover(buffer, SOURCE.index("\n\n\ndef") + 1) is None


async def renaming(here: World) -> None:
    here.file("names.py", "def old_name():\n    return 1\n")
    here.file("uses.py", "from names import old_name\n\nprint(old_name())\n")
    names, uses = here.editor.open("names.py"), here.editor.open("uses.py")
    here.editor.save_all()
    place = {"line": 0, "character": 5}
    argument = {"uri": names.uri, "range": {"start": place, "end": place}, "newName": "new_name"}
    for _ in range(100):  # the index hears of the new files within a moment
        job = (await here.editor.command("agentLs.rename", argument))["jobId"]
        state = await here.until_state(job, "ready", "failed")
        if state == "ready" and len((await here.job(job))["files"]) == 2:
            break
        await asyncio.sleep(0.1)
    await here.operation("agentLs.apply", job)
    assert names.text == "def new_name():\n    return 1\n"
    assert uses.text == "from names import new_name\n\nprint(new_name())\n"


async def importing(here: World) -> None:
    here.file("loud.py", "def shout():\n    return 1\n")
    here.file("calls.py", "import os\n\nprint(shout())\n")
    loud, calls = here.editor.open("loud.py"), here.editor.open("calls.py")
    here.editor.save_all()
    for name, line, character in (("agentLs.addImport", 2, 7), ("agentLs.removeUnusedImports", 0, 0)):
        place = {"line": line, "character": character}
        argument = {"uri": calls.uri, "range": {"start": place, "end": place}}
        for _ in range(100):  # the index hears of the new files within a moment
            job = (await here.editor.command(name, argument))["jobId"]
            if await here.until_state(job, "ready", "failed") == "ready":
                break
            await asyncio.sleep(0.1)
        await here.operation("agentLs.apply", job)
    assert calls.text == "from loud import shout\n\nprint(shout())\n"
    assert loud.text == "def shout():\n    return 1\n"


async def explaining(here: World) -> None:
    """Asked for from a menu without a plugin, the text is put before the user; a hover has it from then on."""
    here.file("explained.py", SOURCE)
    buffer = here.editor.open("explained.py")
    here.editor.save(buffer)
    at = SOURCE.index("twice") + 1
    menu = await here.until_facts(buffer, "Explain twice", at)
    here.play(script([{"type": "text", "text": "Doubles *x*. [Run](command:evil)"}]))
    answer = await here.choose(menu, "Explain twice")
    assert answer == {"markdown": "", "pending": True}
    await here.editor.until(lambda: any(uri.endswith("explanation.md") for uri in here.editor.shown))
    shown = next(uri for uri in here.editor.shown if uri.endswith("explanation.md"))
    assert Path(shown.removeprefix("file://")).read_text() == "Doubles *x*. Run"
    hover = await here.editor.hover(buffer, at)
    assert hover is not None
    assert "Doubles *x*. Run" in hover["contents"]["value"]
    place = {"uri": buffer.uri, "position": {"line": 4, "character": 5}}
    again = await here.editor.command("agentLs.explain", place)
    assert again == {"markdown": "Doubles *x*. Run", "pending": False}
    # A selection is another thing than its symbol, and so is the folder.
    start = {"line": 4, "character": 0}
    here.play(script([{"type": "text", "text": "One line."}]))
    selection = {"uri": buffer.uri, "range": {"start": start, "end": {"line": 4, "character": 9}}}
    assert await explained(here, selection) == "One line."
    here.play(script([{"type": "text", "text": "A workspace."}]))
    assert await explained(here, {"uri": here.root.as_uri()}) == "A workspace."
    assert await explained(here, {"uri": buffer.uri, "folder": True}) == "A workspace."
    assert await explained(here, place) == "Doubles *x*. Run"
    # Prose never outlives the text it is about.
    here.editor.type(buffer, buffer.text.index("x + x"), "2 * ")
    hover = await here.editor.hover(buffer, at)
    assert hover is None or "Doubles" not in hover["contents"]["value"]


async def explained(here: World, place: dict[str, Any]) -> str:
    """What a plugin does that waits for the text."""
    async with asyncio.timeout(PATIENCE_S):
        while (answer := await here.editor.command("agentLs.explain", place))["pending"]:
            await asyncio.sleep(0.05)
    return str(answer["markdown"])


async def settings_change(here: World) -> None:
    here.editor.settings = {
        "prompts": [{"title": "Review like us", "task": "Review it."}],
        "budgets": {"attemptUsd": "much"},
        "checks": {"allowUnsandboxed": True},
        "nonsense": 1,
    }
    seen = len(here.editor.messages)
    here.editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await here.until_told("'budgets.attempt_usd' must be a number, not 'much'", since=seen)
    await here.until_told(
        "'checks.allow_unsandboxed' can only be set in the user's own config.toml", since=seen
    )
    await here.until_told("there is no setting 'nonsense'", since=seen)
    here.file("plain.txt", "no language\n")
    buffer = here.editor.open("plain.txt", "plaintext")
    menu = await here.until_facts(buffer, "Review like us")
    assert [e["title"] for e in menu][:2] == ["Delegate …", "Review like us"]
    here.editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await here.editor.command("agentLs.status", {})
    assert sum("nonsense" in m for m in here.editor.messages) == 1, "each problem is told once"


async def test_two_folders_and_what_lies_outside(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        second = tmp_path / "second"
        second.mkdir()
        (second / "b.py").write_text("b = 1\n")
        here.file("a.py", "a = 1\n")
        added = {"added": [{"uri": second.as_uri(), "name": "second"}], "removed": []}
        here.editor.notify("workspace/didChangeWorkspaceFolders", {"event": added})
        first = here.editor.open("a.py")
        other = Buffer(second / "b.py", "b = 1\n", 1, "python")
        here.editor.buffers[other.uri] = other
        item = {"uri": other.uri, "languageId": "python", "version": 1, "text": other.text}
        here.editor.notify("textDocument/didOpen", {"textDocument": item})
        async with asyncio.timeout(PATIENCE_S):
            while True:
                status = await here.editor.command("agentLs.status", {})
                if len(status["folders"]) == 2:
                    break
        assert [f["uri"] for f in status["folders"]] == [here.root.as_uri(), second.as_uri()]
        job = await here.plan(other, edits("b.py", ("b = 1", "b = 2")))
        assert len((await here.editor.command("agentLs.jobs", {}))["jobs"]) == 1
        await here.operation("agentLs.apply", job)
        assert other.text == "b = 2\n"
        assert first.text == "a = 1\n"
        with pytest.raises(ServerError, match="With several folders open, say which"):
            await here.editor.command("agentLs.run", {"engine": "shout"})
        gone = {"added": [], "removed": [{"uri": second.as_uri(), "name": "second"}]}
        here.editor.notify("workspace/didChangeWorkspaceFolders", {"event": gone})
        async with asyncio.timeout(PATIENCE_S):
            while len((await here.editor.command("agentLs.status", {}))["folders"]) > 1:
                await asyncio.sleep(0.02)
        with pytest.raises(ServerError, match="not a file of an open workspace folder"):
            await here.delegate(other)
        with pytest.raises(ServerError, match="no job"):
            await here.job(job)
