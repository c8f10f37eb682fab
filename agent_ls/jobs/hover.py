"""Instant facts about a symbol, from the index alone: never a model, never a wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent_ls.core.settings import Settings
from agent_ls.index.mentions import RefHit
from agent_ls.index.names import is_test
from agent_ls.index.query import Hit, Index
from agent_ls.jobs.place import Here
from agent_ls.jobs.views import HoverFacts, JobView, Place

_SHOWN = 5
_DEFINED = 12
_FILES = 20  # read per hover: a name like `get` is in hundreds, and the loop waits for each


def hover_facts(
    here: Here, index: Index, jobs: Sequence[JobView], settings: Settings, explanation: str
) -> HoverFacts | None:
    """What is known of the name at a place; ``None`` where that is nothing. A few look-ups, ~1 ms.

    The index resolves names, not scopes: a name that is defined in several places is counted as one.
    """
    if not here.name:
        return None
    own = here.around if here.around is not None and here.around.name == here.name else None
    hits = index.definitions(here.name, limit=_DEFINED) if own is None else []
    if own is None and not hits:
        return None
    uses = index.mentions(here.name, most=_FILES)
    definition = own or _nearest(here, hits).definition
    related = tuple(view for view in jobs if here.site.path in view.touches)
    return HoverFacts(
        symbol=definition.path,
        kind=definition.kind,
        span=here.name_span,
        signature=definition.signature if settings.hover.card else "",
        doc=definition.doc if settings.hover.card else "",
        references=len(uses),
        more=not uses.whole,
        callers=_places(uses.within(lambda path: not is_test(path))),
        tests=_places(uses.within(is_test)),
        jobs=related[:_SHOWN],
        explanation=explanation,
    )


def _nearest(here: Here, hits: Sequence[Hit]) -> Hit:
    """The definition that is most likely meant: this file's, else the one whose path is most alike."""
    parts = here.site.path.split("/")

    def shared(hit: Hit) -> int:
        return sum(a == b for a, b in zip(parts, hit.path.split("/"), strict=False))

    return max(hits, key=lambda hit: (hit.path == here.site.path, shared(hit)))


def _places(uses: Iterable[RefHit]) -> tuple[Place, ...]:
    """The first use in each enclosing definition."""
    seen: dict[tuple[str, str], Place] = {}
    for use in uses:
        seen.setdefault((use.path, use.enclosing), Place(use.path, use.line, use.enclosing))
        if len(seen) == _SHOWN:
            break
    return tuple(seen.values())
