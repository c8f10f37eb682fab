"""Damages of `benchmarks.damage` to what a request says: characters, escapes, anchors, omissions, twins."""

from __future__ import annotations

import html
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from benchmarks.damage_cases import Case, Change, Hunk, Line, case_of, map_texts, with_hunks
from benchmarks.damage_kinds import (
    Kind,
    clean,
    dedent,
    expect,
    indent,
    inner_ws,
    line_no,
    merges_lines,
    prefix,
    tabs_spaces,
    trail_ws,
)

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
    if merges_lines(hunks, sent):
        return None
    odd_change = replace(change, base=base, after=after, hunks=hunks)
    return case_of("unicode", odd_change, fmt, sent, expect(change))


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


def ambiguous(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """An edit of a line that the text has several times."""
    lines = change.base.split("\n")
    often = sorted({line for line in lines if line.strip() and lines.count(line) > 1})
    if not often:
        return None
    line = rng.choice(often)
    hunk = Hunk(lines.index(line), ((" ", line), ("+", f"{indent(line)}marker(1)")))
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
    if "\n".join(damaged.old) in change.base:
        return None  # it means another place now
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


def part_of_line(_rng: random.Random, change: Change, fmt: str) -> Case | None:
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


WORDS: tuple[Kind, ...] = (
    *(smart_quotes, unicode, elide, escape, ambiguous, typo, truncated, twin, replace_all, part_of_line),
)
