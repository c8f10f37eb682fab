"""What a job's journal holds: the events of its attempts, and what its owner decided and did.

A record says what happened, never what follows from it; `fold` knows that. Texts stand in
records by content hash. New kinds may be added, fields may be added with a default; readers
pass over kinds that they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from agent_ls.core.attempt import (
    Answered,
    Asked,
    AttemptRequest,
    Checked,
    Compacted,
    DraftFile,
    Event,
    Explored,
    Opened,
    Outcome,
    Progressed,
    RequestStarted,
    Selected,
    TurnDone,
)
from agent_ls.core.job import Budget, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned


@final
@dataclass(frozen=True, slots=True)
class Created:
    """The first record: all that is needed to begin. ``retry_of``: the job whose intent this repeats.

    ``replaces``: what was pending of that job's plan, where this one began with it to do a part anew.
    """

    request: AttemptRequest
    retry_of: str = ""
    replaces: tuple[DraftFile, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Started:
    """The attempt was handed to a worker."""


@final
@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker left while the attempt was under way."""

    reason: str


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """The owner ended the attempt: cancelled, interrupted, failed or out_of_budget."""

    state: JobState
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Resumed:
    """The attempt is to go on, with these ceilings for the whole of it."""

    budget: Budget


@final
@dataclass(frozen=True, slots=True)
class Widened:
    """The job is to have so many attempts, of which one is selected. ``reason``: asked for, or what failed.

    The record of the first is this journal; each further one has a journal of its own below it.
    """

    attempts: int
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Told:
    """The user said something to the attempt."""

    text: str


@final
@dataclass(frozen=True, slots=True)
class Replied:
    """The user answered a question; the worker may not have heard it yet."""

    question_id: str
    answer: str


@final
@dataclass(frozen=True, slots=True)
class LandingStarted:
    """An editor is about to be asked: all that is needed to settle it without its answer.

    ``changes``: from the texts of that moment. ``chosen`` and ``rest``: the part of the plan that
    they stand for, and the other part of those files. ``left_out``: paths that clash. ``moved``
    and ``note`` as in `Landed`. ``undo``: this takes back.
    """

    operation: str
    changes: tuple[DraftFile, ...]
    chosen: tuple[DraftFile, ...] = ()
    rest: tuple[DraftFile, ...] = ()
    left_out: tuple[RelPath, ...] = ()
    moved: tuple[RelPath, ...] = ()
    note: str = ""
    undo: bool = False


@final
@dataclass(frozen=True, slots=True)
class Landed:
    """What is in the user's texts after an operation.

    ``pending``: what of the plan has not landed, against the texts the plan was made from.
    ``applied``: every landing that has not been taken back, oldest first, each from the texts of
    its moment. ``state``: what follows. ``moved``: files in which the plan was merged onto other
    text than it was made from; ``note`` says so for people.
    """

    operation: str
    state: JobState
    pending: tuple[DraftFile, ...] = ()
    applied: tuple[tuple[DraftFile, ...], ...] = ()
    moved: tuple[RelPath, ...] = ()
    note: str = ""


@final
@dataclass(frozen=True, slots=True)
class LandingFailed:
    """Nothing of an operation is in the user's texts."""

    operation: str
    reason: str


@final
@dataclass(frozen=True, slots=True)
class Discarded:
    """The user put the plan aside."""


@final
@dataclass(frozen=True, slots=True)
class Replaced:
    """What had not landed is the plan of the job ``by`` now. ``plan``: the part of this plan that has."""

    by: str
    plan: tuple[DraftFile, ...]


OwnRecord = (
    Created
    | Started
    | WorkerLost
    | Ended
    | Resumed
    | Widened
    | Told
    | Replied
    | LandingStarted
    | Landed
    | LandingFailed
    | Discarded
    | Replaced
)
Record = OwnRecord | Event

RECORD_TYPES: Mapping[str, type[Record]] = {
    kind.__name__: kind
    for kind in (
        *(Created, Started, WorkerLost, Ended, Resumed, Widened, Told, Replied),
        *(LandingStarted, Landed, LandingFailed, Discarded, Replaced),
        *(Opened, RequestStarted, TurnDone, Explored, Compacted, Planned),
        *(Asked, Answered, Checked, Outcome, Selected),
    )
}
"""Names of the kinds in the journal. `Progressed` is never recorded."""

RESUME_KINDS: frozenset[str] = frozenset(
    kind.__name__
    for kind in (
        *(Opened, RequestStarted, TurnDone, Explored, Compacted, Planned),
        *(Asked, Answered, Checked),
    )
)
"""The kinds that an attempt needs to go on. An `Outcome` is an end, which a resume takes back."""

UNRECORDED = Progressed
