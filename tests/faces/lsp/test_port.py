"""What an editor answers, and what is believed of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import rel_path
from agent_ls.faces.lsp.documents import Documents
from agent_ls.faces.lsp.editor import Editor, read_editor
from agent_ls.faces.lsp.port import LspPort
from agent_ls.faces.lsp.uris import path_to_uri
from agent_ls.jobs.port import Order

PATH = rel_path("a.py")
BEFORE, AFTER = "one\ntwo\n", "ONE\ntwo\n"
PREVIEWS = Editor(apply_edit=True, document_changes=True, annotations=True, previews=True)
PLAIN = Editor(apply_edit=True, document_changes=True)


def quiet(*_told: object) -> None:
    """Nobody listens."""


class Answering:
    """A peer that does something when it is asked to apply, and answers."""

    def __init__(self, documents: Documents, uri: str, becomes: str | None, *, applied: bool) -> None:
        self._documents, self._uri, self._becomes, self._applied = documents, uri, becomes, applied

    def notify(self, method: str, params: Any) -> None:
        raise AssertionError(method)

    async def request(self, method: str, params: Any, *, timeout_s: float) -> Any:
        assert method == "workspace/applyEdit"
        if self._becomes is not None:
            changed = {"textDocument": {"uri": self._uri, "version": 2}}
            self._documents.did_change({**changed, "contentChanges": [{"text": self._becomes}]})
        return {"applied": self._applied}


@pytest.fixture
def land(tmp_path: Path) -> Callable[..., Any]:
    async def landed(editor: Editor, becomes: str | None, *, applied: bool, reviewed: bool = False) -> Any:
        documents, uri = Documents(), path_to_uri(tmp_path / PATH)
        opened = {"uri": uri, "languageId": "python", "version": 1, "text": BEFORE}
        documents.did_open({"textDocument": opened})
        peer: Any = Answering(documents, uri, becomes, applied=applied)
        port = LspPort(tmp_path, documents=documents, editor=editor, peer=peer, on_job=quiet, on_notice=quiet)
        changes = ChangeSet((FileChange(PATH, BEFORE.encode(), AFTER.encode()),))
        return await port.land(changes, Order("plan", reviewed=reviewed))

    return landed


async def test_a_plan_that_is_there_has_landed_also_under_later_typing(land: Callable[..., Any]) -> None:
    for text in (AFTER, AFTER + "typed\n"):
        done = await land(PLAIN, text, applied=True)
        assert done.applied
        assert done.landed.paths == {PATH}


async def test_typing_under_a_refused_preview_is_not_taken_for_the_plan(land: Callable[..., Any]) -> None:
    """VS Code refuses after its preview was open while the user typed; the text differs, but not by the plan."""
    done = await land(PREVIEWS, BEFORE + "typed\n", applied=False)
    assert (done.applied, len(done.landed), done.stale) == (False, 0, False)
    assert done.reason == "the text of a.py changed while its preview was open; apply it again"


@pytest.mark.parametrize("editor", [PLAIN, PREVIEWS])
async def test_a_refusal_in_the_moment_of_typing_is_worth_another_try(
    land: Callable[..., Any], editor: Editor
) -> None:
    done = await land(editor, BEFORE + "typed\n", applied=False, reviewed=True)
    assert done.stale


async def test_an_editor_that_left_typed_text_alone_and_said_yes_is_asked_again(
    land: Callable[..., Any],
) -> None:
    """As Neovim does: nothing of the plan is there, so what changed was typed."""
    done = await land(PLAIN, BEFORE + "typed\n", applied=True)
    assert (done.stale, len(done.landed)) == (True, 0)


@pytest.mark.parametrize("text", ["ONEone\ntwo\n", "one\ntONEo\n", "ONE\nand two\nONE\n"])
async def test_an_edit_in_the_wrong_place_is_never_taken_for_typing(
    land: Callable[..., Any], text: str
) -> None:
    done = await land(PLAIN, text, applied=True)
    assert not done.stale
    assert "neither the old text nor the new one" in done.reason


async def test_a_plan_that_landed_though_the_editor_said_no_is_there(land: Callable[..., Any]) -> None:
    done = await land(PLAIN, AFTER, applied=False)
    assert done.landed.paths == {PATH}


async def test_a_refusal_is_the_users(land: Callable[..., Any]) -> None:
    done = await land(PREVIEWS, None, applied=False)
    assert (done.stale, done.reason) == (False, "the editor did not apply the edit")


@pytest.mark.parametrize(("editor", "missing"), [(PREVIEWS, {"b.py", "gone.py"}), (PLAIN, {"gone.py"})])
async def test_what_was_not_ticked_is_missing(editor: Editor, missing: set[str], tmp_path: Path) -> None:
    """Closed files: a deletion is on the disk or was not done; an edit may hide in a buffer, not in VS Code."""
    editor = replace(editor, resource_operations=frozenset({"delete"}))
    for name in ("b.py", "gone.py"):
        (tmp_path / name).write_bytes(BEFORE.encode())
    documents, uri = Documents(), path_to_uri(tmp_path / PATH)
    opened = {"uri": uri, "languageId": "python", "version": 1, "text": BEFORE}
    documents.did_open({"textDocument": opened})
    peer: Any = Answering(documents, uri, AFTER, applied=True)
    port = LspPort(tmp_path, documents=documents, editor=editor, peer=peer, on_job=quiet, on_notice=quiet)
    changes = ChangeSet(
        (
            FileChange(PATH, BEFORE.encode(), AFTER.encode()),
            FileChange(rel_path("b.py"), BEFORE.encode(), AFTER.encode()),
            FileChange(rel_path("gone.py"), BEFORE.encode(), None),
        )
    )
    done = await port.land(changes, Order("plan"))
    assert set(done.missing) == missing


@pytest.mark.parametrize("edit", [{}, {"metadataSupport": True}])
async def test_metadata_goes_only_to_editors_that_know_it(tmp_path: Path, edit: dict[str, Any]) -> None:
    """eglot answers "Internal error" to any parameter of applyEdit that it does not know."""
    capabilities = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True, **edit}}}
    documents, uri = Documents(), path_to_uri(tmp_path / PATH)
    documents.did_open({"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": BEFORE}})
    asked: list[dict[str, Any]] = []

    class Strict(Answering):
        async def request(self, method: str, params: Any, *, timeout_s: float) -> Any:
            asked.append(params)
            return await super().request(method, params, timeout_s=timeout_s)

    peer: Any = Strict(documents, uri, AFTER, applied=True)
    editor = read_editor(capabilities, {"name": "e"}, {})
    port = LspPort(tmp_path, documents=documents, editor=editor, peer=peer, on_job=quiet, on_notice=quiet)
    await port.land(ChangeSet((FileChange(PATH, BEFORE.encode(), AFTER.encode()),)), Order("plan"))
    assert [("metadata" in params) for params in asked] == [bool(edit)]
