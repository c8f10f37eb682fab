"""Holds a script of model turns against the tool results in a job's journal."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from agent_ls.jobs.journal import read
from agent_ls.model.script import Script, tool_results


def matched_results(script: Script, journal: Path) -> tuple[int, int]:
    """How many tool results of a job equal the script's, of how many the script expects.

    What a turn of the script expects is what the tools answered to the turn before it.
    """
    answers = [
        tool_results({"content": cast("object", entry.value["user"])})
        for entry in read(journal).entries
        if entry.kind == "TurnDone"
    ]
    matched = 0
    for given, turn in zip(answers, script.turns[1:], strict=False):
        matched += sum(not e.difference(g) for e, g in zip(turn.expect, given, strict=False))
    return matched, script.expected
