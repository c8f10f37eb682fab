"""Placeholders: lines that stand for code the writer did not want to repeat."""

from __future__ import annotations

import re

_LEADER = r"(?:#+|//+|/\*+|<!--|--+|;+|%+|\{/\*|\(\*|\"\"\"|\*)?"
_DOTS = r"(?:\.{3,}|…)"
_WORDS = (
    r"(?:existing|unchanged|remaining|remainder|rest|previous|same|other|omitted|snip(?:ped)?|elided|"
    r"as before|keep|skipped|truncated|goes here|code|methods?|functions?|lines?|imports?|implementation)"
)
_WHAT = (
    r"(?:rest|remaining|remainder|other|others|existing|previous|above|below|code|methods?|functions?|lines?|"
    r"imports?|implementation|file|class|everything|else|content)"
)
_STAYS = (
    r"(?:unchanged|(?:stays?|remains?|is|are|kept) (?:the same|unchanged|as before|as is|as it is|here)|"
    r"same as (?:before|above|original)|omitted|elided|truncated|not shown|goes here|as before|snipped)"
)
_PLACEHOLDER = re.compile(
    rf"\s*{_LEADER}\s*"
    rf"(?:{_DOTS}\s*[\w\s,'()/-]*\b{_WORDS}\b[\w\s,'()/-]*(?:{_DOTS})?"
    rf"|[\w\s,'()/-]*\b(?:existing|unchanged|remaining|rest|previous|same|omitted|as before|keep)\b"
    rf"[\w\s,'()/-]*{_DOTS})"
    r"\s*(?:\*/|-->|\*/\}|\*\)|\"\"\")?\s*",
    re.IGNORECASE,
)
_COMMENT = r"(?:#+|//+|/\*+|<!--|--+|;+|%+|\{/\*|\(\*)"
_BARE = re.compile(
    rf"\s*{_COMMENT}\s*(?:{_DOTS}|[\[(<]?[\w\s,'/-]*\b{_WHAT}\b[\w\s,'/-]*\b{_STAYS}[\])>]?\.?|\(?unchanged\)?)"
    r"\s*(?:\*/|-->|\*/\}|\*\))?\s*",
    re.IGNORECASE,
)
"""A comment of nothing but dots, or one that says without dots what stays as it is."""


def is_placeholder(line: str) -> bool:
    """Whether a line says "the rest stays as it is" instead of being code."""
    if len(line) >= 200:
        return False
    dotted = "..." in line or "…" in line
    if dotted and _PLACEHOLDER.fullmatch(line) is not None:
        return True
    return (dotted or "(" in line or "unchanged" in line.lower()) and _BARE.fullmatch(line) is not None


def is_dots(line: str) -> bool:
    """Whether a line is nothing but an ellipsis; in code, too, that is now and then a statement."""
    return line.strip() in ("...", "…")


def lets_dots_stand(before: str, dots: str) -> bool:
    """Whether dots may be code behind this line: a body or an item inside of what it opens, or beside it."""
    opened, deep = len(before) - len(before.lstrip()), len(dots) - len(dots.lstrip())
    if before.rstrip().endswith((":", "(", "[")):
        return deep > opened
    return deep >= opened and before.rstrip().endswith(('"""', "'''", ","))
