"""How a draft weakens what it is proven by: a plan stays what it is, with the mark beside it."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, cast

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import RelPath
from agent_ls.index.names import is_test, language_of
from agent_ls.index.test_cases import TestCase, TestCases, test_cases

_MOST = 30
_LISTED = 3
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TOLERANCE = re.compile(
    r"\b(?:abs|rel|delta|places|tolerance|atol|rtol|epsilon|approx\w*|toBeCloseTo|InDelta|InEpsilon|isclose|allclose|within|offset|timeout)\b"
)
_SNAPSHOT = re.compile(
    r"(?:^|/)__snapshots__/|\.(?:snap|ambr|golden|approved\.\w+)\Z|(?:^|/)(?:snapshots|golden)/[^/]+\Z"
)
_CONFIG = re.compile(
    r"(?:^|/)(?:pytest\.ini|tox\.ini|noxfile\.py|conftest\.py|\.coveragerc|ruff\.toml|\.ruff\.toml|mypy\.ini|\.mypy\.ini"
    r"|pyrightconfig\.json|(?:jest|vitest|karma|playwright|cypress|eslint)\.config\.\w+|\.eslintrc[.\w]*|\.eslintignore"
    r"|biome\.jsonc?|tsconfig[\w.-]*\.json|\.mocharc[.\w]*|clippy\.toml|\.clippy\.toml|\.golangci\.ya?ml|GNUmakefile|Makefile"
    r"|\.pre-commit-config\.yaml)\Z"
)
_TABLES = (
    "pytest",
    "ruff",
    "mypy",
    "pyright",
    "basedpyright",
    "coverage",
    "tox",
    "pylint",
    "flake8",
    "hatch",
)
_SECTION = re.compile(r"^\[(?:tool:pytest|flake8|mypy[^\]]*|coverage[^\]]*)\]", re.MULTILINE)
_PACKAGE = ("scripts", "jest", "vitest", "mocha", "eslintConfig", "ava", "c8", "nyc")
_PROSE = frozenset({None, "markdown", "html", "json", "yaml", "toml", "text", "rst"})
_SUPPRESSED = re.compile(
    rb"#\s*(?:noqa|type:\s*ignore|pyright:\s*ignore|pragma:\s*no cover|pylint:\s*disable)|eslint-disable|@ts-(?:ignore|nocheck|expect-error)"
    rb"|biome-ignore|#!?\[allow\(|//\s*nolint|@SuppressWarnings|istanbul ignore|c8 ignore"
)


def weakened(changes: ChangeSet) -> tuple[str, ...]:
    """One sentence per file and way, each beginning with what the change does; at most thirty.

    Says what is there, not why: a test whose expectation had to change is marked as well, for a
    person to look at. Tests that were moved or renamed with all they assert are not.
    """
    found = [*_tests(changes)]
    for change in changes:
        found += _suppressions(change)
        if change.before is None:
            continue
        if _SNAPSHOT.search(change.path) or (change.moved_from and _SNAPSHOT.search(change.moved_from)):
            found.append(f"edits the snapshot {change.path}")
        elif _config_changed(change):
            found.append(f"edits the check configuration {change.path}")
    left = len(found) - _MOST
    return (*found[:_MOST], *([f"and {left} more"] if left > 0 else []))


def _tests(changes: ChangeSet) -> Iterator[str]:
    before = {c.path: _cases(c.source, c.before) for c in changes}
    after = {c.path: _cases(c.path, c.after) for c in changes}
    added = [
        case
        for path, cases in after.items()
        for name, case in cases.tests.items()
        if name not in before[path].tests
    ]
    for change in changes:
        was, now = before[change.path], after[change.path]
        if not was.tests and not was.skips and not now.skips:
            continue
        where = f"weakens {change.path}"
        gone = [name for name in was.tests if name not in now.tests and not _moved(was.tests[name], added)]
        # A suite that goes takes its tests along: they are what is named.
        gone = [name for name in gone if not any(other.startswith(f"{name} > ") for other in gone)]
        if gone:
            yield f"{where}: removes {_some('test', [name.rpartition(' > ')[2] for name in gone])}"
        skips = sum(t.skips for t in now.tests.values()) + now.skips
        more = skips - sum(t.skips for t in was.tests.values()) - was.skips
        if more > 0:
            yield f"{where}: {more} {'tests' if more > 1 else 'test'} skipped or expected to fail"
        yield from (f"{where}: {what}" for what in _assertions(was.tests, now.tests))


def _cases(path: RelPath, data: bytes | None) -> TestCases:
    language = language_of(path)
    # Rust has its tests beside the code; elsewhere a helper that is called test_… is no test.
    if data is None or language is None or not (is_test(path) or language == "rust"):
        return TestCases()
    return test_cases(data, language) or TestCases()


def _moved(case: TestCase, added: list[TestCase]) -> bool:
    """Whether a test stands elsewhere, or under another name, with all that it asserted."""
    return bool(case.asserts) and any(not Counter(case.asserts) - Counter(other.asserts) for other in added)


def _assertions(was: Mapping[str, TestCase], now: Mapping[str, TestCase]) -> Iterator[str]:
    removed = changed = loosened = 0
    for name, before in was.items():
        if (after := now.get(name)) is None:
            continue
        lost, new = (
            Counter(before.asserts) - Counter(after.asserts),
            Counter(after.asserts) - Counter(before.asserts),
        )
        replaced = min(lost.total(), new.total())
        tolerances = sum(
            any(_TOLERANCE.search(one) and _masked(one) == _masked(other) for other in new) for one in lost
        )
        removed += lost.total() - replaced
        changed += replaced - min(tolerances, replaced)
        loosened += min(tolerances, replaced)
    if removed:
        yield f"{removed} {'assertions' if removed > 1 else 'assertion'} removed"
    if changed:
        yield f"what {changed} {'assertions expect' if changed > 1 else 'assertion expects'} changed"
    if loosened:
        yield f"{loosened} {'tolerances' if loosened > 1 else 'tolerance'} changed"


def _masked(text: str) -> str:
    return _NUMBER.sub("0", text)


def _suppressions(change: FileChange) -> Iterator[str]:
    counts = [len(_SUPPRESSED.findall(text or b"")) for text in (change.before, change.after)]
    more = counts[1] - counts[0]
    if more > 0 and language_of(change.path) not in _PROSE:
        yield f"silences {more} {'findings' if more > 1 else 'finding'} of checkers in {change.path}"


def _config_changed(change: FileChange) -> bool:
    name = change.path.rpartition("/")[2]
    if change.after is None:
        return _CONFIG.search(change.path) is not None
    before, after = change.before or b"", change.after
    if name == "pyproject.toml":
        return _toml(before) != _toml(after)
    if name == "package.json":
        return _package(before) != _package(after)
    if name == "setup.cfg":
        return _sections(before) != _sections(after)
    return before != after and _CONFIG.search(change.path) is not None


def _toml(data: bytes) -> object:
    try:
        tool = tomllib.loads(data.decode("utf-8", "replace")).get("tool", {})
    except tomllib.TOMLDecodeError:
        return None
    return {name: tool.get(name) for name in _TABLES} if isinstance(tool, dict) else None  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]


def _package(data: bytes) -> object:
    try:
        value: object = json.loads(data)
    except ValueError:
        return None
    return {n: cast("dict[str, Any]", value).get(n) for n in _PACKAGE} if isinstance(value, dict) else None


def _sections(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    return [text[m.start() :].partition("\n[")[0].strip() for m in _SECTION.finditer(text)]


def _some(what: str, names: list[str]) -> str:
    listed = ", ".join(names[:_LISTED])
    if len(names) == 1:
        return f"the {what} {listed}"
    return f"{len(names)} {what}s: {listed}" + (
        f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    )
