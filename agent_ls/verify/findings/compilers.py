"""Errors of compilers, type checkers and linters: they all name a file, a line and a rule.

Warnings are passed over where the tool tells them apart: they fail nothing by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_ls.core.job import Failure
from agent_ls.verify.findings.words import Source, message

_GNU = re.compile(
    r"(?P<path>[^\s:()][^:()]*\.\w+):(?P<line>\d+)(?::(?P<column>\d+))?: (?:(?P<how>fatal error|error|warning|note): )?(?P<said>.+)\Z"
)
_RULE_BEHIND = re.compile(r"(.*?)\s+\[([\w-]+)\]\Z")
_RULE_BEFORE = re.compile(r"([A-Z]+[0-9]+)(?: \[\*\])? (.*)\Z")
_TSC = re.compile(
    r"(\S.*?)(?:\((\d+),\d+\)|:(\d+):\d+ -): error (TS\d+): (.*)\Z|(\S+?):(\d+):\d+ - error (TS\d+): (.*)\Z"
)
_PYRIGHT = re.compile(r"\s+(\S.*?):(\d+):\d+ - error: (.*?)(?: \((report\w+)\))?\Z")
_RUSTC = re.compile(r"error(?:\[(E\d+)\])?: (.*)\Z")
_ARROW = re.compile(r"\s*--> (.+?):(\d+):\d+\Z")
_RUFF_FULL = re.compile(r"([A-Z]+[0-9]+|invalid-syntax)(?: \[\*\])?:? (.+)\Z")
_ESLINT_FILE = re.compile(r"(/?[^\s:]\S*\.(?:[cm]?[jt]sx?|vue|svelte))\Z")
_ESLINT = re.compile(r"\s+(\d+):\d+\s+error\s+(.+?)(?:\s{2,}(\S+))?\Z")
_BIOME = re.compile(r"(\S+?):(\d+):\d+ (lint/\S+|parse|assist/\S+|format)\s")
_MAVEN = re.compile(r"\[ERROR\] (/\S+\.(?:java|kt)):\[(\d+),\d+\] (.*)\Z")
_GO_VET = re.compile(r"vet: (.+\.go):(\d+):\d+: (.*)\Z")


def read_compilers(source: Source) -> Iterator[Failure]:
    """Every error, in order; none twice in a row."""
    file = ""
    for at, line in enumerate(source.lines):
        following = source.lines[at + 1 : at + 6]
        if match := _ESLINT_FILE.match(line):
            file = source.path(match.group(1))
        elif file and (match := _ESLINT.match(line)):
            number, said, rule = match.groups()
            yield Failure(rule or "syntax", file, int(number), message([said]))
        elif not line:
            file = ""
        elif failure := _one(source, line, following):
            yield failure


def _one(source: Source, line: str, following: list[str]) -> Failure | None:
    if match := _TSC.match(line):
        groups = match.groups()
        path, number, rule, said = (
            (groups[0], groups[1] or groups[2], groups[3], groups[4]) if groups[0] else groups[5:]
        )
        return _failure(source, str(rule), str(path), str(number), str(said))
    if match := _PYRIGHT.match(line):
        path, number, said, rule = match.groups()
        if not rule and following and (more := re.match(r"\s+(.*?) \((report\w+)\)\Z", following[0])):
            rule = more.group(2)
        return _failure(source, rule or "error", path, number, said)
    if match := _MAVEN.match(line):
        return _failure(source, "compile", *match.groups())
    if match := _GO_VET.match(line):
        return _failure(source, "vet", *match.groups())
    if match := _BIOME.match(line):
        said = next((text.strip()[2:] for text in following if text.strip().startswith(("✖", "×"))), "")
        return _failure(source, match.group(3), match.group(1), match.group(2), said) if said else None
    place = _ARROW.match(following[0]) if following else None
    for pattern in (_RUSTC, _RUFF_FULL):
        if place and (match := pattern.match(line)):
            return _failure(source, match.group(1) or "error", place.group(1), place.group(2), match.group(2))
    return _gnu(source, line)


def _gnu(source: Source, line: str) -> Failure | None:
    """``path:line:column: error: text``, as gcc, javac, mypy, go and ruff write it."""
    match = _GNU.match(line)
    if match is None or match["how"] in ("warning", "note"):
        return None
    said, rule = match["said"], ""
    if before := _RULE_BEFORE.match(said):
        rule, said = before.groups()
    elif match["how"] and (behind := _RULE_BEHIND.match(said)):
        said, rule = behind.groups()
    elif not match["how"] and not (match["column"] and match["path"].endswith(".go")):
        return None  # a stack's frame, or prose
    return _failure(source, rule or "error", match["path"], match["line"], said)


def _failure(source: Source, rule: str, path: str, line: str, said: str) -> Failure | None:
    own = source.path(path)
    return Failure(rule, own, int(line), message([said])) if own else None
