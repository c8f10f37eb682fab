"""The passages of the best files: units of text, each with what speaks for it."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.facts import Definition
from agent_ls.index.query import Index
from agent_ls.index.signals import Request, Scores, Words
from agent_ls.index.units import Unit, units_of
from agent_ls.index.words import NAME, name_terms

_LARGEST = 400_000
_KEPT = 48
_IMPORTS = ("import ", "from ", "use ", "#include", "package ", "using ")


@final
@dataclass(frozen=True, slots=True)
class Cut:
    """A unit and what its text holds. ``size`` and ``head_size`` count characters, line ends included.

    ``own_names``: those of its definition and of what holds it. ``signals``: what no request changes.
    """

    unit: Unit
    size: int
    head_size: int
    names: frozenset[str]
    own_names: frozenset[str]
    signals: Mapping[str, float]


@final
@dataclass(frozen=True, slots=True)
class Passage:
    """A unit of a file with what speaks for it, by the signal's name."""

    path: RelPath
    cut: Cut
    signals: Mapping[str, float]


@final
@dataclass(slots=True)
class Cutter:
    """Cuts texts into units, and remembers the last ones by their hash: the next request asks for the same."""

    _known: OrderedDict[tuple[str, int], list[Cut]] = field(
        default_factory=OrderedDict[tuple[str, int], list[Cut]]
    )

    def cuts(self, data: bytes, digest: str, definitions: Sequence[Definition]) -> list[Cut]:
        """The units of a text. Linear the first time."""
        key = digest, len(definitions)
        known = self._known.pop(key, None)
        if known is None:
            known = _cut(data, definitions)
        self._known[key] = known
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return known


_CUTTER = Cutter()


def _cut(data: bytes, definitions: Sequence[Definition]) -> list[Cut]:
    index = LineIndex(data)
    lines = [line.decode("utf-8", "replace") for line in data.splitlines(keepends=True)]
    cuts: list[Cut] = []
    for unit in units_of(definitions, index, lines):
        shown = lines[unit.first : unit.last + 1]
        text = "".join(shown)
        imports = sum(line.startswith(_IMPORTS) for line in shown)
        head = len(lines[unit.head]) if unit.head >= 0 else 0
        names, own = NAME.findall(text), NAME.findall(unit.definition.path) if unit.definition else ()
        signals = {
            "length": math.log2(1 + len(shown)) / 5,
            "between": float(unit.definition is None),
            "block": float(unit.definition is not None and unit.head < 0),
            "imports": float(imports > 3 or imports * 2 > len(shown)),
        }
        cuts.append(Cut(unit, len(text), head, frozenset(names), frozenset(own), signals))
    return cuts


def passages_of(
    index: Index,
    read: Callable[[RelPath], bytes | None],
    files: Sequence[tuple[RelPath, float]],
    request: Request,
    words: Words,
    together: Scores,
) -> list[Passage]:
    """The passages of some files.

    Args:
        index: The workspace's facts.
        read: Text of now.
        files: Paths, best first, each with its score of `ranking.rank`.
        request: What is asked.
        words: What `signals.words` found for it.
        together: How often each file changed with the cursor's.

    Reads the files. ~1 ms per 10 kB the first time, a quarter of that for a text seen before.
    """
    matcher = _Matcher(request, words)
    top = max((score for _, score in files), default=0.0)
    found: list[Passage] = []
    for place, (path, score) in enumerate(files):
        data = read(path)
        if data is None or len(data) > _LARGEST:
            continue
        digest = content_hash(data)
        cuts = _CUTTER.cuts(data, digest, _current(index, path, data, digest))
        of_file = {
            "file": score - top,
            "rank": math.log2(1 + place) / 5,
            "together": together.get(path, 0.0),
            "many": math.log2(1 + len(cuts)) / 6,
        }
        matcher.learn(cuts)
        signals = [{**of_file, **cut.signals, **matcher.signals(cut)} for cut in cuts]
        _compare(signals)
        found += [Passage(path, cut, some) for cut, some in zip(cuts, signals, strict=True)]
    return found


def _compare(passages: Sequence[dict[str, float]]) -> None:
    """Add what passages of one file are beside each other: their words beside the best one's, their places."""
    if not passages:
        return
    task = max(p["task"] for p in passages) or 1.0
    around = max(p["around"] for p in passages) or 1.0
    best = max(range(len(passages)), key=lambda at: (passages[at]["task"] + passages[at]["around"], -at))
    for at, passage in enumerate(passages):
        passage["task_best"] = passage["task"] / task
        passage["around_best"] = passage["around"] / around
        passage["by_best"] = 1 / (1 + abs(at - best))
        passage["place"] = at / len(passages)
        passage["last"] = float(at >= len(passages) - 2)


def _current(index: Index, path: RelPath, data: bytes, digest: str) -> list[Definition]:
    """The indexed definitions that still stand where they were; all, if the text is the indexed one."""
    definitions = index.outline(path)
    if digest == index.hash_of(path):
        return definitions
    return [
        d
        for d in definitions
        if d.span.end <= len(data) and data[d.name_span.start : d.name_span.end] == d.name.encode()
    ]


@final
class _Matcher:
    """Finds a request's words in sets of names, and remembers what each name holds."""

    def __init__(self, request: Request, words: Words) -> None:
        around = {**request.file, **request.around}
        self._request = request
        self._task = {term: weight * words.rarity.get(term, 0.0) for term, weight in request.task.items()}
        self._around = {term: weight * words.rarity.get(term, 0.0) for term, weight in around.items()}
        self._task_total = sum(self._task.values()) or 1.0
        self._around_total = sum(self._around.values()) or 1.0
        self._near, self._used = request.near, frozenset(request.used)
        self._most_near, self._most_used = max(1, len(self._near)), max(1, len(self._used))
        self._hits: dict[str, tuple[str, ...]] = {}
        self._seen: set[str] = set()

    def learn(self, cuts: Sequence[Cut]) -> None:
        """Find the names that hold words of the request: most hold none, and are not looked at again."""
        fresh = set[str]().union(*(cut.names for cut in cuts), *(cut.own_names for cut in cuts)) - self._seen
        self._seen |= fresh
        for name in fresh:
            hits = tuple(t for t in name_terms(name) if t in self._task or t in self._around)
            if hits:
                self._hits[name] = hits

    def signals(self, cut: Cut) -> dict[str, float]:
        """What the request has to do with a unit, each about 0..1."""
        task, around = self._shares(cut.names)
        own, here = cut.unit.definition, self._request.here
        task_name, around_name = self._shares(cut.own_names)
        return {
            "task": task,
            "around": around,
            "task_name": task_name,
            "around_name": around_name,
            "near": len(cut.names & self._near) / self._most_near,
            "used": len(cut.names & self._used) / self._most_used,
            "mentions": float(here is not None and here.name in cut.names),
            "asked": float(own is not None and own.name in self._request.named),
        }

    def _shares(self, names: frozenset[str]) -> tuple[float, float]:
        """Which shares of the task's and of the surroundings' words some names hold."""
        hits = names & self._hits.keys()
        if not hits:
            return 0.0, 0.0
        terms = {term for name in hits for term in self._hits[name]}
        task, around = self._task, self._around
        return (
            sum(task[term] for term in terms if term in task) / self._task_total,
            sum(around[term] for term in terms if term in around) / self._around_total,
        )
