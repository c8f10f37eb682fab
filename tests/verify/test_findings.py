"""Outputs of real tools (`outputs/`) and what is read off them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.job import Failure
from agent_ls.core.paths import RelPath
from agent_ls.verify.findings import read_findings, with_excerpts

OUTPUTS = Path(__file__).parent / "outputs"
ROOT = "/home/me/w"
PYTEST = (
    "tests/test_calc.py::TestAdd::test_add @ tests/test_calc.py:7",
    "tests/test_calc.py::TestAdd::test_many[1] @ tests/test_calc.py:11",
    "tests/test_calc.py::TestAdd::test_many[2] @ tests/test_calc.py:11",
    "tests/test_calc.py::test_half @ calc.py:6",
    "tests/test_calc.py::test_fixture @ tests/test_calc.py:20",
)
UNITTEST = (
    "test_u.T.test_half @ calc.py:6",
    "test_u.T.test_add @ unit/test_u.py:5",
    "test_u.T.test_sub (n=0) @ unit/test_u.py:11",
    "test_u.T.test_sub (n=1) @ unit/test_u.py:11",
)
RUFF = ("I001 @ bad.py:1", "F401 @ bad.py:1", "F821 @ bad.py:6")
JEST = (
    "test/calc.test.js › calc › adds @ test/calc.test.js:5",
    "test/calc.test.js › calc › throws @ test/calc.test.js:9",
    "test/bad.test.js › Test suite failed to run @ test/bad.test.js:1",
)
TSC = ("TS2322 @ a.ts:1", "TS2339 @ a.ts:2")


@pytest.mark.parametrize(
    ("name", "expected", "failed", "ran"),
    [
        ("pytest_short2", PYTEST, 5, 6),
        ("pytest_native", PYTEST, 5, 6),
        ("pytest_long", ("tests/test_bad.py @ tests/test_bad.py:1",), 1, 1),
        ("pytest_no", ("tests/test_bad.py @ tests/test_bad.py:0",), 1, 1),
        ("unittest", UNITTEST, 4, 5),
        ("unittest_imp", ("unittest.loader._FailedTest.test_imp @ unit/test_imp.py:1", *UNITTEST), 5, 6),
        ("jest", JEST, 3, 3),
        (
            "vitest",
            (
                "vt/bad.test.mjs @ vt/bad.test.mjs:1",
                "vt/calc.test.mjs > calc > adds @ vt/calc.test.mjs:5",
                "vt/calc.test.mjs > calc > throws @ vt/calc.test.mjs:9",
            ),
            3,
            3,
        ),
        ("mocha", ("calc adds @ mocha/a.js:3",), 1, 2),
        ("nodetest", ("adds @ node/a.test.js:4",), 1, 2),
        ("node_spec", ("adds @ node/a.test.js:4",), 1, 2),
        (
            "go",
            (
                "example.com/w/calc.TestAdd @ example.com/w/calc/calc_test.go:8",
                "example.com/w/calc.TestMany/two @ example.com/w/calc/calc_test.go:19",
                "example.com/w/deep.TestPanics @ deep/third.go:5",
                "error @ broken/broken.go:3",
            ),
            3,
            4,
        ),
        ("go_json", ("example.com/w/calc.TestAdd @ example.com/w/calc/calc_test.go:8",), 1, 2),
        ("cargo", ("tests::adds @ src/lib.rs:6", "tests::panics @ src/lib.rs:10"), 2, 3),
        ("cargo_build", ("E0308 @ src/lib.rs:1",), None, None),
        (
            "maven",
            ("CalcTest.adds @ CalcTest.java:12", "CalcTest.halves @ CalcTest.java:17"),
            2,
            3,
        ),
        ("maven_compile", ("compile @ src/main/java/com/example/Calc.java:5",), None, None),
        ("gradle", ("CalcTest.adds() @ CalcTest.java:12",), 1, 3),
        ("make", ("error @ main.c:2",), None, None),
        (
            "mypy",
            (
                "assignment @ bad.py:2",
                "return-value @ bad.py:4",
                "call-arg @ bad.py:5",
                "arg-type @ bad.py:5",
                "name-defined @ bad.py:6",
            ),
            None,
            None,
        ),
        (
            "pyright",
            (
                "reportAssignmentType @ bad.py:2",
                "reportReturnType @ bad.py:4",
                "reportCallIssue @ bad.py:5",
                "reportUndefinedVariable @ bad.py:6",
            ),
            None,
            None,
        ),
        ("ruff_concise", RUFF, None, None),
        ("ruff_full", RUFF, None, None),
        ("tsc", TSC, None, None),
        ("tsc_pretty", TSC, None, None),
        ("eslint", ("no-unused-vars @ src/bad.js:1",), None, None),
        ("biome", (), None, None),
    ],
)
def test_what_failed_and_where(
    name: str, expected: tuple[str, ...], failed: int | None, ran: int | None
) -> None:
    found = read_findings((OUTPUTS / f"{name}.txt").read_text("utf-8"), [ROOT])
    assert tuple(f"{f.test} @ {f.path}:{f.line}" for f in (*found.failures, *found.problems)) == expected
    assert (found.failed, found.ran) == (failed, ran)
    assert name == "pytest_no" or all(f.message for f in (*found.failures, *found.problems))


def test_messages_say_what_was_wrong() -> None:
    said = {
        f.test: f.message
        for name in ("pytest_short2", "unittest", "jest", "go", "cargo", "mocha")
        for f in read_findings((OUTPUTS / f"{name}.txt").read_text("utf-8"), [ROOT]).failures
    }
    assert said["tests/test_calc.py::TestAdd::test_add"] == "assert -1 == 3\n+  where -1 = add(1, 2)"
    assert said["test_u.T.test_half"] == "ZeroDivisionError: division by zero"
    assert said["test/calc.test.js › calc › adds"].endswith("Expected: 3\nReceived: -1")
    assert said["example.com/w/calc.TestAdd"] == "Add(1, 2) = -1, want 3"
    assert said["example.com/w/deep.TestPanics"].startswith("runtime error: index out of range")
    assert "left: -1\nright: 3" in said["tests::adds"]
    assert "-1 !== 3" in said["calc adds"]


def test_one_output_may_hold_several_tools() -> None:
    text = "\n".join((OUTPUTS / f"{name}.txt").read_text("utf-8") for name in ("ruff_concise", "unittest"))
    found = read_findings(text, [ROOT])
    assert (len(found.failures), len(found.problems), found.failed) == (4, 3, 4)


@pytest.mark.parametrize(
    "text", ["", "all good\n", "Ran 3 tests in 0.1s\n\nOK\n", "warning: x.c:3:1: warning: hm\n"]
)
def test_a_success_has_no_failures(text: str) -> None:
    found = read_findings(text, [ROOT])
    assert (*found.failures, *found.problems) == ()
    assert found.failed in (None, 0)


def test_a_finding_is_known_again_when_its_line_moved() -> None:
    one = read_findings("a.py:3:1: error: bad thing  [rule]\n", [])
    assert one.identities == read_findings("a.py:7:2: error: bad thing  [rule]\n", []).identities
    before, after = (
        f"a.py:{line}:1: F811 Redefinition of unused `x` from line {other}"
        for line, other in ((9, 3), (12, 6))
    )
    assert read_findings(before, []).identities == read_findings(after, []).identities
    assert one.identities != read_findings("a.py:3:1: error: other  [rule]\n", []).identities


LINES = sorted({line for file in OUTPUTS.glob("*.txt") for line in file.read_text("utf-8").splitlines()})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=60)), max_size=60))
def test_no_output_breaks_a_reader(lines: list[str]) -> None:
    found = read_findings("\n".join(lines), [ROOT])
    for failure in (*found.failures, *found.problems):
        assert failure.test
        assert not failure.path.startswith(("/", ".."))


@pytest.mark.parametrize(
    "line",
    [
        "a:" * 1000,
        "--- FAIL: x (" * 100,
        "__ " * 600,
        "FAILED a.py::" + "[" * 1900,
        " " * 1999 + "x",
        "● " * 900,
    ],
)
def test_reading_is_linear_in_hostile_text(line: str) -> None:
    started = time.process_time()
    read_findings(f"=== short test summary info ===\n{(line + chr(10)) * 100}", [ROOT])
    assert time.process_time() - started < 10, "quadratic lines take minutes"


def test_excerpts_are_the_drafts_own_lines() -> None:
    texts = {
        RelPath("calc/calc_test.go"): b"one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\n",
        RelPath("core/calc_test.go"): b"other\n",
        RelPath("bin.go"): b"\xff\xfe\x00",
    }
    given_ = [
        Failure("a", "example.com/w/calc/calc_test.go", 2),
        Failure("b", "calc_test.go", 1),
        Failure("c", "calc/calc_test.go", 99),
        Failure("d", "bin.go", 1),
        Failure("e", "gone.go", 1),
        Failure("f"),
    ]
    shown = with_excerpts(given_, texts.keys(), texts.get, most=5)
    assert [f.path for f in shown] == [
        "calc/calc_test.go",
        "calc_test.go",
        "calc/calc_test.go",
        "bin.go",
        "gone.go",
    ]
    assert shown[0].excerpt == "      1  one\n>     2  two\n      3  three\n      4  four"
    assert [bool(f.excerpt) for f in shown[1:]] == [False] * 4


def test_a_secret_in_an_excerpt_is_removed() -> None:
    texts = {RelPath("a.py"): b"key = 'ghp_" + b"a1B2" * 9 + b"'\n"}
    (shown,) = with_excerpts([Failure("t", "a.py", 1)], texts.keys(), texts.get, most=1)
    assert "ghp_" not in shown.excerpt
