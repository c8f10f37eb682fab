from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.verify.check import Check, Kind, missing_program, named_checks
from agent_ls.verify.detection import detect_checks
from agent_ls.verify.narrowing import narrowed

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
        ({"go.mod": "module x"}, ["go test go test ./...", "go vet go vet ./..."]),
        ({"Cargo.toml": "[package]"}, ["cargo test cargo test"]),
        ({"Makefile": "all:\n\ntest: all\n\tx\n"}, ["make test make test"]),
        ({"Makefile": "test := 1\n"}, []),
        ({"GNUmakefile": "check:\n\tx\n"}, ["make check make check"]),
        (
            {"package.json": '{"scripts": {"test": "x"}, "packageManager": "yarn@4.1.0"}'},
            ["yarn test yarn test"],
        ),
        ({"package.json": '{"scripts": {"test": "x"}, "packageManager": "evil@1"}'}, ["npm test npm test"]),
        ({"package.json": '{"scripts": {"test": "x"}}', "bun.lock": ""}, ["bun test bun run test"]),
        ({"package.json": '{"scripts": {"test": 7}}'}, []),
        (
            {"package.json": '{"scripts": {"typecheck": "tsc", "lint": "eslint ."}}', "tsconfig.json": ""},
            ["npm run typecheck npm run typecheck", "npm run lint npm run lint"],
        ),
        (
            {
                "package.json": '{"scripts": {"lint": "eslint --fix ."}}',
                "eslint.config.js": "",
                "tsconfig.json": "{}",
            },
            ["tsc tsc --noEmit", "eslint eslint ."],
        ),
        ({"biome.json": "{}"}, ["biome biome lint ."]),
        ({"pyproject.toml": "[tool.mypy]\nstrict = true\n"}, ["mypy mypy --cache-dir=/dev/null ."]),
        ({"mypy.ini": "[mypy]\nfiles = src\n"}, ["mypy mypy --cache-dir=/dev/null"]),
        ({"setup.cfg": "[mypy]\n"}, ["mypy mypy"]),
        ({"pyproject.toml": "[tool.basedpyright]\n"}, ["basedpyright basedpyright"]),
        ({"pyrightconfig.json": "{}"}, ["pyright pyright"]),
        ({"tox.ini": "[tox]\n"}, ["tox tox"]),
        ({"noxfile.py": ""}, ["nox nox --no-venv"]),
        ({"noxfile.py": "", "tests/test_a.py": "def test_a(): ..."}, ["pytest"]),
        ({"pom.xml": ""}, ["mvn test mvn -o -B -fae test"]),
        ({"build.gradle.kts": "", "gradlew": ""}, ["gradle test ./gradlew --offline"]),
        ({"build.gradle": ""}, ["gradle test gradle --offline"]),
        (
            {"Cargo.toml": "[package]\n[lints.clippy]\n"},
            ["cargo test cargo test --offline", "cargo clippy cargo clippy --offline"],
        ),
        (
            {
                "Cargo.toml": "[package]",
                "tests/test_a.py": "def test_a(): ...",
                "package.json": '{"scripts": {"test": "jest"}}',
            },
            ["pytest", "npm test", "cargo test"],
        ),
        ({"Makefile": "test:\n", "go.mod": ""}, ["go test go test ./...", "go vet go vet ./..."]),
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


@pytest.mark.parametrize(
    ("files", "tests", "expected"),
    [
        (
            {"pytest.ini": ""},
            ["tests/test_a.py", "a.py", "tests/conftest.py", "t.js"],
            "no:cacheprovider tests/test_a.py a.py",
        ),
        ({"tests/test_a.py": UNIT}, ["tests/test_a.py", "tests/test_b.py"], "-s tests -p test_a.py"),
        ({"go.mod": ""}, ["a/b_test.go", "a/c_test.go", "d_test.go"], "go test ./a ."),
        ({"package.json": '{"scripts": {"test": "jest --ci"}}'}, ["a.test.js"], "npm test -- a.test.js"),
        (
            {"package.json": '{"scripts": {"test": "vitest run"}}', "yarn.lock": ""},
            ["a.test.ts"],
            "yarn test a.test.ts",
        ),
        ({"package.json": '{"scripts": {"test": "lint && jest"}}'}, ["a.test.js"], None),
        ({"package.json": '{"scripts": {"test": "jest && other"}}'}, ["a.test.js"], None),
        (
            {"pom.xml": ""},
            ["src/test/java/x/ATest.java"],
            "test -Dtest=ATest -Dsurefire.failIfNoSpecifiedTests=false",
        ),
        ({"Cargo.toml": ""}, ["tests/a.rs"], None),
        ({"pytest.ini": ""}, ["-rf.py", "tests/test_a.js"], None),
        ({"pytest.ini": ""}, [], None),
    ],
)
def test_a_check_is_narrowed_to_some_tests(
    files: dict[str, str], tests: list[str], expected: str | None
) -> None:
    texts = {RelPath(path): text.encode() for path, text in files.items()}
    near = narrowed(detect_checks(texts.keys(), texts.get)[0], [RelPath(path) for path in tests])
    assert (near is None) == (expected is None)
    assert near is None or " ".join(near.argv).endswith(str(expected)), near


def test_a_program_that_is_nowhere_is_named(tmp_path: Path) -> None:
    def missing(needs: str) -> str:
        return missing_program(Check("x", ("x",), needs), tmp_path / "w", {"PATH": str(tmp_path / "bin")})

    for place in ("bin/ruff", "w/.venv/bin/mypy", "w/node_modules/.bin/tsc", "w/gradlew"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("#!/bin/sh\n")
        (tmp_path / place).chmod(0o755)
    assert [missing(n) for n in ("", "ruff", "mypy", "tsc", "./gradlew")] == [""] * 5
    assert [missing(n) for n in ("go", "./mvnw")] == ["go", "./mvnw"]
