"""The deterministic actions end to end, as processes."""

from __future__ import annotations

from tests.faces.cli.conftest import Opener

FILES = {"calc.py": "def shout():\n    pass\n", "app.py": "import os\nimport sys\n\nprint(sys, shout())\n"}


def test_an_import_comes_and_another_goes_and_a_name_changes(opener: Opener) -> None:
    shell = opener(FILES)
    assert shell("add-import", "app.py:4:13", "--apply").code == 0
    assert shell("remove-unused-imports", "app.py", "--apply").code == 0
    assert shell.tree()["app.py"] == b"import sys\n\nfrom calc import shout\n\nprint(sys, shout())\n"
    said = shell("rename", "calc.py:1:5", "yell")
    assert said.code == 0
    assert "+from calc import yell" in said.out
    assert "from calc import shout" in shell.tree()["app.py"].decode()


def test_what_cannot_be_done_says_why(opener: Opener) -> None:
    shell = opener({**FILES, "loud.py": "def shout(): ...\n"})
    said = shell("add-import", "app.py:4:13")
    assert said.code == 1
    assert "from calc import shout; from loud import shout" in said.err
    said = shell("add-import", "app.py:4:13", "--from", "loud")
    assert said.code == 0
    assert "+from loud import shout" in said.out
    assert shell("remove-unused-imports", "calc.py").code == 1
