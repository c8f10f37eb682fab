"""The code-action menu of a place: few entries, ranked, without asking a model anything.

Order: a question or plan here, a fix, the comment's wish, "Delegate …", at most two verbs for
the symbol, the team's own verbs, engines; what does not fit stands behind one "Agent jobs here …".
Each producer is a function from what is known to entries; ranks are given at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import final

from agent_ls.core.job import Diagnostic, Site
from agent_ls.core.paths import parent
from agent_ls.core.settings import Settings
from agent_ls.core.text import Span
from agent_ls.index.actions import MOVABLE
from agent_ls.index.names import is_test, language_of
from agent_ls.jobs.entries import QUICKFIX, REWRITE, SOURCE, short
from agent_ls.jobs.hunks_here import HunksAt
from agent_ls.jobs.importing import on_import
from agent_ls.jobs.job_offers import hunk_offers, job_offers
from agent_ls.jobs.place import Here
from agent_ls.jobs.views import JobView, Offer

MOST = 6
MORE = "Agent jobs here …"
_STUB_BYTES = 2000
_STUB = re.compile(
    rb"NotImplemented|not implemented|^[ \t]*(?:pass|\.\.\.)[ \t]*(?:#.*)?$|\btodo!\(|\bunimplemented!\(|UnsupportedOperationException"
    rb"|\A[^\n]*:[ \t]*(?:pass|\.\.\.)\s*\Z",
    re.MULTILINE | re.IGNORECASE,
)
_OF_JOBS = frozenset({"question", "job", "hunk"})
_PLACED = _OF_JOBS | {"fix", "anchor"}
_TESTABLE = frozenset({"function", "method", "class", "struct"})
_DOCUMENTED = frozenset({"function", "method", "class", "struct", "interface", "enum", "type"})
_RENAMED = _DOCUMENTED | {"constant", "variable", "field"}


@final
@dataclass(frozen=True, slots=True)
class Known:
    """What a menu is made from. ``jobs``: those that touch the file, newest first; ``hunks``: of their plans, here.

    ``importable``: the name under the cursor may lack its import. ``explained``: what is here, or selected,
    has been explained as it stands.
    """

    here: Here
    diagnostics: Sequence[Diagnostic]
    jobs: Sequence[JobView]
    settings: Settings
    model: bool
    hunks: Sequence[HunksAt] = ()
    importable: bool = False
    explained: bool = False


def offers(known: Known, only: Collection[str] | None = None, *, automatic: bool = False) -> list[Offer]:
    """At most six entries, best first.

    ``only``: kinds that the editor asks for, and their children. ``automatic``: nobody opened the
    menu, the editor looks whether to show a lamp; what could be offered anywhere is left out then.
    """
    made = _made(known, only)
    if automatic:
        placed = _PLACED if known.here.site.span.empty else _PLACED | {"delegate"}
        made = [offer for offer in made if offer.group in placed]
    shown = _shown(made)
    if len(shown) < len(made):
        kind = REWRITE if _wanted(REWRITE, only) else made[0].kind
        more = Offer(MORE, kind, "agentLs.jobs", {"more": True}, group="more", site=known.here.site)
        shown = [*shown, more]
    return [replace(offer, rank=rank) for rank, offer in enumerate(shown)]


def hidden(known: Known) -> list[Offer]:
    """What stands behind "Agent jobs here …": every entry that the menu had no room for, best first."""
    made = _made(known, None)
    shown = _shown(made)
    return [offer for offer in made if offer not in shown]


def _made(known: Known, only: Collection[str] | None) -> list[Offer]:
    entries = chain(
        job_offers(known.jobs),
        hunk_offers(known.jobs, known.hunks),
        *(producer(known) for producer in _PRODUCERS),
    )
    return [offer for offer in entries if _wanted(offer.kind, only)]


def _shown(made: Sequence[Offer]) -> list[Offer]:
    """What the menu has room for, beside the entry that leads to the rest."""
    few = _few_jobs(made)
    return few if len(few) == len(made) <= MOST else few[: MOST - 1]


def _few_jobs(made: Sequence[Offer]) -> list[Offer]:
    """Few entries about jobs, questions first: they must not push the work that is to be started out of sight."""
    questions = [offer for offer in made if offer.group == "question"]
    jobs = [offer for offer in made if offer.group == "job"][: max(0, 2 - len(questions))]
    hunks = [offer for offer in made if offer.group == "hunk"][:1]
    return [*questions, *jobs, *hunks, *(offer for offer in made if offer.group not in _OF_JOBS)]


def _wanted(kind: str, only: Collection[str] | None) -> bool:
    return not only or any(wish in ("", kind) or kind.startswith(f"{wish}.") for wish in only)


def _fix_offers(known: Known) -> Iterator[Offer]:
    theirs = [d for d in known.diagnostics if d.source != "agent-ls"]
    if not known.model or not theirs:
        return
    worst = min(theirs, key=lambda d: d.severity)
    others = f" (and {len(theirs) - 1} more)" if len(theirs) > 1 else ""
    listed = "\n".join(f"- {d.message}" for d in theirs)
    yield Offer(
        f"Fix: {short(worst.message)}{others}",
        QUICKFIX,
        "agentLs.delegate",
        {"task": f"Fix what is reported here:\n{listed}", "kind": "fix"},
        group="fix",
        site=known.here.site,
        diagnostics=tuple(theirs),
    )


def _fix_all_offers(known: Known) -> Iterator[Offer]:
    """Where all that is reported at a place is of one kind: the same in the whole file."""
    theirs = [d for d in known.diagnostics if d.source != "agent-ls"]
    kinds = {f"{d.source} {d.code}".strip() for d in theirs if d.code}
    if not known.model or len(kinds) != 1 or not all(d.code for d in theirs):
        return
    (kind,) = kinds
    path = known.here.site.path
    yield Offer(
        f"Fix all of this kind in this file: {short(kind)}",
        QUICKFIX,
        "agentLs.delegate",
        {
            "task": f"Fix every finding of the kind {kind} in `{path}`, such as: {theirs[0].message}",
            "kind": "fix",
        },
        group="fix",
        site=known.here.site,
        diagnostics=tuple(theirs),
    )


def _anchor_offers(known: Known) -> Iterator[Offer]:
    anchor = known.here.anchor
    if known.model and anchor is not None:
        yield Offer(
            f"Do: {short(anchor.text)}",
            REWRITE,
            "agentLs.delegate",
            {"task": anchor.text, "kind": "anchor"},
            group="anchor",
            site=replace(known.here.site, span=anchor.span),
        )


def _delegate_offers(known: Known) -> Iterator[Offer]:
    if not known.model:
        return
    here = known.here
    title = "Delegate …"
    if not here.site.span.empty:
        title = "Delegate: change the selection …"
    elif here.around is not None:
        title = f"Delegate: change {here.around.name} …"
    yield Offer(title, REWRITE, "agentLs.delegate", {"task": ""}, group="delegate", site=here.site)


def _explain_offers(known: Known) -> Iterator[Offer]:
    site, what = _explainable(known.here)
    if known.model and what:
        yield Offer(f"Explain {what}", REWRITE, "agentLs.explain", {}, group="verb", site=site)


def _explain_more_offers(known: Known) -> Iterator[Offer]:
    """What is explained already, anew; where there is nothing of its own, the file's folder."""
    site, what = _explainable(known.here)
    above = parent(site.path)
    title = (
        f"Explain {what} anew"
        if what
        else f"Explain {f'the folder {above}/' if above else 'this repository'}"
    )
    if known.model and (known.explained if what else known.here.known):
        arguments = {"refresh": True} if what else {"folder": True}
        yield Offer(short(title), REWRITE, "agentLs.explain", arguments, group="verb", site=site)


def _explainable(here: Here) -> tuple[Site, str]:
    """The selection, else the symbol: its place is no range, since a range is a selection."""
    if not here.site.span.empty:
        return here.site, "the selection"
    if here.around is None:
        return here.site, ""
    start = here.around.name_span.start
    return replace(here.site, span=Span(start, start)), here.around.name


def _verb_offers(known: Known) -> Iterator[Offer]:
    around = known.here.around
    if not known.model or around is None:
        return
    site = known.here.site
    whole = replace(site, span=around.span)
    if _is_stub(known.here.text[around.span.start : around.span.end]):
        yield _verb(f"Implement {around.name}", f"Implement `{around.path}`.", whole)
    if around.kind in _TESTABLE and not is_test(site.path):
        yield _verb(f"Write tests for {around.name}", f"Write tests for `{around.path}`.", whole)
    elif around.kind in _DOCUMENTED and not around.doc:
        yield _verb(f"Document {around.name}", f"Document `{around.path}`.", whole)


def _is_stub(text: bytes) -> bool:
    """Whether a definition says itself that its body is still to be written."""
    return len(text) < _STUB_BYTES and _STUB.search(text) is not None


def _verb(title: str, task: str, site: Site) -> Offer:
    return Offer(title, REWRITE, "agentLs.delegate", {"task": task, "kind": "verb"}, group="verb", site=site)


def _prompt_offers(known: Known) -> Iterator[Offer]:
    if known.model:
        for prompt in known.settings.prompts:
            if prompt.title and prompt.task:
                yield Offer(
                    short(prompt.title),
                    REWRITE,
                    "agentLs.delegate",
                    {"task": prompt.task, "kind": "prompt"},
                    group="verb",
                    site=known.here.site,
                )


def _rename_offers(known: Known) -> Iterator[Offer]:
    """Only where the name of a definition is under the cursor: a use may mean another one."""
    here, around = known.here, known.here.around
    if around is not None and around.kind in _RENAMED and _on_name(here, around.name_span):
        yield Offer(
            f"Rename {around.name} everywhere …",
            REWRITE,
            "agentLs.rename",
            {"newName": ""},
            group="action",
            site=replace(here.site, span=around.name_span),
        )


def _move_offers(known: Known) -> Iterator[Offer]:
    """What stands at a file's top, in the languages in which all who use it can be followed."""
    here, around = known.here, known.here.around
    if (
        around is None
        or around.container
        or around.kind not in _RENAMED
        or not _on_name(here, around.name_span)
    ):
        return
    if language_of(here.site.path) in MOVABLE:
        title, site = f"Move {around.name} to another file …", replace(here.site, span=around.name_span)
        yield Offer(title, REWRITE, "agentLs.moveSymbol", {"target": ""}, group="action", site=site)


def _import_offers(known: Known) -> Iterator[Offer]:
    here = known.here
    if known.importable:
        site = replace(here.site, span=here.name_span)
        yield Offer(
            f"Import {short(here.name)} …", REWRITE, "agentLs.addImport", {}, group="action", site=site
        )
    if on_import(here):
        title = "Remove unused imports"
        yield Offer(title, SOURCE, "agentLs.removeUnusedImports", {}, group="action", site=here.site)


def _on_name(here: Here, name: Span) -> bool:
    return here.name_span == name


def _engine_offers(known: Known) -> Iterator[Offer]:
    language = language_of(known.here.site.path)
    for engine in known.settings.engines:
        if engine.name and engine.argv and (not engine.languages or language in engine.languages):
            title = engine.title or f"Run {' '.join(engine.argv)}"
            arguments = {"engine": engine.name}
            yield Offer(short(title), SOURCE, "agentLs.run", arguments, group="engine", site=known.here.site)


def _connect_offers(known: Known) -> Iterator[Offer]:
    if not known.model:
        yield Offer("Connect a model …", REWRITE, "agentLs.connect", {}, group="connect")


_PRODUCERS: tuple[Callable[[Known], Iterator[Offer]], ...] = (
    _fix_offers,
    _fix_all_offers,
    _anchor_offers,
    _delegate_offers,
    _explain_offers,
    _verb_offers,
    _prompt_offers,
    _rename_offers,
    _move_offers,
    _import_offers,
    _engine_offers,
    _explain_more_offers,
    _connect_offers,
)
