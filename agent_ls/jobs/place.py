"""What stands at a place in a text of now: the name under the cursor, the definition around it.

Facts of the live worker are taken where they are about the very text, or carried over what was
typed since; else those of the index where the file has not changed. Otherwise there is only the
name: a fact with spans of another text would point anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, final

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span, common_prefix, common_suffix, content_hash
from agent_ls.index.facts import Anchor, Definition
from agent_ls.index.keywords import KEYWORDS
from agent_ls.index.names import language_of
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
    that holds the place, ``anchor`` the ``agent:`` comment there. ``known``: there are facts about this text,
    so that what is not here is not there.
    """

    site: Site
    text: bytes
    name: str = ""
    name_span: Span = field(default_factory=lambda: Span(0, 0))
    around: Definition | None = None
    anchor: Anchor | None = None
    known: bool = False


@final
class Lookout:
    """Finds out what is at places; remembers the last text that live facts were about.

    While someone types, the facts lag behind by a few keystrokes: they are carried over the one
    region that changed since, so that the menu neither waits nor points beside the symbol.
    """

    def __init__(self, index: Index, live: LiveFacts | None) -> None:
        self._index = index
        self._live = live
        self._last: dict[RelPath, tuple[bytes, TextFacts]] = {}

    def look(self, site: Site, text: bytes, version: int | None) -> Here:
        """What is at a place. Cost: a hash of the text, or finding the region that changed."""
        facts = self._facts(site, text, version)
        definitions, anchors = facts or ((), ())
        first, last = _lines(text, site.span)
        name, name_span = name_at(text, site.span.start, site.path)
        return Here(
            site,
            text,
            name,
            name_span,
            enclosing(definitions, site.span.start),
            next((a for a in anchors if a.span.start <= last and first <= a.span.end), None),
            facts is not None,
        )

    def _facts(
        self, site: Site, text: bytes, version: int | None
    ) -> tuple[Sequence[Definition], Sequence[Anchor]] | None:
        """The text's definitions (at least those around the place) and wishes; ``None``: not known yet."""
        path = site.path
        facts = self._live.facts(path) if self._live is not None and version is not None else None
        if facts is None:
            self._last.pop(path, None)
            known = self._index.hash_of(path) == content_hash(text)
            return (self._index.outline(path), ()) if known else None
        if facts.version == version:
            self._last[path] = (text, facts)
            return facts.definitions, facts.anchors
        if path not in self._last:
            return None
        old, known_facts = self._last[path]
        change = _changed_region(old, text)
        around = _candidates(known_facts.definitions, change, site.span.start)
        return (
            [moved for d in around if (moved := _carried(d, change)) is not None],
            [
                replace(a, span=span)
                for a in known_facts.anchors
                if (span := _carry(a.span, change)) is not None
            ],
        )


def _changed_region(old: bytes, new: bytes) -> tuple[Span, int]:
    """The span of ``old`` outside of which both agree, and how much longer ``new`` is."""
    head = common_prefix(old, new)
    tail = common_suffix(old, new, head)
    return Span(head, len(old) - tail), len(new) - len(old)


def _candidates(definitions: Sequence[Definition], change: tuple[Span, int], offset: int) -> list[Definition]:
    """Those that may hold an offset of the new text: the others need not be moved, there are thousands."""
    region, grown = change
    if offset <= region.start:
        first = last = offset
    elif offset >= region.end + grown:
        first = last = offset - grown
    else:
        first, last = region.start, region.end
    return [d for d in definitions if d.span.start <= last and first <= d.span.end]


def _carry(span: Span, change: tuple[Span, int]) -> Span | None:
    """A span after a change around, before or inside it; ``None`` where an end of it was changed."""
    region, grown = change
    if span.end <= region.start:
        return span
    if span.start >= region.end:
        return Span(span.start + grown, span.end + grown)
    if span.start <= region.start and region.end <= span.end:
        return Span(span.start, span.end + grown)
    return None


def _carried(definition: Definition, change: tuple[Span, int]) -> Definition | None:
    span, name = _carry(definition.span, change), _carry(definition.name_span, change)
    inside = definition.name_span.start <= change[0].start and change[0].end <= definition.name_span.end
    if span is None or name is None or (inside and change[1]):
        return None  # the name itself is being typed: what it is called now is not known yet
    return replace(definition, span=span, name_span=name)


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
