"""Comments and strings of Python without a tree, for texts that a grammar can read.

What is between the braces of a formatted string is code, as the tree has it; only where braces or
quotes are nested in a way that a pattern cannot follow is nothing found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_ls.index.lexical import Places

_TOKEN = re.compile(
    rb"#[^\r\n]*+"
    rb'|"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?:[^"\\\n]++|\\(?:\r\n|.))*+"'
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*+'''|'(?:[^'\\\n]++|\\(?:\r\n|.))*+'",
    re.DOTALL,
)
_HASH, _OPEN = ord("#"), ord("{")
_PREFIX = frozenset(b"rRbBuUfFtT")
_WORD = re.compile(rb"[\w\x80-\xff]")
_FORMATTED = re.compile(rb"[fFtT]")
_BRACES = re.compile(rb"\\N\{[^{}\"']*+\}|[{}]")


class _TooNestedError(Exception):
    """Braces and quotes that need a grammar."""


def python_places(data: bytes) -> tuple[Places, Places] | None:
    """The comments, and the strings but for what is code in them; ``None``: only a tree tells."""
    comments: Places = []
    strings: Places = []
    try:
        for token in _TOKEN.finditer(data):
            start, end = token.span()
            if data[start] == _HASH:
                comments.append((start, end))
            elif start and data[start - 1] in _PREFIX:
                strings += _prefixed(data, start, end)
            else:
                strings.append((start, end))
    except _TooNestedError:
        return None
    return comments, strings


def _prefixed(data: bytes, quote: int, end: int) -> Iterator[tuple[int, int]]:
    """What is no code of a string that letters may stand before."""
    start = quote - 2 if quote > 1 and data[quote - 2] in _PREFIX else quote - 1
    if start and _WORD.match(data, start - 1):
        yield quote, end  # a keyword: `in"abc"`
    elif _FORMATTED.search(data, start, quote):
        yield from _formatted(data, start, quote, end)
    else:
        yield start, end


def _formatted(data: bytes, start: int, quote: int, end: int) -> Iterator[tuple[int, int]]:
    depth, skipped = 0, -1
    inside = start
    for brace in _BRACES.finditer(data, quote, end):
        at = brace.start()
        if at == skipped or len(brace[0]) > 1:
            continue
        opens = data[at] == _OPEN
        if depth == 0 and data[at] == data[at + 1]:
            skipped = at + 1
        elif opens:
            if depth == 0:
                yield inside, at
                inside = at + 1
            depth += 1
        else:
            depth -= 1
            if depth < 0:
                raise _TooNestedError
            if depth == 0:
                yield from _strings_in(data, inside, at)
                inside = at + 1
    if depth:
        raise _TooNestedError
    yield inside, end


def _strings_in(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Strings in the code of a formatted string; a hash there is a format."""
    for token in _TOKEN.finditer(data, start, end):
        quote, behind = token.span()
        if data[quote] == _HASH:
            if b"'" in token[0] or b'"' in token[0]:
                raise _TooNestedError
        elif data[quote - 1] in _PREFIX:
            yield from _prefixed(data, quote, behind)
        else:
            yield quote, behind
