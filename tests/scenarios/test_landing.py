"""Editors that refuse, lie, or do half of it: what is really there is what the user is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from agent_ls.faces.cli.editor_texts import Buffer
from tests.scenarios.kit import World, call, change, edits, finish, look, script, world

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "one = 1\ntwo = 2\nthree = 3\n"
Hook = Callable[[Any], Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("landing")) as made:
        yield made


@pytest.fixture(autouse=True)
def _an_honest_editor_again(here: World) -> Iterator[None]:
    yield
    here.editor.hooks.clear()


async def planned(here: World, *names: str) -> tuple[str, list[Buffer]]:
    """A plan that changes ``two`` in every file; all files are open."""
    buffers = []
    for name in names:
        here.file(name, TEXT)
        buffers.append(here.editor.open(name))
    changes = [change(name, ("two = 2", "two = 22")) for name in names]
    job = await here.plan(buffers[0], script([look(name) for name in names], changes, [finish()]))
    return job, buffers


def on_edit(here: World, hook: Hook) -> None:
    here.editor.hooks["workspace/applyEdit"] = hook


async def test_applied_true_without_applying_is_noticed(here: World) -> None:
    job, [buffer] = await planned(here, "liar.py")
    on_edit(here, lambda _params: {"applied": True})
    assert await here.operation("agentLs.apply", job) == "Nothing was changed: the editor did not apply it."
    assert buffer.text == TEXT
    assert (await here.job(job))["state"] == "ready"


async def test_half_of_it_is_told_as_half(here: World) -> None:
    job, [first, second] = await planned(here, "half1.py", "half2.py")

    def half(params: Any) -> Any:
        operations = params["edit"]["documentChanges"]
        kept = [o for o in operations if o["textDocument"]["uri"] == first.uri]
        return here.editor.honest({"edit": {"documentChanges": kept}})

    on_edit(here, half)
    told = await here.operation("agentLs.apply", job)
    assert told == "Applied to 1 file; 1 file unsaved; the editor did not change half2.py."
    assert second.text == TEXT
    detail = await here.job(job)
    assert detail["state"] == "partly_applied"
    assert {f["path"]: f["landed"] for f in detail["files"]} == {"half1.py": True, "half2.py": False}
    here.editor.hooks.clear()
    await here.operation("agentLs.apply", job)
    assert first.text == second.text == TEXT.replace("two = 2", "two = 22")


async def test_half_of_it_and_no_is_told_as_half_too(here: World) -> None:
    job, [first, second] = await planned(here, "fail1.py", "fail2.py")

    def half(params: Any) -> Any:
        operations = params["edit"]["documentChanges"]
        kept = [o for o in operations if o["textDocument"]["uri"] == first.uri]
        here.editor.honest({"edit": {"documentChanges": kept}})
        return {"applied": False, "failureReason": "fail2.py is read-only"}

    on_edit(here, half)
    told = await here.operation("agentLs.apply", job)
    assert (
        told
        == "Applied to 1 file; 1 file unsaved; the editor did not change fail2.py (fail2.py is read-only)."
    )
    assert second.text == TEXT


async def test_an_edit_in_the_wrong_place_is_not_called_applied(here: World) -> None:
    """As editors do that compare no versions: the text is neither the old one nor the new one."""
    job, [buffer] = await planned(here, "wrong.py")

    def shifted(params: Any) -> Any:
        [operation] = params["edit"]["documentChanges"]
        [edit] = operation["edits"]
        at = {"line": 0, "character": 0}
        operation["edits"] = [{"range": {"start": at, "end": at}, "newText": edit["newText"]}]
        return here.editor.honest(params)

    on_edit(here, shifted)
    told = await here.operation("agentLs.apply", job)
    assert "wrong.py now holds neither the old text nor the new one" in told
    assert "undo" in told
    assert buffer.text != TEXT


async def test_text_typed_while_the_edit_travels_is_merged_and_tried_again(here: World) -> None:
    job, [buffer] = await planned(here, "stale.py")
    tries = []

    def typing(params: Any) -> Any:
        tries.append(params)
        if len(tries) == 1:
            here.editor.type(buffer, 0, "# typed in this moment\n")
        return here.editor.honest(params)

    on_edit(here, typing)
    told = await here.operation("agentLs.apply", job)
    assert told == "Applied to 1 file; 1 file unsaved; rebased over your edit in stale.py: not re-checked."
    assert len(tries) == 2
    assert buffer.text == "# typed in this moment\n" + TEXT.replace("two = 2", "two = 22")


async def test_text_that_never_rests_ends_in_a_sentence(here: World) -> None:
    job, [buffer] = await planned(here, "restless.py")

    def typing(params: Any) -> Any:
        here.editor.type(buffer, 0, "# more\n")
        return here.editor.honest(params)

    on_edit(here, typing)
    told = await here.operation("agentLs.apply", job)
    assert told.startswith("Nothing was changed: the text kept changing while it was applied. Try again")
    assert buffer.text == "# more\n" * 3 + TEXT


async def test_a_no_is_a_no(here: World) -> None:
    job, [buffer] = await planned(here, "no.py")
    asked = []

    def refuse(params: Any) -> Any:
        asked.append(params)
        return {"applied": False, "failureReason": "the user declined"}

    on_edit(here, refuse)
    assert await here.operation("agentLs.apply", job) == "Nothing was changed: the user declined."
    assert len(asked) == 1
    assert buffer.text == TEXT


async def test_an_error_instead_of_an_answer(here: World) -> None:
    job, [buffer] = await planned(here, "error.py")
    here.editor.refused = frozenset({"workspace/applyEdit"})
    try:
        told = await here.operation("agentLs.apply", job)
    finally:
        here.editor.refused = frozenset()
    assert told == "Nothing was changed: the editor answered: method not found (-32601)."
    assert buffer.text == TEXT


async def test_a_closed_file_lands_and_its_line_ends_stay(here: World) -> None:
    """CRLF and a byte-order mark, in a file that no buffer shows."""
    here.file("dos.py", b"\xef\xbb\xbfone = '\xf0\x9f\x98\x80'\r\ntwo = 2\r\n")
    job = await here.plan(_any(here), edits("dos.py", ("two = 2", "two = 22")))
    await here.operation("agentLs.apply", job)
    [operation] = here.editor.applied[-1]["documentChanges"]
    assert operation["textDocument"]["version"] is None
    here.editor.save_all()
    assert (here.root / "dos.py").read_bytes() == b"\xef\xbb\xbfone = '\xf0\x9f\x98\x80'\r\ntwo = 22\r\n"


async def test_an_open_file_with_carriage_returns(here: World) -> None:
    here.file("crlf.py", b"one = 1\r\ntwo = 2\r\n")
    buffer = here.editor.open("crlf.py")
    job = await here.plan(buffer, edits("crlf.py", ("two = 2", "two = 22\nmore = 3")))
    await here.operation("agentLs.apply", job)
    assert buffer.text == "one = 1\r\ntwo = 22\r\nmore = 3\r\n"
    await here.operation("agentLs.undo", job)
    assert buffer.text == "one = 1\r\ntwo = 2\r\n"


async def test_bytes_that_are_no_text_never_become_a_plan(here: World) -> None:
    """An editor would read them in its own encoding and write other bytes back."""
    here.file("latin.txt", "caf\xe9\n".encode("latin-1"))
    await here.editor.command("agentLs.trust", {"uri": here.root.as_uri(), "trusted": True})
    job = (await here.editor.command("agentLs.run", {"engine": "latin"}))["jobId"]
    assert await here.until_state(job, "ready", "failed") == "failed"
    await here.editor.command("agentLs.trust", {"uri": here.root.as_uri(), "trusted": False})
    assert "latin.txt" in (await here.job(job))["problem"]
    assert (here.root / "latin.txt").read_bytes() == "caf\xe9\n".encode("latin-1")


async def test_a_created_file_lands_where_its_folder_is_new(here: World) -> None:
    buffer = _any(here)
    turns = script([call("write_file", path="new/deep/made.py", content="a = '😀'\n")], [finish()])
    job = await here.plan(buffer, turns)
    await here.operation("agentLs.apply", job)
    kinds = [o.get("kind", "edit") for o in here.editor.applied[-1]["documentChanges"]]
    assert kinds == ["create", "edit"]
    assert here.read("new/deep/made.py") == "a = '😀'\n"


def _any(here: World) -> Buffer:
    here.file("any.py", "any = 1\n")
    return here.editor.open("any.py")
