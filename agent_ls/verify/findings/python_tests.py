"""Failures of pytest and unittest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_ls.core.job import Failure
from agent_ls.verify.findings.words import Findings, Source, counts, message

_SUMMARY = re.compile(r"(FAILED|ERROR) ([^\s:]+(?:\.py|\.\w+)?(?:::.+?)?)(?: - (.*))?\Z")
_TOTAL = re.compile(r"(?:=+ )?((?:\d+ [a-z]+,? ?)+) in [0-9.]+s")
_SECTION = re.compile(r"_{2,} (.+?) _{2,}\Z")
_STAGE = re.compile(r"ERROR (?:at (?:setup|teardown) of|collecting) ")
_FRAME = re.compile(r"([^\s:][^:]*\.pyi?):(\d+): ")
_FILE = re.compile(r'\s*File "([^"]+)", line (\d+)')
_UNIT = re.compile(r"(ERROR|FAIL|UNEXPECTED SUCCESS): (\S+) \(([^)]*)\)(.*)")
_UNIT_RAN = re.compile(r"Ran (\d+) tests? in ")
_UNIT_END = re.compile(r"FAILED \((.*)\)\Z")


def read_pytest(source: Source) -> Findings:
    """By the short summary, with place and message from the section of the same name."""
    sections = dict(_sections(source))
    found: dict[str, Failure] = {}
    failed = ran = None
    in_summary = False
    for line in source.lines:
        in_summary = in_summary or "short test summary info" in line
        if in_summary and (match := _SUMMARY.match(line)):
            _, test, said = match.groups()
            path, line_number, words = sections.get(_title(test), ("", 0, ""))
            own = source.path(test.partition("::")[0])
            found.setdefault(test, Failure(test, path or own, line_number, words or message([said or ""])))
        elif total := _TOTAL.match(line):
            told = counts(total.group(1))
            failed = told.get("failed", 0) + told.get("errors", 0) + told.get("error", 0)
            ran = told.get("passed", 0) + failed
    return Findings(tuple(found.values()), failed, ran)


def _title(test: str) -> str:
    """A section's title: ``tests/a.py::T::test_x[1]`` has ``T.test_x[1]``, a collected file its path."""
    path, _, inner = test.partition("::")
    name, bracket, case = inner.partition("[")
    return name.replace("::", ".") + bracket + case if inner else path


def _sections(source: Source) -> Iterator[tuple[str, tuple[str, int, str]]]:
    """Each failure's title with the innermost place in the workspace and what was said."""
    title, path, number = "", "", 0
    said: list[str] = []
    for line in [*source.lines, "= end ="]:
        header = _SECTION.match(line)
        if header or line.startswith("="):
            if title:
                yield title, (path, number, message(said))
            title = _STAGE.sub("", header.group(1)) if header else ""
            path, number, said = "", 0, []
        elif place := _FRAME.match(line) or _FILE.match(line):
            if own := source.path(place.group(1)):
                path, number = own, int(place.group(2))
        elif line.startswith("E   "):
            said.append(line[4:])


def read_unittest(source: Source) -> Findings:
    """By its blocks between double rules."""
    found: dict[str, Failure] = {}
    ran = failed = None
    for at, line in enumerate(source.lines):
        if (header := _UNIT.match(line)) and at and source.lines[at - 1].startswith("====="):
            failure = _unit_failure(source, at, header)
            found.setdefault(failure.test, failure)
        elif total := _UNIT_RAN.match(line):
            ran = (ran or 0) + int(total.group(1))
        elif ran is not None and (end := _UNIT_END.match(line)):
            told = dict(re.findall(r"(failures|errors)=(\d+)", end.group(1)))
            failed = sum(int(number) for number in told.values())
    return Findings(tuple(found.values()), failed, ran)


def _unit_failure(source: Source, at: int, header: re.Match[str]) -> Failure:
    _, name, where, case = header.groups()
    test = where if where.endswith(f".{name}") else f"{where}.{name}"
    path, number = "", 0
    said: list[str] = []
    for line in source.lines[at + 1 : at + 400]:
        if line.startswith(("=====", "Ran ")) or (line.startswith("-----") and said):
            break
        if place := _FILE.match(line):
            said = []
            if own := source.path(place.group(1)):
                path, number = own, int(place.group(2))
        elif line and not line.startswith((" ", "Traceback", "-----")):
            said.append(line)
    return Failure(f"{test}{case.rstrip()}", path, number, message(said))
