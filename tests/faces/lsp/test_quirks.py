"""What an editor says of itself, and the rows of the table that correct it."""

from __future__ import annotations

from typing import Any

import pytest

from agent_ls.faces.lsp.editor import QUIRKS, Editor, read_editor

Json = dict[str, Any]


def named(name: str, said: Json | None = None, options: Json | None = None) -> Editor:
    return read_editor(said or {}, {"name": name, "version": "1"}, options or {})


ROWS = [
    ("Neovim", "document_changes", True),
    ("Neovim", "ends_lines", True),
    ("Visual Studio Code", "previews", True),
    ("Visual Studio Code - Insiders", "previews", True),
    ("VSCodium", "previews", True),
    ("code-server", "previews", True),
    ("Code - OSS", "previews", True),
    ("eglot", "confirms", True),
    ("emacs", "confirms", True),
    ("helix", "message_request", False),
]


@pytest.mark.parametrize(("name", "fact", "value"), ROWS)
def test_a_row(name: str, fact: str, value: object) -> None:
    assert getattr(named(name), fact) is value
    assert getattr(named("Some Editor"), fact) is not value
    assert getattr(named(f"Not {name}"), fact) is not value, "the beginning of the name counts"


def test_every_row_is_tested_and_says_why() -> None:
    rows = {(quirk.editor, fact) for quirk in QUIRKS for fact in quirk.facts}
    assert rows == {(name.lower().removesuffix(" - insiders"), fact) for name, fact, _ in ROWS}
    assert all(len(quirk.why) > 10 for quirk in QUIRKS)


SAID: list[tuple[str, Json]] = [
    ("document_changes", {"workspace": {"workspaceEdit": {"documentChanges": True}}}),
    ("annotations", {"workspace": {"workspaceEdit": {"changeAnnotationSupport": {}}}}),
    ("apply_edit", {"workspace": {"applyEdit": True}}),
    ("configuration", {"workspace": {"configuration": True}}),
    ("lens_refresh", {"workspace": {"codeLens": {"refreshSupport": True}}}),
    ("watch_files", {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}),
    ("show_document", {"window": {"showDocument": {"support": True}}}),
    ("progress", {"window": {"workDoneProgress": True}}),
    ("markdown", {"textDocument": {"hover": {"contentFormat": ["markdown"]}}}),
    ("literal_actions", {"textDocument": {"codeAction": {"codeActionLiteralSupport": {}}}}),
    ("tags_generated", {"textDocument": {"codeAction": {"tagSupport": {"valueSet": [1]}}}}),
    ("diagnostics", {"textDocument": {"publishDiagnostics": {}}}),
    ("questions", {"window": {"showMessage": {"messageActionItem": {}}}}),
]


@pytest.mark.parametrize(("fact", "said"), SAID)
def test_what_is_said_counts_and_nothing_else(fact: str, said: Json) -> None:
    assert getattr(named("", said), fact) is True
    assert getattr(named(""), fact) is False
    others = [name for name, _ in SAID if name != fact]
    assert [name for name in others if getattr(named("", said), name)] == []


def test_options_of_plugins() -> None:
    plugin = named("", options={"events": True, "prompts": True, "review": True})
    assert (plugin.events, plugin.prompts, plugin.reviews) == (True, True, True)
    assert named("", options={"events": "yes", "prompts": 1, "review": "no"}) == named("")


@pytest.mark.parametrize(
    "odd",
    [
        {"workspace": None, "textDocument": [], "window": "x"},
        {"workspace": {"workspaceEdit": 7, "applyEdit": "yes", "codeLens": []}},
        {"workspace": {"workspaceEdit": {"resourceOperations": "create"}}},
        {"workspace": {"workspaceEdit": {"resourceOperations": [1, None]}}},
        {"textDocument": {"codeAction": {"tagSupport": {"valueSet": ["1"]}}, "hover": {"contentFormat": 3}}},
    ],
)
def test_odd_shapes_count_as_not_said(odd: Json) -> None:
    assert named("", odd) == named("")


def test_a_user_may_say_that_an_editor_without_a_name_takes_edits() -> None:
    """Kate does, and says neither that nor who it is."""
    assert not read_editor({}, {}, {}).apply_edit
    assert read_editor({}, {}, {"applyEdit": True}).apply_edit
    assert not read_editor({}, {}, {"applyEdit": "yes"}).apply_edit
