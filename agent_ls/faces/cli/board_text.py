"""How the board's values look in a terminal of some width. Titles, questions and paths are data, never markup."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import set_cell_size
from rich.text import Text

from agent_ls.core.job import JobId, JobState, Verdict
from agent_ls.faces.cli.board_rows import Group, Row
from agent_ls.faces.cli.progress import progress_text
from agent_ls.faces.cli.terminal import clean, diff_styles
from agent_ls.jobs.views import JobDetail, JobView

MOST_LINES: Final = 5000
"""Lines of a diff that the board shows: more than anybody reads there."""

_STATE, _COST, _MARKS = 14, 7, 3
_VERDICTS: Final = {Verdict.VERIFIED: "green", Verdict.UNVERIFIED: "", Verdict.WORSE: "red"}
_COLOURS: Final = {
    JobState.WAITING: "yellow",
    JobState.READY: "green",
    JobState.PARTLY_APPLIED: "green",
    JobState.FAILED: "red",
    JobState.INTERRUPTED: "yellow",
    JobState.OUT_OF_BUDGET: "yellow",
}


def heading(group: Group) -> Text:
    """``Ready 3``, or ``Ready 1 of 3`` where a filter leaves some out."""
    left = len(group.rows)
    number = str(left) if left == group.total else f"{left} of {group.total}"
    return Text(f"{group.name} {number}", style="bold")


def row_text(row: Row, width: int) -> Text:
    """One line: state, title, where it stands, cost, and marks: ``!`` weakens its proof, ``&`` overlaps."""
    view = row.view
    flexible = max(20, width - _STATE - _COST - _MARKS - 3)
    about = plain(_stands(view))
    title = plain(view.title)
    share = max(flexible - len(about), flexible // 2) if about else flexible
    marks = ("!" if view.warnings else "") + ("&" if row.overlaps else "")
    cost = f"${view.spent.cost_usd:.2f}" if view.spent.cost_usd else ""
    return Text.assemble(
        (set_cell_size(f" {_state(view)}", _STATE), _COLOURS.get(view.state, "")),
        " ",
        set_cell_size(_cut(title, share - 1), share),
        (set_cell_size(_cut(about, flexible - share), flexible - share), _VERDICTS[view.verdict]),
        " ",
        f"{cost:>{_COST}}",
        " ",
        (f"{marks:{_MARKS}}", "yellow"),
        no_wrap=True,
        overflow="crop",
        end="",
    )


def detail_text(row: Row, titles: Mapping[JobId, str]) -> Text:
    """What there is to know of the chosen job, the most urgent first."""
    view = row.view
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(view.created_at))
    lines: list[Text] = [Text(f"{plain(view.title)}", "bold")]
    owner = " · another process works on it" if view.owner == "elsewhere" and view.state.live else ""
    lines.append(Text(f"{view.id} · {when} · {plain(progress_text(view))}{owner}", "dim"))
    if view.question is not None:
        choices = f" [{' / '.join(view.question.choices)}]" if view.question.choices else ""
        lines.append(Text(f"asks: {plain(view.question.text + choices)}", "yellow"))
    if view.landing:
        lines.append(Text(f"{view.landing} is under way in its editor", "yellow"))
    lines += [Text(f"the plan {plain(warning)}", "yellow") for warning in view.warnings]
    for other, paths in row.overlaps:
        where = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        title = _cut(plain(titles.get(other, other)), 32)
        lines.append(Text(f"overlaps with {title!r} in {plain(where)}", "yellow"))
    if view.problem:
        lines.append(Text(plain(view.problem), "red" if view.state is JobState.FAILED else "yellow"))
    if view.has_plan:
        note = f": {plain(view.verdict_note)}" if view.verdict_note else ""
        lines.append(Text(f"{view.verdict.value}{note}", _VERDICTS[view.verdict]))
        files = "  ".join(f"{f.path} +{f.added} -{f.removed}" for f in view.files)
        lines.append(Text(plain(files)))
    return Text("\n").join(lines)


def diff_lines(detail: JobDetail) -> list[Text]:
    """The plan as it is to be read: what is to be known about it, then the patch."""
    view = detail.view
    lines = [Text(line) for line in clean(detail.summary).splitlines()]
    lines.append(Text(f"{view.verdict.value} {plain(view.verdict_note)}".rstrip(), _VERDICTS[view.verdict]))
    lines += [
        Text(plain(f"check {check.name}: {check.status}"), "" if check.status == "passed" else "red")
        for check in detail.checks
    ]
    lines += [Text(f"warning: the plan {plain(warning)}", "yellow") for warning in view.warnings]
    lines += [Text(f"note: {plain(note)}", "yellow") for note in detail.evidence]
    lines.append(Text(""))
    patch = clean(detail.patch).removesuffix("\n").split("\n")
    lines += [Text(line.expandtabs(), " ".join(diff_styles(line))) for line in patch[:MOST_LINES]]
    if len(patch) > MOST_LINES:
        rest = len(patch) - MOST_LINES
        lines.append(Text(f"{rest} more lines: `agent-ls jobs diff {view.id}` shows all", "yellow"))
    return lines


def summary_text(folder: str, counted: Sequence[tuple[str, int]], spent: float, words: str) -> str:
    """The top line: what is where, and what it has cost so far."""
    found = [f"{number} {name.lower()}" for name, number in counted]
    cost = [f"${spent:.2f}"] if spent else []
    filtered = [f"filter: {plain(words)}"] if words else []
    return " · ".join([plain(folder), *(found or ["no jobs yet"]), *cost, *filtered])


def plain(text: str) -> str:
    """One line of text that does nothing to a terminal."""
    return clean(" ".join(text.split()))


def _state(view: JobView) -> str:
    return view.state.value.replace("_", " ")


def _stands(view: JobView) -> str:
    if view.question is not None:
        return view.question.text
    if view.progress.step:
        place = f"{view.progress.done}/{view.progress.total} " if view.progress.total else ""
        return place + view.progress.step
    if view.state.live:
        return f"turn {view.spent.turns}" if view.spent.turns else ""
    if not view.has_plan:
        return view.problem
    files = f"{len(view.files)} file{'s' if len(view.files) > 1 else ''}"
    added, removed = sum(f.added for f in view.files), sum(f.removed for f in view.files)
    return f"{view.verdict.value} {files} +{added} -{removed}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
