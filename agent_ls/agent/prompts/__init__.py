"""The words the agent starts with, one text per purpose; read when needed, never at import."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def prompt(name: str) -> str:
    """The text of ``<name>.md``, without the blank lines around it."""
    return resources.files("agent_ls.agent.prompts").joinpath(f"{name}.md").read_text("utf-8").strip()
