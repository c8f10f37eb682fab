"""Which checks a project has: read off its files, each an argument list, no shell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, cast, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath
from agent_ls.verify import stopping
from agent_ls.verify.check import Check, Kind, Narrowing

Read = Callable[[RelPath], "bytes | None"]

_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py\Z")
_PYTEST = re.compile(rb"^\[(?:tool\.pytest|pytest\]|tool:pytest)", re.MULTILINE)
_RUFF = re.compile(rb"^\[tool\.ruff", re.MULTILINE)
_MYPY = re.compile(rb"^\[(?:tool\.mypy\]|mypy\])", re.MULTILINE)
_MYPY_FILES = re.compile(rb"^(?:files|packages|modules)\s*=", re.MULTILINE)
_PYRIGHT = re.compile(rb"^\[tool\.(basedpyright|pyright)\]", re.MULTILINE)
_IMPORTS_PYTEST = re.compile(rb"^[ \t]*(?:import[^\n#]*\bpytest\b|from pytest\b)", re.MULTILINE)
_UNITTEST = re.compile(rb"^[ \t]*(?:import[^\n#]*\bunittest\b|from unittest\b)", re.MULTILINE)
_MAKE_TEST = re.compile(rb"^(test|check)\s*:(?!=)", re.MULTILINE)
_CLIPPY = re.compile(rb"^\[(?:workspace\.)?lints\.clippy\]", re.MULTILINE)
_EXAMINED = 50
_RUNNERS = frozenset({"jest", "vitest"})
_MANAGERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lockb": "bun", "bun.lock": "bun"}
_TYPES = ("typecheck", "type-check", "types", "tsc")
_ESLINT = ("eslint.config.js", "eslint.config.mjs", "eslint.config.cjs", "eslint.config.ts", ".eslintrc.json", ".eslintrc.js", ".eslintrc.cjs", ".eslintrc.yml")  # fmt: skip
_BAILING = (".mocharc.json", ".mocharc.jsonc", ".mocharc.js", ".mocharc.cjs", ".mocharc.yml", ".mocharc.yaml", "vitest.config.ts", "vitest.config.js", "vitest.config.mts", "vitest.config.mjs", "vite.config.ts", "vite.config.js", "vite.config.mts", "vite.config.mjs")  # fmt: skip
_GRADLE = ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")


def detect_checks(files: Collection[RelPath], read: Read) -> list[Check]:
    """What the project's files say about how it is tested, tests before linters.

    Looks at the root only (a monorepo names its checks). Reads at most the project files and
    fifty tests; a file that may not be read counts as absent. Whether the programs are there is
    another question: see `check.missing_program`.
    """
    here = _Root(files, read)
    node = _Node(here)
    found = [*_python_tests(here), *node.tests(), *_native_tests(here)]
    found += [] if found else _task_runners(here)
    return [*found, *_python_lint(here), *node.lint(), *_native_lint(here)]


@final
class _Root:
    def __init__(self, files: Collection[RelPath], read: Read) -> None:
        self.files = files
        self._read = read
        self.python_tests = sorted(path for path in files if _TEST_FILE.search(path))

    def has(self, *names: str) -> bool:
        return any(RelPath(name) in self.files for name in names)

    def text(self, name: str) -> bytes:
        if RelPath(name) not in self.files:
            return b""
        try:
            return self._read(RelPath(name)) or b""
        except WorkspaceError:
            return b""

    def words(self, name: str) -> str:
        return self.text(name).decode("utf-8", "replace")

    def find(self, name: str, pattern: re.Pattern[bytes]) -> str:
        match = pattern.search(self.text(name))
        return (
            (match.group(1) if match.lastindex else match.group()).decode("utf-8", "replace") if match else ""
        )


def _python_tests(here: _Root) -> Iterator[Check]:
    tests = here.python_tests
    configured = here.has("pytest.ini", "conftest.py", "tests/conftest.py") or any(
        here.find(name, _PYTEST) for name in ("pyproject.toml", "setup.cfg", "tox.ini")
    )
    if not tests and not configured:
        return
    texts = [here.text(path) for path in tests[:_EXAMINED]]
    plain = bool(texts) and all(_UNITTEST.search(t) and not _IMPORTS_PYTEST.search(t) for t in texts)
    if plain and not configured:
        folder = "tests" if all(path.startswith("tests/") for path in tests) else "."
        top = ("-t", ".") if here.has("tests/__init__.py") and folder == "tests" else ()
        argv = ("python3", "-m", "unittest", "discover", "-s", folder, *top)
        yield Check("unittest", argv, "python3", narrowing=Narrowing.PATTERN)
        return
    # One module that cannot be imported must not hide what all the others say.
    argv = ("python3", "-m", "pytest", "-q", "--tb=short", "--maxfail=100", "--continue-on-collection-errors")
    yield Check("pytest", (*argv, "-p", "no:cacheprovider"), "pytest", narrowing=Narrowing.PATHS)


def _python_lint(here: _Root) -> Iterator[Check]:
    if here.has("ruff.toml", ".ruff.toml") or here.find("pyproject.toml", _RUFF):
        argv = ("ruff", "check", "--no-cache", "--output-format=concise", ".")
        yield Check("ruff", argv, "ruff", Kind.LINT)
    mypy = [name for name in ("mypy.ini", ".mypy.ini") if here.has(name)]
    mypy += [name for name in ("pyproject.toml", "setup.cfg") if here.find(name, _MYPY)]
    if mypy:
        where = () if any(here.find(name, _MYPY_FILES) for name in mypy) else (".",)
        yield Check("mypy", ("mypy", "--cache-dir=/dev/null", *where), "mypy", Kind.LINT)
    pyright = here.find("pyproject.toml", _PYRIGHT) or ("pyright" if here.has("pyrightconfig.json") else "")
    if pyright:
        yield Check(pyright, (pyright,), pyright, Kind.LINT)


@final
class _Node:
    """What ``package.json`` says: the project's own scripts go before the tools they would call."""

    def __init__(self, here: _Root) -> None:
        self._here = here
        package = _object(_json(here.text("package.json")))
        self._scripts = {k: v for k, v in _object(package.get("scripts")).items() if isinstance(v, str)}
        named = str(package.get("packageManager") or "").partition("@")[0]
        locked = next((tool for lock, tool in _MANAGERS.items() if here.has(lock)), "npm")
        self._tool = named if named in ("npm", *_MANAGERS.values()) else locked

    def tests(self) -> Iterator[Check]:
        script = self._scripts.get("test", "")
        if not script or "no test specified" in script:
            return
        argv = (self._tool, "run", "test") if self._tool == "bun" else (self._tool, "test")
        runner = script.split()[0].rpartition("/")[2] if script.split() else ""
        # Only a script that is the runner and nothing behind it takes further files as its arguments.
        alone = runner in _RUNNERS and not re.search(r"[;&|]", script)
        how = Narrowing.DASHED if alone else Narrowing.NONE
        stops = stopping.script_stops("test", self._scripts) or any(
            stopping.configured(self._here.text(name)) for name in _BAILING
        )
        yield Check(f"{self._tool} test", argv, self._tool, narrowing=how, stops=stops)

    def lint(self) -> Iterator[Check]:
        here = self._here
        types = next((name for name in _TYPES if name in self._scripts), "")
        if types:
            yield self._script(types)
        elif here.has("tsconfig.json"):
            yield Check("tsc", ("tsc", "--noEmit", "--pretty", "false", "-p", "."), "tsc", Kind.LINT)
        if "lint" in self._scripts and "--fix" not in self._scripts["lint"]:
            yield self._script("lint")
        elif here.has(*_ESLINT):
            yield Check("eslint", ("eslint", "."), "eslint", Kind.LINT)
        elif here.has("biome.json", "biome.jsonc"):
            yield Check("biome", ("biome", "lint", "."), "biome", Kind.LINT)

    def _script(self, name: str) -> Check:
        return Check(f"{self._tool} run {name}", (self._tool, "run", name), self._tool, Kind.LINT)


def _native_tests(here: _Root) -> Iterator[Check]:
    if here.has("go.mod", "go.work"):
        yield Check("go test", ("go", "test", "./..."), "go", narrowing=Narrowing.FOLDERS)
    if here.has("Cargo.toml"):
        yield Check("cargo test", ("cargo", "test", "--offline", "--quiet", "--no-fail-fast"), "cargo")
    if here.has("pom.xml"):
        yield Check("mvn test", ("mvn", "-o", "-B", "-fae", "test"), "mvn", narrowing=Narrowing.CLASSES)
    elif here.has(*_GRADLE):
        gradle = "./gradlew" if here.has("gradlew") else "gradle"
        argv = (gradle, "--offline", "--no-daemon", "--console=plain", "--continue", "test")
        yield Check("gradle test", argv, gradle)


def _native_lint(here: _Root) -> Iterator[Check]:
    if here.has("go.mod", "go.work"):
        yield Check("go vet", ("go", "vet", "./..."), "go", Kind.LINT)
    if here.has("clippy.toml", ".clippy.toml") or here.find("Cargo.toml", _CLIPPY):
        yield Check("cargo clippy", ("cargo", "clippy", "--offline", "--quiet"), "cargo-clippy", Kind.LINT)


def _task_runners(here: _Root) -> Iterator[Check]:
    """Where nothing else is known; without a network they work only with what is installed already."""
    if here.has("noxfile.py"):
        stops = stopping.nox_stops(here.words("noxfile.py"))
        yield Check("nox", ("nox", "--no-venv"), "nox", stops=stops)
        return
    if here.has("tox.ini"):
        stops = stopping.tox_stops(here.words("tox.ini"))
        yield Check("tox", ("tox", "--skip-pkg-install"), "tox", stops=stops)
        return
    for name in ("Makefile", "GNUmakefile"):
        if target := here.find(name, _MAKE_TEST):
            stops = stopping.make_stops(here.words(name), target)
            yield Check(f"make {target}", ("make", target), "make", stops=stops)
            return


def _json(data: bytes) -> object:
    try:
        return json.loads(data or b"{}")
    except ValueError:
        return {}


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
