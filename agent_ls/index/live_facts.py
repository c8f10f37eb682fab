"""What the live worker says about an open document.

It is said at every pause of the typing and read on the server's loop, so its wire form is flat
rows: a thousand definitions are read in a few milliseconds (by names of fields it was fifty).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, final

from agent_ls.core.text import Span
from agent_ls.index.facts import Anchor, Definition, SyntaxProblem


@final
@dataclass(frozen=True, slots=True)
class Moved:
    """How the definitions of a text follow from those before an edit inside the definition ``holder``.

    ``holder`` and ``end`` (where what changed ends) are places in the former text. From there on
    everything is ``delta`` bytes and ``lines`` lines further; ``fresh`` takes the place of the
    holder, of what was inside it and of what is around it.
    """

    holder: Span
    end: int
    delta: int
    lines: int
    fresh: tuple[Definition, ...]

    def apply(self, before: Sequence[Definition]) -> list[Definition]:
        """The definitions of now, in order."""
        start, end = self.holder.start, self.holder.end
        found: list[Definition] = list(self.fresh)
        for d in before:
            span = d.span
            if (start <= span.start and span.end <= end) or (span.start <= start and end <= span.end):
                continue
            found.append(self._further(d) if span.start >= self.end else d)
        found.sort(key=lambda d: (d.span.start, -d.span.end, d.name_span.start))
        return found

    def _further(self, d: Definition) -> Definition:
        delta, span, name = self.delta, d.span, d.name_span
        return Definition(
            d.name,
            d.kind,
            Span(span.start + delta, span.end + delta),
            Span(name.start + delta, name.end + delta),
            d.signature,
            d.container,
            d.doc,
            d.line + self.lines,
        )


@final
@dataclass(frozen=True, slots=True)
class LiveFacts:
    """Facts of one version of an open document; spans point into exactly that version's bytes."""

    version: int
    definitions: tuple[Definition, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    problems: tuple[SyntaxProblem, ...] = ()

    def to_json(self) -> Mapping[str, Any]:
        return {
            "version": self.version,
            "definitions": [
                [
                    *(d.name, d.kind, d.span.start, d.span.end, d.name_span.start, d.name_span.end),
                    *(d.signature, d.container, d.doc, d.line),
                ]
                for d in self.definitions
            ],
            "anchors": [[a.span.start, a.span.end, a.text] for a in self.anchors],
            "problems": [[p.line, p.span.start, p.span.end, p.text] for p in self.problems],
        }

    @staticmethod
    def from_json(value: object) -> LiveFacts:
        """What `to_json` made, by a worker of this very version: rows of another shape raise `ValueError`."""
        said = cast("dict[str, Any]", value)
        return LiveFacts(
            said["version"],
            tuple(
                Definition(name, kind, Span(start, end), Span(at, to), signature, container, doc, line)
                for name, kind, start, end, at, to, signature, container, doc, line in said["definitions"]
            ),
            tuple(Anchor(Span(start, end), text) for start, end, text in said["anchors"]),
            tuple(SyntaxProblem(line, Span(start, end), text) for line, start, end, text in said["problems"]),
        )
