"""Captured nodes to definitions: containers, heads, documentation. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from tree_sitter import Node

from agent_ls.core.text import LineIndex
from agent_ls.index.anchors import is_wish
from agent_ls.index.comments import Comments
from agent_ls.index.facts import Row

_CLASS_LIKE = frozenset({"class", "struct", "interface", "enum", "scope"})
_GENERAL = frozenset({"type", "variable"})
_EXPORTED = frozenset({"export_statement", "ambient_declaration"})
_WRAPPERS: Mapping[str, frozenset[str]] = {
    "python": frozenset({"decorated_definition"}),
    "javascript": _EXPORTED,
    "typescript": _EXPORTED,
    "tsx": _EXPORTED,
    "cpp": frozenset({"template_declaration"}),
    "go": frozenset({"type_declaration"}),
}
"""Nodes around a definition that belong to it. Asking for parents is not free: most languages have none."""
_NO_WRAPPERS = frozenset[str]()
_MARKS = re.compile(r"^\s*(?:///?!?|//!|/\*+!?|\*+/|\*|\#+|---?|<!--)?\s?|\s*(?:\*/|-->)\s*$|</?summary>")
_PLAIN = ("* ", "// ", "/// ", "# ", "-- ")
_HEAD_END = re.compile(rb"[\r\n{]")
_LINE_END = re.compile(rb"[\r\n]")
_BY_WORDS = frozenset({"elixir", "ruby", "json", "yaml", "toml"})
"""Languages where a brace begins a value, not a body."""
_VALUE = re.compile(rb"=>|->|=\s*(?:async\s+)?function")
"""What the head of a variable has whose value is a function."""
_DOTTED = frozenset({"csharp", "php", "elixir", "toml"})
_LAST_PART = re.compile(r"[.\\]\s*([^.\\]+)$")
_SIGNATURE = 200
_DOC = 300
_MOST_COMMENTS = 30


class Captured(NamedTuple):
    """A match of a definition pattern; ``kind`` is ``scope`` for a container that defines nothing."""

    kind: str
    node: Node
    name: Node
    container: Node | None


class _Outer(NamedTuple):
    start: int
    end: int
    path: str
    kind: str
    first: int


def define(
    data: bytes,
    language: str,
    lines: LineIndex,
    comments: Comments,
    captured: Sequence[Captured],
    attributes: AbstractSet[int],
) -> list[Row]:
    """Definitions in order of their start.

    ``attributes``: lines that hold nothing but an attribute, between a definition and its comment.
    """
    enclosing: list[_Outer] = []
    seen: set[int] = set()
    found: list[Row] = []
    line_of = lines.line_of
    for start, minus_end, place, _, _, item in _in_order(captured, language):
        if place in seen:
            continue
        seen.add(place)
        end = -minus_end
        # Names declared by one statement (`a, b = …`) have one span and stand beside each other.
        while enclosing and (enclosing[-1].end < end or enclosing[-1][:2] == (start, end)):
            enclosing.pop()
        outer = enclosing[-1] if enclosing else None
        name, name_start, name_end, inside = _name(data, item, language)
        if item.kind != "scope":
            first = line_of(start)
            doc = ""
            if language == "python":
                doc = _docstring(data, item.node)
            elif outer is None or outer.first != first:
                doc = _comment_above(comments, attributes, first)
            line = first if name_start == start else line_of(name_start)
            container = (f"{outer.path}.{inside}" if inside else outer.path) if outer else inside
            kind, head = _kind(item, name, outer), _signature(data, item.node, language)
            found.append((name, kind, start, end, name_start, name_end, line, head, container, doc))
        whole = f"{inside}.{name}" if inside and language in _DOTTED else name
        path = f"{outer.path}.{whole}" if outer else whole
        enclosing.append(_Outer(start, end, path, item.kind, line_of(start)))
    return found


def _in_order(captured: Sequence[Captured], language: str) -> list[tuple[int, int, int, bool, int, Captured]]:
    """(start, minus end, start of the name, …) of each, outer ones first."""
    wrappers = _WRAPPERS.get(language, _NO_WRAPPERS)
    found: list[tuple[int, int, int, bool, int, Captured]] = []
    for at, item in enumerate(captured):
        start, end = _whole(item.node, wrappers) if wrappers else item.node.byte_range
        # One node may match a general pattern as well as its own: the more telling kind comes first.
        found.append((start, -end, item.name.start_byte, item.kind in _GENERAL, at, item))
    found.sort()
    return found


def _name(data: bytes, item: Captured, language: str) -> tuple[str, int, int, str]:
    """A definition's name, its place, and what it is in by its own words (``A.b.C`` gives C and ``A.b``)."""
    start, end = item.name.byte_range
    name = data[start:end].decode("utf-8", "replace")
    inside = "" if item.container is None else _text(data, item.container)
    if language in _DOTTED and (match := _LAST_PART.search(name)):
        inside = name[: match.start()].replace("\\", ".")
        name = match[1]
        start = end - len(name.encode())
    return name, start, end, inside


def _text(data: bytes, node: Node) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _whole(node: Node, wrappers: AbstractSet[str]) -> tuple[int, int]:
    """A definition's span with the decorators, exports and template heads around it."""
    start, end = node.byte_range
    parent = node.parent
    while parent is not None and parent.type in wrappers:
        if parent.type == "type_declaration" and parent.named_child_count > 1:
            break
        start, end = parent.byte_range
        parent = parent.parent
    return start, end


def _kind(item: Captured, name: str, outer: _Outer | None) -> str:
    in_class = item.container is not None or (outer is not None and outer.kind in _CLASS_LIKE)
    if item.kind == "function" and in_class:
        return "method"
    if item.kind == "variable" and len(name) > 1 and name.isupper():
        return "constant"
    return item.kind


def _signature(data: bytes, node: Node, language: str) -> str:
    """The head of a definition on one line."""
    start, end = node.byte_range
    end = min(end, start + 2 * _SIGNATURE)
    body = node.child_by_field_name("body")
    if body is None and _VALUE.search(data, start, end):
        body = _body_of_value(node)
    if body is not None:
        head = data[start : min(body.start_byte, end)]
    else:
        stop = (_LINE_END if language in _BY_WORDS else _HEAD_END).search(data, start, end)
        head = data[start : stop.start() if stop else end]
    text = (
        " ".join(head.decode("utf-8", "replace").split())
        .rstrip("{:;= ")
        .removesuffix("=>")
        .removesuffix(" do")
        .rstrip()
    )
    return text[:_SIGNATURE]


def _body_of_value(node: Node) -> Node | None:
    """The body of a function that is the value of a variable."""
    if node.type.endswith(("declaration", "declarator", "statement", "expression")):
        for child in node.named_children:
            inner = child.child_by_field_name("value") or child.child_by_field_name("right")
            if inner is not None:
                return inner.child_by_field_name("body")
    return None


def _comment_above(comments: Comments, attributes: AbstractSet[int], line: int) -> str:
    """The first paragraph of the comment right above a line; a wish to the agent is none."""
    above = line - 1
    while above in attributes:
        above -= 1
    texts: list[str] = []
    while len(texts) < _MOST_COMMENTS and (comment := comments.ending_on(above)) is not None:
        text, first = comment
        if is_wish(text):
            return ""
        texts.insert(0, text)
        above = first - 1
    return _first_paragraph(line for text in texts for line in text.splitlines())


def _first_paragraph(lines: Iterable[str]) -> str:
    """What a comment says up to its first empty line."""
    words: list[str] = []
    size = 0
    for line in lines:
        inner = _words(line)
        if words and not inner:
            break
        words += inner
        size += len(inner) + sum(map(len, inner))
        if size > _DOC:
            break
    return " ".join(words)[:_DOC]


def _words(line: str) -> list[str]:
    """A comment's line without its marks."""
    line = line.strip()
    # Most lines: their marks are told without a pattern.
    if line.startswith(_PLAIN) and "*/" not in line and "-->" not in line and "summary>" not in line:
        return line.split()[1:]
    return [] if line == "*" else _MARKS.sub("", line).split()


def _docstring(data: bytes, node: Node) -> str:
    body = node.child_by_field_name("body")
    first = body.named_child(0) if body is not None and body.named_child_count else None
    if first is None or first.type != "expression_statement" or not first.named_child_count:
        return ""
    string = first.named_child(0)
    if string.type != "string":
        return ""
    return _paragraph(_text(data, string).lstrip("rRbBuUfF").strip("\"'"))


def _paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n", 1)[0].split())[:_DOC]
