"""Resume: killed after any record, an attempt gives the plan of the undisturbed one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agent_ls.agent.attempt import Attempt
from agent_ls.agent.history import fold, messages
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import Answered, Checked, RequestStarted, TurnDone
from agent_ls.core.codec import to_json
from agent_ls.core.job import Budget, Intent, IntentKind, JobState, Verdict
from tests.agent.attempts import FIX, Json, call, edit, finish, read, say, stage, turn
from tests.agent.kit import OwnersEnd

TASK = [
    *FIX[:2],
    turn(
        call("ask_user", question="Double too?", choices=[], default="no"),
        call("move_path", old_path="README.md", new_path="docs/README.md"),
        expect=[{"contains": "Edited"}],
    ),
    turn(edit("docs/README.md", "# calc", "# Calc"), expect=["The user says: yes", {"contains": "Moved"}]),
    turn(finish("Moved."), expect=[{"contains": "Edited docs/README.md"}]),
]
RECORDS = 15  # of an undisturbed run, the outcome included


def owner(**more: int) -> OwnersEnd:
    return OwnersEnd(answers={"Double too?": "yes"}, **more)


async def test_the_undisturbed_run_has_as_many_records_as_the_kills_below_cover(tmp_path: Path) -> None:
    end = owner()
    await stage(tmp_path, TASK).run(end)
    assert len(end.records) == RECORDS


@pytest.mark.parametrize("moment", range(1, RECORDS + 1))
async def test_killed_at_any_record_it_gives_the_same_plan(tmp_path: Path, moment: int) -> None:
    whole = await stage(tmp_path / "a", TASK).run(owner())
    set_up, end = stage(tmp_path / "b", TASK), owner(stop_at=moment)
    running = asyncio.create_task(set_up.run(end))
    await asyncio.wait_for(end.stopped.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    if end.of(TurnDone):
        # From its first read on the attempt goes by the pinned text, whatever is saved meanwhile.
        (set_up.root / "src/calc.py").write_text("the user has gone on typing\n")
    # An answer that was recorded is not asked for again: nobody would give it this time.
    second = OwnersEnd() if end.of(Answered) else owner()
    outcome = await set_up.resumed(end.records).run(second)
    assert (outcome.state, outcome.files, outcome.summary) == (whole.state, whole.files, whole.summary)
    assert outcome.state is JobState.READY
    turns = [t.turn for t in (*end.of(TurnDone), *second.of(TurnDone))]
    assert turns == sorted(set(turns)), "a recorded turn was repeated"
    asked = len(end.of(RequestStarted)) + len(second.of(RequestStarted))
    assert outcome.spent.unrecorded_requests == asked - len(turns)


async def test_a_resumed_conversation_is_the_recorded_one(tmp_path: Path) -> None:
    end = owner()
    await stage(tmp_path, TASK).run(end)
    history = fold(end.records)
    assert history.opened is not None
    said = messages(history.opened.opening, history.turns)
    assert [m["role"] for m in said] == ["user", "assistant"] * 5 + ["user"]


def test_events_of_a_newer_owner_are_passed_over() -> None:
    assert fold([{"event": "Novelty", "value": {"x": 1}}, {}]) == fold([])


async def test_a_turn_that_the_owner_has_not_acknowledged_is_not_in_the_draft(tmp_path: Path) -> None:
    set_up, end = stage(tmp_path), OwnersEnd(stop_at=5)  # the second turn's record: the edit
    resources = Resources(set_up.environ, dirs=set_up.dirs)
    attempt = Attempt(set_up.request, end, resources)
    running = asyncio.create_task(attempt.run())
    await asyncio.wait_for(end.stopped.wait(), 60)
    assert end.of(TurnDone)[-1].draft
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await resources.close()
    assert attempt.stopped(JobState.CANCELLED, "x").files == ()


async def test_a_retry_starts_from_the_plan_it_is_given(tmp_path: Path) -> None:
    source = stage(tmp_path)
    first = await source.run(OwnersEnd())
    turns = [turn(edit("src/extra.py", "THREE", "FOUR")), turn(finish())]
    again = stage(tmp_path / "again", turns, plan=first.files)
    for file in first.files:
        for digest in (file.before, file.after):
            if digest is not None:
                again.blobs.put(source.blobs.get(digest))
    outcome = await again.run(OwnersEnd())
    texts = again.texts(outcome.files)
    assert "a + b" in (texts["src/calc.py"] or "")
    assert "FOUR" in (texts["src/extra.py"] or "")


async def test_the_proof_by_some_checks_is_not_taken_for_the_whole_proof(tmp_path: Path) -> None:
    good, bad = ("python3", "-c", "pass"), ("python3", "-c", "raise SystemExit(1)")
    turns = [
        turn(read("src/calc.py")),
        turn(edit("src/calc.py", "a - b", "a + b")),
        turn(call("run_checks", kind="checks", names=[" ".join(good)], path=None)),
        turn(finish()),
        turn(finish()),
        turn(finish()),
    ]
    intent = Intent(IntentKind.DELEGATE, "Fix", "Fix it.", checks=(good, bad))
    set_up = stage(
        tmp_path, turns, intent=intent, trusted=True, allow_unsandboxed=True, budget=Budget(turns=6)
    )
    first = OwnersEnd(stop_at=8)  # the third turn, in which a part was proven
    running = asyncio.create_task(set_up.run(first))
    await asyncio.wait_for(first.stopped.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [len(c.reports) for c in first.of(Checked)] == [1]
    second = OwnersEnd()
    outcome = await set_up.resumed(first.records).run(second)
    assert [r.status for r in outcome.checks] == ["passed", "failed"]
    assert outcome.verdict is Verdict.UNVERIFIED


async def test_a_proof_that_was_refused_is_asked_for_again(tmp_path: Path) -> None:
    """The user trusts the folder while the job is paused."""
    turns = [turn(read("src/calc.py")), turn(edit("src/calc.py", "a - b", "a + b"))]
    set_up = stage(
        tmp_path, [*turns, turn(call("run_checks", kind="checks", names=None, path=None)), turn(finish())]
    )
    first = OwnersEnd(stop_at=8)
    running = asyncio.create_task(set_up.run(first))
    await asyncio.wait_for(first.stopped.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [r.status for c in first.of(Checked) for r in c.reports] == ["skipped"]
    trusting = set_up.resumed(first.records)
    trusting.request = replace(trusting.request, trusted=True, allow_unsandboxed=True)
    outcome = await trusting.run(OwnersEnd())
    assert [r.status for r in outcome.checks] == ["passed"]
    assert outcome.verdict is Verdict.VERIFIED


async def test_a_record_that_does_not_read_is_a_sentence(tmp_path: Path) -> None:
    broken: Json = {"event": "TurnDone", "value": {"turn": "one"}}
    outcome = await stage(tmp_path).resumed([broken]).run(OwnersEnd())
    assert outcome.state is JobState.FAILED
    assert "cannot be read" in outcome.problem


async def test_a_lost_text_is_a_sentence(tmp_path: Path) -> None:
    set_up, end = stage(tmp_path, TASK), owner()
    outcome = await set_up.run(end)
    assert outcome.files[0].after is not None
    for blob in (Path(set_up.request.job_dir) / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    again = await set_up.resumed([r for r in end.records if r["event"] != "Outcome"]).run(owner())
    assert again.state is JobState.FAILED
    assert "kept text is missing" in again.problem
    assert to_json(again)["state"] == "failed"


ENDS = {
    "a loop": [turn(read("absent.py"))] * 4,
    "a refusal": [turn(say("no"), stop_reason="refusal")],
    "a full window": [turn(say("no"), stop_reason="model_context_window_exceeded")] * 2,
    "silence": [turn(), turn()],
    "no finish": [turn(say("I think that is it.")), turn(say("Really."))],
}


@pytest.mark.parametrize("end", ENDS)
async def test_after_the_user_says_go_on_no_earlier_end_counts(tmp_path: Path, end: str) -> None:
    turns = [
        turn(read("src/calc.py")),
        *ENDS[end],
        turn(edit("src/calc.py", "a - b", "a + b")),
        turn(finish()),
    ]
    set_up, first = stage(tmp_path, turns), OwnersEnd()
    assert (await set_up.run(first)).state is JobState.FAILED
    records = [record for record in first.records if record["event"] != "Outcome"]
    again = OwnersEnd()
    assert (await set_up.resumed(records).run(again)).problem == first.outcome().problem, (
        "killed, it ends alike"
    )
    willing = set_up.resumed(records)
    willing.request = replace(willing.request, forgiven=len(first.of(TurnDone)))
    outcome = await willing.run(OwnersEnd())
    assert (outcome.state, [f.path for f in outcome.files]) == (JobState.READY, ["src/calc.py"])
