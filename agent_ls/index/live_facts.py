"""What the live worker says about an open document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from agent_ls.core import codec
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
        return codec.to_json(self)

    @staticmethod
    def from_json(value: object) -> LiveFacts:
        return codec.from_json(LiveFacts, value)
