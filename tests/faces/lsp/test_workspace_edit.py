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
