"""A plan for people who were not there: the text of a pull request, and of a commit."""

from __future__ import annotations

import re
from typing import Final

from agent_ls.core.job import CheckReport
from agent_ls.faces.cli.terminal import clean
from agent_ls.jobs.views import JobDetail

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|~!])")
_MOST: Final = 50


def commit_message(detail: JobDetail) -> str:
    """Title, what was done, and what the checks say of it."""
    view = detail.view
    proof = [f"Verdict: {view.verdict.value}"]
    proof += [f"Check: {_line(report.name)}: {report.status}" for report in detail.checks]
    proof += [f"Warning: the plan {_line(warning)}" for warning in view.warnings]
    return "\n\n".join(
        part for part in (_line(view.title), clean(detail.summary.strip()), "\n".join(proof)) if part
    )


def pull_request(detail: JobDetail) -> str:
    """Markdown with verdict and evidence.

    What a model, a tool or a repository wrote is escaped: it mentions nobody, closes nothing and
    shows no picture.
    """
    view = detail.view
    lines = [*(_safe(line) for line in detail.summary.strip().splitlines()), ""]
    note = f": {_safe(view.verdict_note)}" if view.verdict_note else ""
    lines += [f"**Verdict: {view.verdict.value}**{note}", ""]
    if detail.checks:
        lines += ["| check | result | without the plan |", "|---|---|---|"]
        lines += [_check(report) for report in detail.checks[:_MOST]] + [""]
    else:
        lines += ["No check was run.", ""]
    lines += [f"- ⚠ the plan {_safe(warning)}" for warning in view.warnings]
    lines += [f"- {_safe(note)}" for note in detail.evidence]
    lines += ["", "| file | | lines |", "|---|---|---|"]
    lines += [f"| {_safe(f.path)} | {f.op} | +{f.added} −{f.removed} |" for f in view.files[:_MOST]]
    if len(view.files) > _MOST:
        lines.append(f"\n{len(view.files) - _MOST} more files.")
    cost = f", ${view.spent.cost_usd:.2f}" if view.spent.cost_usd else ""
    lines += ["", f"Made by agent-ls as job {view.id}: {view.spent.turns} turns{cost}."]
    return "\n".join(lines).strip() + "\n"


def _check(report: CheckReport) -> str:
    return f"| {_safe(report.name)} | {report.status} | {report.baseline or 'not looked at'} |"


def _line(text: str) -> str:
    return clean(" ".join(text.split()))


def _safe(text: str) -> str:
    """One line of text that stays text: a comment in the middle breaks mentions, issue numbers and links."""
    return re.sub(r"([@#]|:(?=//))", r"\1<!-- -->", _MARKDOWN.sub(r"\\\1", _line(text)))
