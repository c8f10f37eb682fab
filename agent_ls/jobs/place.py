"""What stands at a place in a text of now: the name under the cursor, the definition around it.

Facts of the live worker are taken where they are about the very text; else those of the index
where the file has not changed since. Otherwise there is only the name: a fact with spans of
another text would point anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, final

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span, content_hash
from agent_ls.index.facts import Anchor, Definition
from agent_ls.index.names import KEYWORDS, language_of
from agent_ls.index.query import Index, enclosing

_NAME = re.compile(rb"[A-Za-z_$\x80-\xff][A-Za-z0-9_$\x80-\xff]*")
_REACH = 200


class TextFacts(Protocol):
    """What the live worker last knew of an open document."""

    @property
    def version(self) -> int: ...
    @property
    def definitions(self) -> Sequence[Definition]: ...
    @property
    def anchors(self) -> Sequence[Anchor]: ...


class LiveFacts(Protocol):
    """Facts about the open documents, without waiting."""

    def facts(self, path: RelPath) -> TextFacts | None: ...


@final
@dataclass(frozen=True, slots=True)
class Here:
    """A place and what is known of it; all spans are in ``text``.

    ``name`` is the identifier under the cursor (``""``: none), ``around`` the innermost definition
    that holds the place, ``anchor`` the ``agent:`` comment there.
    """

    site: Site
    text: bytes
    name: str = ""
    name_span: Span = field(default_factory=lambda: Span(0, 0))
    around: Definition | None = None
    anchor: Anchor | None = None


def look(site: Site, text: bytes, version: int | None, index: Index, live: LiveFacts | None) -> Here:
    """What is at a place. Cost: a hash of the text, and a look into the index."""
    definitions: Sequence[Definition] = ()
    anchors: Sequence[Anchor] = ()
    facts = live.facts(site.path) if live is not None and version is not None else None
    if facts is not None and facts.version == version:
        definitions, anchors = facts.definitions, facts.anchors
    elif index.hash_of(site.path) == content_hash(text):
        definitions = index.outline(site.path)
    first, last = _lines(text, site.span)
    name, name_span = name_at(text, site.span.start, site.path)
    return Here(
        site,
        text,
        name,
        name_span,
        enclosing(definitions, site.span.start),
        next((a for a in anchors if a.span.start <= last and first <= a.span.end), None),
    )


def _lines(text: bytes, span: Span) -> tuple[int, int]:
    """Where the lines that a span touches begin and end, without reading the rest of the text."""
    first = max(text.rfind(b"\n", 0, span.start), text.rfind(b"\r", 0, span.start)) + 1
    ends = [end for end in (text.find(b"\n", span.end), text.find(b"\r", span.end)) if end >= 0]
    return first, min(ends, default=len(text))


def name_at(text: bytes, offset: int, path: RelPath) -> tuple[str, Span]:
    """The identifier that a byte offset lies in or ends, and where; keywords are none."""
    start = max(0, offset - _REACH)
    for match in _NAME.finditer(text, start, min(len(text), offset + _REACH)):
        if match.start() > offset:
            break
        if offset <= match.end():
            name = match[0].decode("utf-8", "replace")
            keywords = KEYWORDS.get(language_of(path) or "", frozenset())
            return ("", Span(0, 0)) if name in keywords else (name, Span(match.start(), match.end()))
    return "", Span(0, 0)
