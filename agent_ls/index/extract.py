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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import final

from tree_sitter import Point, QueryCursor, Range, Tree

from agent_ls.core.text import LineIndex, Span
from agent_ls.index import languages
from agent_ls.index.anchors import MARKERS, anchors
from agent_ls.index.comments import Comments, read_comment
from agent_ls.index.define import Captured, define
from agent_ls.index.embedded import Part, embedded
from agent_ls.index.facts import Definition, FileFacts, Import, Reference, Row, SyntaxProblem, definition
from agent_ls.index.idle import idle_blocks, plain_imports
from agent_ls.index.idle_python import idle_bodies
from agent_ls.index.imports import read_import
from agent_ls.index.keywords import KEYWORDS
from agent_ls.index.lexical import Places, blanked, comments_and_strings, lexical_places
from agent_ls.index.lexical_python import python_places
from agent_ls.index.names import COMPONENTS, DATA, HOSTS
from agent_ls.index.problems import find_problems, new_problems
from agent_ls.index.uses import find_places

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

_CPP_IN_HEADER = re.compile(
    rb"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)", re.MULTILINE
)

_TEMPLATES = frozenset({"yaml", "html", "css", "markdown", "make", *COMPONENTS})
"""Languages whose files are often templates of something else: an unreadable place is no problem."""
_USUAL_SIZE = 100_000
_WORD = re.compile(rb"[A-Za-z_]+")


class ParseTimeoutError(Exception):
    """A text took longer to parse than it may."""


@final
@dataclass(slots=True)
class Survey:
    """Facts of a text but its references: those are found in `Survey.code`, by whoever wants them.

    ``rows`` are the definitions before they became values. ``comments`` and ``strings`` are (start, end) of what holds no code, each ascending.
    """

    language: str
    lines: LineIndex
    definitions: list[Definition] = field(default_factory=list[Definition])
    rows: list[Row] = field(default_factory=list[Row])
    imports: list[Import] = field(default_factory=list[Import])
    comments: Places = field(default_factory=list[tuple[int, int]])
    strings: Places = field(default_factory=list[tuple[int, int]])
    problems: tuple[SyntaxProblem, ...] = ()

    def code(self, data: bytes) -> bytes:
        """The text without its comments and strings, spaces in their place; nothing of what is no code."""
        if self.language in DATA and self.language not in HOSTS:
            return b""
        return blanked(data, self.comments, self.strings)


def dialect(data: bytes, language: str) -> str:
    """The language that a text is written in: a C header may be C++."""
    return "cpp" if language == "c" and _CPP_IN_HEADER.search(data) else language


def parse(
    data: bytes,
    language: str,
    *,
    old: Tree | None = None,
    deadline_s: float = 5.0,
    watched: bool = False,
    without: Sequence[tuple[int, int]] = (),
    within: Span | None = None,
) -> Tree:
    """A text's tree. ``old``: an edited tree of its former text, to go on from.

    ``watched``: somebody outside ends this process when it takes too long. Then a text of usual size
    is parsed without looking at the clock, which costs a fifth.

    ``without``: places to pass over, ascending. Byte offsets in the tree are those of the whole text,
    its rows and columns are none at all. ``within``: the only place to parse; all numbers in the tree
    are those of the whole text.

    Raises:
        ParseTimeoutError: the deadline passed (a grammar that never calls back needs a killer outside).
    """
    parser = languages.parser(language)
    if without:
        edges = [0, *chain.from_iterable(without), len(data)]
        parser.included_ranges = [
            Range((0, 0), (0, 0), *pair) for pair in zip(*[iter(edges)] * 2, strict=True)
        ]
    if within is not None:
        start, end = within.start, within.end
        parser.included_ranges = [Range(_point(data, start), _point(data, end), start, end)]
    if watched and len(data) <= _USUAL_SIZE:
        return parser.parse(data)
    end = time.monotonic() + deadline_s

    def chunk(offset: int, _point: Point) -> bytes:
        return data[offset : offset + 262_144] if offset else data

    def late(_offset: int, _has_error: bool) -> bool:  # noqa: FBT001 - the binding's shape
        return time.monotonic() > end

    try:
        if old is None:
            return parser.parse(chunk, progress_callback=late)
        return parser.parse(chunk, old, progress_callback=late)
    except ValueError:
        raise ParseTimeoutError(f"not parsed within {deadline_s:g} s") from None


def _point(data: bytes, offset: int) -> Point:
    return Point(data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1))


def extract(data: bytes, language: str, *, deadline_s: float = 5.0) -> FileFacts:
    """All facts of a text. Broken text gives the facts around its problems.

    Raises:
        ParseTimeoutError: see `parse`.
    """
    language = dialect(data, language)
    return facts_of(data, language, parse(data, language, deadline_s=deadline_s))


def facts_of(data: bytes, language: str, tree: Tree, *, names: bool = True) -> FileFacts:
    """All facts from a tree of exactly this text; ``names=False`` leaves the references out."""
    found = survey(data, language, tree)
    own = [d.name_span for d in found.definitions]
    places = find_places(found.code(data), language, own) if names else ()
    return FileFacts(
        language,
        len(found.lines),
        tuple(found.definitions),
        tuple(Reference(name.decode("utf-8", "replace"), span) for name, span in places),
        tuple(found.imports),
        tuple(read_comment(data, found.lines, start, end) for start, end in found.comments),
        found.problems,
    )


def syntax_problems(data: bytes, language: str, since: bytes | None = None) -> tuple[SyntaxProblem, ...]:
    """What the grammar cannot read in a text; with ``since`` only what that former text did not have.

    A text that cannot be parsed in time has no problems: it must not block an edit.
    """
    language = dialect(data, language)
    if language in _TEMPLATES and language not in COMPONENTS:
        return ()
    try:
        found = _problems(data, language)
        if since is None or not found:
            return found
        return new_problems(found, data, _problems(since, language), since)
    except ParseTimeoutError:
        return ()


def _problems(data: bytes, language: str) -> tuple[SyntaxProblem, ...]:
    if language not in COMPONENTS:
        return find_problems(parse(data, language), data)
    trees = [parse(data, part.language, within=part.span) for part in embedded(data, language).parts]
    return tuple(chain.from_iterable(find_problems(tree, data) for tree in trees))


def survey(data: bytes, language: str, tree: Tree) -> Survey:
    """Facts from a tree of exactly this text, in one walk, and from the code inside of it.

    Raises:
        ParseTimeoutError: that code took too long.
    """
    result = Survey(language, LineIndex(data))
    result.comments, result.strings = comments_and_strings(data, language, tree)
    _define(result, data, tree)
    if language in HOSTS:
        _embed(result, data)
    result.definitions = list(map(definition, result.rows))
    if tree.root_node.has_error and language not in _TEMPLATES:
        result.problems = find_problems(tree, data)
    return result


def survey_for_store(data: bytes, language: str, deadline_s: float) -> tuple[Survey, bytes]:
    """What the store keeps of a text (rows, no values, no problems), and `Survey.code`.

    Where comments and strings are found without a tree, only what may define something is parsed:
    the same rows at a third of the cost. A text that is broken outside of bodies is parsed as a whole.
    For a process that somebody watches (see `parse`).

    Raises:
        ParseTimeoutError: see `parse`.
    """
    result = Survey(language, LineIndex(data))
    code = _survey_thinned(result, data, deadline_s)
    if code is None:
        tree = parse(data, language, deadline_s=deadline_s, watched=True)
        result.comments, result.strings = comments_and_strings(data, language, tree)
        code = result.code(data)
        _define(result, data, tree)
        if language in HOSTS:
            _embed(result, data, deadline_s)
            code = result.code(data)
    return result, code


def _survey_thinned(result: Survey, data: bytes, deadline_s: float) -> bytes | None:
    """`survey_for_store` without what a parser may pass over; ``None``: such a text does not parse."""
    language = result.language
    places = python_places(data) if language == "python" else lexical_places(data, language)
    if places is None:
        return None
    result.comments, result.strings = places
    code = result.code(data)
    text = data
    imports = plain_imports(code, language)
    if language == "python":
        text, without = idle_bodies(data, code, result.comments, result.strings)
    else:
        without = sorted([*imports, *idle_blocks(code, language)])
    tree = parse(text, language, deadline_s=deadline_s, watched=True, without=without)
    if tree.root_node.has_error and (without or language == "python"):
        return None
    for place in imports:
        _import(result, data, *place)
    _define(result, data, tree)
    return code


def _define(result: Survey, data: bytes, tree: Tree) -> None:
    found, attributes = _gather(result, data, tree, None)
    docs = Comments(data, result.lines, result.comments)
    result.rows = define(data, result.language, result.lines, docs, found, attributes)


def _embed(result: Survey, data: bytes, deadline_s: float = 5.0) -> None:
    """Add what the code inside of a text defines, imports and says; all else of the text is no code."""
    found = embedded(data, result.language)
    prose = result.language == "markdown"
    comments, strings = found.comments or result.comments, found.outside(len(data))
    for part in found.parts:
        inner = _survey_part(data, part, result.lines, deadline_s)
        result.rows += inner.rows
        result.imports += inner.imports
        strings += inner.strings
        if prose:  # what an example says in a comment is no wish, and its keywords are no names
            strings += inner.comments + _keywords(data, part)
        else:
            comments = comments + inner.comments
        if result.language in COMPONENTS:
            result.problems += inner.problems
    result.rows.sort(key=lambda row: (row[2], -row[3]))
    result.imports.sort(key=lambda item: item.span)
    result.comments, result.strings = sorted(comments), sorted(strings)


def _survey_part(data: bytes, part: Part, lines: LineIndex, deadline_s: float) -> Survey:
    inner = Survey(part.language, lines)
    tree = parse(data, part.language, deadline_s=deadline_s, within=part.span)
    inner.comments, inner.strings = comments_and_strings(
        data, part.language, tree, part.span.start, part.span.end
    )
    _define(inner, data, tree)
    if tree.root_node.has_error:
        inner.problems = find_problems(tree, data)
    return inner


def _keywords(data: bytes, part: Part) -> Places:
    words = KEYWORDS[part.language]
    return [m.span() for m in _WORD.finditer(data, part.span.start, part.span.end) if m[0].decode() in words]


def survey_within(
    data: bytes,
    language: str,
    tree: Tree,
    span: Span,
    before: Survey,
    lines: LineIndex,
    moved: Callable[[int], int],
) -> Survey:
    """What a text defines inside a definition and in those around it, after an edit inside of it.

    ``span`` is that definition in this text; ``before`` is what was known of the former text, whose
    offsets outside of it ``moved`` brings into this one. Only ``definitions``, ``comments`` and
    ``problems`` of the answer count; definitions beside the span are left out. Cost: that of the span.
    """
    result = Survey(language, lines)
    found, attributes = _gather(result, data, tree, span)
    comments, _ = comments_and_strings(data, language, tree, span.start, span.end)
    inside = [place for place in comments if span.start <= place[0] < span.end]
    outside = [(moved(start), moved(end)) for start, end in before.comments]
    head = [place for place in outside if place[0] < span.start]
    result.comments = [*head, *inside, *(place for place in outside if place[0] >= span.end)]
    docs = Comments(data, result.lines, result.comments)
    result.definitions = [
        d
        for d in map(definition, define(data, language, result.lines, docs, found, attributes))
        if (span.start <= d.span.start and d.span.end <= span.end)
        or (d.span.start <= span.start and span.end <= d.span.end)
    ]
    if tree.root_node.has_error and language not in _TEMPLATES:
        result.problems = find_problems(tree, data)
    return result


def _gather(result: Survey, data: bytes, tree: Tree, span: Span | None) -> tuple[list[Captured], set[int]]:
    """Sort what the language's query finds; returns definitions and the lines of attributes."""
    found: list[Captured] = []
    attributes: set[int] = set()
    cursor = QueryCursor(languages.query(result.language))
    if span is not None:
        cursor.set_byte_range(span.start, span.end)
    labels = _labels(result.language)
    for pattern, captures in cursor.matches(tree.root_node):
        label = labels.get(pattern)
        if label is None:
            label = labels[pattern] = next(filter(_SAYS.match, captures))
        node = captures[label][0]
        if label == "import":
            _import(result, data, *node.byte_range)
        elif label == "attribute":
            # Not by the node's own rows: there are none where places were passed over.
            first, last = map(result.lines.line_of, node.byte_range)
            attributes.update(range(first, last + 1))
        else:
            container = captures["container"][0] if "container" in captures else None
            kind = label.removeprefix("def.")
            found += [Captured(kind, node, name, container) for name in captures["name"]]
    return found, attributes


def _import(result: Survey, data: bytes, start: int, end: int) -> None:
    parts = read_import(result.language, data[start:end].decode("utf-8", "replace"))
    result.imports += [Import(module, taken, Span(start, end)) for module, taken in parts]


_SAYS = re.compile(r"def\.|scope$|import$|attribute$")


@cache
def _labels(_language: str) -> dict[int, str]:
    """Which capture tells what a pattern of a language's query is about, as far as it was found."""
    return {}
