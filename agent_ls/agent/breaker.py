"""Stops an agent that makes the same failing call again and again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from agent_ls.agent.history import PastCall

Json = dict[str, Any]

LIMIT = 3

_WARNING = (
    f"You have made exactly the same failing call {LIMIT} times. It will fail again: read its answer, look at "
    "the file anew, and do something else. One more such call ends the attempt."
)


class LoopBreaker:
    """Counts identical failing calls; a call of the same kind that succeeds clears its count.

    At the third the model is told; at the next the attempt ends.
    """

    def __init__(self, past: Iterable[PastCall] = ()) -> None:
        self._failures: Counter[str] = Counter()
        self.note(past)

    def note(self, calls: Iterable[PastCall]) -> str:
        """Count the calls of a turn; the words for the model if one has just failed ``LIMIT`` times."""
        warning = ""
        for call in calls:
            key = _key(call)
            if not call.failed:
                self._failures.pop(key, None)
                continue
            self._failures[key] += 1
            if self._failures[key] == LIMIT:
                warning = _WARNING
        return warning

    def broken(self) -> str:
        """Why the attempt ends, as a sentence; empty while it may go on."""
        for key, count in self._failures.items():
            if count > LIMIT:
                return (
                    f"The agent repeated a failing call {count} times ({key[:120]}). The work so far is kept: "
                    "resume the job, or retry it with a word of advice."
                )
        return ""


def _key(call: PastCall) -> str:
    return f"{call.name} {json.dumps(call.input, sort_keys=True, ensure_ascii=False)}"
