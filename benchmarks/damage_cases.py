"""Cases for `benchmarks.damage`: real changes of files, asked for in every format, damaged, with the truth.

A change of a file in a commit is cut into hunks of signed lines. A damage rewords these lines, the
request made of them, or the text of now, and says what must become of it.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent_ls.core.alignment import gaps

Json = dict[str, Any]
Line = tuple[str, str]
"""A sign (blank, ``-``, ``+``) and a line's text."""

MAX_BYTES = 300_000
MAX_HUNKS = 6
MAX_CHANGED = 60


@dataclass(frozen=True)
class Hunk:
    """Signed lines; ``start``: the 0-based line of the text at which they begin."""

    start: int
    lines: tuple[Line, ...]

    @property
    def old(self) -> list[str]:
        return [text for sign, text in self.lines if sign != "+"]

    @property
    def new(self) -> list[str]:
        return [text for sign, text in self.lines if sign != "-"]

    @property
    def end(self) -> int:
        return self.start + len(self.old)

    @property
    def changed(self) -> list[int]:
        """0-based lines of the text that go."""
        at, found = self.start, []
        for sign, _ in self.lines:
            if sign == "-":
                found.append(at)
            at += sign != "+"
        return found

    def reworded(self, reword: Callable[[Line], str]) -> Hunk:
        return replace(self, lines=tuple((line[0], reword(line)) for line in self.lines))


@dataclass(frozen=True)
class Change:
    """One file's change; ``hunks`` lead from ``base`` to ``after``, whose line ends are all ``\\n``."""

    name: str
    path: str
    base: str
    after: str
    hunks: tuple[Hunk, ...]
    unique: bool
    """Whether each hunk stands once in the text even if blanks are not compared."""


@dataclass
class Case:
    """A request and what must become of it. ``expect``: apply, refuse, or either (exactly)."""

    cls: str
    fmt: str
    path: str
    base: str
    now: str
    edit: Json
    accept: list[str]
    expect: str
    target: list[tuple[int, int]] = field(default_factory=list)
    name: str = ""


class Repository:
    """A git directory, read only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = (path.parent if path.name in ("repo", ".git") else path).name

    def _git(self, *args: str) -> bytes:
        return subprocess.run(["git", "-C", str(self.path), *args], capture_output=True, check=False).stdout

    def changes(self, rng: random.Random) -> Iterator[Change]:
        """Changes of text files by commits in random order, at most two of a commit."""
        commits = self._git("log", "--all", "--no-merges", "--format=%H").decode().split()
        rng.shuffle(commits)
        for commit in commits:
            raw = self._git("diff-tree", "-r", "-z", "--no-commit-id", commit).decode("utf-8", "replace")
            fields = raw.split("\0")
            modified = [
                (meta.split()[2], meta.split()[3], path)
                for meta, path in zip(fields[::2], fields[1::2], strict=False)
                if meta.endswith(" M") and meta.startswith(":100")
            ]
            rng.shuffle(modified)
            for old, new, path in modified[:2]:
                texts = [self._text(old), self._text(new)]
                if texts[0] is None or texts[1] is None:
                    continue
                change = change_of(f"{self.name} {commit[:10]} {path}", path, texts[0], texts[1], rng)
                if change is not None:
                    yield change

    def _text(self, blob: str) -> str | None:
        data = self._git("cat-file", "blob", blob)
        if not data or len(data) > MAX_BYTES or b"\0" in data or b"\r" in data:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return None


def change_of(name: str, path: str, base: str, after: str, rng: random.Random) -> Change | None:
    """The change between two texts as hunks, each with context until it stands once; ``None`` if it is none."""
    if not base.strip() or not after.strip() or (base[-1:] == "\n") != (after[-1:] == "\n"):
        return None
    final = base[-1:] == "\n"  # then the last, empty item is no line
    old, new = (text.split("\n")[: -1 if final else None] for text in (base, after))
    found = gaps(old, new)
    if not 0 < len(found) <= MAX_HUNKS or sum(b - a + d - c for a, b, c, d in found) > MAX_CHANGED:
        return None
    context = rng.choice((1, 2, 3, 3))
    count = len(old)
    loose, exact = ["".join(line.split()) for line in old], old
    ranges: list[list[int]] = []
    unique = True
    for first, last, _, _ in found:
        start, end = max(0, first - context), min(count, max(last, first) + context)
        while _places(loose, loose[start:end]) > 1 and (start > 0 or end < count) and end - start < 40:
            start, end = max(0, start - 1), min(count, end + 1)
        if _places(exact, exact[start:end]) != 1 or end <= start:
            return None
        unique = unique and _places(loose, loose[start:end]) == 1
        if ranges and start <= ranges[-1][1]:
            ranges[-1][1] = max(end, ranges[-1][1])
        else:
            ranges.append([start, end])
    hunks = tuple(_hunk(old, new, found, start, end) for start, end in ranges)
    if any(not any(line.strip() for line in hunk.old) for hunk in hunks):
        return None
    return Change(name, path, base, after, hunks, unique)


def _places(lines: Sequence[str], wanted: Sequence[str]) -> int:
    if not wanted:
        return 2
    return sum(
        1 for at, line in enumerate(lines) if line == wanted[0] and lines[at : at + len(wanted)] == wanted
    )


def _hunk(old: list[str], new: list[str], found: Sequence[tuple[int, ...]], start: int, end: int) -> Hunk:
    lines: list[Line] = []
    at = start
    for first, last, new_first, new_last in found:
        if start <= first and last <= end:
            lines += [(" ", text) for text in old[at:first]]
            lines += [("-", text) for text in old[first:last]]
            lines += [("+", text) for text in new[new_first:new_last]]
            at = last
    return Hunk(start, (*lines, *((" ", text) for text in old[at:end])))


def with_hunks(text: str, hunks: Sequence[Hunk]) -> str:
    """A text with its hunks done."""
    lines = text.split("\n")
    for hunk in reversed(hunks):
        lines[hunk.start : hunk.end] = hunk.new
    return "\n".join(lines)


# --- requests ---------------------------------------------------------------------------


def str_replace(path: str, hunks: Sequence[Hunk], end: str = "\n") -> Json:
    """The hunks as replacements of whole lines; without the last line end, as models mostly send them."""
    edits = [{"old_str": end.join(hunk.old), "new_str": end.join(hunk.new)} for hunk in hunks]
    for hunk, edit in zip(hunks, edits, strict=True):
        if not hunk.new:  # else an empty line would stay
            edit["old_str"] += end
    return {"type": "str_replace", "path": path, "edits": edits}


def apply_patch(path: str, hunks: Sequence[Hunk]) -> Json:
    body = [line for hunk in hunks for line in ("@@", *(sign + text for sign, text in hunk.lines))]
    text = "\n".join(["*** Begin Patch", f"*** Update File: {path}", *body, "*** End Patch"])
    return {"type": "apply_patch", "path": path, "patch": text}


def udiff(path: str, hunks: Sequence[Hunk], shift: Callable[[int], int] = lambda n: n) -> Json:
    out = [f"--- a/{path}", f"+++ b/{path}"]
    moved = 0
    for hunk in hunks:
        old, new = len(hunk.old), len(hunk.new)
        out.append(f"@@ -{shift(hunk.start + 1)},{old} +{shift(hunk.start + 1 + moved)},{new} @@")
        out += [sign + text for sign, text in hunk.lines]
        moved += new - old
    return {"type": "udiff", "path": path, "diff": "\n".join(out) + "\n"}


FORMATS: dict[str, Callable[[str, Sequence[Hunk]], Json]] = {
    "str_replace": str_replace,
    "apply_patch": apply_patch,
    "udiff": udiff,
}


def case_of(
    cls: str, change: Change, fmt: str, hunks: Sequence[Hunk] | None = None, expect: str = "apply"
) -> Case:
    """A case whose request is made of (damaged) hunks, and whose truth is the change itself."""
    if fmt == "str_replace" and any(change.base.count("\n".join(hunk.old)) > 1 for hunk in change.hunks):
        expect = "either" if expect == "apply" else expect  # parts of other lines read the same
    edit = FORMATS[fmt](change.path, change.hunks if hunks is None else hunks)
    target = [(hunk.start + 1, hunk.end) for hunk in change.hunks]
    return Case(
        cls, fmt, change.path, change.base, change.base, edit, [change.after], expect, target, change.name
    )


def map_texts(edit: Json, reword: Callable[[str], str]) -> Json:
    """A request with every text of it reworded."""
    if edit["type"] == "str_replace":
        items = [{key: reword(text) for key, text in item.items()} for item in edit["edits"]]
        return {**edit, "edits": items}
    key = {"apply_patch": "patch", "udiff": "diff", "whole": "content", "insert": "insert_text"}[edit["type"]]
    return {**edit, key: reword(edit[key])}
