"""Damages of `benchmarks.damage` to the lay-out of a request: blanks, line ends, numbers, fences, headers.

Each takes a random source, a change and a format, and gives a case or ``None`` where it does not
apply. ``expect`` is "apply" only where the request still says, to whoever reads it, what is meant.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.damage_cases import (
    Case,
    Change,
    Hunk,
    Line,
    case_of,
    map_texts,
    udiff,
)

Kind = Callable[[random.Random, Change, str], Case | None]


def indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def expect(change: Change) -> str:
    return "apply" if change.unique else "either"


def clean(_rng: random.Random, change: Change, fmt: str) -> Case | None:
    return case_of("clean", change, fmt)


def eol(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """CRLF in the file, in the request, or in both."""
    case = case_of("eol", change, fmt)
    side = rng.randrange(3)
    if side != 1:
        case.base = case.now = case.base.replace("\n", "\r\n")
        case.accept = [text.replace("\n", "\r\n") for text in case.accept]
    if side != 0:
        case.edit = map_texts(case.edit, lambda text: text.replace("\n", "\r\n"))
    return case


def bom(_rng: random.Random, change: Change, fmt: str) -> Case | None:
    case = case_of("bom", change, fmt)
    case.base = case.now = "\ufeff" + case.base
    case.accept = ["\ufeff" + text for text in case.accept]
    return case


def no_final(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """No final newline in the file; half of the time git says so in the diff."""
    case = case_of("no_final", change, fmt)
    if not (change.base.endswith("\n") and change.after.endswith("\n")):
        return None
    case.base = case.now = case.base[:-1]
    case.accept = [text[:-1] for text in case.accept]
    if case.base[-1:] == "\n" or case.accept[0][-1:] == "\n":
        return None
    if fmt == "udiff" and rng.random() < 0.5 and change.hunks[-1].end == case.base.count("\n") + 1:
        lines = case.edit["diff"].rstrip("\n").split("\n")
        case.edit["diff"] = "\n".join([*lines, "\\ No newline at end of file"]) + "\n"
    return case


def trail_ws(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Blanks behind anchor lines that the file has not."""
    tails: dict[str, str] = {}

    def reword(line: Line) -> str:
        if line[0] == "+" or not line[1].strip() or line[1] != line[1].rstrip():
            return line[1]
        return line[1] + tails.setdefault(line[1], rng.choice(("", "", " ", "  ", "\t")))

    return case_of("trail_ws", change, fmt, [hunk.reworded(reword) for hunk in change.hunks], expect(change))


def blank_edge(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A blank line around a replacement, or blanks in the blank context lines of a patch."""
    if fmt != "str_replace":
        if not any(sign == " " and not text for hunk in change.hunks for sign, text in hunk.lines):
            return None
        fill = rng.choice((" ", "    ", "\t"))
        hunks = [h.reworded(lambda x: fill if x == (" ", "") else x[1]) for h in change.hunks]
        if any(text and not text.strip() for hunk in change.hunks for _, text in hunk.lines):
            return None
        return case_of("blank_edge", change, fmt, hunks, expect(change))
    case = case_of("blank_edge", change, fmt, expect="either")
    before, after = rng.choice((("\n", ""), ("", "\n"), ("\n", "\n")))
    case.edit = map_texts(case.edit, lambda text: before + text + after)
    return case


def inner_ws(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A second blank inside kept lines."""

    def reword(line: Line) -> str:
        head = indent(line[1])
        if line[0] == "+" or rng.random() < 0.5:
            return line[1]
        return head + line[1][len(head) :].replace(" ", "  ", 1)

    return case_of("inner_ws", change, fmt, [_keeping(hunk, reword) for hunk in change.hunks], "either")


def _keeping(hunk: Hunk, reword: Callable[[Line], str]) -> Hunk:
    return hunk.reworded(reword)


def dedent(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Every hunk moved to the left margin, or all of it deeper."""
    deeper = rng.choice(("", "", "    ", " ", "\t"))
    hunks: list[Hunk] = []
    for hunk in change.hunks:
        heads = [indent(text) for _, text in hunk.lines if text.strip()]
        common = min(heads, key=len, default="")
        if any(not head.startswith(common) for head in heads):
            return None
        cut = "" if deeper else common
        if any(text and not text.startswith(cut) for _, text in hunk.lines):
            return None
        hunks.append(hunk.reworded(lambda x, c=cut: deeper + x[1][len(c) :] if x[1] else x[1]))
    if hunks == list(change.hunks) or merges_lines(change.hunks, hunks):
        return None
    return case_of("dedent", change, fmt, hunks, "either" if deeper == "\t" else expect(change))


def merges_lines(before: Sequence[Hunk], after: Sequence[Hunk]) -> bool:
    """Whether a damage made one line of two different ones: then nobody can tell what is meant."""
    became = {
        new[1]: old[1]
        for b, a in zip(before, after, strict=True)
        for old, new in zip(b.lines, a.lines, strict=True)
    }
    pairs = (
        (old[1], new[1])
        for b, a in zip(before, after, strict=True)
        for old, new in zip(b.lines, a.lines, strict=True)
    )
    return any(became[new] != old for old, new in pairs)


_UNITS = (("\t", "    "), ("\t", "  "), ("    ", "\t"), ("    ", "  "), ("  ", "\t"), ("  ", "    "))


def tabs_spaces(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Another unit of indentation throughout; "either" where the text does not tell its own unit."""
    unit, other = rng.choice(_UNITS)
    heads = [indent(line) for line in change.base.split("\n") + change.after.split("\n") if line.strip()]
    regular = all(len(head) % len(unit) == 0 and head == unit * (len(head) // len(unit)) for head in heads)
    if unit not in heads or (unit == "  " and not any(len(head) % 4 for head in heads)):
        return None

    def reword(line: Line) -> str:
        head = indent(line[1])
        count = len(head) // len(unit) if head.startswith(unit) else 0
        while head[: count * len(unit)] != unit * count:
            count -= 1
        return other * count + line[1][count * len(unit) :]

    hunks = [hunk.reworded(reword) for hunk in change.hunks]
    sent = {indent(text): indent(reword((sign, text))) for h in change.hunks for sign, text in h.lines}
    if hunks == list(change.hunks) or len(set(sent.values())) < len(sent):
        return None  # undamaged, or two depths became one and nobody can tell
    return case_of("tabs_spaces", change, fmt, hunks, expect(change) if regular else "either")


def tabs_mixed(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Tabs and blanks exchanged in some anchor lines only."""
    chosen: dict[str, bool] = {}

    def reword(line: Line) -> str:
        if line[0] == "+" or chosen.setdefault(line[1], rng.random() < 0.5):
            return line[1]
        head = indent(line[1])
        other = head.replace("\t", "    ") if "\t" in head else head.replace("    ", "\t")
        return other + line[1][len(head) :]

    return case_of("tabs_mixed", change, fmt, [hunk.reworded(reword) for hunk in change.hunks], "either")


_NUMBERS: tuple[Callable[[int], str], ...] = (
    lambda n: f"{n:6}\t",
    lambda n: f"{n:4} | ",
    lambda n: f"{n}|",
    lambda n: f"{n}: ",
    lambda n: f"{n}:",
    lambda n: f"{n:6}→",
    lambda n: f"L{n} ",
    lambda n: f"L{n}: ",
    lambda n: f"{n}. ",
    lambda n: f"[{n}] ",
)


def line_no(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Line numbers of a view in front of all lines, or of those that were there before."""
    style, all_lines = rng.choice(_NUMBERS), rng.random() < 0.6
    hunks: list[Hunk] = []
    for hunk in change.hunks:
        at, lines = hunk.start, []
        for sign, text in hunk.lines:
            at += sign != "+"
            plain = sign == "+" and not all_lines
            lines.append((sign, text if plain else style(max(at, 1)) + text))
        hunks.append(replace(hunk, lines=tuple(lines)))
    known = style in _NUMBERS[:6] and all_lines
    return case_of("line_no", change, fmt, hunks, expect(change) if known else "either")


_INFO = ("", "python", "diff", "c++", "ts", 'python title="x.py"', "{.java}", "12:40:src/x.py")


def fence(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A Markdown fence around the request."""
    if "```" in change.base + change.after or "~~~" in change.base + change.after:
        return None
    case = case_of("fence", change, fmt, expect=expect(change))
    info, mark = rng.choice(_INFO), rng.choice(("```", "```", "~~~"))
    end = rng.choice(("", "\n"))
    wrapped = rng.randrange(4) if fmt == "str_replace" else 0
    last = "" if fmt == "str_replace" else "\n"
    case.edit = map_texts(
        case.edit,
        lambda text: f"{mark}{info}\n{text.removesuffix(last)}\n{mark}{end}",
    )
    if wrapped:  # around one of the two only
        plain, key = case_of("fence", change, fmt), "new_str" if wrapped == 1 else "old_str"
        for item, other in zip(case.edit["edits"], plain.edit["edits"], strict=True):
            item[key] = other[key] if wrapped < 3 else item[key]
        case.expect = "either"
    return case


def prefix(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A patch whose context lines lost their sign, or a replacement copied from a diff with its blanks."""
    if fmt == "str_replace":
        hunks = [hunk.reworded(lambda x: " " + x[1]) for hunk in change.hunks]
        return case_of("prefix", change, fmt, hunks, "either")
    case = case_of("prefix", change, fmt, expect="either")
    some, body = rng.random() < 0.5, False
    lines: list[str] = []
    for line in next(case.edit[key] for key in ("patch", "diff") if key in case.edit).split("\n"):
        body = body or line.startswith("@@")
        cut = body and line[:1] == " " and (not some or rng.random() < 0.5)
        lines.append(line[1:] if cut else line)
    case.edit = map_texts(case.edit, lambda _: "\n".join(lines))
    return case


def header(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Wrong or absent numbers in the headers of a diff, or git's own lines around it."""
    if fmt != "udiff":
        return None
    case = case_of("header", change, fmt)
    way = rng.randrange(5)
    text = case.edit["diff"]
    if way == 0:
        off = rng.randint(-40, 400)
        text = udiff(change.path, change.hunks, lambda n: max(1, n + off))["diff"]
    elif way == 1:
        text = re.sub(r"(?m)^@@ .* @@$", "@@ ... @@", text)
    elif way == 2:
        text = re.sub(r"(?m)^@@ -(\d+),\d+ \+(\d+),\d+ @@$", r"@@ -\1,99 +\2,3 @@", text)
    elif way == 3:
        text = f"diff --git a/{change.path} b/{change.path}\nindex 123456..abcdef 100644\n{text}"
    else:
        text = re.sub(r"(?m)^(@@ .* @@)$", r"\1 def something(self):", text)
    case.edit["diff"] = text
    return case


def order(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Hunks in another order."""
    if len(change.hunks) < 2:
        return None
    hunks = list(change.hunks)
    rng.shuffle(hunks)
    return case_of("order", change, fmt, hunks, "apply" if fmt == "str_replace" else "either")


LAYOUT: tuple[Kind, ...] = (
    *(clean, eol, bom, no_final, trail_ws, blank_edge, inner_ws, dedent, tabs_spaces, tabs_mixed, line_no),
    *(fence, prefix, header, order),
)
