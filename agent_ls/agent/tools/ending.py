"""Tools that leave the draft alone: ``ask_user`` and ``finish``."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.anchor import remove_anchor
from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.checking import report
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, array, string
from agent_ls.agent.tools.syntax import problems_of
from agent_ls.core.attempt import Checked
from agent_ls.core.job import Verdict

Json = dict[str, Any]

FINISHED = "Finished."


async def ask_user(bench: Bench, args: Json) -> str:
    return await bench.asker.ask(bench.turn, args["question"], tuple(args["choices"]), args["default"])


async def finish(bench: Bench, args: Json) -> str:
    if not args["summary"].strip():
        raise ToolRefusedError(
            "The summary is empty", remedy="Say in a few sentences what you changed and why"
        )
    if bench.failed_calls:
        raise ToolRefusedError(
            "Another call of this turn failed", remedy="Look at its answer first; then finish in a later turn"
        )
    if bench.link.has_told():
        raise ToolRefusedError("The user has just said something", remedy="Read it below; then finish")
    if not bench.draft.changes():
        return FINISHED
    remove_anchor(bench.draft, bench.intent)
    problems = problems_of(bench.draft.changes())
    if problems and not bench.last_turn:
        raise ToolRefusedError(
            "Not finished: your edits left new syntax errors:\n" + "\n".join(problems[:20]),
            remedy="Put them right, then finish",
        )
    checked = await bench.prover.prove(bench.draft)
    if not bench.last_turn and _failed(checked, required=bench.prover.required):
        raise ToolRefusedError(
            "Not finished: checks fail on your draft.\n" + report(checked),
            remedy="Put it right, then finish. If it cannot be put right, ask the user",
        )
    return FINISHED


def _failed(checked: Checked, *, required: bool) -> bool:
    """Worse than before always counts; a check that failed before counts only where it was asked for."""
    return checked.verdict is Verdict.WORSE or (
        required and any(r.status == "failed" for r in checked.reports)
    )


TOOLS = (
    Tool(
        "ask_user",
        "Ask the user one question, only where the task cannot be done well without the answer. Without an "
        "answer in time your default counts.",
        {
            "question": string("one short question"),
            "choices": array({"type": "string"}, "possible answers; empty: any text"),
            "default": string("what you will assume without an answer"),
        },
        ask_user,
    ),
    Tool(
        "finish",
        "Hand your draft over, as the last call of a turn. Refused while it has new syntax errors or checks "
        "fail that passed before.",
        {"summary": string("what was changed and why, for the user: a few sentences, no headings")},
        finish,
    ),
)
