"""Unified diffs and ``*** Begin Patch`` texts, read as models write them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from agent_ls.core.matching.blocks import Block, HunkLine, of_hunk
from agent_ls.core.matching.source import flatten

_FENCE = re.compile(r"\s*(```|~~~)[^`~]*")
_RANGE = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SECTION = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = re.compile(r"\*\*\* Move to: (.+)")


@final
@dataclass(frozen=True, slots=True)
class FormatProblem:
    """Why a text is not in the format it claims."""

    error: str


@final
@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk: its readings, the likeliest first; ``stated`` is its header's (start, old, new start, new).

    ``lines``: as they were sent, from which `signed_again` makes one more reading.
    """

    readings: tuple[Block, ...]
    stated: tuple[int, int, int, int] | None = None
    lines: tuple[HunkLine, ...] = ()

    def signed_again(self, bodies: Collection[str]) -> tuple[Block, ...]:
        """The hunk where some kept lines lack their sign: those that only so are lines of the file."""
        again = [
            _unprefixed(line) if line.text not in bodies and line.raw in bodies else line
            for line in self.lines
        ]
        if again == list(self.lines) or not self.readings:
            return ()
        return (replace(of_hunk(again), **self._place()),)

    def _place(self) -> dict[str, Any]:
        first = self.readings[0]
        return {"heading": first.heading, "at_end": first.at_end, "start": first.start}


@final
@dataclass(frozen=True, slots=True)
class Section:
    """What a patch does to one file. ``content``: the text of an added file."""

    action: str
    path: str
    hunks: tuple[Hunk, ...] = ()
    move_to: str | None = None
    content: str | None = None


def parse_udiff(text: str) -> list[Hunk] | FormatProblem:
    """The hunks of a unified diff of one file."""
    lines = unfenced(flatten(text).split("\n"))
    hunks: list[Hunk] = []
    current: list[str] | None = None
    header = ""
    files: set[str] = set()
    for index, line in enumerate(lines):
        if _is_file_header(lines, index) or line.startswith("diff --git "):
            if current is not None:
                hunks.append(_hunk(current, header))
            current = None
        elif line.startswith("@@"):
            if current is not None:
                hunks.append(_hunk(current, header))
            current, header = [], line
        elif current is not None:
            current.append(line)
        elif line.startswith("+++ "):
            files.add(line[4:].split("\t")[0].strip())
    if current is not None:
        hunks.append(_hunk(current, header))
    if len(files) > 1:
        return FormatProblem("The diff changes several files. Nothing was changed. Send one diff per file.")
    hunks = [hunk for hunk in hunks if hunk.readings]
    if not hunks:
        return FormatProblem(
            "No hunk was found in the diff. Nothing was changed. Begin each hunk with a line '@@', then lines that begin "
            "with ' ' (kept), '-' (removed) or '+' (added)."
        )
    return hunks


def _is_file_header(lines: Sequence[str], index: int) -> bool:
    """Whether ``--- `` begins a file here: a removed line ``-- x`` looks the same, but no ``+++`` follows it."""
    return (
        lines[index].startswith("--- ")
        and index + 2 < len(lines)
        and lines[index + 1].startswith("+++ ")
        and lines[index + 2].startswith("@@")
    )


def parse_patch(text: str) -> list[Section] | FormatProblem:
    """The sections of a ``*** Begin Patch`` text; its first and last line may be missing."""
    sections: list[Section] = []
    body: list[str] = []
    for line in unfenced(flatten(text).split("\n")):
        head = _SECTION.fullmatch(line.rstrip())
        if head:
            _close(sections, body)
            body = []
            sections.append(Section(head[1].lower(), head[2].strip()))
        elif line.rstrip() in ("*** Begin Patch", "*** End Patch"):
            if line.startswith("*** End"):
                break
        else:
            body.append(line)
    _close(sections, body)
    if not sections:
        return FormatProblem(
            "The patch names no file. Nothing was changed. A line '*** Update File: path' must come before its hunks."
        )
    return sections


def _close(sections: list[Section], body: list[str]) -> None:
    """Give the last section its body."""
    if not sections:
        return
    section = sections.pop()
    while body and not body[-1].strip() and section.action != "update":
        body = body[:-1]
    if section.action == "add":
        content = "".join(f"{line.removeprefix('+')}\n" for line in body)
        section = replace(section, content=content)
    elif section.action == "update":
        if body and (move := _MOVE.fullmatch(body[0].rstrip())):
            section, body = replace(section, move_to=move[1].strip()), body[1:]
        section = replace(section, hunks=tuple(_patch_hunks(body)))
    sections.append(section)


def _patch_hunks(body: Iterable[str]) -> Iterable[Hunk]:
    lines: list[str] = []
    headings: list[str] = []
    at_end = False
    for line in [*body, "@@"]:
        if not line.startswith("@@") and line.rstrip() != "*** End of File":
            lines.append(line)
            continue
        if line.startswith("***"):
            at_end = True
            continue
        if any(item.strip() for item in lines):
            hunk = _hunk(lines, "")
            blocks = (replace(b, heading=tuple(headings), at_end=at_end) for b in hunk.readings)
            if hunk.readings:  # else it changes nothing
                yield Hunk(tuple(blocks), lines=hunk.lines)
            headings = []
        lines, at_end = [], False
        heading = line[2:].strip().removesuffix("@@").strip()
        if heading and not heading.startswith("-"):
            headings.append(heading)


def unfenced(lines: list[str]) -> list[str]:
    """The lines without a Markdown fence around them, and without blank lines outside of it."""
    first, last = 0, len(lines)
    while last > first and not lines[last - 1].strip():
        last -= 1
    start = first
    while start < last and not lines[start].strip():
        start += 1
    if start < last and _FENCE.fullmatch(lines[start]):
        first = start + 1
        if last > first and _FENCE.fullmatch(lines[last - 1]):
            last -= 1
        return lines[first:last]
    if last > first and lines[last - 1].strip() in ("```", "~~~"):
        return lines[first : last - 1]
    return lines


def _hunk(raw: list[str], header: str) -> Hunk:
    """A hunk's readings: with the blank lines at its end as context, then without them."""
    stated = _RANGE.match(header)
    lines = [_hunk_line(line) for line in raw if not line.startswith("\\")]
    if lines and not lines[-1].raw:
        lines = lines[:-1] if not stated or _old_count(lines) != int(stated[2] or 1) else lines
    variants = [lines]
    shorter = list(lines)
    while shorter and not shorter[-1].raw:
        shorter.pop()
    if len(shorter) != len(lines):
        variants.append(shorter)
    variants += [[_unprefixed(line) for line in variant] for variant in variants]
    blocks = tuple(dict.fromkeys(of_hunk(v) for v in variants if any(line.sign != " " for line in v)))
    numbers = (int(stated[1]), int(stated[2] or 1), int(stated[3]), int(stated[4] or 1)) if stated else None
    if numbers:
        blocks = tuple(replace(block, start=numbers[0]) for block in blocks)
    return Hunk(blocks, numbers, tuple(lines))


def _old_count(lines: Sequence[HunkLine]) -> int:
    return sum(line.sign != "+" for line in lines)


def _hunk_line(line: str) -> HunkLine:
    if line[:1] in ("+", "-", " "):
        return HunkLine(line[0], line[1:], line)
    return HunkLine(" ", line, line)


def _unprefixed(line: HunkLine) -> HunkLine:
    """A context line whose leading blank the model forgot."""
    return HunkLine(" ", line.raw, line.raw) if line.sign == " " else line
