"""The loop in a real Emacs with eglot, the real server and scripted turns: bytes of buffer and disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.editors.other.staging import AGENT_LINE, BEFORE, EXTRA, stage

TYPED = "# typed meanwhile\n"
PLANNED = BEFORE.replace(AGENT_LINE, "").replace("a - b", "a + b")


def play(tmp_path: Path, *, pause_s: float, new_file: bool) -> tuple[dict[str, Any], str]:
    """What was seen, and what Emacs said (in batch its messages go to stderr)."""
    environment = stage(tmp_path, pause_s=pause_s, new_file=new_file)
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        ["emacs", "-q", "--no-site-file", "--batch", "-l", str(Path(__file__).with_name("loop.el"))],
        env=os.environ
        | environment
        | {"HOME": str(home), "AGENT_LS_PYTHON": sys.executable, "LC_ALL": "C.UTF-8"},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads((tmp_path / "seen.json").read_text("utf-8"))
    assert "error" not in seen, json.dumps(seen, indent=1) + done.stderr[-2000:]
    return seen, done.stderr


def test_the_prompt_is_back_at_once_and_a_plan_applies_and_is_undone(tmp_path: Path) -> None:
    seen, _ = play(tmp_path, pause_s=15, new_file=False)
    assert seen["busy"] < 1, "the job takes fifteen seconds; Emacs must not wait for it"
    assert seen["applied_state"] == "applied"
    assert seen["applied_buffer"] == seen["applied_calc"] == PLANNED + TYPED
    assert seen["last_state"] == "undone"
    assert seen["last_buffer"] == seen["last_calc"] == BEFORE + TYPED


def test_a_plan_with_a_new_file_neither_errors_nor_applies_by_half(tmp_path: Path) -> None:
    seen, said = play(tmp_path, pause_s=0.5, new_file=True)
    whole = ("applied", PLANNED + TYPED, EXTRA)
    nothing = ("ready", BEFORE + TYPED, None)
    assert (seen["applied_state"], seen["applied_calc"], seen["applied_extra"]) in (whole, nothing)
    assert seen["last_calc"] == BEFORE + TYPED
    assert seen["last_extra"] is None
    if seen["applied_state"] == "ready":
        assert "extra.py" in said, "it says what cannot be done here"
