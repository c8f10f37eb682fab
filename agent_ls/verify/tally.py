"""How a run of tests went, for attempts to be compared by: how many ran and which failed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_ls.core.selection import ALL_TESTS, Tally
from agent_ls.verify.findings import read_findings

_UNBORN = re.compile(
    r"^ERROR (?!\S+::)\S+\.py|unittest\.loader\._FailedTest|^E?\s*(?:ImportError|ModuleNotFoundError|SyntaxError)"
    r"|\[(?:build|setup) failed\]|could not compile|error: cannot find|^ERROR: (?:setUpClass|setUpModule)"
    r"|Test suite failed to run",
    re.MULTILINE,
)


def tally(output: str, roots: Sequence[str], *, passed: bool) -> Tally:
    """The tally of one run. ``passed``: what its exit code says, which wins over any text.

    ``roots``: as in `read_findings`. A name that does not exist, also inside a test, counts as a run
    that could not begin: it is one that the author of the test happened to choose.
    """
    findings = read_findings(output, roots)
    total = findings.ran or 0
    if passed:
        return Tally(total)
    failing = findings.tests
    if _UNBORN.search(output):
        return Tally(total, failing | {ALL_TESTS})
    return Tally(max(total, len(failing), 1), failing or frozenset({"the run"}))
