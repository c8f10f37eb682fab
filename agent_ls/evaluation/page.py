"""The figures as one page that needs nothing else: no script, no font, no host; light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from agent_ls.evaluation.curves import CURVE_STYLE, by_attempts, by_length, colour
from agent_ls.evaluation.summary import Cell, Rate, Row, Summary

_STYLE = """
:root { color-scheme: light dark; --ground: #fcfcfb; --ink: #1c1d1f; --soft: #62666d; --line: #e1e2e4; --good: 30, 132, 90; --bad: #b3402a; }
@media (prefers-color-scheme: dark) { :root { --ground: #17181a; --ink: #e9eaec; --soft: #9ba0a8; --line: #33363a; --good: 66, 184, 131; --bad: #ef8a72; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 66rem; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0; } h2 { font-size: 1.05rem; font-weight: 600; margin: 2.5rem 0 .5rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); max-width: 46rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 500; color: var(--soft); } th:first-child, td:first-child, .text { text-align: left; }
.range { color: var(--soft); font-size: .85em; } .key { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .5rem; }
td.cell { text-align: center; padding: .3rem .6rem; border-left: 2px solid var(--ground); border-bottom: 2px solid var(--ground); }
.broken { color: var(--bad); } ul { padding-left: 1.2rem; margin: .25rem 0; } code { font-size: .9em; }
"""

_MANY = (
    "Solid: at least one of k attempts passes (unbiased estimate). "
    "Dashed: the one that is chosen of k, by what each one’s own checks said, passes."
)


def page(summary: Summary) -> str:
    """The whole document. Every text of a suite, a model or an engine is escaped."""
    name = escape(summary.suite.root.name)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{name} · agent-ls eval</title><style>{_STYLE}{CURVE_STYLE}</style></head><body>",
        f"<header><h1>{name}</h1><p>{_account(summary)}</p></header>",
    ]
    shown = [row for row in summary.rows if row.cells]
    if shown:
        parts += [
            "<h2>How often a task is solved, by its length</h2>",
            "<p>pass@1 against the expected number of steps, with 95 % intervals over tasks (Wilson).</p>",
            f'<div class="wide">{by_length(shown)}</div>',
        ]
        if any(len(row.pass_at) > 1 for row in shown):
            parts += [
                "<h2>What more attempts bring</h2>",
                f"<p>{_MANY}</p>",
                f'<div class="wide">{by_attempts(shown)}</div>',
            ]
        parts += ["<h2>Figures</h2>", f'<div class="wide">{_figures(summary, shown)}</div>']
        parts += ["<h2>Tasks</h2>", f'<div class="wide">{_tasks(shown)}</div>']
    parts += _told("Broken tasks, not counted", [f"{n}: {p}" for n, p in summary.broken.items()])
    parts += _told("Not measured", summary.problems)
    return "\n".join((*parts, "</body></html>", ""))


def _account(summary: Summary) -> str:
    sound = len(summary.suite.tasks) - len(summary.broken)
    sandbox = {
        "": "",
        "none": " The programs ran without a sandbox: they could have read the hidden files.",
    }.get(summary.sandbox, f" Programs ran in a sandbox ({escape(summary.sandbox)}).")
    whole = "" if summary.whole else " Not everything is measured yet."
    times = "1 attempt" if summary.attempts == 1 else f"{summary.attempts} attempts"
    return f"{sound} tasks, {times} each, judged by hidden checks on a tree that the solver never saw.{sandbox}{whole}"


def _figures(summary: Summary, rows: Sequence[Row]) -> str:
    many = summary.attempts > 1
    n = summary.attempts
    heads = ["", "pass@1", *([f"pass@{n}", f"selected@{n}"] if many else []), "attempts", "turns"]
    heads += ["tokens in", "from cache", "tokens out", "cost", "wall"]
    lines = ["<table><thead><tr>", *(f"<th>{head}</th>" for head in heads), "</tr></thead><tbody>"]
    for number, row in enumerate(rows):
        usage = row.usage
        cells = [_rate(row.pass_at[0])]
        if many:
            cells += [
                _rate(rates[n - 1]) if len(rates) >= n else "–" for rates in (row.pass_at, row.selected_at)
            ]
        cells += [f"{row.attempts}", f"{row.turns}"]
        total = usage.input + usage.cache_read + usage.cache_write
        cells += [f"{total:,}", f"{usage.cache_read:,}", f"{usage.output:,}"]
        cells += ["–" if row.cost_usd is None else f"${row.cost_usd:.2f}", _time(row.wall_s)]
        key = f'<span class="key" style="background: {colour(row, number)}"></span>'
        lines.append(
            f"<tr><td>{key}{escape(row.solver.name)}</td>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"
        )
    return "".join((*lines, "</tbody></table>"))


def _rate(rate: Rate) -> str:
    return f'{100 * rate.value:.0f} % <span class="range">{100 * rate.low:.0f}–{100 * rate.high:.0f}</span>'


def _tasks(rows: Sequence[Row]) -> str:
    cells = {(row.solver.name, cell.task.name): cell for row in rows for cell in row.cells}
    tasks = {cell.task.name: cell.task for row in rows for cell in row.cells}
    ordered = sorted(tasks.values(), key=lambda task: (task.asked.size.steps, task.name))
    heads = ["Task", "Kind", "Steps", *(escape(row.solver.name) for row in rows)]
    lines = ["<table><thead><tr>", *(_head(head) for head in heads), "</tr></thead><tbody>"]
    for task in ordered:
        size = task.asked.size
        lines.append(
            f'<tr><td>{escape(task.name)}</td><td class="text">{escape(task.asked.kind)}</td><td>{size.steps}</td>'
            + "".join(_cell(cells.get((row.solver.name, task.name))) for row in rows)
            + "</tr>"
        )
    return "".join((*lines, "</tbody></table>"))


def _head(text: str) -> str:
    return f'<th class="text">{text}</th>' if text == "Kind" else f"<th>{text}</th>"


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return '<td class="cell">–</td>'
    share = cell.passed / len(cell.results)
    said = next((r.said or r.problem for r in cell.results if not r.passed), "")
    title = f' title="{escape(said[:300], quote=True)}"' if said else ""
    ground = f"rgba(var(--good), {0.75 * share:.2f})"
    return f'<td class="cell" style="background: {ground}"{title}>{cell.passed}/{len(cell.results)}</td>'


def _told(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    return [
        f'<h2 class="broken">{title}</h2><ul>',
        *(f"<li>{escape(item[:600])}</li>" for item in items),
        "</ul>",
    ]


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
