"""What is read off a run of tests, for attempts to be compared by."""

from __future__ import annotations

from pathlib import Path

from agent_ls.core.selection import Tally
from agent_ls.verify.tally import tally

OUTPUTS = Path(__file__).parent / "outputs"


def failed(output: str) -> Tally:
    return tally(output, ["/home/me/w"], passed=False)


def test_names_and_numbers_of_what_runners_print() -> None:
    pytest_says = "..F\n== short test summary info ==\nFAILED tests/test_a.py::test_x - assert 1 == 2\n1 failed, 2 passed in 0.1s"
    assert failed(pytest_says) == Tally(3, frozenset({"tests/test_a.py::test_x"}))
    assert tally("5 passed in 0.1s", [], passed=True) == Tally(5)
    go_says = "--- FAIL: TestX (0.00s)\n--- PASS: TestY (0.00s)\nFAIL\nFAIL\tx/y\t0.01s\n"
    assert failed(go_says) == Tally(2, frozenset({"x/y.TestX"}))
    assert failed((OUTPUTS / "unittest.txt").read_text()).total == 5
    assert failed("no idea") == Tally(1, frozenset({"the run"}))


def test_one_test_has_one_name_in_every_run() -> None:
    says = "== short test summary info ==\nFAILED a.py::test_x[<O at {}>] - no\n1 failed in 0.1s"
    assert failed(says.format("0x7f01")) == failed(says.format("0x55a2"))


def test_what_does_not_import_or_build_has_not_begun() -> None:
    for says in (
        "ERROR tests/test_a.py\nE   ImportError: cannot import name",
        "ERROR: test_a (unittest.loader._FailedTest.test_a)\nRan 1 test in 0s",
        "E   ImportError: cannot import name 'helper' from 'prog'\n1 failed in 0.1s",
        "FAIL\tx/y [build failed]\n",
    ):
        assert not failed(says).begun, says
    for name in ("cargo_build", "jest", "pytest_long", "unittest_imp"):
        assert not failed((OUTPUTS / f"{name}.txt").read_text()).begun, name
    for name in ("cargo", "maven", "mocha", "pytest_native", "unittest"):
        assert failed((OUTPUTS / f"{name}.txt").read_text()).begun, name
