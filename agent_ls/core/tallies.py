"""How many tests ran and which failed: read off what test runners print."""

from __future__ import annotations

import re

from agent_ls.core.selection import ALL_TESTS, Tally

_FAILING = (
    re.compile(r"^(?:FAILED|ERROR) (\S+::[^\s]+)", re.MULTILINE),  # pytest
    re.compile(r"^(?:FAIL|ERROR): (\w+ \([^)\n]*\))", re.MULTILINE),  # unittest
    re.compile(r"^\s*--- FAIL: (\S+)", re.MULTILINE),  # go
    re.compile(r"^test (\S+) \.\.\. FAILED", re.MULTILINE),  # cargo
    re.compile(r"^\s+● (.+)$", re.MULTILINE),  # jest
    re.compile(r"^\s*(?:×|✗|FAIL)\s{1,2}(\S.+)$", re.MULTILINE),  # vitest
    re.compile(r"^not ok \d+ - (.+)$", re.MULTILINE),  # TAP, node --test
)
_UNBORN = re.compile(
    r"^ERROR (?!\S+::)\S+\.py|unittest\.loader\._FailedTest|^E?\s*(?:ImportError|ModuleNotFoundError|SyntaxError)"
    r"|\[build failed\]|could not compile|error: cannot find|^ERROR: (?:setUpClass|setUpModule)",
    re.MULTILINE,
)
_COUNTED = re.compile(r"(\d+) (passed|failed|errors?)\b")
_UNITTEST = re.compile(r"^Ran (\d+) tests?", re.MULTILINE)
_GO_RAN = re.compile(r"^\s*--- (?:PASS|FAIL)", re.MULTILINE)
_TAP = re.compile(r"^(?:not )?ok \d+", re.MULTILINE)


def tally(output: str, *, passed: bool) -> Tally:
    """The tally of one run. ``passed``: what its exit code says, which wins over any text."""
    total = _total(output)
    if passed:
        return Tally(total)
    failing = frozenset(name.strip() for pattern in _FAILING for name in pattern.findall(output))
    if _UNBORN.search(output):
        return Tally(total, failing | {ALL_TESTS})
    return Tally(max(total, len(failing), 1), failing or frozenset({"the run"}))


def _total(output: str) -> int:
    if ran := _UNITTEST.findall(output):
        return sum(int(number) for number in ran)
    counts = [int(number) for number, _ in _COUNTED.findall(output)]
    return sum(counts) or len(_GO_RAN.findall(output)) or len(_TAP.findall(output))
