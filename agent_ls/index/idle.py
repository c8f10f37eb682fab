"""Which blocks of a text cannot define anything: a parser may pass over them.

A cold index wants definitions and imports of a tree. Most of a text are bodies of functions, and most
of those define nothing: without what is inside their braces a text parses in a third of the time and
gives the same definitions at the same places. Which blocks those are is told by their heads and by
the words inside; where that is in doubt a block is none of them. Imports no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

_FLAT = bytes(0x20 if at in b"\t\r\n\f\v" else at for at in range(256))
_WORTH = 40
"""Bytes: what is shorter costs more to pass over than to parse."""
_DEEPEST = 20


@final
@dataclass(frozen=True, slots=True)
class _Rule:
    """``is_body``: whether a brace begins a block that is no type's, by the text since the last brace.

    ``defines``: patterns of what may define something, each with bytes that stand in all its matches:
    those are looked for at the speed of memory.
    """

    is_body: Callable[[bytes], bool]
    defines: Sequence[tuple[bytes, re.Pattern[bytes]]]


_GO_TYPE = (b"struct", b"interface")
_C_BODY = (b")", b"=", b"const", b"override", b"noexcept")
_C_TYPE = re.compile(rb"\b(?:struct|union|enum|class) *\w* *\(")
# Nothing is taken off where a name goes on behind a space: the rest of it would look like a type.
_JAVA_ANNOTATION = re.compile(rb"@[\w.]*+(?<=\w)(?! *\.)(?: ?\([^()]*\))?")
_JAVA_METHOD = re.compile(rb"[\w.,<>?&\[\] ]*[\w>\]] \w+ ?\([\w.,<>?&\[\] ]*\)")
_JAVA_TYPE = re.compile(rb"\b(?:new|record|class|interface|enum)\b")
_RUST_FUNCTION = re.compile(rb"\bfn +\w[^;]*$")


def _is_go_body(head: bytes) -> bool:
    return not head.rstrip().endswith(_GO_TYPE)


def _is_c_body(head: bytes) -> bool:
    return head.rstrip().endswith(_C_BODY) and not _C_TYPE.search(head, head.rfind(b";") + 1)


def _is_java_body(head: bytes) -> bool:
    head = head[head.rfind(b";") + 1 :].partition(b" throws ")[0].strip()
    if not head.endswith(b")") or _JAVA_TYPE.search(head):
        return False
    words = b" ".join(_JAVA_ANNOTATION.sub(b"", head).split()) if b"@" in head else b" ".join(head.split())
    # A constant of an enum with a body has one word before its arguments, a method at least two.
    return _JAVA_METHOD.fullmatch(words.lstrip(b") ")) is not None


def _is_rust_body(head: bytes) -> bool:
    return _RUST_FUNCTION.search(head) is not None


_LETTER = rb"[\w\x80-\xff]"
_C_SPECIFIERS = rb"(?:[^;(){}]++|\((?:[^;(){}]++|\([^;(){}]*+\))*+\))*+"
"""What may stand between the word and the brace of a type: attributes and bases hold parentheses."""


def _words(*words: str, then: bytes = rb" +" + _LETTER) -> list[tuple[bytes, re.Pattern[bytes]]]:
    return [(f"{word} ".encode(), re.compile(rb"(?<!\w)" + word.encode() + then)) for word in words]


_C_RULE = _Rule(
    _is_c_body,
    [
        (b"#", re.compile(rb"#")),
        *(
            (word, re.compile(rb"(?<!\w)" + word + rb"\b" + _C_SPECIFIERS + rb"\{"))
            for word in (b"struct", b"union", b"enum", b"class")
        ),
        *_words("typedef", "using", "namespace", "concept", then=b" "),
    ],
)
_RULES: Mapping[str, _Rule] = {
    "go": _Rule(
        _is_go_body,
        [(word, re.compile(word + rb" *\{(?! *\})")) for word in _GO_TYPE]
        + _words("type", then=rb" +[\w(\x80-\xff]"),
    ),
    "java": _Rule(
        _is_java_body,
        [
            # A class without a name stands behind `new`; its arguments may hold blocks of their own.
            (b"new ", re.compile(rb"new [^;{}]*\) *\{")),
            (b"new<", re.compile(rb"new<")),
            (b"new ", re.compile(rb"\} *(?![\w }@({;])[^;{}]*\) *\{")),
            *_words("class", "interface", "enum"),
            *_words("record", then=rb" +" + _LETTER + rb"+ *[(<]"),
        ],
    ),
    "rust": _Rule(
        _is_rust_body,
        [
            *_words("fn", "struct", "union", "enum", "trait", "type", "const", "static", "mod", "extern"),
            (b"use", re.compile(rb"(?<!\w)use(?: +" + _LETTER + rb"| *[:{*])")),
            (b"impl", re.compile(rb"(?<!\w)impl *[<\w]")),
            (b"macro_rules", re.compile(rb"macro_rules")),
        ],
    ),
    "c": _C_RULE,
    "cpp": _C_RULE,
}
_IMPORT = re.compile(rb"^import [^;{}]*;", re.MULTILINE)
_DIRECTIVE = re.compile(rb"^[ \t]*#(?:[^\\\n]++|\\(?:\r?\n|.))*+", re.MULTILINE | re.DOTALL)


def idle_blocks(code: bytes, language: str) -> list[tuple[int, int]]:
    """(start, end) between the braces of blocks that define nothing, ascending; ``[]`` for other languages.

    ``code``: the text without its comments and strings. Linear.
    """
    rule = _RULES.get(language)
    if rule is None:
        return []
    if rule is _C_RULE and b"#" in code:
        # Braces of a macro need not be balanced.
        code = _DIRECTIVE.sub(_mark, code)
    return _blocks(code.translate(_FLAT), 0, len(code), rule, 0)


def plain_imports(code: bytes, language: str) -> list[tuple[int, int]]:
    """(start, end) of imports that are told by their first word alone, ascending; ``[]`` where a tree is needed."""
    return [match.span() for match in _IMPORT.finditer(code)] if language == "java" else []


def _mark(directive: re.Match[bytes]) -> bytes:
    return b"#".ljust(len(directive[0]))


def _blocks(code: bytes, start: int, end: int, rule: _Rule, nested: int) -> list[tuple[int, int]]:
    """Insides of blocks to pass over, ascending."""
    found: list[tuple[int, int]] = []
    body = -1
    depth = outside = 0
    last = start
    opening, closing = code.find(b"{", start, end), code.find(b"}", start, end)
    while closing >= 0:
        if 0 <= opening < closing:
            if body < 0 and rule.is_body(code[last:opening]):
                body, outside = opening + 1, depth
            depth += 1
            last = opening + 1
            opening = code.find(b"{", last, end)
        else:
            depth -= 1
            if body >= 0 and depth == outside:
                found += _block(code, body, closing, rule, nested)
                body = -1
            last = closing + 1
            closing = code.find(b"}", last, end)
    if body >= 0:
        found += _inside(code, body, end, rule, nested)
    return found


def _block(code: bytes, start: int, end: int, rule: _Rule, nested: int) -> list[tuple[int, int]]:
    if end - start < _WORTH:
        return []
    inside = code[start:end]
    for word, definition in rule.defines:
        if word in inside and definition.search(inside):
            return _inside(code, start, end, rule, nested)
    return [(start, end)]


def _inside(code: bytes, start: int, end: int, rule: _Rule, nested: int) -> list[tuple[int, int]]:
    return _blocks(code, start, end, rule, nested + 1) if nested < _DEEPEST else []
