"""Bytes to facts: one parse, one query, one pass over the names. Pure; worker processes only.

Parsing holds the interpreter's lock and a grammar may hang or crash: no process that answers an
editor imports this room.

Names are found lexically in the text whose comments and strings (as the tree says) are blanked:
the same positions as asking the tree for every identifier, at half the cost, and it sees into
macro bodies and unreadable places, which the tree does not.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import final

from tree_sitter import Node, Point, QueryCursor, Tree

from agent_ls.core.text import LineIndex, Span
from agent_ls.index import languages
from agent_ls.index.anchors import MARKERS, anchors, is_wish
from agent_ls.index.facts import Comment, Definition, FileFacts, Import, Reference, SyntaxProblem
from agent_ls.index.imports import read_import
from agent_ls.index.names import KEYWORDS
from agent_ls.index.problems import find_problems, new_problems

__all__ = [
    "MARKERS",
    "ParseTimeoutError",
    "anchors",
    "extract",
    "facts_of",
    "parse",
    "survey",
    "syntax_problems",
]

# A word right before a quote is a string's prefix.
_WORD = re.compile(rb"[\w\x80-\xff]++(?![\"'])")
_WORD_WITH_DOLLAR = re.compile(rb"[\w$\x80-\xff]+")
_DOLLAR = frozenset({"javascript", "typescript", "tsx", "java"})
_CLASS_LIKE = frozenset({"class", "struct", "interface", "enum", "scope"})
_GENERAL = frozenset({"type", "variable"})
_WRAPPERS = frozenset(
    {
        "decorated_definition",
        "export_statement",
        "template_declaration",
        "type_declaration",
        "ambient_declaration",
    }
)
_CPP_IN_HEADER = re.compile(
    rb"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)", re.MULTILINE
)
_SIGNATURE = 200
_DOC = 300


class ParseTimeoutError(Exception):
    """A text took longer to parse than it may."""


@final
@dataclass(slots=True)
class Survey:
    """Facts with the names in packed form: what the store wants, without an object per reference."""

    language: str
    lines: LineIndex
    definitions: list[Definition] = field(default_factory=list[Definition])
    imports: list[Import] = field(default_factory=list[Import])
    comments: list[Comment] = field(default_factory=list[Comment])
    uses: dict[str, list[int]] = field(default_factory=dict[str, "list[int]"])
    problems: tuple[SyntaxProblem, ...] = ()


def dialect(data: bytes, language: str) -> str:
    """The language that a text is written in: a C header may be C++."""
    return "cpp" if language == "c" and _CPP_IN_HEADER.search(data) else language


def parse(data: bytes, language: str, *, old: Tree | None = None, deadline_s: float = 5.0) -> Tree:
    """A text's tree. ``old``: an edited tree of its former text, to go on from.

    Raises:
        ParseTimeoutError: the deadline passed (a grammar that never calls back needs a killer outside).
    """
    end = time.monotonic() + deadline_s

    def chunk(offset: int, _point: Point) -> bytes:
        return data[offset : offset + 262_144] if offset else data

    def late(_offset: int, _has_error: bool) -> bool:  # noqa: FBT001 - the binding's shape
        return time.monotonic() > end

    parser = languages.parser(language)
    try:
        if old is None:
            return parser.parse(chunk, progress_callback=late)
        return parser.parse(chunk, old, progress_callback=late)
    except ValueError:
        raise ParseTimeoutError(f"not parsed within {deadline_s:g} s") from None


def extract(data: bytes, language: str, *, deadline_s: float = 5.0) -> FileFacts:
    """All facts of a text. Broken text gives the facts around its problems.

    Raises:
        ParseTimeoutError: see `parse`.
    """
    language = dialect(data, language)
    return facts_of(data, language, parse(data, language, deadline_s=deadline_s))


def facts_of(data: bytes, language: str, tree: Tree, *, names: bool = True) -> FileFacts:
    """All facts from a tree of exactly this text; ``names=False`` leaves the references out."""
    found = survey(data, language, tree, names=names)
    references = [
        Reference(name, Span(start, start + len(name.encode())))
        for name, starts in found.uses.items()
        for start in starts
    ]
    references.sort(key=lambda reference: reference.span)
    return FileFacts(
        language,
        len(found.lines),
        tuple(found.definitions),
        tuple(references),
        tuple(found.imports),
        tuple(found.comments),
        found.problems,
    )


def syntax_problems(data: bytes, language: str, since: bytes | None = None) -> tuple[SyntaxProblem, ...]:
    """What the grammar cannot read in a text; with ``since`` only what that former text did not have.

    A text that cannot be parsed in time has no problems: it must not block an edit.
    """
    language = dialect(data, language)
    try:
        found = find_problems(parse(data, language), data)
        if since is None or not found:
            return found
        return new_problems(found, data, find_problems(parse(since, language), since), since)
    except ParseTimeoutError:
        return ()


def survey(data: bytes, language: str, tree: Tree, *, names: bool = True) -> Survey:
    """Facts from a tree of exactly this text, in one walk; ``names=False`` leaves the uses out."""
    result = Survey(language, LineIndex(data))
    text = bytearray(data)
    found: list[tuple[str, Node, Node, Node | None]] = []
    attributes: set[int] = set()
    for _, captures in QueryCursor(languages.query(language)).matches(tree.root_node):
        if "opaque" in captures:
            start, end = captures["opaque"][0].byte_range
            text[start:end] = b" " * (end - start)
            continue
        for label, nodes in captures.items():
            node = nodes[0]
            if label == "comment":
                start, end = node.byte_range
                text[start:end] = b" " * (end - start)
                result.comments.append(_comment(data, result.lines, start, end))
            elif label == "attribute":
                attributes.update(range(node.start_point.row, node.end_point.row + 1))
            elif label == "import":
                span = Span(*node.byte_range)
                parts = read_import(language, _decode(data[span.start : span.end]))
                result.imports += [Import(module, names, span) for module, names in parts]
            elif label == "scope" or label.startswith("def."):
                container = captures["container"][0] if "container" in captures else None
                found += [(label.removeprefix("def."), node, name, container) for name in captures["name"]]
    _define(result, data, found, attributes)
    if names:
        result.uses = _uses(text, result.definitions, language)
    if tree.root_node.has_error:
        result.problems = find_problems(tree, data)
    return result


def _uses(text: bytearray, definitions: list[Definition], language: str) -> dict[str, list[int]]:
    """Start offsets of every name that is no keyword, no number and no definition's own."""
    uses: defaultdict[bytes, list[int]] = defaultdict(list)
    for match in (_WORD_WITH_DOLLAR if language in _DOLLAR else _WORD).finditer(text):
        uses[match[0]].append(match.start())
    keywords = KEYWORDS[language]
    named: dict[str, list[int]] = {}
    for raw, starts in uses.items():
        if raw[0] > 0x39 or raw[0] == 0x24:  # not a digit; `$` stands below them
            name = raw.decode("utf-8", "replace")
            if name not in keywords:
                named[name] = starts
    for definition in definitions:
        starts = named.get(definition.name)
        if starts is not None and definition.name_span.start in starts:
            starts.remove(definition.name_span.start)
    return {name: starts for name, starts in named.items() if starts}


def _define(
    result: Survey, data: bytes, found: list[tuple[str, Node, Node, Node | None]], attributes: set[int]
) -> None:
    """Turn captured nodes into definitions with containers and documentation."""
    docs = {comment.last_line: comment for comment in result.comments if comment.alone}
    whole = [(kind, _whole(node), node, name, container) for kind, node, name, container in found]
    # One node may match a general pattern as well as its own: the more telling kind comes first.
    whole.sort(key=lambda item: (item[1].start, -item[1].end, item[3].start_byte, item[0] in _GENERAL))
    enclosing: list[tuple[Span, str, str]] = []
    seen: set[int] = set()
    for kind, span, node, name_node, container_node in whole:
        if name_node.start_byte in seen:
            continue
        seen.add(name_node.start_byte)
        # Names declared by one statement (`a, b = …`) have one span and stand beside each other.
        while enclosing and (enclosing[-1][0].end < span.end or enclosing[-1][0] == span):
            enclosing.pop()
        name = _decode(data[name_node.start_byte : name_node.end_byte])
        outer = enclosing[-1] if enclosing else None
        path = f"{outer[1]}.{name}" if outer else name
        if kind != "scope":
            container = outer[1] if outer else ""
            if container_node is not None:
                inner = _decode(data[container_node.start_byte : container_node.end_byte])
                container = ".".join(filter(None, (container, inner)))
            refined = _refined(kind, name, outer, explicit=container_node is not None)
            line = result.lines.line_of(name_node.start_byte)
            first = result.lines.line_of(span.start)
            shares_line = outer is not None and result.lines.line_of(outer[0].start) == first
            result.definitions.append(
                Definition(
                    name,
                    refined,
                    span,
                    Span(*name_node.byte_range),
                    _signature(data, node),
                    container,
                    "" if shares_line else _doc(data, node, result, docs, attributes, first),
                    line,
                )
            )
        enclosing.append((span, path, kind))


def _whole(node: Node) -> Span:
    """A definition's span with the decorators, exports and template heads around it."""
    start, end = node.byte_range
    parent = node.parent
    while parent is not None and parent.type in _WRAPPERS:
        if parent.type == "type_declaration" and parent.named_child_count > 1:
            break
        start, end = parent.byte_range
        parent = parent.parent
    return Span(start, end)


def _refined(kind: str, name: str, outer: tuple[Span, str, str] | None, *, explicit: bool) -> str:
    in_class = explicit or (outer is not None and outer[2] in _CLASS_LIKE)
    if kind == "function" and in_class:
        return "method"
    if kind == "variable" and len(name) > 1 and name.isupper():
        return "constant"
    return kind


def _signature(data: bytes, node: Node) -> str:
    """The head of a definition on one line."""
    start = node.start_byte
    body = _body(node)
    end = min(node.end_byte, start + 2 * _SIGNATURE)
    if body is not None:
        head = data[start : min(body.start_byte, end)]
    else:
        head = re.split(rb"[\r\n{]", data[start:end], maxsplit=1)[0]
    text = " ".join(_decode(head).split()).rstrip("{:;= ").removesuffix("=>").rstrip()
    return text[:_SIGNATURE]


def _body(node: Node) -> Node | None:
    """A definition's body, also that of a function which is the value of a variable."""
    body = node.child_by_field_name("body")
    if body is None and node.type.endswith(("declaration", "declarator", "statement", "expression")):
        for child in node.named_children:
            inner = child.child_by_field_name("value") or child.child_by_field_name("right")
            if inner is not None:
                return inner.child_by_field_name("body")
    return body


def _comment(data: bytes, lines: LineIndex, start: int, end: int) -> Comment:
    # Some grammars take the line end into a comment.
    text = data[start:end].rstrip(b"\r\n")
    end = start + len(text)
    line = lines.line_of(start)
    begin = lines.start(line)
    alone = not data[begin:start].strip()
    last = lines.line_of(end - 1) if b"\n" in text or b"\r" in text else line
    return Comment(Span(start, end), _decode(text), line, last, start - begin, alone)


def _doc(
    data: bytes, node: Node, result: Survey, docs: dict[int, Comment], attributes: set[int], line: int
) -> str:
    """The first paragraph of a docstring, or of the comment right above."""
    if result.language == "python":
        return _docstring(data, node)
    above = line - 1
    while above in attributes:
        above -= 1
    texts: list[str] = []
    while above in docs and len(texts) < 30:
        if is_wish(docs[above].text):
            return ""
        texts.insert(0, docs[above].text)
        above = docs[above].line - 1
    lines = [
        re.sub(r"^\s*(?:///?!?|//!|/\*+!?|\*+/|\*)?\s?|\s*\*/\s*$", "", part)
        for t in texts
        for part in t.splitlines()
    ]
    return _paragraph("\n".join(lines))


def _docstring(data: bytes, node: Node) -> str:
    body = node.child_by_field_name("body")
    first = body.named_child(0) if body is not None and body.named_child_count else None
    if first is None or first.type != "expression_statement" or not first.named_child_count:
        return ""
    string = first.named_child(0)
    if string.type != "string":
        return ""
    return _paragraph(_decode(data[string.start_byte : string.end_byte]).lstrip("rRbBuUfF").strip("\"'"))


def _paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n", 1)[0].split())[:_DOC]


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
