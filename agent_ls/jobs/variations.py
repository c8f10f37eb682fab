"""How further attempts at a task differ from the first: effort, model tier, a word on the way."""

from __future__ import annotations

from typing import Final

from agent_ls.core.attempt import ModelChoice, Outcome, Variation
from agent_ls.core.steps import Planned, PlanState

_WAYS: Final = (
    "Take the way with the fewest changed lines that still does all of what is asked, and nothing else.",
    "First write a test that shows what is asked and fails, then change the program until it passes.",
    "First read every caller of what you will change; cover empty, repeated, very large and odd inputs.",
    "Look for the cause one level deeper than where it shows, and mend it there.",
    "Look how the project solves its most similar task elsewhere, and do it the same way.",
)
_EFFORTS: Final = ("high", "", "high", "medium", "high", "", "high")
_FAILURES_SAID = 3
_OUTPUT_SAID = 1500


def variation(
    number: int, models: ModelChoice, failed: Outcome | None = None, planned: Planned | None = None
) -> Variation:
    """How attempt ``number`` (from 2) is made.

    ``failed``: the attempt whose failure is the reason for this one. ``planned``: what the first one
    announced; steps that the user has approved are everybody's.
    After a failure, and for every second attempt, the escalation tier is asked where one is set.
    """
    stronger = models.escalate if models.escalate != models.work else ""
    way = _WAYS[(number - 2) % len(_WAYS)]
    if planned is not None and planned.state is PlanState.APPROVED:
        steps = "".join(f"\n{n}. {step.text}" for n, step in enumerate(planned.steps, 1))
        way = f"The user has approved these steps:{steps}\n{way}"
    if failed is not None:
        return Variation(stronger, "high", way, account(failed))
    return Variation(stronger if number % 2 == 0 else "", _EFFORTS[(number - 2) % len(_EFFORTS)], way)


def account(outcome: Outcome) -> str:
    """What an attempt came to, for the next one: its summary, and what its checks said."""
    parts = [outcome.summary.strip(), outcome.problem.strip()]
    failing = [report for report in outcome.checks if report.status == "failed"]
    for report in failing[:_FAILURES_SAID]:
        output = report.output.strip()
        tail = output if len(output) <= _OUTPUT_SAID else "…\n" + output[-_OUTPUT_SAID:].partition("\n")[2]
        parts.append(f"{report.name} failed:\n{tail}")
    return "\n\n".join(part for part in parts if part)


def worth_another(outcome: Outcome) -> bool:
    """Whether checks say that an attempt did not do its task: something fails that need not.

    A project that was red before, with nothing said about which checks must pass, asks for nothing.
    """
    return any(r.status == "failed" and r.baseline != "failed" for r in outcome.checks)
