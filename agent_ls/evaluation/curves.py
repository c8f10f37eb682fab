"""The two curves of the page, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import log
from typing import Final, final

from agent_ls.evaluation.solvers import By
from agent_ls.evaluation.summary import Length, Rate, Row

_WIDTH, _HEIGHT = 860, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 150, 14, 44
_APART: Final = 7  # pixels between the points of two solvers at one place, so that intervals stay readable
_LABEL: Final = 17  # pixels between two names at the right end
_COLOURS: Final = 6

CURVE_STYLE: Final = """
:root { --c0: #1f6fc4; --c1: #c4561b; --c2: #0a8a63; --c3: #8b4fb3; --c4: #a37500; --c5: #b83a6b; --bound: #8b9097; }
@media (prefers-color-scheme: dark) { :root { --c0: #6aaef2; --c1: #f0935c; --c2: #4cc79d; --c3: #c193e6; --c4: #dcb44a; --c5: #f083ab; --bound: #7b8088; } }
svg { display: block; width: 100%; min-width: 40rem; height: auto; } svg text { font: 12.5px system-ui, sans-serif; fill: var(--soft); }
svg .grid { stroke: var(--line); } svg .curve { fill: none; stroke-width: 2; } svg .reach { stroke-width: 1.5; opacity: .45; }
svg .name { fill: var(--ink); } svg .chosen { fill: none; stroke-width: 2; stroke-dasharray: 5 4; }
"""


def colour(row: Row, number: int) -> str:
    """The CSS colour of a solver; the bounds are grey."""
    if row.solver.by in (By.REFERENCE, By.NOTHING):
        return "var(--bound)"
    return f"var(--c{number % _COLOURS})"


def by_length(rows: Sequence[Row]) -> str:
    """Solved tasks over expected steps, one line per solver, a logarithmic axis."""
    steps = [length.steps for row in rows for length in row.lengths]
    least, most = log(min(steps)), log(max(steps))
    plane = _Plane("expected steps")
    parts = [*plane.frame(), *_classes(plane, rows, least, most)]
    for number, row in enumerate(rows):
        shift = (number - (len(rows) - 1) / 2) * _APART
        points = [(plane.x(log(n.steps), least, most) + shift, n.rate) for n in row.lengths]
        parts += _line(plane, points, colour(row, number), "curve")
        if row.solver.by in (By.MODEL, By.ENGINE):
            parts += _reaches(plane, points, colour(row, number))
    ends = [(row.lengths[-1].rate.value, row, number) for number, row in enumerate(rows)]
    return plane.drawn([*parts, *_names(plane, ends)], "Solved tasks by expected steps")


def by_attempts(rows: Sequence[Row]) -> str:
    """pass@k (solid) and selected@k (dashed) over k."""
    most = max(len(row.pass_at) for row in rows)
    plane = _Plane("k attempts")
    parts = list(plane.frame())
    parts += [plane.tick(plane.x(k, 1, most), str(k)) for k in range(1, most + 1)]
    for number, row in enumerate(rows):
        for rates, kind in ((row.pass_at, "curve"), (row.selected_at, "chosen")):
            points = [(plane.x(k, 1, most), rate) for k, rate in enumerate(rates, 1)]
            parts += _line(plane, points, colour(row, number), kind)
    ends = [(row.pass_at[-1].value, row, number) for number, row in enumerate(rows)]
    return plane.drawn([*parts, *_names(plane, ends)], "Solved tasks by number of attempts")


@final
class _Plane:
    """Where things lie on the drawing; rates go up from 0 to 1."""

    def __init__(self, label: str) -> None:
        self._label = label

    def x(self, value: float, least: float, most: float) -> float:
        share = 0.5 if most <= least else 0.07 + 0.86 * (value - least) / (most - least)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, rate: float) -> float:
        return _TOP + (1 - rate) * (_HEIGHT - _TOP - _BOTTOM)

    def frame(self) -> Iterator[str]:
        for percent in (0, 25, 50, 75, 100):
            y = self.y(percent / 100)
            yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>'
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{self._label}</text>'

    def tick(self, x: float, text: str) -> str:
        return f'<text x="{x:.1f}" y="{_HEIGHT - 25}" text-anchor="middle">{escape(text)}</text>'

    def drawn(self, parts: Sequence[str], title: str) -> str:
        head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        return "".join((head, *parts, "</svg>"))


def _classes(plane: _Plane, rows: Sequence[Row], least: float, most: float) -> Iterator[str]:
    seen: dict[str, Length] = {length.name: length for row in rows for length in row.lengths}
    for length in seen.values():
        count = "1 task" if length.rate.tasks == 1 else f"{length.rate.tasks} tasks"
        yield plane.tick(plane.x(log(length.steps), least, most), f"{length.name} ({count})")


def _line(plane: _Plane, points: Sequence[tuple[float, Rate]], paint: str, kind: str) -> Iterator[str]:
    path = " ".join(f"{x:.1f},{plane.y(rate.value):.1f}" for x, rate in points)
    yield f'<polyline class="{kind}" stroke="{paint}" points="{path}"/>'
    if kind == "curve":
        for x, rate in points:
            title = f"{100 * rate.value:.0f} % ({100 * rate.low:.0f}-{100 * rate.high:.0f})"
            yield (
                f'<circle cx="{x:.1f}" cy="{plane.y(rate.value):.1f}" r="4" fill="{paint}">'
                f"<title>{title}</title></circle>"
            )


def _reaches(plane: _Plane, points: Sequence[tuple[float, Rate]], paint: str) -> Iterator[str]:
    for x, rate in points:
        low, high = plane.y(rate.low), plane.y(rate.high)
        yield f'<line class="reach" stroke="{paint}" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'


def _names(plane: _Plane, ends: Sequence[tuple[float, Row, int]]) -> Iterator[str]:
    """Names at the right end of their lines, moved apart where they would lie on each other."""
    ordered = sorted(ends, key=lambda end: -end[0])
    places = [plane.y(rate) + 4 for rate, _, _ in ordered]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + _LABEL)
    lowest = plane.y(0) + 4
    for i in reversed(range(len(places))):  # and back up, where the last ones have left the drawing
        places[i] = min(places[i], lowest)
        lowest = places[i] - _LABEL
    x = _WIDTH - _RIGHT + 12
    for (_, row, number), y in zip(ordered, places, strict=True):
        yield f'<circle cx="{x}" cy="{y - 4:.1f}" r="4" fill="{colour(row, number)}"/>'
        name = row.solver.name if len(row.solver.name) <= 18 else f"{row.solver.name[:17]}…"
        yield f'<text class="name" x="{x + 10}" y="{y:.1f}">{escape(name)}</text>'
