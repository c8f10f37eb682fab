"""Damages of `benchmarks.damage` that are not in the request's lines: users who typed meanwhile, whole
files, insertions, invented anchors, moves.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from benchmarks.damage_cases import Case, Change, Hunk, case_of

Lines = list[str]


def _far(change: Change, distance: int) -> Callable[[int], bool]:
    return lambda at: all(at < h.start - distance or at >= h.end + distance for h in change.hunks)


def _typed(rng: random.Random, lines: Lines, places: list[int]) -> tuple[Lines, dict[int, Lines]]:
    """Lines with some of these places edited; what became of each old line."""
    became = {at: [line] for at, line in enumerate(lines)}
    for at in rng.sample(places, min(len(places), rng.randint(1, 4))):
        line = lines[at]
        way = rng.randrange(4)
        if way == 0:
            became[at] = [rng.choice(("", "// note", line)), line]
        elif way == 1:
            became[at] = []
        elif way == 2:
            became[at] = [line + " edited"]
        else:
            became[at] = [line, *rng.choices(lines, k=rng.randint(1, 3))]
    return [line for at in range(len(lines)) for line in became[at]], became


def _now(change: Change, became: dict[int, Lines], hunks: tuple[Hunk, ...]) -> str:
    """The text of now with the hunks done: the typist's lines outside of them, the change's inside."""
    out: Lines = []
    at = 0
    for hunk in hunks:
        out += [line for i in range(at, hunk.start) for line in became[i]]
        out += hunk.new
        at = hunk.end
    count = change.base.count("\n") + 1
    return "\n".join([*out, *(line for i in range(at, count) for line in became[i])])


def user_far(rng: random.Random, change: Change, fmt: str) -> Case | None:
    lines = change.base.split("\n")
    places = list(filter(_far(change, 6), range(len(lines) - 1)))
    if not places:
        return None
    typed, became = _typed(rng, lines, places)
    case = case_of("user_far", change, fmt)
    case.now, case.accept = "\n".join(typed), [_now(change, became, change.hunks)]
    return case


def user_near(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A line typed in the context of a hunk: it must stay, or the edit is refused."""
    lines = change.base.split("\n")
    hunk = rng.choice(change.hunks)
    kept: list[int] = []
    at = hunk.start
    for sign, _ in hunk.lines:
        if sign == " ":
            kept.append(at)
        at += sign != "+"
    if not kept:
        return None
    place = rng.choice(kept)
    wrote = rng.choice((lines[place] + " edited", f"typed {place}"))
    became = {at: [line] for at, line in enumerate(lines)}
    became[place] = [wrote]
    typed = [line for at in range(len(lines)) for line in became[at]]
    accept: Lines = []
    for index, other in enumerate(change.hunks):
        at = other.start
        accept += [
            line
            for i in range(change.hunks[index - 1].end if index else 0, other.start)
            for line in became[i]
        ]
        for sign, text in other.lines:
            accept += [text] if sign == "+" else became[at] if sign == " " else []
            at += sign != "+"
    accept += [line for i in range(change.hunks[-1].end, len(lines)) for line in became[i]]
    case = case_of("user_near", change, fmt, expect="either")
    case.now, case.accept = "\n".join(typed), ["\n".join(accept)]
    return case


def user_same(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A line that the edit removes or rewrites was changed by the user."""
    lines = change.base.split("\n")
    gone = [at for hunk in change.hunks for at in hunk.changed if lines[at].strip()]
    if not gone:
        return None
    lines[rng.choice(gone)] += rng.choice((" edited", "x", ";;"))
    case = case_of("user_same", change, fmt, expect="refuse")
    case.now = "\n".join(lines)
    return case


def user_dup(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """The user pasted a copy of the place elsewhere."""
    lines = change.base.split("\n")
    hunk = rng.choice(change.hunks)
    places = list(filter(_far(change, 2), range(len(lines))))
    if not places:
        return None
    at = rng.choice(places)
    became = {i: [line] for i, line in enumerate(lines)}
    became[at] = [*hunk.old, lines[at]]
    case = case_of("user_dup", change, fmt, expect="either")
    case.now = "\n".join(line for i in range(len(lines)) for line in became[i])
    case.accept = [_now(change, became, change.hunks)]
    return case


def replay(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Some hunks, or all, are done already."""
    done = [hunk for hunk in change.hunks if rng.random() < 0.6] or list(change.hunks)
    lines = change.base.split("\n")
    for hunk in reversed(done):
        lines[hunk.start : hunk.end] = hunk.new
    case = case_of("replay", change, fmt, expect="either")
    case.now = "\n".join(lines)
    return case


def stale(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """What the model believes it was shown is older than what it was shown."""
    case = rng.choice((user_far, user_near, user_same))(rng, change, fmt)
    if case is None:
        return None
    case.cls, case.base, case.expect = "stale", case.now, "either"
    literal = case.now
    for item in case.edit.get("edits", ()):  # as the tool is described, parts of lines count
        literal = literal.replace(item["old_str"], item["new_str"], 1)
    case.accept.append(literal)
    return case


def invented(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """Lines of an anchor that the file never had."""
    hunk = rng.choice(change.hunks)
    lines = change.base.split("\n")
    signs = [i for i, (sign, text) in enumerate(hunk.lines) if sign != "+" and text.strip()]
    if not signs:
        return None
    wrong = set(rng.sample(signs, rng.randint(1, len(signs))))
    made = tuple(
        (sign, f"{text[: len(text) - len(text.lstrip())]}never.seen({i}, {rng.choice(lines).strip()[:30]!r})")
        if i in wrong
        else (sign, text)
        for i, (sign, text) in enumerate(hunk.lines)
    )
    hunks = [replace(hunk, lines=made) if other is hunk else other for other in change.hunks]
    return case_of("invented", change, fmt, hunks, "refuse")


def empty_anchor(_rng: random.Random, change: Change, fmt: str) -> Case | None:
    if fmt != "str_replace":
        return None
    case = case_of("empty_anchor", change, fmt, expect="refuse")
    case.edit["edits"] = [{"old_str": "", "new_str": item["new_str"]} for item in case.edit["edits"]]
    return case


def insert(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """The insert command, half of the time on a text that the user changed elsewhere."""
    pure = [hunk for hunk in change.hunks if not any(sign == "-" for sign, _ in hunk.lines)]
    if len(change.hunks) != 1 or not pure:
        return None
    hunk = pure[0]
    signs = [sign for sign, _ in hunk.lines]
    first = signs.index("+")
    added = signs.count("+")
    if signs[first : first + added] != ["+"] * added:
        return None
    case = user_far(rng, change, fmt) if rng.random() < 0.5 else None
    case = case or case_of("insert", change, fmt)
    case.cls, case.fmt = "insert", "insert"
    text = "".join(text + "\n" for sign, text in hunk.lines if sign == "+")
    case.edit = {
        "type": "insert",
        "path": change.path,
        "insert_line": hunk.start + first,
        "insert_text": text if rng.random() < 0.5 or ("\n" + text).endswith("\n\n") else text[:-1],
    }
    return case


def whole(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """The complete new text: plain, fenced, with other line ends or a lost final newline, or with gaps."""
    case = case_of("whole", change, fmt)
    text, expect, way = change.after, "apply", rng.randrange(6)
    if way == 1 and "```" not in change.base:
        text = f"```python\n{text}```" if text.endswith("\n") else f"```python\n{text}\n```"
    elif way == 2:
        text = text.replace("\n", "\r\n")
    elif way == 3:
        text = text.rstrip("\n")
        case.accept.append(text + "\n")
    elif way >= 4:
        lines = text.split("\n")
        if len(lines) < 12:
            return None
        at = rng.randrange(2, len(lines) - 6)
        mark = rng.choice(
            (
                "# ... rest of the code unchanged ...",
                "// ... existing code ...",
                "# (remaining methods unchanged)",
            )
        )
        text = "\n".join([*lines[:at], mark, *lines[at + rng.randint(3, 40) :]])
        expect = "refuse"
    case.fmt, case.expect = "whole", expect
    case.edit = {"type": "whole", "path": change.path, "content": text}
    return case


def whole_user(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A whole file written while the user typed elsewhere."""
    case = user_far(rng, change, fmt)
    if case is None:
        return None
    case.cls, case.fmt, case.expect = "whole_user", "whole", "either"
    case.edit = {"type": "whole", "path": change.path, "content": change.after}
    return case


def damaged_path_header(rng: random.Random, change: Change, fmt: str) -> Case | None:
    """A patch with headings (one that stands once before the place), an end mark, or no frame."""
    if fmt != "apply_patch":
        return None
    case = case_of("heading", change, fmt)
    text, way = case.edit["patch"], rng.randrange(4)
    if way == 0:
        lines = change.base.split("\n")
        parts = text.split("\n@@\n")
        for index, hunk in enumerate(change.hunks, 1):
            heads = [
                line
                for line in lines[: hunk.start]
                if re.match(r"\s*(def|class|func|fn|public|static)\b", line)
            ]
            parts[index] = (
                (f" {heads[-1].strip()}" if heads and lines.count(heads[-1]) == 1 else "")
                + "\n"
                + parts[index]
            )
        text = "\n@@".join(parts)
    elif way == 1:
        text = text.removeprefix("*** Begin Patch\n").removesuffix("\n*** End Patch")
    elif way == 2:
        text = "Here is the patch:\n\n" + text + "\n\nIt does what you asked for.\n"
    elif change.hunks[-1].end == change.base.count("\n"):
        text = text.replace("\n*** End Patch", "\n*** End of File\n*** End Patch")
    case.edit["patch"] = text
    return case


USERS = (
    *(user_far, user_near, user_same, user_dup, replay, stale, invented, empty_anchor, insert, whole),
    *(whole_user, damaged_path_header),
)
