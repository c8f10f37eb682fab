"""What passes between the owner of a job and the worker that attempts it.

An attempt is value in (`AttemptRequest`), events out (`Event`), and at the end an `Outcome`.
The same values are the records of the job's journal: an event is written there before its
acknowledgement lets the attempt go on, so that an attempt resumes after ``kill -9`` from what
was recorded. Texts travel as content hashes into the job's blob store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final

from agent_ls.core.job import (
    Budget,
    CheckReport,
    Intent,
    IntentKind,
    JobId,
    JobState,
    Measure,
    Progress,
    Question,
    Site,
    Spent,
    Usage,
    Verdict,
)
from agent_ls.core.paths import RelPath
from agent_ls.core.selection import Evidence
from agent_ls.core.steps import Planned

Json = dict[str, Any]
"""A JSON object in the wire format of the Messages API: a content block, a tool, a message."""

KEY_COMMAND: Final = "AGENT_LS_API_KEY_COMMAND"
"""The worker's variable with the command that prints the model's key, a JSON list of words."""

WIRE_LOG: Final = "wire.jsonl"
"""In a job's folder (and in those of explanations): every byte that its requests sent and received, as ``{"direction", "text"}`` lines."""


def wire_log(attempt: int) -> str:
    """The name of an attempt's wire log; the first one's is `WIRE_LOG`."""
    return WIRE_LOG if attempt == 1 else f"wire-{attempt}.jsonl"


MOST_ATTEMPTS: Final = 8
"""So many attempts may be asked for at one task."""


@final
@dataclass(frozen=True, slots=True)
class DraftFile:
    """One file of a draft, by content hash. The JSON-sized form of `core.edits.FileChange`."""

    path: RelPath
    before: str | None
    after: str | None
    moved_from: RelPath | None = None


@final
@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model to ask and how. Keys never stand here: the worker's environment holds them.

    ``idle_s``: longest silence between two bytes of an answer. ``patience_s``: how long a service that
    is busy or out of reach is waited for, per turn.
    """

    work: str = ""
    explain: str = ""
    escalate: str = ""
    max_tokens: int = 16000
    idle_s: float = 60.0
    patience_s: float = 600.0


@final
@dataclass(frozen=True, slots=True)
class Variation:
    """How an attempt differs from the first one at the same task.

    ``model``: another model id, ``""`` the work tier's. ``effort``: low, medium or high, ``""`` the service's
    own. ``hint``: words for the agent about the way to take. ``earlier``: what an attempt before this
    one came to, where it failed: its summary and what its checks said.
    """

    model: str = ""
    effort: str = ""
    hint: str = ""
    earlier: str = ""


@final
@dataclass(frozen=True, slots=True)
class AttemptRequest:
    """Everything an attempt needs, as a value.

    ``root``: absolute path of the workspace folder. ``job_dir``: the job's own folder in the
    state directory (``blobs/`` inside). ``index_db``: the workspace's fact store, read-only, may
    be missing. ``buffers``: unsaved texts by content hash. ``checks``: argv lists to prove the
    draft with; empty: detect. ``measures``: checks that print a number, beside those. ``answer_wait_s``: how
    long a question waits for a person. ``resume``: recorded events of an earlier run of this attempt;
    ``forgiven``: how many turns of it had ended when the user last said to go on: calls that had failed by
    then are no longer held against the agent. ``attempt``: its number among those of the job, 1 is the first.
    ``plan``: a draft to begin with. ``check_only``: prove that draft, and nothing else. ``estimate_usd``:
    what the user was told that it will cost, from and to.
    """

    job: JobId
    intent: Intent
    root: str
    job_dir: str
    index_db: str
    buffers: Mapping[RelPath, str] = field(default_factory=dict[RelPath, str])
    budget: Budget = field(default_factory=Budget)
    models: ModelChoice = field(default_factory=ModelChoice)
    checks: tuple[tuple[str, ...], ...] = ()
    measures: tuple[Measure, ...] = ()
    check_timeout_s: float = 600.0
    trusted: bool = False
    allow_unsandboxed: bool = False
    answer_wait_s: float = 300.0
    resume: tuple[Json, ...] = ()
    forgiven: int = 0
    plan: tuple[DraftFile, ...] = ()
    attempt: int = 1
    variation: Variation = field(default_factory=Variation)
    check_only: bool = False
    estimate_usd: tuple[float, float] | None = None


@final
@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """A place to explain, read-only: one request to the explain tier, no journal, no draft.

    ``text``: the file's text of now, unsaved edits included; ``site`` points into it: at the symbol to
    explain, or around a selection. ``folder``: it is a folder that is to be explained, which ``site``
    names (``""``: the workspace), and ``text`` is its skeleton.
    ``index_db``: as in `AttemptRequest`. ``wire_dir``: the folder whose `WIRE_LOG` gets every byte
    of it; empty: it is not written down.
    """

    root: str
    site: Site
    text: bytes
    index_db: str = ""
    models: ModelChoice = field(default_factory=ModelChoice)
    wire_dir: str = ""
    folder: bool = False


@final
@dataclass(frozen=True, slots=True)
class Explained:
    """What came of an `ExplainRequest`. ``problem``: why there is no markdown; it may have cost all the same."""

    markdown: str = ""
    problem: str = ""
    cost_usd: float | None = None


# --- events: worker → owner -------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation's stable beginning, exactly as sent: system blocks, tools, first user message."""

    system: list[Json]
    tools: list[Json]
    opening: Json
    model: str


@final
@dataclass(frozen=True, slots=True)
class RequestStarted:
    """A request is about to be sent: recorded first, so that one lost with its answer is counted.

    ``inner``: it belongs to an exploration or a compaction in the course of that turn.
    """

    turn: int
    inner: bool = False


@final
@dataclass(frozen=True, slots=True)
class TurnDone:
    """One whole turn: the model's message and what the tools answered, with the draft after it.

    ``assistant``: content blocks, unchanged. ``user``: the content blocks of the message that
    follows (tool results, told texts); empty after the last turn. ``pins``: files read for the
    first time in this turn, by content hash (``None``: was absent). ``draft``: the whole draft.
    """

    turn: int
    assistant: list[Json]
    user: list[Json]
    stop_reason: str
    usage: Usage
    cost_usd: float | None
    pins: Mapping[RelPath, str | None]
    draft: tuple[DraftFile, ...]


@final
@dataclass(frozen=True, slots=True)
class Explored:
    """One whole turn of a read-only exploration inside ``turn``; `TurnDone` says what the fields are.

    ``question`` with ``number`` (how often it was asked before in that turn) names the exploration.
    """

    turn: int
    question: str
    number: int
    assistant: list[Json]
    user: list[Json]
    stop_reason: str
    usage: Usage
    cost_usd: float | None
    pins: Mapping[RelPath, str | None]


@final
@dataclass(frozen=True, slots=True)
class Compacted:
    """The conversation was shortened after ``turn`` turns; the last such record counts.

    Of turns up to ``blanked`` the tool results stand as a short note. The turns up to ``dropped``
    are told by ``notes`` instead, which follow the opening; ``said`` is the model's own part of them.
    """

    turn: int
    blanked: int
    dropped: int = 0
    notes: str = ""
    said: str = ""
    usage: Usage = field(default_factory=Usage)
    cost_usd: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Progressed:
    """Where the attempt stands; never recorded."""

    progress: Progress
    state: JobState = JobState.RUNNING


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The agent waits for a person's answer."""

    question: Question


@final
@dataclass(frozen=True, slots=True)
class Answered:
    """An answer arrived, or the default was taken."""

    question_id: str
    answer: str
    by_default: bool = False


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """Checks were run on a draft whose tree has the given hash. ``reason``: why the verdict, in a sentence.

    ``warnings``: how the draft weakens what it is proven by (tests, snapshots, check configuration).
    ``again``: not by the attempt, but of its plan on the texts of a later moment.
    """

    reports: tuple[CheckReport, ...]
    verdict: Verdict
    tree_hash: str
    reason: str = ""
    warnings: tuple[str, ...] = ()
    again: bool = False


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """How the attempt ended. ``state``: ready, failed, cancelled or out_of_budget.

    ``files`` is the draft (possibly empty); ``problem`` says in one sentence why there is no
    plan, or what a plan lacks; ``evidence`` are notes for people; ``warnings`` as in `Checked`.
    """

    state: JobState
    summary: str = ""
    files: tuple[DraftFile, ...] = ()
    checks: tuple[CheckReport, ...] = ()
    verdict: Verdict = Verdict.UNVERIFIED
    tree_hash: str = ""
    problem: str = ""
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    spent: Spent = field(default_factory=Spent)
    pins: Mapping[RelPath, str | None] = field(default_factory=dict[RelPath, "str | None"])


@final
@dataclass(frozen=True, slots=True)
class Candidate:
    """One attempt that came to a plan."""

    attempt: int
    outcome: Outcome


@final
@dataclass(frozen=True, slots=True)
class SelectRequest:
    """Several plans of one task, of which one is to be chosen by running them.

    ``job``: what this is called on the pipe. ``base``: the request of the first attempt: workspace,
    checks, trust. ``wall_s``: after this time the choice is made with the evidence there is.
    """

    job: JobId
    base: AttemptRequest
    candidates: tuple[Candidate, ...]
    wall_s: float = 900.0


@final
@dataclass(frozen=True, slots=True)
class Selected:
    """Which attempt is the plan. ``outcome``: how it ended; ``order``: all candidates by merit.

    ``evidence``: what was found by running them, in their order; empty where nothing was run.
    """

    attempt: int
    reason: str
    outcome: Outcome
    order: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()


Event = (
    Opened
    | RequestStarted
    | TurnDone
    | Explored
    | Compacted
    | Planned
    | Progressed
    | Asked
    | Answered
    | Checked
    | Outcome
    | Selected
)

EVENT_TYPES: Mapping[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        *(Opened, RequestStarted, TurnDone, Explored, Compacted, Planned),
        *(Progressed, Asked, Answered, Checked, Outcome, Selected),
    )
}
"""Names of the events on the pipe and in the journal."""

NEEDS_MODEL: frozenset[IntentKind] = frozenset({IntentKind.DELEGATE})
