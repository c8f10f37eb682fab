"""What the live worker says about an open document.

It is said at every pause of the typing and read on the server's loop, so its wire form is flat
rows: a thousand definitions are read in a few milliseconds (by names of fields it was fifty).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, final

from agent_ls.core.text import Span
from agent_ls.index.facts import Anchor, Definition, SyntaxProblem


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
