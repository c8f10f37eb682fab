"""A job is what its journal says: properties over any order of records."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.attempt import (
    Answered,
    Asked,
    AttemptRequest,
    Checked,
    Compacted,
    DraftFile,
    Explored,
    Opened,
    Outcome,
    RequestStarted,
    Selected,
    TurnDone,
)
from agent_ls.core.codec import from_json, to_json
from agent_ls.core.job import (
    Budget,
    CheckReport,
    Intent,
    IntentKind,
    JobId,
    JobState,
    Question,
    Usage,
    Verdict,
)
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned, PlanState, PlanStep
from agent_ls.jobs.fold import Job, fold, step
from agent_ls.jobs.journal import Entry
from agent_ls.jobs.records import (
    RECORD_TYPES,
    Created,
    Discarded,
    Ended,
    Landed,
    LandingFailed,
    LandingStarted,
    Record,
    Replaced,
    Replied,
    Resumed,
    Started,
    Told,
    Widened,
    WorkerLost,
)

DRAFT = (DraftFile(RelPath("a.py"), None, "0" * 64),)
REQUEST = AttemptRequest(JobId("j"), Intent(IntentKind.DELEGATE, "t", task="x"), "/r", "/j", "/i")
QUESTION = Question("q1", "Which?")


def turn(number: int = 1, cost: float | None = 0.5) -> TurnDone:
    return TurnDone(number, [], [], "tool_use", Usage(1, 2), cost, {}, DRAFT)


SAMPLES: list[Record] = [
    Started(),
    WorkerLost("gone"),
    Ended(JobState.CANCELLED, "you"),
    Ended(JobState.INTERRUPTED, "closed"),
    Resumed(Budget(2.0)),
    Told("hm"),
    Replied("q1", "this"),
    LandingStarted("op", DRAFT),
    Landed("op", JobState.APPLIED, (), (DRAFT,)),
    Landed("op", JobState.PARTLY_APPLIED, DRAFT, (DRAFT,), (RelPath("a.py"),), "rebased"),
    Landed("op", JobState.UNDONE, DRAFT),
    LandingFailed("op", "no"),
    Discarded(),
    Replaced("other", DRAFT),
    Opened([], [], {}, "m"),
    RequestStarted(1),
    RequestStarted(1, inner=True),
    Explored(1, "?", 0, [], [], "end_turn", Usage(3, 4), 0.25, {}),
    Compacted(1, 1, 1, "notes", usage=Usage(5, 6), cost_usd=0.25),
    Planned((PlanStep("s", (RelPath("a.py"),)),), PlanState.PROPOSED),
    turn(),
    turn(2, None),
    Asked(QUESTION),
    Answered("q1", "this"),
    Checked((CheckReport("t", "passed"),), Verdict.VERIFIED, "h"),
    Outcome(JobState.READY, "done", DRAFT, verdict=Verdict.VERIFIED),
    Outcome(JobState.OUT_OF_BUDGET, files=DRAFT, problem="$1 is spent"),
]
records = st.lists(st.sampled_from(SAMPLES), max_size=30)


def job_of(*history: Record) -> Job:
    entries = [Entry(0, 0.0, "Created", {}, Created(REQUEST))]
    entries += [Entry(n, float(n), type(r).__name__, {}, r) for n, r in enumerate(history, 1)]
    job = fold(entries)
    assert job is not None
    return job


@given(records)
def test_folding_is_total_and_incremental(history: list[Record]) -> None:
    whole = job_of(*history)
    one_by_one = job_of()
    for number, record in enumerate(history, 1):
        one_by_one = fold([Entry(number, float(number), "", {}, record)], one_by_one) or one_by_one
    assert one_by_one == whole
    assert whole.spent.turns == sum(isinstance(r, TurnDone) for r in history)
    assert (whole.state is JobState.WAITING) <= (whole.question is not None)
    # A crash at any moment: what was recorded is never more than what a longer history began with.
    for end in range(len(history)):
        assert job_of(*history[:end]).spent.turns <= whole.spent.turns


@given(records)
def test_what_the_user_ended_stays_ended_until_it_is_resumed(history: list[Record]) -> None:
    ended = job_of(Started(), turn(), Ended(JobState.CANCELLED, "you"))
    job = ended
    late = [r for r in history if isinstance(r, (TurnDone, Asked, Answered, Checked, Outcome))]
    for record in late:
        job = step(job, record)
    assert job.state is JobState.CANCELLED
    assert step(job, Resumed(Budget())).state is JobState.QUEUED


@given(records)
def test_every_record_survives_the_file(history: list[Record]) -> None:
    for record in history:
        kind = RECORD_TYPES[type(record).__name__]
        assert from_json(kind, to_json(record)) == record


def test_a_request_lost_with_its_answer_is_counted() -> None:
    job = job_of(Started(), RequestStarted(1), WorkerLost("killed"), Started(), RequestStarted(1), turn())
    assert (job.spent.unrecorded_requests, job.spent.turns, job.runs) == (1, 1, 2)


def test_deaths_count_until_something_new_is_recorded() -> None:
    dying = (Started(), RequestStarted(1), WorkerLost("x"))
    assert job_of(*dying, *dying).deaths == 2
    assert job_of(*dying, *dying, Started(), turn()).deaths == 0


def test_costs_add_up_and_nothing_paid_is_not_zero() -> None:
    assert job_of(turn(1, None)).spent.cost_usd is None
    assert job_of(turn(1, 0.5), turn(2, None), turn(3, 0.25)).spent.cost_usd == 0.75


def test_a_late_outcome_of_an_earlier_run_does_not_end_the_new_one() -> None:
    job = job_of(Started(), Ended(JobState.CANCELLED), Resumed(Budget()), Outcome(JobState.CANCELLED))
    assert job.state is JobState.QUEUED


def test_a_merged_landing_takes_the_verdict_back() -> None:
    ready = (Started(), Outcome(JobState.READY, files=DRAFT, verdict=Verdict.VERIFIED))
    exact = job_of(*ready, LandingStarted("op", DRAFT), Landed("op", JobState.APPLIED, (), (DRAFT,)))
    assert (exact.verdict, exact.landing) == (Verdict.VERIFIED, None)
    moved = Landed("op", JobState.APPLIED, (), (DRAFT,), (RelPath("a.py"),), "rebased")
    assert job_of(*ready, moved).verdict is Verdict.UNVERIFIED


def test_the_chosen_attempt_brings_its_own_warnings() -> None:
    first = Outcome(JobState.READY, files=DRAFT, warnings=("weakened",))
    other = Outcome(JobState.READY, files=DRAFT, warnings=("deleted a test",), verdict=Verdict.VERIFIED)
    begun = (Started(), Widened(2, "asked for"), first)
    assert job_of(*begun, Selected(2, "better", other, (2, 1))).warnings == ("deleted a test",)
    assert job_of(*begun, Selected(2, "better", replace(other, warnings=()), (2, 1))).warnings == ()


def test_a_landing_without_an_end_is_remembered() -> None:
    assert job_of(Outcome(JobState.READY, files=DRAFT), LandingStarted("op", DRAFT)).landing is not None


def test_an_end_without_files_keeps_the_draft_of_the_last_turn() -> None:
    lost = Outcome(JobState.FAILED, problem="the folder cannot be read")
    job = job_of(Started(), turn(), Ended(JobState.INTERRUPTED), Resumed(Budget(2.0)), Started(), lost)
    assert (job.state, job.plan, job.pending) == (JobState.FAILED, DRAFT, DRAFT)
    assert job_of(Started(), turn(), Outcome(JobState.READY)).plan == ()


def test_what_a_cancelled_run_says_late_does_not_touch_a_plan_that_has_landed() -> None:
    checked = Checked((CheckReport("t", "passed"),), Verdict.VERIFIED, "h", warnings=("w",))
    cancelled = (Started(), checked, turn(), Ended(JobState.CANCELLED))
    landed = (LandingStarted("op", DRAFT), Landed("op", JobState.APPLIED, (), (DRAFT,)))
    other = Checked((CheckReport("t", "failed"),), Verdict.WORSE, "h2")
    for late in (turn(2), other, Outcome(JobState.CANCELLED, "other words", files=DRAFT)):
        for job in (job_of(*cancelled, *landed, late), job_of(*cancelled, landed[0], late, landed[1])):
            assert (job.state, job.pending) == (JobState.APPLIED, ())
            assert (job.verdict, job.tree_hash, job.warnings) == (Verdict.VERIFIED, "h", ("w",))
            assert (job.checks, job.summary) == (checked.reports, "")


def test_a_plan_that_has_landed_gets_another_verdict_only_where_it_is_checked_again() -> None:
    landed = (Started(), Outcome(JobState.READY, files=DRAFT), Landed("op", JobState.APPLIED, (), (DRAFT,)))
    again = Checked((CheckReport("t", "failed"),), Verdict.WORSE, "h2", again=True)
    assert job_of(*landed, again).verdict is Verdict.WORSE
    assert job_of(*landed, replace(again, again=False)).verdict is Verdict.UNVERIFIED
