"""Code in the markup of templates: attributes, braces, names of components. No grammar needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Places = list[tuple[int, int]]
_VALUE = rb"\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)')"
_COMPONENT = rb"</?([A-Z][\w.]*)"
_PATTERNS: Mapping[str, re.Pattern[bytes]] = {
    "html": re.compile(rb"\son[a-z]+" + _VALUE),
    "vue": re.compile(rb"\{\{(.*?)\}\}|\s(?:v-|[:@#])[^\s=>\"'/]*+" + _VALUE + rb"|" + _COMPONENT, re.DOTALL),
    "svelte": re.compile(
        _COMPONENT
        + rb"|\s(?:use|transition|in|out|animate):([\w$]+)|\s(?:bind|class|style):([\w$]+)(?![\w$-])(?!\s*=)"
    ),
}
"""What stands in markup; each group holds code."""
_STRING = re.compile(rb"'(?:[^'\\\n]++|\\.)*+'|\"(?:[^\"\\\n]++|\\.)*+\"|`(?:[^`\\]++|\\.)*+`", re.DOTALL)
_FILLED = re.compile(rb"\$\{([^}]*)\}")
_BRACE = re.compile(_STRING.pattern + rb"|[{}]", re.DOTALL)
_BLOCK = re.compile(rb"[#:/@][a-z]+")


def expressions(markup: bytes, language: str) -> Places:
    """(start, end) of code in markup whose scripts, styles and comments are blank; strings are left out.

    Ascending; none overlap. Linear in the text.
    """
    pattern = _PATTERNS[language]
    found = [
        match.span(group)
        for match in pattern.finditer(markup)
        for group in range(1, pattern.groups + 1)
        if match[group]
    ]
    if language == "svelte":
        braces = list(_braces(markup))
        found += braces
        # What looks like a tag or a directive inside of braces is part of the code there.
        found = _without_inner(sorted(found))
    return [place for start, end in found for place in _without_strings(markup, start, end)]


def _without_inner(places: Places) -> Places:
    kept: Places = []
    for start, end in places:
        if not kept or kept[-1][1] <= start:
            kept.append((start, end))
    return kept


def _braces(markup: bytes) -> Iterator[tuple[int, int]]:
    """What stands between outermost braces; up to the first that is never closed."""
    at = markup.find(b"{")
    while at >= 0:
        end = _closing(markup, at)
        if end < 0:
            return
        block = _BLOCK.match(markup, at + 1)
        yield (block.end() if block else at + 1), end
        at = markup.find(b"{", end)


def _closing(markup: bytes, opening: int) -> int:
    depth = 0
    for match in _BRACE.finditer(markup, opening):
        depth += (match[0] == b"{") - (match[0] == b"}")
        if not depth:
            return match.start()
    return -1


def _without_strings(markup: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _STRING.finditer(markup, start, end):
        if start < match.start():
            yield start, match.start()
        if match[0].startswith(b"`"):
            for filled in _FILLED.finditer(markup, *match.span()):
                yield from _without_strings(markup, *filled.span(1))
        start = match.end()
    if start < end:
        yield start, end
