from __future__ import annotations

import pytest

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.verify.detection import Kind, detect_checks, named_checks

UNIT = "import unittest\nclass T(unittest.TestCase): ...\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, []),
        ({"a.py": "x"}, []),
        ({"test_a.py": UNIT}, ["unittest python3 -m unittest discover -s ."]),
        ({"tests/test_a.py": UNIT}, ["unittest python3 -m unittest discover -s tests"]),
        (
            {"tests/__init__.py": "", "tests/test_a.py": UNIT},
            ["unittest python3 -m unittest discover -s tests -t ."],
        ),
        ({"tests/test_a.py": "def test_a(): ..."}, ["pytest"]),
        ({"tests/test_a.py": UNIT + "import pytest\n"}, ["pytest"]),
        ({"test_a.py": "import sys, unittest\n"}, ["unittest python3 -m unittest discover -s ."]),
        ({"tests/test_a.py": UNIT, "pyproject.toml": "[tool.pytest.ini_options]\n"}, ["pytest"]),
        (
            {"src/a_test.py": "def test_a(): ...", "pyproject.toml": "[tool.ruff]\n"},
            ["pytest", "ruff ruff check"],
        ),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, ["npm test npm test"]),
        ({"package.json": '{"scripts": {"test": "jest"}}', "pnpm-lock.yaml": ""}, ["pnpm test pnpm test"]),
        ({"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}'}, []),
        ({"package.json": "{broken"}, []),
        ({"package.json": '["scripts"]'}, []),
        ({"go.mod": "module x"}, ["go test go test ./..."]),
        ({"Cargo.toml": "[package]"}, ["cargo test cargo test"]),
        ({"Makefile": "all:\n\ntest: all\n\tx\n"}, ["make test make test"]),
        ({"Makefile": "test := 1\n"}, []),
        ({"Makefile": "test:\n", "go.mod": ""}, ["go test go test ./..."]),
    ],
)
def test_checks_are_read_off_the_files(files: dict[str, str], expected: list[str]) -> None:
    texts = {RelPath(path): text.encode() for path, text in files.items()}
    found = [f"{c.name} {' '.join(c.argv)}" for c in detect_checks(texts.keys(), texts.get)]
    assert len(found) == len(expected)
    assert all(f.startswith(e) for f, e in zip(found, expected, strict=True)), found


def test_a_file_that_may_not_be_read_is_as_absent() -> None:
    def refuse(path: RelPath) -> bytes | None:
        raise WorkspaceError(f"{path} cannot be used")

    assert detect_checks([RelPath("package.json")], refuse) == []
    assert [c.name for c in detect_checks([RelPath("test_a.py")], refuse)] == ["pytest"]


def test_named_checks_are_argument_lists() -> None:
    (check,) = named_checks([("make", "it so; rm -rf /"), ()])
    assert check.argv == ("make", "it so; rm -rf /")
    assert check.kind is Kind.NAMED


def test_reading_tests_is_linear_in_hostile_text() -> None:
    files = {"test_a.py": b"\n" * 400_000, "Makefile": b"test" + b"\n" * 400_000}  # quadratic: hours
    assert detect_checks([RelPath(p) for p in files], lambda path: files[path])
