"""Which commands and scripts leave tests out where an earlier one fails."""

from __future__ import annotations

import pytest

from agent_ls.verify.stopping import configured, make_stops, nox_stops, script_stops, told, tox_stops


@pytest.mark.parametrize(
    ("command", "stops"),
    [
        ("go test -failfast ./...", True),
        ("python3 -m unittest -f", True),
        ("python3 -m unittest discover -vf -s .", True),
        ("python3 -m unittest discover -s . -p test_f.py", False),
        ("mocha -b test", True),
        ("mocha test -r build", False),
        ("jest --bail", True),
        ("jest --bail=0", False),
        ("vitest run --bail=1", True),
        ("gradle test --fail-fast", True),
        ("cargo test --no-fail-fast", False),
        ("tool --bailiff", False),
    ],
)
def test_flags(command: str, stops: bool) -> None:
    assert told(command) is stops


@pytest.mark.parametrize(
    ("scripts", "stops"),
    [
        ({"test": "jest"}, False),
        ({"test": "eslint . && npm run build && NODE_ENV=test jest"}, False),
        ({"test": "jest && playwright test"}, True),
        ({"test": "npm run unit && npm run e2e", "unit": "jest", "e2e": "mocha"}, True),
        ({"test": "npm run all", "all": "mocha a && mocha b"}, True),
        ({"test": "npm run all", "all": "tsc && mocha -b"}, True),
        ({"test": "npm run test", "posttest": "mocha e2e"}, True),
        ({"test": "jest", "posttest": "eslint ."}, False),
        ({"test": "run-s unit e2e", "unit": "jest", "e2e": "mocha"}, True),
        ({}, False),
    ],
)
def test_package_scripts(scripts: dict[str, str], stops: bool) -> None:
    assert script_stops("test", scripts) is stops


@pytest.mark.parametrize(
    ("makefile", "stops"),
    [
        ("test:\n\tpytest\n", False),
        ("test: build\n\t@echo testing\n\tpytest \\\n\t  -q\nbuild:\n\tgo build\n", False),
        ("test:\n\tpytest unit\n\tpytest slow\n", True),
        ("test: unit slow\nunit:\n\tpytest unit\n\nslow: ; \n\tpytest slow\n", True),
        ("test:\n\tcd x && ./run unit && ./run slow\n", True),
        ("test: test\n\tpytest -x --maxfail=1\n", True),
        ("other:\n\tx\n\ty\ntest:\n\tx\n", False),
        ("", False),
    ],
)
def test_make(makefile: str, stops: bool) -> None:
    assert make_stops(makefile, "test") is stops


def test_what_names_itself_over_and_over_is_looked_at_once() -> None:
    """Looked at as often as it is named, this would take hours."""
    names = " ".join(f"a{n}" for n in range(60))
    rules = "".join(f"a{n}: {names}\n" for n in range(60))
    assert not make_stops(f"test: {names}\n\tpytest\n{rules}", "test")
    assert script_stops("test", {"test": " && ".join(["npm run test"] * 60)})


def test_tox_and_nox_and_silent_configurations() -> None:
    assert not tox_stops(
        "[testenv]\ncommands =\n    ruff check\n    pytest \\\n      -q\n[testenv:x]\ncommands = mypy\n"
    )
    assert tox_stops("[testenv]\ncommands =\n    pytest unit\n    pytest slow\n")
    assert not nox_stops('session.install("pytest")\nsession.run("pytest")\n')
    assert nox_stops('session.run("pytest", "unit")\nsession.run("pytest", "slow")\n')
    assert configured(b'{"bail": true}') and configured(b"test: { bail: 1 }") and configured(b"bail: true\n")
    assert not configured(b'{"bail": false}') and not configured(b"test: { bail: 0 }")
