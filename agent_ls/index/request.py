"""What is asked, taken apart: the input of every signal."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.index.facts import Definition
from agent_ls.index.query import Index
from agent_ls.index.words import NAME, name_terms, terms_of

_AROUND = 40
_MOST_READ = 200_000
_MOST_TERMS = 100
_MOST_NAMES = 40
_LIKELY = 60
_LONGEST_NAME = 200
_BEGUN = re.compile(rb"[\w$\x80-\xff]+\Z")
_COMPOUND = re.compile(r"[a-z0-9][A-Z]|[A-Za-z]_[A-Za-z]|^[A-Z][A-Z]")


@final
@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, taken apart.

    ``task``, ``around`` and ``file``: search terms of the task, of the cursor's surroundings and of
    its whole file, with weights. ``named``: names in the task that look like code. ``near``: the
    names next to the cursor. ``used``: these and more of the definition around it, near ones first.
    ``here``: that definition, ``None`` outside of any.
    """

    task: Mapping[str, float]
    around: Mapping[str, float]
    named: Sequence[str]
    near: frozenset[str]
    used: Sequence[str]
    here: Definition | None
    path: RelPath | None
    file: Mapping[str, float]


def request_of(
    index: Index, read: Callable[[RelPath], bytes | None], task: str, site: Site | None
) -> Request:
    """Take a task and the place of the cursor apart. Reads the cursor's file."""
    words = {term: 1.0 + math.log(count) for term, count in Counter(terms_of(task)).items()}
    named = [
        name for name in dict.fromkeys(NAME.findall(task)) if _COMPOUND.search(name) or f"`{name}" in task
    ]
    if site is None:
        return Request(_strongest(words), {}, named[:_MOST_NAMES], frozenset(), (), None, None, {})
    data = read(site.path) or b""
    here = index.symbol_at(site.path, site.span.start)
    near = _near(data, site)
    around: defaultdict[str, float] = defaultdict(float)
    for name in near:
        for term in name_terms(name):
            around[term] = 1.0
    for part in re.split(r"[/.]", site.path):
        for term in terms_of(part):
            around[term] += 1.0
    used = list(dict.fromkeys([*near, *(_inside(data, here) if here else ())]))
    if here is not None:
        for term in terms_of(here.path):
            around[term] += 1.0
    return Request(
        _strongest(words),
        _strongest(around),
        named[:_MOST_NAMES],
        frozenset(near),
        used[:_MOST_NAMES],
        here,
        site.path,
        _whole(data),
    )


def _whole(data: bytes) -> dict[str, float]:
    """The words that a file has most often; `words` keeps those that tell it from others."""
    counts: Counter[str] = Counter()
    for name, count in Counter(NAME.findall(data[:_MOST_READ].decode("utf-8", "replace"))).items():
        for term in name_terms(name):
            counts[term] += count
    return {term: math.log1p(count) for term, count in counts.most_common(_LIKELY)}


def _strongest(words: Mapping[str, float]) -> dict[str, float]:
    return {term: words[term] for term in sorted(words, key=lambda t: (-words[t], t))[:_MOST_TERMS]}


def _near(data: bytes, site: Site) -> list[str]:
    """The words nearest to the cursor, half before it and half behind."""
    end = max(site.span.start, site.span.end)
    # A cursor in the middle of a name means that name.
    begun = _BEGUN.search(data[max(0, site.span.start - _LONGEST_NAME) : site.span.start])
    start = site.span.start - (len(begun[0]) if begun else 0)
    before = NAME.findall(data[max(0, start - 4000) : start].decode("utf-8", "replace"))[-_AROUND // 2 :]
    behind = NAME.findall(data[start : end + 4000].decode("utf-8", "replace"))[: _AROUND // 2]
    return [*before, *behind]


def _inside(data: bytes, here: Definition) -> list[str]:
    text = data[here.span.start : min(here.span.end, here.span.start + 8000)]
    return [name for name in NAME.findall(text.decode("utf-8", "replace")) if len(name) > 2]
