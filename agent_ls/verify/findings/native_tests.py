"""Failures of go test, cargo test, and of tests on the JVM (maven, gradle)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from agent_ls.core.job import Failure
from agent_ls.verify.findings.words import Findings, Source, message

_GO_FAIL = re.compile(r"(\s*)--- (FAIL|PASS|SKIP): (\S+) \([0-9.]+s\)")
_GO_PACKAGE = re.compile(r"(FAIL|ok  ?|---)\t(\S+)\t?")
_GO_PLACE = re.compile(r"\s+(\S+\.go):(\d+): ?(.*)")
_GO_PANIC = re.compile(r"panic: (.*)")
_GO_STACK = re.compile(r"\t(/\S+\.go):(\d+)\b")
_CARGO_HEAD = re.compile(r"---- (.+) stdout ----\Z")
_CARGO_PLACE = re.compile(r"thread '.*' (?:\(\d+\) )?panicked at (?:'(.*)', )?([^\s']+):(\d+):\d+:?\Z")
_CARGO_TOTAL = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed;")
_MAVEN = re.compile(
    r"\[ERROR\]\s+([A-Za-z_$][\w.$]*?)(?:\.|#)(\w+(?:\[.*?\]|\(.*?\))?):(\d+)(?:->\S+)? ?(.*)\Z"
)
_MAVEN_TOTAL = re.compile(
    r"\[(?:ERROR|INFO|WARNING)\] Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: \d+\Z"
)
_GRADLE = re.compile(r"(\w[\w.$]*) > (.+) FAILED\Z")
_GRADLE_TOTAL = re.compile(r"(\d+) tests? completed, (\d+) failed")
_JVM_PLACE = re.compile(r"\bat (?:[\w.$]+\()?(\w+\.(?:java|kt|groovy)):(\d+)\)?\Z")


def read_go(source: Source) -> Findings:
    lines = list(_go_text(source.lines))
    found: list[Failure] = []
    pending: list[Failure] = []
    ran = seen = 0
    for at, line in enumerate(lines):
        if match := _GO_FAIL.match(line):
            ran += 1
            if match.group(2) == "FAIL":
                pending.append(_go_failure(source, match, _go_said(lines, at)))
        elif match := _GO_PANIC.match(line):
            # The test that panicked was named just before.
            test = pending.pop().test if pending and not pending[-1].message else "panic"
            pending.append(_go_panic(source, test, match, lines[at + 1 : at + 80]))
        elif match := _GO_PACKAGE.match(line):
            seen += 1
            # The package is named after its tests: a path of theirs is a bare name until then.
            found += [_in_package(failure, match.group(2)) for failure in pending]
            pending = []
    if not seen and not ran:
        return Findings()
    leaves = [
        f for f in (*found, *pending) if not any(o.test.startswith(f"{f.test}/") for o in (*found, *pending))
    ]
    return Findings(tuple(leaves), len(leaves) or None, ran or None)


def _go_text(lines: list[str]) -> Iterator[str]:
    """The output of ``go test -json`` as ``go test`` would have written it; other text as it is."""
    for line in lines:
        if line.startswith('{"') and '"Action"' in line:
            try:
                event: Any = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and isinstance(text := event.get("Output"), str):  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
                yield text.rstrip("\n")
        else:
            yield line


def _go_said(lines: list[str], at: int) -> list[str]:
    """What a test said: below its verdict, or above it (``-v``, ``-json``)."""
    below = list(takewhile(_go_indented, lines[at + 1 : at + 60]))
    above = list(takewhile(_go_indented, reversed(lines[max(0, at - 60) : at])))
    return below or above[::-1]


def _go_indented(line: str) -> bool:
    return line.startswith((" ", "\t")) and not _GO_FAIL.match(line)


def _go_failure(source: Source, head: re.Match[str], block: list[str]) -> Failure:
    path, number, said = "", 0, list[str]()
    for line in block:
        if (place := _GO_PLACE.match(line)) and not path:
            path, number = source.path(place.group(1)), int(place.group(2))
            said.append(place.group(3))
        else:
            said.append(line)
    return Failure(head.group(3), path, number, message(said))


def _go_panic(source: Source, test: str, head: re.Match[str], block: list[str]) -> Failure:
    places = (place for line in block if (place := _GO_STACK.match(line)))
    own = next(((path, int(p.group(2))) for p in places if (path := source.path(p.group(1)))), ("", 0))
    return Failure(test, *own, message([head.group(1)]))


def _in_package(failure: Failure, package: str) -> Failure:
    path = f"{package}/{failure.path}" if failure.path and "/" not in failure.path else failure.path
    return Failure(f"{package}.{failure.test}", path, failure.line, failure.message)


def read_cargo(source: Source) -> Findings:
    found: dict[str, Failure] = {}
    passed = failed = 0
    seen = False
    for at, line in enumerate(source.lines):
        if head := _CARGO_HEAD.match(line):
            failure = _cargo_failure(source, head.group(1), source.lines[at + 1 : at + 80])
            found.setdefault(failure.test, failure)
        elif total := _CARGO_TOTAL.match(line):
            seen = True
            passed, failed = passed + int(total.group(1)), failed + int(total.group(2))
    if not seen:
        return Findings(tuple(found.values()))
    return Findings(tuple(found.values()), failed, passed + failed)


def _cargo_failure(source: Source, test: str, block: list[str]) -> Failure:
    path, number, said = "", 0, list[str]()
    for line in block:
        if line.startswith(("---- ", "stack backtrace:", "note: ", "failures:")):
            break
        if place := _CARGO_PLACE.match(line):
            path, number = source.path(place.group(2)), int(place.group(3))
            said = [place.group(1) or ""]
        else:
            said.append(line)
    return Failure(test, path, number, message(said))


def read_jvm(source: Source) -> Findings:
    found: dict[str, Failure] = {}
    ran = failed = None
    for at, line in enumerate(source.lines):
        if match := _MAVEN.match(line):
            group, name, number, said = match.groups()
            path = group.rpartition(".")[2].partition("$")[0] + ".java"
            found.setdefault(
                f"{group}.{name}", Failure(f"{group}.{name}", path, int(number), message([said]))
            )
        elif match := _GRADLE.match(line):
            block = source.lines[at + 1 : at + 8]
            place = next((m for text in block if (m := _JVM_PLACE.search(text))), None)
            test = f"{match.group(1)}.{match.group(2)}"
            path, number = (place.group(1), int(place.group(2))) if place else ("", 0)
            found.setdefault(test, Failure(test, path, number, message(block[:1])))
        elif match := _MAVEN_TOTAL.match(line):
            ran, failed = int(match.group(1)), int(match.group(2)) + int(match.group(3))
        elif match := _GRADLE_TOTAL.match(line):
            ran, failed = int(match.group(1)), int(match.group(2))
    return Findings(tuple(found.values()), failed, ran)
