"""Calls that leave out what may be left out."""

from __future__ import annotations

from agent_ls.agent.tools.leniency import completed
from agent_ls.agent.tools.toolbox import TOOLS


def test_the_documented_short_form_of_an_edit() -> None:
    call = {"path": "a.py", "edits": [{"old_str": "x", "new_str": "y"}]}
    filled = completed(TOOLS["edit_file"].schema, call)
    assert filled == {"path": "a.py", "edits": [{"old_str": "x", "new_str": "y", "replace_all": False}]}
    assert call == {"path": "a.py", "edits": [{"old_str": "x", "new_str": "y"}]}


def test_flags_are_off_and_nullable_ones_are_null() -> None:
    assert completed(TOOLS["search_text"].schema, {"pattern": "x"}) == {
        "pattern": "x",
        "regex": False,
        "ignore_case": False,
        "glob": None,
    }
    assert completed(TOOLS["read_file"].schema, {"path": "a"}) == {
        "path": "a",
        "start_line": None,
        "end_line": None,
    }


def test_what_only_the_model_can_say_stays_missing() -> None:
    assert completed(TOOLS["write_file"].schema, {"path": "a"}) == {"path": "a"}
    assert completed(TOOLS["edit_file"].schema, {"edits": "nonsense"}) == {"edits": "nonsense"}
