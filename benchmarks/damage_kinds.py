"""The damages of `benchmarks.damage`: what models do to a request, and users to the text meanwhile.

Each takes a random source, a change and a format, and gives a case or ``None`` where it does not
apply. ``expect`` is "apply" only where the request still says, to whoever reads it, what is meant.
"""

from __future__ import annotations

import html
import random
import re
import unicodedata
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
    with_hunks,
)

Kind = Callable[[random.Random, Change, str], Case | None]


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _expect(change: Change) -> str:
    return "apply" if change.unique else "either"


def clean(rng: random.Random, change: Change, fmt: str) -> Case | None:
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


def bom(rng: random.Random, change: Change, fmt: str) -> Case | None:
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

    return case_of("trail_ws", change, fmt, [hunk.reworded(reword) for hunk in change.hunks], _expect(change))


def blank_edge(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A blank line around a replacement, or blanks in the blank context lines of a patch."""
    if fmt != "str_replace":
        if not any(sign == " " and not text for hunk in change.hunks for sign, text in hunk.lines):
            return None
        fill = rng.choice((" ", "    ", "\t"))
        hunks = [h.reworded(lambda x: fill if x == (" ", "") else x[1]) for h in change.hunks]
        return case_of("blank_edge", change, fmt, hunks, _expect(change))
    case = case_of("blank_edge", change, fmt, expect="either")
    before, after = rng.choice((("\n", ""), ("", "\n"), ("\n", "\n")))
    case.edit = map_texts(case.edit, lambda text: before + text + after)
    return case


def inner_ws(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A second blank inside kept lines."""

    def reword(line: Line) -> str:
        head = _indent(line[1])
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
        heads = [_indent(text) for _, text in hunk.lines if text.strip()]
        common = min(heads, key=len, default="")
        if any(not head.startswith(common) for head in heads):
            return None
        cut = "" if deeper else common
        if any(text and not text.startswith(cut) for _, text in hunk.lines):
            return None
        hunks.append(hunk.reworded(lambda x, c=cut: deeper + x[1][len(c) :] if x[1] else x[1]))
    if hunks == list(change.hunks) or _merges_lines(change.hunks, hunks):
        return None
    return case_of("dedent", change, fmt, hunks, "either" if deeper == "\t" else _expect(change))


def _merges_lines(before: Sequence[Hunk], after: Sequence[Hunk]) -> bool:
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
    heads = [_indent(line) for line in change.base.split("\n") + change.after.split("\n") if line.strip()]
    regular = all(len(head) % len(unit) == 0 and head == unit * (len(head) // len(unit)) for head in heads)
    if unit not in heads or (unit == "  " and not any(len(head) % 4 for head in heads)):
        return None

    def reword(line: Line) -> str:
        head = _indent(line[1])
        count = len(head) // len(unit) if head.startswith(unit) else 0
        while head[: count * len(unit)] != unit * count:
            count -= 1
        return other * count + line[1][count * len(unit) :]

    hunks = [hunk.reworded(reword) for hunk in change.hunks]
    sent = {_indent(text): _indent(reword((sign, text))) for h in change.hunks for sign, text in h.lines}
    if hunks == list(change.hunks) or len(set(sent.values())) < len(sent):
        return None  # undamaged, or two depths became one and nobody can tell
    return case_of("tabs_spaces", change, fmt, hunks, _expect(change) if regular else "either")


def tabs_mixed(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Tabs and blanks exchanged in some anchor lines only."""
    chosen: dict[str, bool] = {}

    def reword(line: Line) -> str:
        if line[0] == "+" or chosen.setdefault(line[1], rng.random() < 0.5):
            return line[1]
        head = _indent(line[1])
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
    return case_of("line_no", change, fmt, hunks, _expect(change) if known else "either")


_INFO = ("", "python", "diff", "c++", "ts", 'python title="x.py"', "{.java}", "12:40:src/x.py")


def fence(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A Markdown fence around the request."""
    if "```" in change.base + change.after or "~~~" in change.base + change.after:
        return None
    case = case_of("fence", change, fmt, expect=_expect(change))
    info, mark = rng.choice(_INFO), rng.choice(("```", "```", "~~~"))
    end = rng.choice(("", "\n"))
    wrapped = rng.randrange(4) if fmt == "str_replace" else 0
    case.edit = map_texts(
        case.edit,
        lambda text: f"{mark}{info}\n{text.rstrip() if fmt != 'str_replace' else text}\n{mark}{end}",
    )
    if wrapped:  # around one of the two only
        plain, key = case_of("fence", change, fmt), "new_str" if wrapped == 1 else "old_str"
        for item, other in zip(case.edit["edits"], plain.edit["edits"], strict=True):
            item[key] = other[key] if wrapped < 3 else item[key]
        case.expect = "either"
    return case


_QUOTES = str.maketrans({"'": "’", '"': "”", "-": "–"})


def smart_quotes(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Typographic quotes in anchor lines, kept ones alike in old and new."""
    chosen: dict[str, str] = {}

    def reword(line: Line) -> str:
        if line[0] == "+":
            return line[1]
        return chosen.setdefault(line[1], line[1].translate(_QUOTES) if rng.random() < 0.5 else line[1])

    hunks = [hunk.reworded(reword) for hunk in change.hunks]
    if hunks == list(change.hunks):
        return None
    return case_of("smart_quotes", change, fmt, hunks, "either")


def unicode(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A file with typographic and decomposed characters, a request with plain or composed ones."""
    marks = (" — “naïve” cafe\u0301", " ‘x’…", " 你好", " \u00a0é«", "")

    def odd(text: str) -> str:
        lines = text.split("\n")
        return "\n".join(line + marks[hash_of(line) % 5] if line.strip() else line for line in lines)

    def hash_of(line: str) -> int:
        return sum(map(ord, line)) + len(line)

    base, after = odd(change.base), odd(change.after)
    hunks = tuple(hunk.reworded(lambda x: odd(x[1])) for hunk in change.hunks)
    if with_hunks(base, hunks) != after:
        return None
    flat = str.maketrans({"—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " "})
    way: Callable[[str], str] = rng.choice(
        (
            lambda t: unicodedata.normalize("NFC", t),
            lambda t: unicodedata.normalize("NFD", t),
            lambda t: t.translate(flat),
            lambda t: t.translate(flat).replace("…", "..."),
            lambda t: t,
        )
    )
    sent = [hunk.reworded(lambda x: x[1] if x[0] == "+" else way(x[1])) for hunk in hunks]
    if _merges_lines(hunks, sent):
        return None
    odd_change = replace(change, base=base, after=after, hunks=hunks)
    return case_of("unicode", odd_change, fmt, sent, _expect(change))


_PLACEHOLDERS = (
    *("# ... existing code ...", "// ... existing code ...", "// ...", "# ...", "...", "/* ... */"),
    *("<!-- ... -->", "    // rest of the code unchanged ...", "# ... (unchanged) ...", "…"),
)


def elide(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """The middle of old and new left out, or of new only."""
    if fmt != "str_replace":
        return None
    mark, both = rng.choice(_PLACEHOLDERS), rng.random() < 0.7
    lines = change.base.split("\n")
    old_items: list[Hunk] = []
    for index, hunk in enumerate(change.hunks):
        before = change.hunks[index - 1].end if index else 0
        start = max(before, hunk.start - 14)
        if hunk.start - start < 6:
            old_items.append(hunk)
            continue
        head = [(" ", text) for text in lines[start : start + 3]]
        cut: list[Line] = [(" ", mark)] if both else [("+", mark)]
        if not both:
            cut += [("-", text) for text in lines[start + 3 : hunk.start]]
        old_items.append(Hunk(start, (*head, *cut, *hunk.lines)))
    if old_items == list(change.hunks) or any(mark.strip() == line.strip() for line in lines):
        return None
    return case_of("elide" if both else "lazy", change, fmt, old_items, "either")


def escape(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Escaped line ends, quotes, or entities; all the request is escaped alike."""
    ways: tuple[Callable[[str], str], ...] = (
        lambda t: t.replace("\n", "\\n"),
        lambda t: t.replace('"', '\\"'),
        lambda t: t.replace("\\", "\\\\"),
        lambda t: t.replace("\\", "\\\\").replace('"', '\\"'),
        lambda t: t.replace("\t", "\\t"),
        lambda t: html.escape(t, quote=False),
        html.escape,
        lambda t: t.replace("'", "\\'"),
    )
    way = rng.choice(ways)
    case = case_of("escape", change, fmt, expect="either")
    if fmt == "str_replace":
        edit = map_texts(case.edit, way)
    else:
        if way is ways[0]:
            return None
        hunks = [hunk.reworded(lambda x: way(x[1])) for hunk in change.hunks]
        edit = case_of("escape", change, fmt, hunks).edit
    if edit == case.edit:
        return None
    case.edit = edit
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


def ambiguous(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """An edit of a line that the text has several times."""
    lines = change.base.split("\n")
    often = sorted({line for line in lines if line.strip() and lines.count(line) > 1})
    if not often:
        return None
    line = rng.choice(often)
    hunk = Hunk(lines.index(line), ((" ", line), ("+", f"{_indent(line)}marker(1)")))
    case = case_of("ambiguous", replace(change, hunks=(hunk,)), fmt, expect="refuse")
    case.target = [(at, at) for at, body in enumerate(lines, 1) if body == line]
    return case


def typo(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """One letter of an anchor line changed, dropped or doubled."""
    index = rng.randrange(len(change.hunks))
    hunk = change.hunks[index]
    places = [i for i, (sign, text) in enumerate(hunk.lines) if sign != "+" and len(text.strip()) > 4]
    if not places:
        return None
    at = rng.choice(places)
    sign, text = hunk.lines[at]
    letters = [i for i, letter in enumerate(text) if letter.isalnum()]
    if not letters:
        return None
    cut = rng.choice(letters)
    wrong = rng.choice((text[:cut] + text[cut + 1 :], text[:cut] + text[cut] * 2 + text[cut + 1 :]))
    damaged = replace(hunk, lines=(*hunk.lines[:at], (sign, wrong), *hunk.lines[at + 1 :]))
    hunks = [*change.hunks[:index], damaged, *change.hunks[index + 1 :]]
    return case_of("typo", change, fmt, hunks, "refuse" if sign == "-" else "either")


def truncated(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Old text that breaks off inside its last line, new text that does not."""
    if fmt != "str_replace" or len(change.hunks) > 1:
        return None
    hunk = change.hunks[0]
    last = hunk.old[-1]
    if len(last.strip()) < 8 or hunk.lines[-1][0] != " ":
        return None
    cut = rng.randrange(len(last) // 2, len(last))
    edit = {"old_str": "\n".join([*hunk.old[:-1], last[:cut]]), "new_str": "\n".join(hunk.new)}
    case = case_of("truncated", change, fmt, expect="either")
    case.edit["edits"] = [edit]
    if change.base.count(edit["old_str"]) == 1:
        case.accept.append(change.base.replace(edit["old_str"], edit["new_str"]))  # as the tool is described
    return case


def twin(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A copy of the place elsewhere, indented otherwise or with a line of its own; then another damage."""
    lines = change.base.split("\n")
    hunk = rng.choice(change.hunks)
    spots = [
        at for at in range(len(lines)) if all(at <= h.start - 2 or at >= h.end + 2 for h in change.hunks)
    ]
    if not spots:
        return None
    at = rng.choice(spots)
    copy = [("   " + line if line.strip() else line) for line in hunk.old]
    if rng.random() < 0.5:
        copy = list(hunk.old)
        middle = rng.randrange(len(copy))
        copy[middle] += "  # twin"
    base = "\n".join([*lines[:at], *copy, *lines[at:]])
    hunks = tuple(replace(h, start=h.start + (len(copy) if h.start >= at else 0)) for h in change.hunks)
    twinned = Change(change.name, change.path, base, with_hunks(base, hunks), hunks, unique=False)
    if any(base.count("\n".join(h.old)) != 1 for h in hunks):
        return None
    inner = rng.choice((clean, dedent, tabs_spaces, trail_ws, inner_ws, prefix, line_no, typo))
    case = inner(rng, twinned, fmt)
    if case is not None:
        case.cls = "twin"
    return case


def replace_all(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A word replaced everywhere."""
    words = sorted(set(re.findall(r"\w{5,}", change.base)))
    if fmt != "str_replace" or not words:
        return None
    word = rng.choice(words)
    case = case_of("replace_all", change, fmt)
    case.edit["edits"] = [{"old_str": word, "new_str": "renamed", "replace_all": True}]
    case.accept = [change.base.replace(word, "renamed")]
    return case


def part_of_line(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Only the characters that change, with a few around them."""
    hunk = change.hunks[0]
    if fmt != "str_replace" or len(change.hunks) > 1:
        return None
    old, new = "\n".join(hunk.old), "\n".join(hunk.new)
    head = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    for around in (4, 12, 30, 80):
        first, last = max(0, head - around), max(0, tail - around)
        part = old[first : len(old) - last]
        line_start = change.base[: change.base.find(part)].rpartition("\n")[2]
        if part.lstrip(" \t")[:1].strip() and line_start.strip() and change.base.count(part) == 1:
            case = case_of("part_of_line", change, fmt)
            case.edit["edits"] = [{"old_str": part, "new_str": new[first : len(new) - last]}]
            return case
    return None


REQUESTS: tuple[Kind, ...] = (
    *(clean, eol, bom, no_final, trail_ws, blank_edge, inner_ws, dedent, tabs_spaces, tabs_mixed, line_no),
    *(fence, smart_quotes, unicode, elide, escape, prefix, header, order, ambiguous, typo, truncated, twin),
    *(replace_all, part_of_line),
)
