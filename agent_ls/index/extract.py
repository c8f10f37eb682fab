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

from tree_sitter import Point, QueryCursor, Tree

from agent_ls.core.text import LineIndex, Span
from agent_ls.index import languages
from agent_ls.index.anchors import MARKERS, anchors
from agent_ls.index.define import Captured, define
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
_CPP_IN_HEADER = re.compile(
    rb"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)", re.MULTILINE
)


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
    found: list[Captured] = []
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
                kind = label.removeprefix("def.")
                found += [Captured(kind, node, name, container) for name in captures["name"]]
    result.definitions = define(data, language, result.lines, result.comments, found, attributes)
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


def _comment(data: bytes, lines: LineIndex, start: int, end: int) -> Comment:
    # Some grammars take the line end into a comment.
    text = data[start:end].rstrip(b"\r\n")
    end = start + len(text)
    line = lines.line_of(start)
    begin = lines.start(line)
    alone = not data[begin:start].strip()
    last = lines.line_of(end - 1) if b"\n" in text or b"\r" in text else line
    return Comment(Span(start, end), _decode(text), line, last, start - begin, alone)


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
