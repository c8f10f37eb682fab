"""Where a block of lines stands in a source: every place, or none; never the best one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.matching.source import EXACT, Rung, Source

_LONGEST_PARTIAL = 4000  # characters of a line whose part is looked for loosely; the search is quadratic


@final
@dataclass(frozen=True, slots=True)
class Spot:
    """Lines ``first..last`` (half-open) hold the block, but for ``head`` before and ``tail`` behind it."""

    first: int
    last: int
    head: str = ""
    tail: str = ""


def find_text(source: Source, old: str) -> list[Spot]:
    """Every place, overlapping ones included, where a text stands literally (line ends aside)."""
    flat, starts = source.flat, source.starts
    spots: list[Spot] = []
    at = flat.find(old)
    while at >= 0:
        first = source.line_at(at)
        last = source.line_at(at + len(old))
        head = flat[starts[first] : at]
        tail = source.bodies[last][at + len(old) - starts[last] :]
        spots.append(Spot(first, last + 1, head, tail))
        at = flat.find(old, at + 1)
    return spots


def find_lines(source: Source, old: Sequence[str], rung: Rung) -> list[Spot]:
    """Every place where whole lines equal the block's under a rung."""
    keys, wanted = source.keys(rung), [rung.key(line) for line in old]
    size = len(wanted)
    pivot = max(range(size), key=lambda i: len(wanted[i].strip()))
    return [
        Spot(at - pivot, at - pivot + size)
        for at in _places(keys, wanted[pivot])
        if at >= pivot and keys[at - pivot : at - pivot + size] == wanted
    ]


def find_partly(source: Source, old: Sequence[str], rung: Rung) -> list[Spot]:
    """As `find_lines`, where the first line may be the end of a line and the last one the beginning.

    Without compared indentation only an empty first or last line may be such a part.
    """
    keys, wanted = source.keys(rung), [rung.key(line) for line in old]
    size = len(wanted)
    if size == 1:
        return []
    if not rung.indented and (wanted[0] and wanted[-1]):
        return []
    spots: list[Spot] = []
    for first in _candidates(keys, wanted):
        if first < 0 or first + size > len(keys) or keys[first + 1 : first + size - 1] != wanted[1:-1]:
            continue
        head = _head(source.bodies[first], keys[first], wanted[0], rung)
        tail = _tail(source.bodies[first + size - 1], keys[first + size - 1], wanted[-1], rung)
        if head is not None and tail is not None:
            spots.append(Spot(first, first + size, head, tail))
    return spots


def _candidates(keys: list[str], wanted: list[str]) -> Iterator[int]:
    """First lines at which a partial block could begin: where its longest inner line stands."""
    inner = range(1, len(wanted) - 1)
    if inner:
        pivot = max(inner, key=lambda i: len(wanted[i].strip()))
        yield from (at - pivot for at in _places(keys, wanted[pivot]))
    else:
        yield from (i for i, key in enumerate(keys) if key.endswith(wanted[0]))


def _places(keys: list[str], wanted: str) -> Iterator[int]:
    at = -1
    try:
        while True:
            at = keys.index(wanted, at + 1)
            yield at
    except ValueError:
        return


def _head(body: str, key: str, wanted: str, rung: Rung) -> str | None:
    """What stands before the wanted end of a line; ``None`` where the line does not end so."""
    if key == wanted:
        return ""
    if not wanted:
        return body
    if not rung.indented or not key.endswith(wanted) or len(body) > _LONGEST_PARTIAL:
        return None
    cuts = (cut for cut in range(len(body)) if rung.key(body[cut:]) == wanted)
    cut = max(cuts, default=None) if rung is EXACT else min(cuts, default=None)
    return None if cut is None else body[:cut]


def _tail(body: str, key: str, wanted: str, rung: Rung) -> str | None:
    """What stands behind the wanted beginning of a line."""
    if key == wanted:
        return ""
    if not wanted:
        return body
    if not rung.indented or not key.startswith(wanted) or len(body) > _LONGEST_PARTIAL:
        return None
    cut = max((cut for cut in range(1, len(body) + 1) if rung.key(body[:cut]) == wanted), default=None)
    return None if cut is None else body[cut:]
