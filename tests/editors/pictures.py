"""The pictures of Neovim in ``docs/pictures``, from a real run: ``python -m tests.editors.pictures [FOLDER]``.

A real Neovim (the last of ``AGENT_LS_NEOVIMS``) with the plugin and the real server in tmux, on the project of
``agent-ls demo``; the model's turns are scripted. Needs tmux and the extra ``board`` (rich draws the SVG).
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI, TerminalTheme
from rich.text import Text

from tests.editors.neovim_screen import neovim_screen
from tests.editors.sessions import assert_nobody_is_left, call, stage
from tests.editors.support import ROOT, neovims
from tests.editors.terminal import Screen

WIDE, HIGH = 120, 32
DEMO = ROOT / "agent_ls" / "faces" / "cli" / "demo_data"
THEME = TerminalTheme((20, 22, 27), (224, 226, 234), [MONOKAI.ansi_colors[n] for n in range(16)])
"""Neovim's own background: tmux leaves out blanks at the end of a line."""
FONT = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
"""A picture in a README fetches nothing: the viewer's own monospaced font does."""

Json = dict[str, Any]


def svg(screen: Screen, title: str) -> str:
    console = Console(
        record=True, width=WIDE, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi(screen.coloured.rstrip("\n")), soft_wrap=True)
    shape = FONT.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code", "ui-monospace, Menlo, Consolas")
    drawn = console.export_svg(title=title, code_format=shape, theme=THEME, unique_id="agent-ls")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def turns(*calls: Json, pause_s: float = 0) -> Json:
    """One turn for each call; the results are not compared."""
    told = [
        {"content": [c], "expect": [{"contains": ""}] if number else []} for number, c in enumerate(calls)
    ]
    told[-1]["pause_s"] = pause_s
    return {"turns": told}


FINISH = call("finish", summary="Done.")
README = call(
    "write_file", path="docs/retries.md", content="# Retries\n\n`retries` is 0 unless you set it.\n"
)
QUESTION = call("ask_user", question="Keep the old name as an alias?", choices=["yes", "no"], default="yes")
STEPS = [
    {"text": "Give Transport a method close()", "files": ["relay/transport.py"]},
    {"text": "Call it when the client is left", "files": ["relay/client.py"]},
    {"text": "Test that a client closes what it opened", "files": ["tests/test_client.py"]},
]


def delegate(screen: Screen, script: Path, played: Json, words: str, *, until: str) -> None:
    script.write_text(json.dumps(played), "utf-8")
    screen.type(f":{words}")
    screen.keys("Enter")
    screen.shows(until, within_s=180)


def play(home: Path, folder: Path) -> None:
    environment = stage(home)
    root, script = Path(environment["AGENT_LS_ROOT"]), Path(environment["AGENT_LS_SCRIPT"])
    (root / "calc.py").unlink()
    shutil.copytree(DEMO / "project", root, dirs_exist_ok=True)
    trust = [sys.executable, "-P", "-m", "agent_ls", "trust", "-C", str(root)]
    subprocess.run(trust, check=True, env={"PATH": "/usr/bin:/bin"} | environment, stdout=subprocess.DEVNULL)
    colours = ["set termguicolors", "set background=dark", "set number"]
    size = (WIDE, HIGH)
    with neovim_screen(
        neovims()[-1], home, environment, "relay/client.py", size=size, commands=colours
    ) as screen:
        screen.type("17G")
        demo = json.loads((DEMO / "script.json").read_text("utf-8"))
        delegate(
            screen, script, demo, "Agent make send retry on timeouts, as the tests expect", until="1 ready"
        )
        writing = turns(README, FINISH)
        delegate(screen, script, writing, "Agent write docs/retries.md", until="2 ready")
        asking = turns(QUESTION, FINISH)
        delegate(screen, script, asking, "Agent rename pause to sleep everywhere", until="1 waiting")
        planning = turns(call("propose_plan", steps=STEPS), FINISH)
        delegate(
            screen, script, planning, "Agent! close connections when a client is left", until="2 waiting"
        )
        slow = turns(call("read_file", path="README.md", start_line=None, end_line=None), FINISH, pause_s=600)
        delegate(screen, script, slow, "Agent document the settings", until="1 running")

        screen.type(":Agent jobs")
        screen.keys("Enter")
        screen.shows("Waiting for you (2)", "Ready (2)", "Running (1)", "write docs")
        screen.type("gg2j")
        (folder / "neovim-jobs.svg").write_text(svg(screen, "Neovim: the jobs"), "utf-8")

        screen.type("ggj")
        screen.keys("Enter")
        screen.shows("- Give Transport a method close()")
        (folder / "neovim-plan.svg").write_text(svg(screen, "Neovim: a plan to approve"), "utf-8")
        screen.type("q")
        screen.type("/retry on")
        screen.keys("Enter")
        screen.type(":nohlsearch")
        screen.keys("Enter")
        screen.type("d")
        for number in range(1, 5):
            if "relay/client.py" in screen.shows(f"{number}/4 ", "g? keys"):
                break
            screen.type("]f")
        (folder / "neovim-review.svg").write_text(svg(screen, "Neovim: the review"), "utf-8")
    assert_nobody_is_left(environment)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="agent-ls-pictures-") as home:
        play(Path(home), folder)
    for picture in sorted(folder.glob("neovim-*.svg")):
        sys.stdout.write(f"{picture} {picture.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
