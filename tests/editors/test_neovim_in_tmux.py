"""The plugin in a real terminal: nothing that it says takes a key away from somebody who types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editors.neovim_screen import neovim_screen
from tests.editors.sessions import BEFORE, assert_nobody_is_left, call, stage
from tests.editors.support import Neovim, eventually, neovims

QUESTION = "Which of the two names shall the function have, seeing that its callers use both of them today?"


def asking() -> dict[str, Any]:
    """A question that is longer than a line of the screen, then a plan."""
    asked = call("ask_user", question=QUESTION, choices=["sum", "total"], default="sum")
    create = call("write_file", path="extra.py", content="total = 1\n")
    return {
        "turns": [
            {"content": [asked]},
            {"expect": [{"contains": "total"}], "content": [create]},
            {"expect": [{"contains": "extra.py"}], "content": [call("finish", summary="Named total.")]},
        ],
    }


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_question_and_a_ready_plan_take_no_key(nvim: Neovim, tmp_path: Path) -> None:
    """Neovim's own notice of such a length waits for a key, and swallows the blank that is typed next."""
    environment = stage(tmp_path, turns=asking())
    with neovim_screen(nvim, tmp_path, environment, "calc.py") as screen:
        screen.type(":Agent make add really add")
        screen.keys("Enter")
        screen.type("Go# one")
        screen.shows("1 waiting", "-- INSERT --")
        for word in (" two", " three", " four"):
            screen.type(word)
        seen = screen.shows("# one two three four")
        assert "Press ENTER" not in seen
        screen.keys("Escape")
        screen.shows("agent-ls asks (grj answers): Whi")
        screen.type("grj")
        screen.shows("1  sum  (else this one)", "2  total", "q later")
        screen.type("2")
        screen.shows("1 ready")
        screen.type("A five")
        screen.type(" six")
        seen = screen.shows("# one two three four five six")
        assert "Press ENTER" not in seen
        screen.keys("Escape")
        screen.type(":write")
        screen.keys("Enter")
        file = Path(environment["AGENT_LS_ROOT"]) / "calc.py"
        typed = "    # one two three four five six\n"  # indented by Neovim
        eventually(lambda: file.read_text("utf-8") == BEFORE + typed, "what was typed, and nothing else")
    assert_nobody_is_left(environment)
