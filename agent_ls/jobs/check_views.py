"""A check's outcome as faces send it: with the protocol's names, and with the command line's."""

from __future__ import annotations

from typing import Any

from agent_ls.core.job import CheckReport, Failure

Json = dict[str, Any]


def check_wire(report: CheckReport) -> Json:
    return {
        "name": report.name,
        "status": report.status,
        "output": report.output,
        "baseline": report.baseline,
        "sandbox": report.sandbox,
        "durationS": round(report.duration_s, 3),
        "failures": [_failure(failure) for failure in report.failures],
        "failed": report.failed,
        "ran": report.ran,
        "number": report.number,
        "numberBefore": report.number_before,
        "direction": report.direction,
        "nearest": report.nearest,
    }


def check_result(report: CheckReport) -> Json:
    """One of ``checks`` in the command line's JSON."""
    told: Json = {"name": report.name, "status": report.status, "output": report.output}
    if report.status != "passed":
        told |= {"baseline": report.baseline, "failures": [_failure(failure) for failure in report.failures]}
    if report.number is not None or report.number_before is not None:
        told |= {"number": report.number, "number_before": report.number_before}
    return told


def _failure(failure: Failure) -> Json:
    return {
        "test": failure.test,
        "path": failure.path,
        "line": failure.line,
        "message": failure.message,
        "excerpt": failure.excerpt,
        "before": failure.before,
    }
