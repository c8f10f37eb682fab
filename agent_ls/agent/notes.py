"""What stands for turns that are dropped: the model's own words, and facts that are simply true.

The facts come from the record and the draft, never from anybody's memory: what the user said,
the plan, the draft as a diff, the last checks, which calls were made. Every part is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from agent_ls.agent.context import data_block
from agent_ls.agent.history import past_calls
from agent_ls.agent.tools.checking import report
from agent_ls.agent.tools.spec import fit
from agent_ls.core.attempt import Checked, TurnDone
from agent_ls.core.diff import unified
from agent_ls.core.edits import ChangeSet
from agent_ls.core.steps import Planned, outline
from agent_ls.workspace.secrets import redact, redact_keys

Json = dict[str, Any]

USER_SAYS = "The user says: "
ASK = (
    "Stop here for a moment and call no tool: to save room the conversation is about to be shortened, and the "
    "turns so far will be gone. Write down for yourself in at most 600 words what you need to go on: what you "
    "found out and where (paths, lines, names), decisions and their reasons, what failed, what is left to do. "
    "The task, what the user said, your plan, your draft and the last checks are kept without you."
)
_SAID_LIMIT = 6_000
_DIFF_LIMIT = 12_000
_CHECK_LIMIT = 3_000
_ANSWER_LIMIT = 1_000
_CALLS = 60
_CALL_LIMIT = 160


def notes(
    dropped: Sequence[TurnDone],
    said: str,
    changes: ChangeSet,
    checked: Checked | None,
    planned: Planned | None,
) -> str:
    """The text behind the opening after turns were dropped; the same for the same record.

    Args:
        dropped: All turns that no longer stand in the conversation, from the first.
        said: The model's own words about them; may be empty.
    """
    parts = ["The conversation was shortened here; this stands for its earlier turns."]
    if said:
        parts.append(data_block("your_notes", fit(said, _SAID_LIMIT)))
    parts += [f"{USER_SAYS}{text}" for text in _told(dropped)]
    if planned is not None:
        parts.append(f"Plan ({planned.state.value}):\n{outline(planned.steps)}")
    parts += _answers(dropped)
    parts.append(data_block("calls_so_far", "\n".join(_calls(dropped))))
    parts.append(_draft(changes))
    if checked is not None:
        parts.append(
            "The last checks, perhaps of an earlier state of the draft:\n"
            + data_block("last_checks", fit(report(checked), _CHECK_LIMIT))
        )
    parts.append("Files are as your draft has them; read again what you need.")
    return redact("\n\n".join(parts))[0]


def _told(turns: Sequence[TurnDone]) -> Iterator[str]:
    for turn in turns:
        for block in turn.user:
            text = block.get("text")
            if block.get("type") == "text" and isinstance(text, str) and text.startswith(USER_SAYS):
                yield text.removeprefix(USER_SAYS)


def _answers(turns: Sequence[TurnDone]) -> Iterator[str]:
    """Questions that the user was asked, with the answers."""
    for turn in turns:
        results = {
            b.get("tool_use_id"): b.get("content") for b in turn.user if b.get("type") == "tool_result"
        }
        for block in turn.assistant:
            if block.get("type") == "tool_use" and block.get("name") == "ask_user":
                asked = " ".join(str(block["input"].get("question", "")).split())[:_CALL_LIMIT]
                yield f"You asked: {asked}\n{fit(str(results.get(block.get('id'), '')), _ANSWER_LIMIT)}"


def _calls(turns: Sequence[TurnDone]) -> list[str]:
    """The calls, each kind once, the latest last."""
    lines: dict[str, None] = {}
    for call in past_calls(turns):
        words = " ".join(str(v) for v in call.input.values() if isinstance(v, (str, int)) and v is not True)
        line = " ".join(f"{call.name} {words}".split())[:_CALL_LIMIT] + (" (failed)" if call.failed else "")
        lines.pop(line, None)
        lines[line] = None
    kept = list(lines)
    left = len(kept) - _CALLS
    return [*([f"[{left} earlier calls]"] if left > 0 else []), *kept[-_CALLS:]]


def _draft(changes: ChangeSet) -> str:
    if not changes:
        return "Your draft changes nothing yet."
    # Keys go before the diff is made and cut: of a part of one nobody could tell what it is.
    shown = ChangeSet.of(replace(c, before=_shown(c.before), after=_shown(c.after)) for c in changes)
    patch = unified(shown).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "Your draft so far, against the user's texts:\n" + data_block("draft", fit(patch, _DIFF_LIMIT))


def _shown(data: bytes | None) -> bytes | None:
    return None if data is None else redact_keys(data.decode("utf-8", "replace")).encode()
