"""The passages of the best files: units of text, each with what speaks for it."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import final

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex, content_hash
from agent_ls.index.bm25 import Scores, Words
from agent_ls.index.facts import Definition
from agent_ls.index.query import Index
from agent_ls.index.request import Request
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
@dataclass(frozen=True, slots=True)
class Cuts:
    """The units of a text, and all names in them and over them."""

    cuts: Sequence[Cut]
    names: frozenset[str]


@final
@dataclass(slots=True)
class Cutter:
    """Cuts texts into units, and remembers the last ones by their hash: the next request asks for the same."""

    _known: OrderedDict[tuple[str, int], Cuts] = field(default_factory=OrderedDict[tuple[str, int], Cuts])

    def cuts(self, data: bytes, digest: str, definitions: Sequence[Definition]) -> Cuts:
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


def _cut(data: bytes, definitions: Sequence[Definition]) -> Cuts:
    lines = _lines(data)
    imports = list(accumulate((line.startswith(_IMPORTS) for line in lines), initial=0))
    cuts: list[Cut] = []
    for unit in units_of(definitions, LineIndex(data), lines):
        end = unit.last + 1
        text, size = "".join(lines[unit.first : end]), end - unit.first
        imported = imports[end] - imports[unit.first]
        head = len(lines[unit.head]) if unit.head >= 0 else 0
        own = NAME.findall(unit.definition.path) if unit.definition else ()
        signals = {
            "length": math.log2(1 + size) / 5,
            "imports": float(imported > 3 or imported * 2 > size),
        }
        cuts.append(Cut(unit, len(text), head, frozenset(NAME.findall(text)), frozenset(own), signals))
    names = frozenset[str]().union(*(cut.names for cut in cuts), *(cut.own_names for cut in cuts))
    return Cuts(cuts, names)


def _lines(data: bytes) -> list[str]:
    raw = data.splitlines(keepends=True)
    try:
        return list(map(bytes.decode, raw))
    except UnicodeDecodeError:
        return [line.decode("utf-8", "replace") for line in raw]


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
        words: What `bm25.words` found for it.
        together: How often each file changed with the cursor's.

    Reads the files. ~1 ms per 10 kB the first time, a quarter of that for a text seen before.
    """
    matcher = _Matcher(request, words)
    top = max((score for _, score in files), default=0.0)
    found: list[Passage] = []
    rows: list[dict[str, float]] = []
    for place, (path, score) in enumerate(files):
        data = read(path)
        if data is None or len(data) > _LARGEST:
            continue
        digest = content_hash(data)
        text = _CUTTER.cuts(data, digest, _current(index, path, data, digest))
        of_file = {
            "file": score - top,
            "rank": math.log2(1 + place) / 5,
            "together": together.get(path, 0.0),
            "many": math.log2(1 + len(text.cuts)) / 6,
        }
        matcher.learn(text.names)
        signals = [{**of_file, **cut.signals, **matcher.signals(cut)} for cut in text.cuts]
        _compare(signals)
        found += [Passage(path, cut, some) for cut, some in zip(text.cuts, signals, strict=True)]
        rows += signals
    _add_rare(found, rows, request)
    return found


def _add_rare(passages: Sequence[Passage], signals: Sequence[dict[str, float]], request: Request) -> None:
    """Add which of the cursor's names a passage has, those counting more that few of all passages have.

    ``used_rare``: a cosine, so that a long passage gains nothing by its length.
    """
    near, used, named = request.near, frozenset(request.used), frozenset(request.named)
    asked = near | used
    shown = [passage.cut.names & asked for passage in passages]
    having = Counter(chain.from_iterable(shown))
    rarity = {name: math.log((len(passages) + 1) / (count + 1)) for name, count in having.items()}
    squares = {name: rarity[name] ** 2 for name in sorted(rarity) if name in used}
    length = max(1.0, math.sqrt(sum(squares.values())))
    most_near = max(1.0, sum([rarity[name] for name in sorted(rarity) if name in near]))
    for passage, own, names in zip(passages, signals, shown, strict=True):
        ordered = sorted(names)
        hits = sum([squares[name] for name in ordered if name in used])
        own["used_rare"] = hits / length / math.sqrt(max(1, len(passage.cut.names))) / 5
        own["near_rare"] = sum([rarity[name] for name in ordered if name in near]) / most_near
        own["named"] = float(not named.isdisjoint(passage.cut.names))


def _compare(passages: Sequence[dict[str, float]]) -> None:
    """Add what passages of one file are beside each other: their words beside the best one's, their places."""
    if not passages:
        return
    task = max(p["task"] for p in passages) or 1.0
    best = max(range(len(passages)), key=lambda at: (passages[at]["task"] + passages[at]["around"], -at))
    for at, passage in enumerate(passages):
        passage["task_best"] = passage["task"] / task
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
        self._terms = frozenset(self._task) | frozenset(self._around)
        self._here = request.here.name if request.here else ""
        self._hits: dict[str, tuple[str, ...]] = {}
        self._telling = {self._here}
        self._seen: set[str] = set()
        self._own: dict[frozenset[str], tuple[float, float]] = {}

    def learn(self, names: frozenset[str]) -> None:
        """Find the names that hold words of the request: most hold none, and are not looked at again."""
        fresh = names - self._seen
        self._seen |= fresh
        self._own.clear()
        for name in fresh:
            terms = name_terms(name)
            if not self._terms.isdisjoint(terms):
                self._hits[name] = tuple(term for term in terms if term in self._terms)
                self._telling.add(name)

    def signals(self, cut: Cut) -> dict[str, float]:
        """What the request has to do with a unit, each about 0..1."""
        names = cut.names & self._telling
        task, around = self._shares(names)
        if cut.own_names not in self._own:
            self._own[cut.own_names] = self._shares(cut.own_names)
        task_name, around_name = self._own[cut.own_names]
        own = cut.unit.definition
        return {
            "task": task,
            "around": around,
            "task_name": task_name,
            "around_name": around_name,
            "mentions": float(self._here in names),
            "asked": float(own is not None and own.name in self._request.named),
        }

    def _shares(self, names: frozenset[str]) -> tuple[float, float]:
        """Which shares of the task's and of the surroundings' words some names hold."""
        terms = {term for name in names if name in self._hits for term in self._hits[name]}
        if not terms:
            return 0.0, 0.0
        task, around = self._task, self._around
        # In order, so that the same sums come out each time.
        ordered = sorted(terms)
        return (
            sum([task[term] for term in ordered if term in task]) / self._task_total,
            sum([around[term] for term in ordered if term in around]) / self._around_total,
        )
