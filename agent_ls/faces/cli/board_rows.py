"""What the board shows, as values: jobs by what they want from a person, and which of them get in each other's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from agent_ls.core.job import JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.jobs.views import JobView

_S = JobState
GROUPS: Final = (
    ("Waiting for you", (_S.WAITING,)),
    ("Ready", (_S.READY, _S.PARTLY_APPLIED)),
    ("Running", (_S.RUNNING, _S.CHECKING, _S.QUEUED)),
    ("Paused", (_S.INTERRUPTED, _S.OUT_OF_BUDGET)),
    ("Done", (_S.APPLIED, _S.UNDONE, _S.DISCARDED, _S.FAILED, _S.CANCELLED)),
)
"""What wants a person first comes first; the words and their order are those of the editors' lists."""

_LIVE: Final = (_S.QUEUED, _S.RUNNING, _S.CHECKING, _S.WAITING)
_FITS: Final[Mapping[str, Sequence[JobState]]] = {
    "answer": (_S.WAITING,),
    "apply": (_S.READY, _S.PARTLY_APPLIED, _S.UNDONE),
    "undo": (_S.APPLIED, _S.PARTLY_APPLIED),
    "discard": (_S.READY, _S.PARTLY_APPLIED, _S.FAILED, _S.OUT_OF_BUDGET, _S.INTERRUPTED),
    "cancel": _LIVE,
    "tell": _LIVE,
    "resume": (_S.INTERRUPTED, _S.OUT_OF_BUDGET, _S.FAILED, _S.CANCELLED),
    "retry": tuple(state for state in _S if not state.live),
}
_IN_THE_WAY: Final = frozenset({*_LIVE, _S.READY, _S.PARTLY_APPLIED, _S.INTERRUPTED, _S.OUT_OF_BUDGET})


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One job on the board. ``overlaps``: other jobs whose pending plan changes a file of its own, and which files."""

    view: JobView
    overlaps: tuple[tuple[JobId, tuple[RelPath, ...]], ...] = ()

    def fits(self, verb: str) -> bool:
        """Whether a wish makes sense now; what has no plan has nothing to look at or to apply."""
        if verb in ("apply", "diff") and not self.view.has_plan:
            return False
        return self.view.state in _FITS.get(verb, tuple(JobState))


@final
@dataclass(frozen=True, slots=True)
class Group:
    """The jobs of one heading, newest first. ``total``: how many there are without the filter."""

    name: str
    rows: tuple[Row, ...]
    total: int


def grouped(views: Sequence[JobView], words: str = "") -> list[Group]:
    """The groups that have jobs; ``words`` must all stand in what is said of a job, or begin its id."""
    clashes = overlaps(views)
    wanted = words.lower().split()
    groups: list[Group] = []
    for name, states in GROUPS:
        rows = [Row(view, clashes.get(view.id, ())) for view in views if view.state in states]
        left = tuple(row for row in rows if all(_has(row.view, name, word) for word in wanted))
        if left or (rows and not wanted):
            groups.append(Group(name, left, len(rows)))
    return groups


def counts(views: Sequence[JobView]) -> list[tuple[str, int]]:
    """How many jobs each group has, empty ones left out."""
    found = [(name, sum(view.state in states for view in views)) for name, states in GROUPS]
    return [(name, number) for name, number in found if number]


def overlaps(views: Sequence[JobView]) -> dict[JobId, tuple[tuple[JobId, tuple[RelPath, ...]], ...]]:
    """For each job whose plan has not landed: the others that change the same files."""
    changed: defaultdict[RelPath, list[JobId]] = defaultdict(list)
    for view in views:
        if view.state in _IN_THE_WAY:
            for path in {p for f in view.files if not f.landed for p in (f.path, f.moved_from) if p}:
                changed[path].append(view.id)
    met: defaultdict[JobId, defaultdict[JobId, list[RelPath]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(changed):
        for job in changed[path]:
            for other in changed[path]:
                if other != job:
                    met[job][other].append(path)
    return {
        job: tuple((other, tuple(paths)) for other, paths in others.items()) for job, others in met.items()
    }


def _has(view: JobView, group: str, word: str) -> bool:
    files = " ".join(file.path for file in view.files)
    state = view.state.value.replace("_", " ")
    said = f"{view.title} {state} {view.verdict.value} {group} {files}".lower()
    return word in said or view.id.startswith(word)
