"""Why each hunk of a plan is there, and which check stood on it: read from the job's record.

Nothing is asked of a model for this. A turn's draft is recorded with the words that were said
before its edits, so a line can be followed back to the turn that wrote it, as a blame does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, final

from agent_ls.core.attempt import Checked, DraftFile, Outcome, TurnDone
from agent_ls.core.diff import unified
from agent_ls.core.edits import ChangeSet, FileChange, Op
from agent_ls.core.errors import AgentLsError
from agent_ls.core.hunks import Hunk, hunks
from agent_ls.core.job import CheckReport, Intent, IntentKind, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned
from agent_ls.index.names import is_test
from agent_ls.jobs.blame import History
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.records import Created
from agent_ls.jobs.shifting import shifts

_LONGEST = 160
_SENTENCE = re.compile(r"(?<=[.!?:])\s+")
_FILE = re.compile(r"[\w./\\-]*\w\.\w+")
_TEST_MARK = re.compile(r"^tests?[_-]|[_.-](?:tests?|spec)$|(?<=[a-z0-9])(?:Tests?|Spec)$|^Test(?=[A-Z])")
_BEFORE = "As in the plan before."
_ANCHOR = "Removes the comment that asked for this."

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class Backing:
    """What stands behind a hunk; every part may be ``""``.

    ``reason``: the words for it, at most 160 characters of one line. ``check`` and ``status``: the
    check of the last proof of a tree that holds the hunk, nearest to its file; ``test``: the test
    file of that check which is about the hunk's file.
    """

    reason: str = ""
    check: str = ""
    status: str = ""
    test: str = ""

    @property
    def proof(self) -> str:
        """``pytest passed (tests/test_client.py)``."""
        about = f" ({self.test})" if self.test else ""
        return f"{self.check} {self.status}{about}" if self.check else ""

    @property
    def words(self) -> str:
        """Reason and proof in one line."""
        return " · ".join(part for part in (self.reason, self.proof) if part)


@final
@dataclass(frozen=True, slots=True)
class Reasoned:
    """What stands behind some lines of a text: ``lines`` from the 0-based ``start`` on (none: an insertion)."""

    start: int
    lines: int
    reason: str
    proof: str


def backings(
    intent: Intent, plan: ChangeSet, entries: Sequence[Entry], get: Callable[[str], bytes]
) -> dict[str, Backing]:
    """What stands behind every hunk of a plan, by its id.

    ``get`` finds a text by its content hash; a text that is lost costs the reasons of its file only.
    Cost: a line diff per file and turn that changed it.
    """
    record = _read(entries)
    drafts = [turn.draft for _, turn in record.turns]
    made: dict[str, Backing] = {}
    for change in plan:
        try:
            history = History.of(change, drafts, get, record.begun)
        except AgentLsError:
            continue
        for hunk in hunks(ChangeSet((change,))):
            turn = history.turn_of(hunk)
            reason = (
                _intent_words(intent, hunk, record) if turn is None else _words(record, turn, change, hunk)
            )
            check = record.proof_of(turn)
            made[hunk.id] = _backing(reason, check, change.path)
    return made


def noted_patch(plan: ChangeSet, backing: Mapping[str, Backing]) -> str:
    """The plan as `core.diff.unified`, with what stands behind each hunk in its heading."""
    headings: dict[RelPath, list[tuple[int, str]]] = {}
    for hunk in hunks(plan):
        words = backing[hunk.id].words if hunk.id in backing else ""
        if words and hunk.op is not Op.MOVE:
            headings.setdefault(hunk.path, []).append((hunk.old_start_line, words))
    return unified(plan, headings=headings)


def reasoned(
    plan: ChangeSet, backing: Mapping[str, Backing], now: ChangeSet
) -> dict[RelPath, tuple[Reasoned, ...]]:
    """What stands behind the lines of a change set that is the plan on the texts of now, by its paths.

    The lines are those of the texts before; a hunk whose lines were typed over meanwhile counts from
    the nearest line.
    """
    planned = {c.path: c for c in plan} | {c.source: c for c in plan}
    made: dict[RelPath, tuple[Reasoned, ...]] = {}
    for change in now:
        own = planned.get(change.path) or planned.get(change.source)
        if own is None:
            continue
        shift = shifts(own.before or b"", change.before or b"")
        made[change.path] = tuple(
            Reasoned(
                hunk.old_start_line + shift(hunk.old_start_line), hunk.old_lines, known.reason, known.proof
            )
            for hunk in hunks(ChangeSet((own,)))
            if (known := backing.get(hunk.id)) is not None and known.words
        )
    return made


def hunk_wire(hunk: Hunk, backing: Backing | None, *, landed: bool) -> Json:
    """A hunk with what stands behind it, as the protocol has it."""
    known = backing or Backing()
    return {
        "id": hunk.id,
        "path": hunk.path,
        "op": hunk.op.value,
        "oldStartLine": hunk.old_start_line,
        "oldLines": hunk.old_lines,
        "newStartLine": hunk.new_start_line,
        "newLines": hunk.new_lines,
        "added": hunk.added,
        "removed": hunk.removed,
        "excerpt": hunk.excerpt,
        "landed": landed,
        "reason": known.reason,
        "check": {"name": known.check, "status": known.status, "test": known.test} if known.check else None,
    }


# --- the record -----------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class _Record:
    """The turns with their places in the journal, and the last proof with its own."""

    turns: tuple[tuple[int, TurnDone], ...]
    plans: tuple[tuple[int, Planned], ...]
    proof: tuple[int, tuple[CheckReport, ...]]
    begun: tuple[DraftFile, ...] = ()

    def proof_of(self, turn: int | None) -> tuple[CheckReport, ...]:
        """The reports of the last proof, where its tree holds what a turn did."""
        at, reports = self.proof
        return reports if turn is None or self.turns[turn][0] < at else ()

    def said_before(self, turn: int) -> Iterator[TurnDone]:
        """The turns before one that changed nothing since the last change, newest first."""
        for number in range(turn - 1, -1, -1):
            earlier = self.turns[number][1]
            if earlier.draft != (self.turns[number - 1][1].draft if number else ()):
                return
            yield earlier


def _read(entries: Sequence[Entry]) -> _Record:
    turns: list[tuple[int, TurnDone]] = []
    plans: list[tuple[int, Planned]] = []
    proof: tuple[int, tuple[CheckReport, ...]] = (-1, ())
    begun: tuple[DraftFile, ...] = ()
    for at, entry in enumerate(entries):
        match entry.record:
            case TurnDone() as turn:
                turns.append((at, turn))
            case Created(request=request):
                begun = request.plan
            case Planned() as planned:
                plans.append((at, planned))
            case Checked(reports=reports):
                proof = at, reports
            case Outcome(state=JobState.READY, checks=checks) if checks:
                proof = at, checks
            case _:
                pass
    return _Record(tuple(turns), tuple(plans), proof, begun)


# --- the words ------------------------------------------------------------------------------


def _intent_words(intent: Intent, hunk: Hunk, record: _Record) -> str:
    """The words for what no turn did: an engine's or a rename's own, the plan of before, an anchor's removal."""
    if record.begun:
        return _BEFORE
    if intent.kind is not IntentKind.DELEGATE:
        return one_line(intent.title)
    at_anchor = intent.anchor is not None and intent.site is not None and intent.site.path == hunk.path
    return _ANCHOR if at_anchor else ""


def _words(record: _Record, turn: int, change: FileChange, hunk: Hunk) -> str:
    """What was said before the call that made a hunk; else the step it serves; else what was said last."""
    at, done = record.turns[turn]
    said = _before_call(done.assistant, {change.path, change.source}, hunk)
    if not said:
        steps = next((p.steps for when, p in reversed(record.plans) if when < at), ())
        said = next(
            (s.text for s in reversed(steps) if change.path in s.files or change.source in s.files), ""
        )
    if not said:
        said = next((text for t in record.said_before(turn) if (text := _last_text(t.assistant))), "")
    return one_line(said)


def _before_call(content: Sequence[Json], paths: set[RelPath], hunk: Hunk) -> str:
    """The text before the call of a turn that a hunk is most likely from: the one that holds most of its lines."""
    lines = [line[1:].strip() for line in hunk.excerpt.splitlines() if len(line[1:].strip()) > 1]
    best, words, said = (-1, -1), "", ""
    for block in content:
        if block.get("type") == "text":
            said = str(block.get("text") or "") or said
        elif block.get("type") == "tool_use":
            given = list(_strings(block.get("input")))
            held = sum(any(line in text for text in given) for line in lines)
            score = (int(any(text in paths for text in given)), held)
            if score >= best:
                best, words = score, said
    return words if best >= (0, 0) else said


def _strings(value: object) -> Iterator[str]:
    """Every text in a call's input."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("dict[str, object]", value).values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _strings(item)


def _last_text(content: Sequence[Json]) -> str:
    texts = [str(block.get("text") or "") for block in content if block.get("type") == "text"]
    return next((text for text in reversed(texts) if text.strip()), "")


def one_line(text: str) -> str:
    """A model's words as one line of at most 160 characters without anything that acts or hides.

    Of a long text its last paragraph, and of that the last sentences: there stands what comes next.
    """
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    visible = "".join(
        " " if c.isspace() else c for c in (paragraphs[-1] if paragraphs else "") if _visible(c)
    )
    line = " ".join(visible.split())
    if len(line) <= _LONGEST:
        return line
    kept = ""
    for sentence in reversed(_SENTENCE.split(line)):
        longer = f"{sentence} {kept}".strip()
        if len(longer) > _LONGEST:
            break
        kept = longer
    return kept or line[: _LONGEST - 1].rstrip() + "…"


def _visible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


# --- the check ------------------------------------------------------------------------------


def _backing(reason: str, reports: Sequence[CheckReport], path: RelPath) -> Backing:
    if not reports:
        return Backing(reason)
    tests = [_test_for(path, report) for report in reports]
    nearest = min(range(len(reports)), key=lambda i: _distance(reports[i], tests[i], path))
    report = reports[nearest]
    return Backing(reason, one_line(report.name), report.status, tests[nearest])


def _distance(report: CheckReport, test: str, path: RelPath) -> tuple[int, int]:
    """Nearest first: what failed and names the file, what tested it, what failed, passed, did not run."""
    failed = report.status in ("failed", "error")
    ranks = {"failed": 0, "error": 0, "passed": 1}
    if failed and (path in report.output or test):
        return (0, 0)
    if test:
        return (1, 0)
    return (2, ranks.get(report.status, 2))


def _test_for(path: RelPath, report: CheckReport) -> str:
    """The test file of a check's output that is about a file: its own, or the one that is called after it."""
    if report.status == "skipped":
        return ""
    wanted = _stem(path)
    for found in _FILE.finditer(report.output):
        name = found[0].replace("\\", "/").removeprefix("./")
        if is_test(RelPath(name)) and (name == path or _stem(name) == wanted):
            return name
    return ""


def _stem(path: str) -> str:
    """``test_client`` and ``client.spec`` are called after ``client``."""
    name = path.rpartition("/")[2].rpartition(".")[0]
    return _TEST_MARK.sub("", name).lower()
