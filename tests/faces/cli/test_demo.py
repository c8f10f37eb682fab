"""The demo is green, and turns red when its script or its sample is not what it claims."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path

import pytest

from agent_ls.core.errors import ConfigError
from agent_ls.faces.cli import demo as room
from agent_ls.faces.cli.terminal import Terminal

SHIPPED = Path(room.__file__).parent / "demo_data"


def play(data: Path | None = None) -> tuple[int, str]:
    screen = io.StringIO()
    code = room.demo(Terminal(screen, {}), os.environ, live=False, data=data)
    return code, screen.getvalue()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return shutil.copytree(SHIPPED, tmp_path / "data")


def test_the_main_job_end_to_end() -> None:
    code, screen = play()
    assert code == 0, screen
    for claim in (
        "12/12 tool results matched",
        "SIGKILL",
        "check unittest: passed",
        "before: failed",
        "rebased over your edit",
        "the line typed meanwhile is there, byte for byte",
        "every byte of the 9 files is back",
    ):
        assert claim in screen, screen
    titles = [line for line in screen.splitlines() if line[:1].isdigit()]
    assert len(titles) == 6
    assert all("scripted turns, no model was called" in title for title in titles)
    assert "$" not in screen


def test_one_other_tool_result_turns_it_red(data: Path) -> None:
    script = json.loads((data / "script.json").read_text("utf-8"))
    script["turns"][2]["expect"][0] = script["turns"][2]["expect"][0].replace(
        "import time", "import datetime"
    )
    (data / "script.json").write_text(json.dumps(script), "utf-8")
    code, screen = play(data)
    assert code == 1
    assert "import datetime" in screen
    assert "The demo failed" in screen


def test_a_sample_without_its_bug_turns_it_red(data: Path) -> None:
    tests = data / "project" / "tests" / "test_client.py"
    tests.write_text(
        "import unittest\n\n\nclass Fine(unittest.TestCase):\n    def test(self): pass\n", "utf-8"
    )
    code, screen = play(data)
    assert code == 1
    assert "pass before anything was done" in screen


def test_live_without_a_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as caught:
        room.demo(Terminal(io.StringIO(), {}), {}, live=True)
    assert "needs a model" in caught.value.sentence()
