"""The tool ``run_checks``: the project's checks, or a script of the draft."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.tools.files import existing
from agent_ls.agent.tools.spec import Tool, ToolRefusedError, array, fit, optional_string
from agent_ls.agent.tools.syntax import problems_of
from agent_ls.core.attempt import Checked
from agent_ls.core.diff import stat
from agent_ls.core.job import CheckReport, Failure
from agent_ls.core.paths import RelPath
from agent_ls.verify.engine import EngineResult
from agent_ls.workspace.overlay import Overlay

Json = dict[str, Any]

_LISTED = 40
_OUTPUT_CHARS = 6000  # beside at most ten failures with their excerpts: ≤ 10,000 in all, as a rule
_PASSED_CHARS = 400
_INTERPRETERS = {
    ".py": "python3",
    ".sh": "sh",
    ".js": "node",
    ".mjs": "node",
    ".cjs": "node",
    ".rb": "ruby",
    ".pl": "perl",
    ".php": "php",
    ".lua": "lua",
}
"""By a script's suffix: a program and one argument, so that no shell and no flag is ever the model's."""


async def run_checks(bench: Bench, args: Json) -> str:
    if args["kind"] == "script":
        return await _script(bench, args["path"])
    names = bench.prover.names(bench.draft)
    wanted: list[str] | None = args["names"]
    if unknown := [name for name in wanted or () if name not in names]:
        raise ToolRefusedError(
            f"There is no check named {unknown[0]!r}",
            remedy=f"There are: {', '.join(names)}" if names else "No check was found in this workspace",
        )
    checked = await bench.prover.prove(bench.draft, frozenset(wanted) if wanted else None)
    return report(checked)


async def _script(bench: Bench, text: str | None) -> str:
    if text is None:
        raise ToolRefusedError(
            "kind script needs the path of a file", remedy="Write it with write_file first"
        )
    path, _ = existing(bench, text)
    interpreter = _INTERPRETERS.get(PurePosixPath(path).suffix)
    if interpreter is None:
        raise ToolRefusedError(
            f"It cannot be told how to run {path}", remedy=f"Scripts end in {', '.join(_INTERPRETERS)}"
        )
    bench.planner.require_leave()
    before = bench.draft.fork()
    result = await bench.scripts.run(bench.draft, interpreter, path)
    return _account(path, result, before, bench.draft)


def _account(path: RelPath, result: EngineResult, before: Overlay, after: Overlay) -> str:
    how = "took too long and was ended" if result.timed_out else f"exit code {result.exit_code}"
    out = [f"{path}: {how}"]
    for change in list(result.changes)[:_LISTED]:
        added, removed = stat(before.read(change.path), after.read(change.path))
        out.append(f"wrote {change.path}: +{added} -{removed} lines")
    if len(result.changes) > _LISTED:
        out.append(f"and {len(result.changes) - _LISTED} more files")
    if not result.changes:
        out.append("It changed no file.")
    out += [f"not taken over: {name} ({why})" for name, why in sorted(result.left_out.items())[:_LISTED]]
    problems = problems_of(result.changes)
    if problems:
        out += ["New syntax errors, to be put right before you finish:", *problems[:8]]
    return "\n".join([*out, fit(result.output.strip(), 6000)]).rstrip()


def report(checked: Checked) -> str:
    """What the checks said, for the model; the verdict last."""
    if not checked.reports:
        return "No check was found in this workspace; nothing was run."
    bad = [r for r in checked.reports if r.status in ("failed", "error")]
    each = _OUTPUT_CHARS // max(1, len(bad))
    parts = [_one(r, each if r in bad else _PASSED_CHARS) for r in checked.reports]
    why = f" {checked.reason}." if checked.reason else ""
    marks = [f"Your draft {warning}. The user is told." for warning in checked.warnings]
    return "\n\n".join([*parts, *marks, f"Verdict: {checked.verdict.value}.{why}"])


def _one(report: CheckReport, limit: int) -> str:
    code = "" if report.exit_code is None else f", exit code {report.exit_code}"
    before = f" ({report.baseline} before your changes)" if report.baseline else ""
    near = ", tests next to your changes only" if report.nearest else ""
    out = [f"{report.name}: {report.status}{code}{near}{before}"]
    if report.number is not None:
        then = "" if report.number_before is None else f", {report.number_before:g} before"
        out.append(f"number: {report.number:g}{then} ({report.direction or 'higher'} is better)")
    out += [_failure(failure) for failure in report.failures]
    if report.failed is not None and report.failed > len(report.failures) and report.failures:
        out.append(f"and {report.failed - len(report.failures)} more failures")
    output = report.output.strip()
    if report.failures and len(output) > limit:
        # What failed stands above; the end of the output says how it ended.
        output = "… the end of its output:\n" + output[-limit:].partition("\n")[2]
    return "\n".join([*out, fit(output, limit + 100)]).rstrip()


def _failure(failure: Failure) -> str:
    """A failure with the draft's own lines: what is to be looked at, before the raw output."""
    place = f" at {failure.path}" + (f":{failure.line}" if failure.line else "") if failure.path else ""
    old = ", failed before your changes too" if failure.before else ""
    parts = [f"FAILED {failure.test}{place}{old}", failure.message, failure.excerpt]
    return "\n".join(part for part in parts if part)


TOOLS = (
    Tool(
        "run_checks",
        "Kind checks: run the project's checks (tests, linters) on your draft as it is now, in a separate copy "
        "without network; they also run by themselves when you finish. Kind script: run one file of your draft "
        "there (a codemod, an experiment); what it writes becomes part of your draft. Delete a helper script "
        "before you finish.",
        {
            "kind": {"type": "string", "enum": ["checks", "script"], "description": "what to run"},
            "names": {
                **array({"type": "string"}, "kind checks: which ones; null: all"),
                "type": ["array", "null"],
            },
            "path": optional_string("kind script: the file to run; else null"),
        },
        run_checks,
    ),
)
