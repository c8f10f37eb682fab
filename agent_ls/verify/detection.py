"""Which checks a project has: read off its files, each an argument list, no shell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath

Read = Callable[[RelPath], "bytes | None"]

_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py\Z")
_PYTEST = re.compile(rb"^\[(?:tool\.pytest|pytest\]|tool:pytest)", re.MULTILINE)
_RUFF = re.compile(rb"^\[tool\.ruff", re.MULTILINE)
_IMPORTS_PYTEST = re.compile(rb"^[ \t]*(?:import[^\n#]*\bpytest\b|from pytest\b)", re.MULTILINE)
_UNITTEST = re.compile(rb"^[ \t]*(?:import[^\n#]*\bunittest\b|from unittest\b)", re.MULTILINE)
_MAKE_TEST = re.compile(rb"^(test|check)\s*:(?!=)", re.MULTILINE)
_EXAMINED = 50


class Kind(StrEnum):
    """What a check's success means."""

    TESTS = "tests"
    LINT = "lint"
    NAMED = "named"  # by the user: worth as much as tests


@final
@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``needs``: the program or module without which it cannot run."""

    name: str
    argv: tuple[str, ...]
    needs: str = ""
    kind: Kind = Kind.TESTS


def named_checks(commands: Sequence[Sequence[str]]) -> list[Check]:
    """The user's own commands as checks."""
    return [Check(" ".join(argv), tuple(argv), argv[0], Kind.NAMED) for argv in commands if argv]


def detect_checks(files: Collection[RelPath], read: Read) -> list[Check]:
    """What the project's files say about how it is tested, tests before linters.

    Looks at the root only (a monorepo names its checks). Reads at most the project files and
    fifty tests; a file that may not be read counts as absent.
    """
    here = _Root(files, read)
    found = [*_python(here), *_node(here), *_others(here)]
    if not found and (target := here.find("Makefile", _MAKE_TEST)):
        found.append(Check(f"make {target}", ("make", target), "make"))
    if here.has("ruff.toml", ".ruff.toml") or here.find("pyproject.toml", _RUFF):
        found.append(Check("ruff", ("ruff", "check", "--no-cache", "."), "ruff", Kind.LINT))
    return found


@final
class _Root:
    def __init__(self, files: Collection[RelPath], read: Read) -> None:
        self.files = files
        self._read = read

    def has(self, *names: str) -> bool:
        return any(RelPath(name) in self.files for name in names)

    def text(self, name: str) -> bytes:
        if RelPath(name) not in self.files:
            return b""
        try:
            return self._read(RelPath(name)) or b""
        except WorkspaceError:
            return b""

    def find(self, name: str, pattern: re.Pattern[bytes]) -> str:
        match = pattern.search(self.text(name))
        return (
            (match.group(1) if match.lastindex else match.group()).decode("utf-8", "replace") if match else ""
        )


def _python(here: _Root) -> list[Check]:
    tests = sorted(path for path in here.files if _TEST_FILE.search(path))
    configured = here.has("pytest.ini", "conftest.py", "tests/conftest.py") or any(
        here.find(name, _PYTEST) for name in ("pyproject.toml", "setup.cfg", "tox.ini")
    )
    if not tests and not configured:
        return []
    texts = [here.text(path) for path in tests[:_EXAMINED]]
    plain = bool(texts) and all(_UNITTEST.search(t) and not _IMPORTS_PYTEST.search(t) for t in texts)
    if plain and not configured:
        folder = "tests" if all(path.startswith("tests/") for path in tests) else "."
        top = ("-t", ".") if here.has("tests/__init__.py") and folder == "tests" else ()
        return [Check("unittest", ("python3", "-m", "unittest", "discover", "-s", folder, *top), "python3")]
    return [
        Check("pytest", ("python3", "-m", "pytest", "-q", "--maxfail=20", "-p", "no:cacheprovider"), "pytest")
    ]


def _node(here: _Root) -> list[Check]:
    try:
        package: Any = json.loads(here.text("package.json") or b"{}")
    except ValueError:
        return []
    scripts: object = cast("dict[str, object]", package).get("scripts") if isinstance(package, dict) else None
    test = cast("dict[str, object]", scripts).get("test") if isinstance(scripts, dict) else None
    if not isinstance(test, str) or "no test specified" in test:
        return []
    locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lockb": "bun", "bun.lock": "bun"}
    tool = next((tool for lock, tool in locks.items() if here.has(lock)), "npm")
    return [Check(f"{tool} test", (tool, "run", "test") if tool == "bun" else (tool, "test"), tool)]


def _others(here: _Root) -> list[Check]:
    found: list[Check] = []
    if here.has("go.mod"):
        found.append(Check("go test", ("go", "test", "./..."), "go"))
    if here.has("Cargo.toml"):
        found.append(Check("cargo test", ("cargo", "test", "--offline", "--quiet"), "cargo"))
    if not found and here.has("noxfile.py") and not any(_TEST_FILE.search(p) for p in here.files):
        found.append(Check("nox", ("nox", "--no-venv"), "nox"))
    if not found and here.has("tox.ini") and not any(_TEST_FILE.search(p) for p in here.files):
        found.append(Check("tox", ("tox", "--skip-pkg-install"), "tox"))
    return found
