"""One output, every reader: a script or a make target may run any tool, or several."""

from __future__ import annotations

from collections.abc import Sequence

from agent_ls.core.job import Failure
from agent_ls.verify.findings.compilers import read_compilers
from agent_ls.verify.findings.native_tests import read_cargo, read_go, read_jvm
from agent_ls.verify.findings.python_tests import read_pytest, read_unittest
from agent_ls.verify.findings.script_tests import read_jest, read_mocha, read_node_test, read_vitest
from agent_ls.verify.findings.words import Findings, Source

_TESTS = (
    read_pytest,
    read_unittest,
    read_jest,
    read_vitest,
    read_mocha,
    read_node_test,
    read_go,
    read_cargo,
    read_jvm,
)
_MOST = 500


def read_findings(output: str, roots: Sequence[str]) -> Findings:
    """Failures of tests and errors of compilers and linters, each once, in the order of the output.

    ``roots``: the absolute folders that stood for the workspace while it ran. Linear in the
    output; never raises. What no reader knows gives nothing: the output is there all the same.
    """
    source = Source(output, roots)
    tests: dict[str, Failure] = {}
    problems: dict[tuple[str, str, int], Failure] = {}
    failed: list[int] = []
    ran: list[int] = []
    for reader in _TESTS:
        findings = reader(source)
        for failure in findings.failures:
            tests.setdefault(failure.test, failure)
        failed += [] if findings.failed is None else [findings.failed]
        ran += [] if findings.ran is None else [findings.ran]
    for problem in read_compilers(source):
        problems.setdefault((problem.test, problem.path, problem.line), problem)
    told = max(sum(failed), len(tests)) if failed or tests else None
    return Findings(
        tuple(tests.values())[:_MOST],
        told,
        sum(ran) if ran else None,
        tuple(problems.values())[:_MOST],
    )
