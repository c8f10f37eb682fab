"""Placeholders: lines that stand for code the writer did not want to repeat."""

from __future__ import annotations

import re

_LEADER = r"(?:#+|//+|/\*+|<!--|--+|;+|%+|\{/\*|\(\*|\"\"\"|\*)?"
_DOTS = r"(?:\.{3,}|…)"
_WORDS = (
    r"(?:existing|unchanged|remaining|remainder|rest|previous|same|other|omitted|snip(?:ped)?|elided|"
    r"as before|keep|skipped|truncated|goes here|code|methods?|functions?|lines?|imports?|implementation)"
)
_PLACEHOLDER = re.compile(
    rf"\s*{_LEADER}\s*"
    rf"(?:{_DOTS}\s*[\w\s,'()/-]*\b{_WORDS}\b[\w\s,'()/-]*(?:{_DOTS})?"
    rf"|[\w\s,'()/-]*\b(?:existing|unchanged|remaining|rest|previous|same|omitted|as before|keep)\b"
    rf"[\w\s,'()/-]*{_DOTS})"
    r"\s*(?:\*/|-->|\*/\}|\*\)|\"\"\")?\s*",
    re.IGNORECASE,
)


def is_placeholder(line: str) -> bool:
    """Whether a line says "the rest stays as it is" instead of being code."""
    if "..." not in line and "…" not in line:
        return False
    return len(line) < 200 and _PLACEHOLDER.fullmatch(line) is not None
