"""The tool ``run_checks``."""

from __future__ import annotations

from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, array, fit
from agent_ls.core.attempt import Checked
from agent_ls.core.job import CheckReport

Json = dict[str, Any]


async def run_checks(bench: Bench, args: Json) -> str:
    names = bench.prover.names(bench.draft)
    wanted: list[str] | None = args["names"]
    if unknown := [name for name in wanted or () if name not in names]:
        raise ToolRefusedError(
            f"There is no check named {unknown[0]!r}",
            remedy=f"There are: {', '.join(names)}" if names else "No check was found in this workspace",
        )
    checked = await bench.prover.prove(bench.draft, frozenset(wanted) if wanted else None)
    return report(checked)


def report(checked: Checked) -> str:
    """What the checks said, for the model; the verdict last."""
    if not checked.reports:
        return "No check was found in this workspace; nothing was run."
    each = 8000 // len(checked.reports)
    parts = [_one(r, each) for r in checked.reports]
    return "\n\n".join([*parts, f"Verdict: {checked.verdict.value}."])


def _one(report: CheckReport, limit: int) -> str:
    code = "" if report.exit_code is None else f", exit code {report.exit_code}"
    before = f" ({report.baseline} before your changes)" if report.baseline else ""
    head = f"{report.name}: {report.status}{code}{before}"
    return f"{head}\n{fit(report.output.strip(), limit)}".rstrip()


TOOLS = (
    Tool(
        "run_checks",
        "Run the project's checks (tests, linters) on your draft as it is now, in a separate copy without "
        "network. They also run by themselves when you finish.",
        {"names": {**array({"type": "string"}, "which checks; null: all"), "type": ["array", "null"]}},
        run_checks,
    ),
)
