"""Comments and strings of a text: by the language's own lexical rules where those are regular.

For some languages a regular expression finds them at a tenth of the cost of asking the tree, and
also inside macros and unreadable places, which the tree does not see into. The others are asked
of the tree: where a slash may begin a pattern or a string may hold code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain, compress
from operator import not_

from tree_sitter import QueryCursor, Tree

from agent_ls.index import languages

Places = list[tuple[int, int]]
"""(start, end), ascending."""

_SLASH = ord("/")
_LINE = rb"//[^\n]*+"
_BLOCK = rb"/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/"
_NESTED = rb"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|/\*(?:[^*]++|\*(?!/))*+\*/)*+\*/"
_CONTINUED = rb"//(?:[^\\\n]++|\\(?:\r?\n|.))*+"
_STRING = rb'"(?:[^"\\\n]++|\\.)*+"'
_LONG_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_QUOTED = rb"'(?:[^'\\\n]++|\\.)*+'"
_C_CHAR = rb"'(?:[^'\\\n]|\\[^\n][^'\n]{0,8}+)++'"
_RUST_CHAR = rb"'(?:[^'\\\n\x80-\xff]|[\xc0-\xff][\x80-\xbf]{1,3}|\\[^\n][^'\n]{0,10}+)'"
_INCLUDED = rb"<(?:(?<=include <)|(?<=include<))[^>\n]*+>"
_C = rb"|".join(
    (
        *(_CONTINUED, _BLOCK, _STRING, _C_CHAR, _INCLUDED),
        *(b"%b(?:%b|%b)" % (prefix, _STRING, _C_CHAR) for prefix in (rb"L(?<!\wL)", rb"u(?<!\wu)8?+", rb"U(?<!\wU)")),
    )
)  # fmt: skip

# Each choice begins with a letter of its own, never with a group or a look behind: so the engine
# runs over all other letters.
_PATTERNS: Mapping[str, re.Pattern[bytes]] = {
    language: re.compile(pattern, re.DOTALL)
    for language, pattern in {
        "java": rb'%b|%b|"""(?:[^"\\]++|\\.|"(?!""))*+"""|%b|%b' % (_LINE, _BLOCK, _STRING, _QUOTED),
        "go": rb"%b|%b|`[^`]*+`|%b|%b" % (_LINE, _BLOCK, _STRING, _QUOTED),
        "c": _C,
        "cpp": _C + rb'|R"([^(\s]{0,16})\(.*?\)\1"',
        "rust": rb"%b|%b|%b|%b|'\w++|r(?<!\wr)(#*+)\".*?\"\1|b(?<!\wb)(?:r(#*+)\".*?\"\2|%b|%b)|c(?<!\wc)(?:%b|%b)"
        % (_LINE, _NESTED, _LONG_STRING, _RUST_CHAR, _LONG_STRING, _RUST_CHAR, _LONG_STRING, _RUST_CHAR),
    }.items()
}


def lexical_places(
    data: bytes, language: str, start: int = 0, end: int | None = None
) -> tuple[Places, Places] | None:
    """The comments, and all else that holds no code, of a text or of one part that begins in code.

    ``None``: in this language only a tree tells.
    """
    pattern = _PATTERNS.get(language)
    if pattern is None:
        return None
    # In all of these languages a slash begins a comment, and nothing else that is found here.
    places = [match.span() for match in pattern.finditer(data, start, len(data) if end is None else end)]
    slashes = [data[place[0]] == _SLASH for place in places]
    return list(compress(places, slashes)), list(compress(places, map(not_, slashes)))


def comments_and_strings(
    data: bytes, language: str, tree: Tree, start: int = 0, end: int | None = None
) -> tuple[Places, Places]:
    """`lexical_places` in any language."""
    found = lexical_places(data, language, start, end)
    return _asked(tree, language, start, len(data) if end is None else end) if found is None else found


def _asked(tree: Tree, language: str, start: int, end: int) -> tuple[Places, Places]:
    cursor = QueryCursor(languages.text_query(language))
    if start or end < tree.root_node.end_byte:
        cursor.set_byte_range(start, end)
    found = cursor.captures(tree.root_node)
    comments, strings = (
        sorted({node.byte_range for node in found.get(label, ())}) for label in ("comment", "opaque")
    )
    return comments, strings


_BLANKS = bytes(at if at in b"\r\n" else 0x20 for at in range(256))


def blanked(data: bytes, comments: Places, strings: Places) -> bytes:
    """A text with spaces for its comments and strings; line ends stay."""
    text = bytearray(data)
    for start, end in chain(strings, comments):
        text[start:end] = data[start:end].translate(_BLANKS)
    return bytes(text)
