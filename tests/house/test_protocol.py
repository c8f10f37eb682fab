"""Every name of our own protocol stands in its page, and the server advertises what it serves."""

from __future__ import annotations

from pathlib import Path

from agent_ls.core.job import JobState, Verdict
from agent_ls.faces.lsp import wire
from agent_ls.faces.lsp.offers import CAPABILITIES

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")
NAMES = [value for name, value in vars(wire).items() if name.isupper() and isinstance(value, str)]


def test_every_name_is_documented() -> None:
    methods = [name for name in NAMES if name.startswith("agentLs")]
    assert len(methods) >= 20
    assert [
        name for name in [*methods, *wire.KINDS] if f"`{name}`" not in PAGE and name != wire.SECTION
    ] == []


def test_every_state_and_verdict_is_documented() -> None:
    assert [s.value for s in (*JobState, *Verdict) if s.value not in PAGE] == []


def test_every_command_is_advertised() -> None:
    commands = {name for name in NAMES if name.startswith("agentLs.")}
    assert set(wire.COMMANDS) == commands
    assert CAPABILITIES["executeCommandProvider"]["commands"] == list(wire.COMMANDS)
