"""Plan first: nothing is edited before a person has said yes; what leaves the plan is named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent_ls.core.attempt import Asked, Outcome, TurnDone
from agent_ls.core.job import Intent, IntentKind, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import Planned, PlanState, PlanStep, decided, edited, outline
from tests.agent.attempts import Json, Stage, call, edit, finish, stage, turn
from tests.agent.kit import OwnersEnd

FIRST = Intent(IntentKind.DELEGATE, "Fix add", "Make add() add.", plan_first=True)
STEPS = (PlanStep("Mend add().", (RelPath("src/calc.py"),)), PlanStep("Tell it.", (RelPath("docs"),)))
QUESTION = f"Approve this plan?\n{outline(STEPS)}"


def propose(*steps: PlanStep) -> Json:
    return call("propose_plan", steps=[{"text": s.text, "files": list(s.files)} for s in steps])


MEND = turn(edit("src/calc.py", "a - b", "a + b"))
TASK = [turn(propose(*STEPS)), MEND, turn(finish())]


class Deciding(OwnersEnd):
    """Answers questions about plans, one after the other."""

    def __init__(self, *answers: str, stop_at: int = -1) -> None:
        super().__init__(stop_at=stop_at)
        self.left = list(answers)

    async def answer(self, question: object) -> str | None:
        return self.left.pop(0) if self.left else None


def results(owner: OwnersEnd, number: int) -> str:
    done: TurnDone = owner.of(TurnDone)[number - 1]
    return str(done.user[0]["content"])


async def test_an_approved_plan_is_worked_off(tmp_path: Path) -> None:
    owner = Deciding("approve")
    outcome = await stage(tmp_path, TASK, intent=FIRST).run(owner)
    assert outcome.state is JobState.READY
    assert owner.of(Asked)[0].question.text == QUESTION
    assert owner.of(Asked)[0].question.choices == ("approve", "reject")
    assert owner.of(Planned) == [Planned(STEPS, PlanState.PROPOSED), Planned(STEPS, PlanState.APPROVED)]
    assert "approves the plan" in results(owner, 1)
    assert not [line for line in outcome.evidence if "plan" in line]


EDITS = [
    edit("src/calc.py", "a - b", "a + b"),
    call("write_file", path="new.py", content="x = 1\n"),
    call("delete_file", path="README.md"),
    call("move_path", old_path="README.md", new_path="R.md"),
    call("rename_symbol", path="src/calc.py", line=1, name="add", new_name="plus"),
    call("run_checks", kind="script", names=None, path="src/app.py"),
]


async def test_before_the_plan_is_approved_no_tool_can_edit(tmp_path: Path) -> None:
    owner = Deciding()
    set_up = stage(tmp_path, [turn(*EDITS), turn(finish())], intent=FIRST, trusted=True)
    outcome = await set_up.run(owner)
    blocks = owner.of(TurnDone)[0].user[: len(EDITS)]
    assert [b for b in blocks if "wants to see a plan" not in b["content"]] == []
    assert outcome.files == ()


async def test_a_rejected_plan_ends_the_attempt(tmp_path: Path) -> None:
    owner = Deciding("reject")
    outcome = await stage(tmp_path, TASK, intent=FIRST).run(owner)
    assert (outcome.state, outcome.files) == (JobState.CANCELLED, ())
    assert "You rejected the plan" in outcome.problem
    assert len(owner.of(TurnDone)) == 1


async def test_without_a_word_in_time_nothing_is_done(tmp_path: Path) -> None:
    outcome = await stage(tmp_path, TASK, intent=FIRST).run(Deciding())
    assert (outcome.state, outcome.files) == (JobState.CANCELLED, ())


async def test_words_about_a_plan_go_to_the_agent_which_proposes_anew(tmp_path: Path) -> None:
    other = PlanStep("Mend add() and test it.", (RelPath("src"), RelPath("test_calc.py")))
    turns = [turn(propose(*STEPS)), MEND, turn(propose(other)), MEND, turn(finish())]
    owner = Deciding("add a test as well", "approve")
    outcome = await stage(tmp_path, turns, intent=FIRST).run(owner)
    assert results(owner, 1).startswith("The user says: add a test as well")
    assert "wants to see a plan" in results(owner, 2)
    assert outcome.state is JobState.READY


async def test_edited_steps_are_told_and_held_against_the_work(tmp_path: Path) -> None:
    steps = (PlanStep("Only the readme.", (RelPath("README.md"),)),)
    owner = Deciding(edited(steps))
    outcome = await stage(tmp_path, TASK, intent=FIRST).run(owner)
    assert "Only the readme. [README.md]" in results(owner, 1)
    assert outcome.state is JobState.READY
    assert "src/calc.py: is outside of the plan that you approved" in outcome.evidence


async def test_a_plan_that_nobody_asked_for_is_shown_and_held_too(tmp_path: Path) -> None:
    turns = [turn(propose(STEPS[1])), MEND, turn(finish())]
    owner = Deciding()
    outcome = await stage(tmp_path, turns).run(owner)
    assert owner.of(Asked) == []
    assert owner.of(Planned) == [Planned(STEPS[1:], PlanState.NOTED)]
    assert "src/calc.py: is outside of the plan that the agent announced" in outcome.evidence


@pytest.mark.parametrize("steps", [[], [{"text": " ", "files": []}], [{"text": "x", "files": ["../out"]}]])
async def test_a_plan_that_is_none_is_refused(tmp_path: Path, steps: list[Json]) -> None:
    owner = Deciding("approve")
    await stage(tmp_path, [turn(call("propose_plan", steps=steps)), turn(finish())], intent=FIRST).run(owner)
    assert owner.of(TurnDone)[0].user[0]["is_error"]
    assert owner.of(Planned) == []


async def killed(set_up: Stage, owner: OwnersEnd) -> None:
    running = asyncio.create_task(set_up.run(owner))
    await asyncio.wait_for(owner.stopped.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("moment", range(1, 11))
async def test_killed_at_any_record_a_decision_is_asked_for_once(tmp_path: Path, moment: int) -> None:
    set_up, end = stage(tmp_path, TASK, intent=FIRST), Deciding("approve", stop_at=moment)
    await killed(set_up, end)
    recorded = "Answered" in end.names()
    second = Deciding() if recorded else Deciding("approve")  # nobody would answer twice
    outcome = await set_up.resumed(end.records).run(second)
    assert outcome.state is JobState.READY, outcome.problem
    assert [f.path for f in outcome.files] == ["src/calc.py"]


async def test_a_rejection_outlives_the_worker(tmp_path: Path) -> None:
    set_up, end = stage(tmp_path, TASK, intent=FIRST), Deciding("reject", stop_at=6)
    await killed(set_up, end)
    assert end.of(Planned)[-1].state is PlanState.REJECTED
    second = OwnersEnd()
    outcome = await set_up.resumed(end.records).run(second)
    assert outcome.state is JobState.CANCELLED
    assert second.of(Outcome) == [outcome]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (" Approve ", PlanState.APPROVED),
        ("reject", PlanState.REJECTED),
        ("yes, but", PlanState.PROPOSED),
        ("edit: nonsense", PlanState.PROPOSED),
        ("edit: []", PlanState.PROPOSED),
        (edited(STEPS[1:]), PlanState.APPROVED),
    ],
)
def test_an_answer_decides_or_does_not(answer: str, state: PlanState) -> None:
    assert decided(answer, Planned(STEPS, PlanState.PROPOSED)).state is state


def test_a_folder_of_a_plan_stands_for_all_below_it() -> None:
    plan = Planned(STEPS)
    assert plan.covers(RelPath("docs/a/b.md"))
    assert not plan.covers(RelPath("docs2/a.md"))
    assert not plan.covers(RelPath("src/calc.pyi"))
