"""How one run of a check went: status, printable output, what failed, what number it printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from agent_ls.core.job import Measure
from agent_ls.verify import stopping
from agent_ls.verify.check import Check, Kind
from agent_ls.verify.findings import Findings, read_findings
from agent_ls.workspace.process import Finished
from agent_ls.workspace.secrets import redact

_VACUOUS = re.compile(
    r"^Ran 0 tests|^no tests ran|No module named '?(?:pytest|unittest|nox|tox)\b|^collected 0 items|No tests found",
    re.MULTILINE,
)
_NO_GO_TESTS = re.compile(r"\A(?:\?.*\[no test files\]\s*)*\Z")
_CARGO_RAN = re.compile(r"^running [1-9]", re.MULTILINE)
_NEEDS_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|Could not resolve host|getaddrinfo E|ENOTCACHED"
    r"|\bEAI_AGAIN\b|module lookup disabled by GOPROXY=off|no matching package named `[^`]+` found"
    r"|Cannot access \S+ \([^)]*\) in offline mode|No cached version of \S+ available for offline mode"
    r"|unable to (?:update|load source for) registry|offline was specified|Network is unreachable",
)
_CRASHED = re.compile(r"\(signal: \d+|^Fatal Python error: |\bSegmentation fault\b", re.MULTILINE)
_CANNOT_START = (126, 127)
_OUTPUT_CHARS = 20_000
_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_,]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_MEASURED_LINES = 5000


class End(StrEnum):
    """How far a run came: where it did not come to its whole end there are tests of which nobody heard."""

    WHOLE = "whole"
    STOPPED = "stopped"  # by itself, at its first failures
    CRASHED = "crashed"
    LATE = "late"  # killed when its time was over


@final
@dataclass(frozen=True, slots=True)
class Ran:
    """``status`` as in `CheckReport`; ``output`` bounded, secrets removed."""

    status: str
    output: str
    findings: Findings
    number: float | None = None
    end: End = End.WHOLE


def outcome_of(check: Check, done: Finished, timeout_s: float, roots: Sequence[str]) -> Ran:
    """Read a finished run. Success without a single test is no success."""
    text = redact(done.output.decode("utf-8", "replace"))[0]
    passed = done.exit_code == 0
    findings = Findings() if passed else read_findings(text, roots)
    if done.timed_out:
        return Ran(
            "failed",
            f"{_bounded(text)}\nKilled: it took longer than {timeout_s:g} s.",
            findings,
            end=End.LATE,
        )
    if done.exit_code in _CANNOT_START:
        return Ran("error", _bounded(text) or f"{check.argv[0]} could not be started.", findings)
    if check.kind is Kind.TESTS and _vacuous(check, text):
        return Ran("error", _bounded(text), findings)
    if not passed and not findings.ran and _NEEDS_NETWORK.search(text):
        why = "It needs what is not installed, and checks have no network: install it first."
        return Ran("error", f"{_bounded(text)}\n{why}", findings)
    if check.measure is not None and passed:
        number = printed_number(text, check.measure)
        if number is None:
            why = f"Nothing that it printed matches {check.measure.number!r}."
            return Ran("error", f"{_bounded(text)}\n{why}", findings)
        return Ran("passed", _bounded(text), findings, number)
    if passed:
        return Ran("passed", _bounded(text), findings)
    return Ran("failed", _bounded(text), findings, end=_end(check, done, text))


def printed_number(text: str, measure: Measure) -> float | None:
    """The number in the last match of a measure's expression; thousands may be parted by ``,`` or ``_``."""
    pattern = re.compile(measure.number)
    for line in text.splitlines()[: -_MEASURED_LINES - 1 : -1]:
        for match in reversed(list(pattern.finditer(line[:2000]))):
            said = match.group(1) if pattern.groups else match.group()
            if number := _NUMBER.search(said or ""):
                return float(number.group().replace(",", "").replace("_", ""))
    return None


def got_worse(measure: Measure, before: float, now: float) -> bool:
    """Whether a number moved the wrong way by more than its tolerance, a share of the one before."""
    allowed = abs(before) * measure.tolerance
    lost = before - now if measure.direction == "higher" else now - before
    return lost > allowed


def _end(check: Check, done: Finished, text: str) -> End:
    if done.exit_code is None or done.exit_code < 0 or _CRASHED.search(text):
        return End.CRASHED
    stopped = check.stops or stopping.told(" ".join(check.argv)) or stopping.said(text, check.argv)
    return End.STOPPED if stopped else End.WHOLE


def _bounded(text: str) -> str:
    if len(text) <= _OUTPUT_CHARS:
        return text
    half = _OUTPUT_CHARS // 2
    return f"{text[:half]}\n… {len(text) - _OUTPUT_CHARS} characters left out …\n{text[-half:]}"


def _vacuous(check: Check, text: str) -> bool:
    if check.name == "go test":
        return _NO_GO_TESTS.match(text) is not None
    if check.name == "cargo test" and "test result: ok" in text:
        return _CARGO_RAN.search(text) is None
    return _VACUOUS.search(text) is not None
