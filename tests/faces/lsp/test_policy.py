"""How each editor gets a plan to see, from what it really says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent_ls.core.paths import rel_path
from agent_ls.faces.lsp.editor import Editor, read_editor
from agent_ls.faces.lsp.policy import Ask, Policy, Show, policy, question

Json = dict[str, Any]

SHOWS: Json = {"showDocument": {"support": True}}
ASKS: Json = {"showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}}}
ANNOTATES: Json = {"workspaceEdit": {"changeAnnotationSupport": {"groupsOnLabel": True}}}
OURS: Json = {"prompts": True, "review": True}


def said(name: str, window: Json, workspace: Json | None = None, options: Json | None = None) -> Policy:
    return policy(
        read_editor({"window": window, "workspace": workspace or {}}, {"name": name}, options or {})
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (said("Visual Studio Code", {**SHOWS, **ASKS}, ANNOTATES), ("document", "preview", True)),
        (said("Visual Studio Code", {**SHOWS, **ASKS}, ANNOTATES, OURS), ("plugin", "preview", True)),
        (said("code-server", {**SHOWS, **ASKS}, ANNOTATES, OURS), ("plugin", "preview", True)),
        (said("Visual Studio Code", {**SHOWS, **ASKS}), ("document", "question", True)),
        (said("Neovim", {**SHOWS, **ASKS}, ANNOTATES, OURS), ("plugin", "question", False)),
        (said("Neovim", {**SHOWS, **ASKS}, ANNOTATES), ("document", "question", False)),
        (said("Neovim", {"showDocument": {"support": False}, **ASKS}), ("notice", "nobody", False)),
        (said("Eglot", {**SHOWS, **ASKS}), ("document", "nobody", False)),
        (said("Emacs (eglot)", {}), ("notice", "nobody", False)),
        (said("helix", {**SHOWS, **ASKS}), ("document", "nobody", False)),
        (said("helix", {}), ("notice", "nobody", False)),
        (said("Kate", ASKS), ("notice", "nobody", False)),
        (said("", SHOWS), ("document", "nobody", False)),
        (said("", {**SHOWS, **ASKS}), ("document", "question", False)),
    ],
)
def test_the_table(told: Policy, expected: tuple[str, str, bool]) -> None:
    assert (told.show.value, told.ask.value, told.buttons) == expected


def test_what_can_be_shown_is_never_silent() -> None:
    """Every combination of what an editor may be able to do."""
    flags = (
        "previews",
        "annotations",
        "show_document",
        "questions",
        "message_request",
        "reviews",
        "confirms",
    )
    for number in range(2 ** len(flags)):
        able = {flag: bool(number >> bit & 1) for bit, flag in enumerate(flags)}
        way = policy(replace(Editor(), **able))
        if able["previews"] and able["annotations"]:
            assert way.ask is Ask.PREVIEW
        elif way.ask is Ask.QUESTION:
            assert able["questions"] and able["message_request"] and not able["confirms"]
        else:
            assert not (able["questions"] and able["message_request"]) or (
                able["confirms"] or way.show is Show.NOTICE
            )
        assert (way.show is Show.NOTICE) == (not able["show_document"] and not able["reviews"])


def test_the_question_names_what_deserves_a_look() -> None:
    asked = question("Tidy up", "2 files +1 −9", "verified", {rel_path("old.py"): "the file is deleted"})
    assert asked == "Apply “Tidy up”? 2 files +1 −9, verified. Look twice: old.py: the file is deleted."
