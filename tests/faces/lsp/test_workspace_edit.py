"""A change set as the WorkspaceEdit that an editor can take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.faces.lsp.convert import Encoding
from agent_ls.faces.lsp.editor import Editor, read_editor
from agent_ls.faces.lsp.workspace_edit import workspace_edit

TAKES_ALL = Editor(document_changes=True, resource_operations=frozenset({"create", "rename", "delete"}))


def inserted(editor: Editor, text: bytes) -> list[str]:
    """What is inserted into a created file."""

    def uri_of(path: RelPath) -> str:
        return f"file:///w/{path}"

    changes = ChangeSet.of([FileChange(rel_path("new.py"), None, text)])
    made = workspace_edit(
        changes, editor, encoding=Encoding.UTF16, open_documents={}, uri_of=uri_of, label="plan"
    )
    return [e["newText"] for change in made.edit["documentChanges"] for e in change.get("edits", [])]


@pytest.mark.parametrize(
    ("text", "sent"),
    [(b"a\n", ["a"]), (b"a\n\n", ["a\n"]), (b"a\r\n", ["a"]), (b"a", ["a"]), (b"", [])],
)
def test_neovim_ends_the_last_line_of_a_new_file_itself(text: bytes, sent: list[str]) -> None:
    """Seen in 0.7.2, 0.10 and 0.12: inserted with its line end, the file is saved with one line end more."""
    neovim = replace(TAKES_ALL, ends_lines=read_editor({}, {"name": "Neovim"}, {}).ends_lines)
    assert inserted(neovim, text) == sent
    assert inserted(TAKES_ALL, text) == [text.decode()][: len(text)]


def asked_edit(*, asks: bool) -> tuple[dict[str, bool], dict[str, str]]:
    """Which annotations need a yes, and the annotation of every operation by its file."""

    def uri_of(path: RelPath) -> str:
        return f"file:///w/{path}"

    old, kept = rel_path("old.py"), rel_path("kept.py")
    changes = ChangeSet.of([FileChange(old, b"x\n", None), FileChange(kept, b"a\n", b"b\n")])
    edit = workspace_edit(
        changes,
        replace(TAKES_ALL, annotations=True, previews=True),
        encoding=Encoding.UTF16,
        open_documents={},
        uri_of=uri_of,
        label="plan",
        doubts={old: "the file is deleted"},
        asks=asks,
    ).edit
    notes = {name: note["needsConfirmation"] for name, note in edit["changeAnnotations"].items()}
    used: dict[str, str] = {}
    for operation in edit["documentChanges"]:
        if operation.get("kind") == "delete":
            used["old.py"] = operation["annotationId"]
        elif operation["edits"][0]["newText"]:
            used["kept.py"] = operation["edits"][0]["annotationId"]
    return notes, used


def test_a_preview_opens_with_everything_ticked_but_the_doubtful() -> None:
    notes, used = asked_edit(asks=True)
    assert notes[used["old.py"]] is True
    assert notes[used["kept.py"]] is False
    assert sum(notes.values()) == 2, "the delete, and the one empty edit that opens the preview"


def test_what_was_reviewed_is_not_asked_about_again() -> None:
    notes, used = asked_edit(asks=False)
    assert not any(notes.values())
    assert set(used) == {"old.py", "kept.py"}
