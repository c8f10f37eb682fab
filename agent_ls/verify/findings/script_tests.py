"""Failures of jest, vitest, mocha and node's own test runner."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from agent_ls.core.job import Failure
from agent_ls.verify.findings.words import Findings, Source, counts, message

_PLACE = re.compile(r"(?:at (?:.*?\()?|❯ (?:\S+ )?)((?:file://)?[^\s()]+?):(\d+):\d+\)?\Z")
_JEST = re.compile(r"  ● (.+)\Z")
_JEST_FILE = re.compile(r"FAIL (?:\S+ )?(\S+\.\w+)(?: \([0-9.]+ m?s\))?\Z")
_JEST_TOTAL = re.compile(r"Tests:\s+(.*), \d+ total")
_VITEST = re.compile(r" FAIL  (?:\|[^|]*\| )?(\S+\.\w+)(?: > (.+)| \[ .+ \])?\Z")
_VITEST_TOTAL = re.compile(r"\s+Tests  (.*) \((\d+)\)\Z")
_MOCHA_COUNT = re.compile(r"  (\d+) (passing|failing)\b")
_MOCHA = re.compile(r"  (\d+)\) (.+)\Z")
_TAP = re.compile(r"\s*not ok \d+ - (.+?)(?: # .*)?\Z")
_TAP_PLACE = re.compile(r"\s*location: '(.+):(\d+):\d+'\Z")
_TAP_TOTAL = re.compile(r"(?:#|ℹ) (tests|fail) (\d+)\Z")
_SPEC_PLACE = re.compile(r"test at (.+):(\d+):\d+\Z")
_SPEC = re.compile(r"\s*✖ (.+?) \([0-9.]+ms\)\Z")
_BLOCK = 120


def _place(source: Source, lines: Iterable[str]) -> tuple[str, int]:
    """The first place of the workspace that a stack names."""
    for line in lines:
        if (match := _PLACE.search(line)) and (own := source.path(match.group(1))):
            return own, int(match.group(2))
    return "", 0


def read_jest(source: Source) -> Findings:
    found: dict[str, Failure] = {}
    failed = ran = None
    file = ""
    for at, line in enumerate(source.lines):
        if match := _JEST_FILE.match(line):
            file = source.path(match.group(1))
        elif (match := _JEST.match(line)) and file:
            block = _until(
                source.lines[at + 1 : at + _BLOCK], lambda text: text.startswith(("  ● ", "FAIL "))
            )
            path, number = _place(source, block)
            test = f"{file} › {match.group(1)}"
            said = _until(block, lambda text: "|" in text or text.strip().startswith("at "))
            found.setdefault(test, Failure(test, path or file, number, message(said)))
        elif match := _JEST_TOTAL.match(line):
            told = counts(match.group(1))
            failed, ran = told.get("failed", 0), told.get("failed", 0) + told.get("passed", 0)
    return Findings(tuple(found.values()), failed, ran)


def read_vitest(source: Source) -> Findings:
    found: dict[str, Failure] = {}
    failed = ran = None
    for at, line in enumerate(source.lines):
        if match := _VITEST.match(line):
            file, name = source.path(match.group(1)), match.group(2)
            block = _until(source.lines[at + 1 : at + _BLOCK], lambda text: text.startswith(("⎯⎯", " FAIL ")))
            path, number = _place(source, block)
            said = _until(block, lambda text: text.startswith(" ❯ "))
            test = f"{file} > {name}" if name else file
            found.setdefault(test, Failure(test, path or file, number, message(said)))
        elif match := _VITEST_TOTAL.match(line):
            told = counts(match.group(1))
            failed, ran = told.get("failed", 0), told.get("failed", 0) + told.get("passed", 0)
    return Findings(tuple(found.values()), failed, ran)


def read_mocha(source: Source) -> Findings:
    told = {
        match.group(2): (int(match.group(1)), at)
        for at, line in enumerate(source.lines)
        if (match := _MOCHA_COUNT.match(line))
    }
    if not told:
        return Findings()
    found: list[Failure] = []
    if "failing" in told:
        lines = source.lines[told["failing"][1] :]
        starts = [at for at, line in enumerate(lines) if _MOCHA.match(line)]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            block = lines[start:end]
            title = _until(block, lambda text: not text.strip())
            name = " ".join(line.strip() for line in title).partition(") ")[2].removesuffix(":")
            path, number = _place(source, block)
            said = _until(block[len(title) + 1 :], lambda text: text.strip().startswith("at "))
            found.append(Failure(name, path, number, message(said)))
    failing, passing = (told.get(word, (0, 0))[0] for word in ("failing", "passing"))
    return Findings(tuple(found), failing, failing + passing)


def read_node_test(source: Source) -> Findings:
    """TAP, as node and others write it, and node's own listing of what failed."""
    found: dict[str, Failure] = {}
    total: dict[str, int] = {}
    for at, line in enumerate(source.lines):
        if match := _TAP.match(line):
            block = _until(source.lines[at + 1 : at + _BLOCK], lambda text: text.strip() == "...")
            if any("subtestsFailed" in text for text in block):
                continue
            found.setdefault(match.group(1), _tap(source, match.group(1), block))
        elif (match := _SPEC_PLACE.match(line)) and (
            spec := _SPEC.match(source.lines[min(at + 1, len(source.lines) - 1)])
        ):
            block = _until(source.lines[at + 2 : at + _BLOCK], lambda text: text.startswith("test at "))
            path, number = _place(source, block)
            said = _until(block, lambda text: text.strip().startswith("at "))
            own = source.path(match.group(1))
            failure = Failure(spec.group(1), path or own, number or int(match.group(2)), message(said))
            found.setdefault(failure.test, failure)
        elif match := _TAP_TOTAL.match(line):
            total[match.group(1)] = int(match.group(2))
    return Findings(tuple(found.values()), total.get("fail"), total.get("tests"))


def _tap(source: Source, name: str, block: list[str]) -> Failure:
    path, number = "", 0
    said: list[str] = []
    inside = False
    for text in block:
        word = text.strip()
        if match := _TAP_PLACE.match(text):
            path, number = source.path(match.group(1)), int(match.group(2))
        elif word.startswith(("error:", "message:")):
            inside = word.endswith(("|-", "|", ">-"))
            said += [] if inside else [word.partition(":")[2].strip().strip("'\"")]
        elif inside and not re.match(r"\w+: ", word):
            said.append(word)
        else:
            inside = False
    return Failure(name, path, number, message(said))


def _until(lines: list[str], stop: Callable[[str], bool]) -> list[str]:
    taken: list[str] = []
    for line in lines:
        if stop(line):
            break
        taken.append(line)
    return taken
