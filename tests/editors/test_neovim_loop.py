"""The main job in real Neovims with the real server: bytes of buffers and disk are asserted.

The model's turns are scripted (no model is called); everything else is real.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.editors.sessions import (
    AFTER,
    BEFORE,
    EXTRA,
    HERE,
    asking,
    assert_nobody_is_left,
    calc,
    many,
    planning,
    play,
    stage,
)
from tests.editors.support import NVIM_PLUGIN, Neovim, eventually, headless, neovims, servers_of, started


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_the_whole_loop_with_the_plugin(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN)

    assert saw["state_when_typed"] == "running"
    typed = "    # typed 😀 meanwhile\n"  # indented by Neovim
    assert saw["ready"]["calc.py"] == {"buffer": (BEFORE + typed).rstrip("\n"), "disk": BEFORE}
    assert saw["ready"]["extra.py"] == {"buffer": False, "disk": False}
    assert saw["review"]["text"] + "\n" == AFTER + typed, "the plan is drawn over the text of now"
    assert "1/2 calc.py" in saw["review"]["bar"]

    applied = saw["applied"]
    assert applied["calc.py"] == {"buffer": (AFTER + typed).rstrip("\n"), "disk": BEFORE}, "unsaved"
    assert applied["extra.py"]["buffer"] + "\n" == EXTRA
    assert saw["saved"]["calc.py"]["disk"] == AFTER + typed
    assert saw["saved"]["extra.py"]["disk"] == EXTRA

    later = "# later\ndef main"
    assert saw["undone"]["calc.py"]["buffer"] + "\n" == BEFORE.replace("def main", later) + typed
    assert saw["undone"]["extra.py"]["disk"] is False
    assert saw["again"]["extra.py"] == {"buffer": EXTRA.rstrip("\n"), "disk": False}, "not saved yet"
    assert saw["undone_again"]["extra.py"] == {"buffer": False, "disk": False}
    assert saw["undone_again"]["calc.py"] == saw["undone"]["calc.py"]
    assert saw["states"][-5:] == ["ready", "applied", "undone", "applied", "undone"]


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_hunks_land_in_two_parts_and_all_of_it_is_taken_back(nvim: Neovim, tmp_path: Path) -> None:
    before = calc(first=False, second=False, third=False)
    files = {"calc.py": before, "old_name.py": "OLD = 1\n"}
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, turns=many(), then="hunks", files=files)
    typed = "# typed meanwhile\n"
    partly = calc(first=True, second=False, third=True) + typed
    assert saw["review"] + "\n" == partly, "what the right side shows is what lands"
    assert {path: told["disk"] for path, told in saw["partly"].items()} == {
        "calc.py": partly,
        "extra.py": EXTRA,
        "new_name.py": "NEW = 1\n",
    }
    whole = calc(first=True, second=True, third=True) + typed
    assert saw["rest"] + "\n" == whole
    assert saw["whole"]["calc.py"]["disk"] == whole
    assert {path: told["disk"] for path, told in saw["undone"].items()} == {
        "calc.py": before + typed,
        "extra.py": False,
        "old_name.py": "OLD = 1\n",
    }


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_second_neovim_reviews_and_the_first_ones_texts_change(nvim: Neovim, tmp_path: Path) -> None:
    job = tmp_path / "job"
    environment = stage(tmp_path) | {"AGENT_LS_JOB": str(job)}
    seen, second = Path(environment["AGENT_LS_SEEN"]), tmp_path / "second.json"
    loop = HERE / "loop.lua"
    first = started(nvim.program, tmp_path, loop, plugin=NVIM_PLUGIN, AGENT_LS_THEN="share", **environment)
    with first:
        try:
            eventually(job.exists, "a plan in the first", within_s=60)
            told = environment | {"AGENT_LS_SEEN": str(second), "AGENT_LS_THEN": "second"}
            done = headless(nvim.program, tmp_path, loop, plugin=NVIM_PLUGIN, **told)
            eventually(seen.exists, "the first has seen the end", within_s=60)
        finally:
            first.kill()
    theirs = json.loads(second.read_text("utf-8"))
    assert "problem" not in theirs, json.dumps(theirs, indent=1) + done.stdout
    ours = json.loads(seen.read_text("utf-8"))
    assert "problem" not in ours, json.dumps(ours, indent=1)
    assert theirs["window"].splitlines()[0] == "▾ Ready (1)"
    assert theirs["window"].endswith("@"), "somebody else has the job"
    assert theirs["review"] + "\n" == AFTER, "the text of the second, without what is unsaved in the first"
    typed = "    # unsaved here"  # indented by Neovim
    assert ours["applied"]["calc.py"] == {"buffer": AFTER + typed, "disk": BEFORE}, "merged where it lands"
    assert theirs["applied"]["calc.py"] == {"buffer": BEFORE.rstrip("\n"), "disk": BEFORE}
    assert ours["undone"]["calc.py"]["buffer"] == BEFORE + typed
    assert_nobody_is_left(environment)


LONG_S = 600
"""A turn that is still under way when the test has done what it is about."""


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_cancel_leaves_every_text_as_it_is(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, pause_s=LONG_S, then="cancel")
    assert saw["cancelled"]["calc.py"] == {"buffer": BEFORE.rstrip("\n"), "disk": BEFORE}
    assert saw["cancelled"]["extra.py"] == {"buffer": False, "disk": False}


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_question_is_answered_with_a_choice(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, turns=asking(), then="answer")
    assert saw["question"] == "Which name?\n\n  1  sum  (else this one)\n  2  total"
    assert "waiting" in saw["states"]
    assert saw["windows"] == 1, "nothing opened while there was typing"
    typed = "    # typed while it asks"  # indented by Neovim
    assert saw["answered"]["calc.py"] == {"buffer": BEFORE + typed, "disk": BEFORE}
    [told] = [notice for notice in saw["notices"] if "Which name?" in notice]
    assert told.startswith("agent-ls asks (grj answers): Which name? (sum / total) · ")


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_running_job_is_told_something(nvim: Neovim, tmp_path: Path) -> None:
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, then="tell")
    assert saw["window"].splitlines()[0] == "▾ Ready (1)"
    assert "2 files +4 −1 · unverified" in saw["window"]
    assert "you said: be brief" in saw["details"]
    kinds = [kind for kind, _ in saw["progress"]]
    assert (kinds[0], kinds[-1]) == ("begin", "end"), "Neovim's own LspProgress"
    assert any("make add really add" in words for _, words in saw["progress"])


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_steps_are_edited_in_a_float_and_approved(nvim: Neovim, tmp_path: Path) -> None:
    """``:Agent!``, then the jobs window alone: Enter opens the steps, a applies the plan."""
    saw = play(nvim, tmp_path, "loop.lua", plugin=NVIM_PLUGIN, turns=planning(), then="steps")
    assert saw["before"]["calc.py"] == {"buffer": BEFORE.rstrip("\n"), "disk": BEFORE}
    assert saw["steps"] == "- Make add add\n    @calc.py\n- Rewrite the rest"
    assert saw["asked"].startswith("Apply “Delegate: make add really add”? 1 file +1 −1")
    assert saw["applied"]["calc.py"] == {"buffer": AFTER.rstrip("\n"), "disk": AFTER}


@pytest.mark.parametrize("nvim", neovims(), ids=lambda nvim: nvim.label)
def test_a_killed_neovim_leaves_no_process_behind(nvim: Neovim, tmp_path: Path) -> None:
    environment = stage(tmp_path, pause_s=LONG_S)
    seen, state = Path(environment["AGENT_LS_SEEN"]), Path(environment["AGENT_LS_STATE_DIR"])
    session = started(
        nvim.program,
        tmp_path,
        HERE / "loop.lua",
        plugin=NVIM_PLUGIN,
        AGENT_LS_THEN="hold",
        **environment,
    )
    with session:
        try:
            eventually(seen.exists, "a running job", within_s=60)
            eventually(lambda: any("agent_ls.agent.worker" in c for c in servers_of(state)), "a worker")
        finally:
            session.kill()
    assert_nobody_is_left(environment)
    assert (Path(environment["AGENT_LS_ROOT"]) / "calc.py").read_text("utf-8") == BEFORE
