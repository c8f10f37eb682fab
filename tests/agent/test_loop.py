"""The loop's own behaviour: how a conversation goes on, and each way in which it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agent_ls.core.attempt import Answered, Asked, Opened, RequestStarted, TurnDone
from agent_ls.core.errors import ModelError
from agent_ls.core.job import Budget, JobState, Question, Usage, Verdict
from agent_ls.model.protocol import Limits, Turn, TurnRequest
from agent_ls.model.script import script_from_json
from agent_ls.model.scripted import Scripted
from tests.agent.attempts import FIX, Json, call, edit, filled, finish, read, say, stage, turn
from tests.agent.kit import OwnersEnd


class Listening:
    """Scripted turns of which every request is kept; ``before`` may fail or hang a request."""

    def __init__(self, turns: list[Json], before: Callable[[int], Any] | None = None) -> None:
        self.inner = Scripted(script_from_json({"turns": filled(turns)}))
        self.requests: list[TurnRequest] = []
        self.before = before

    async def turn(self, request: TurnRequest, on_text: Callable[[str], None] | None = None) -> Turn:
        self.requests.append(request)
        if self.before is not None:
            await self.before(len(self.requests))
        return await self.inner.turn(request, on_text)

    async def limits(self, model: str) -> Limits:
        return await self.inner.limits(model)

    async def close(self) -> None: ...


def words(request: TurnRequest) -> str:
    """The prose of a request's last message, beside tool results."""
    return "\n".join(b["text"] for b in request.messages[-1]["content"] if b["type"] == "text")


FOREVER = [turn(call("find_files", glob=f"*.{n}")) for n in range(60)]


async def test_plain_text_is_asked_once_to_finish(tmp_path: Path) -> None:
    model = Listening([turn(edit("README.md", "# calc", "# Calc")), turn(say("I am done.")), turn(finish())])
    outcome = await stage(tmp_path).run(OwnersEnd(), model)
    assert outcome.state is JobState.READY
    assert "call finish" in words(model.requests[2])


async def test_plain_text_twice_ends_with_the_work_and_a_word(tmp_path: Path) -> None:
    turns = [turn(edit("README.md", "# calc", "# Calc")), turn(say("Done.")), turn(say("Really done."))]
    outcome = await stage(tmp_path, turns).run(OwnersEnd())
    assert (outcome.state, outcome.summary) == (JobState.READY, "Really done.")
    assert "without calling finish" in outcome.problem
    assert [f.path for f in outcome.files] == ["README.md"]


async def test_finishing_without_a_change_is_no_plan(tmp_path: Path) -> None:
    outcome = await stage(tmp_path, [turn(finish("It adds already."))]).run(OwnersEnd())
    assert outcome.state is JobState.FAILED
    assert outcome.problem == "The agent changed nothing: It adds already."


async def test_an_answer_that_was_cut_off_is_told_and_goes_on(tmp_path: Path) -> None:
    turns = [
        turn(say("I will now"), stop_reason="max_tokens"),
        turn(edit("README.md", "# calc", "# C")),
        turn(finish()),
    ]
    model = Listening(turns)
    outcome = await stage(tmp_path).run(OwnersEnd(), model)
    assert outcome.state is JobState.READY
    assert "cut off" in words(model.requests[1])


@pytest.mark.parametrize(
    ("stop_reason", "sentence"),
    [("refusal", "declined"), ("model_context_window_exceeded", "no longer fits")],
)
async def test_what_ends_an_attempt_is_said_and_the_work_kept(
    tmp_path: Path, stop_reason: str, sentence: str
) -> None:
    ends = turn(say("no"), stop_reason=stop_reason)
    turns = [
        turn(edit("README.md", "# calc", "# C")),
        ends,
        ends,
    ]  # the second: shortened, and still too long
    outcome = await stage(tmp_path, turns).run(OwnersEnd())
    assert outcome.state is JobState.FAILED
    assert sentence in outcome.problem
    assert [f.path for f in outcome.files] == ["README.md"]


async def test_an_unknown_stop_reason_goes_by_what_the_turn_holds(tmp_path: Path) -> None:
    turns = [turn(edit("README.md", "# calc", "# C"), stop_reason="novelty"), turn(finish(), stop_reason="x")]
    assert (await stage(tmp_path, turns).run(OwnersEnd())).state is JobState.READY


async def test_three_identical_failing_calls_are_told_and_the_fourth_ends_it(tmp_path: Path) -> None:
    model = Listening([turn(read("absent.py")) for _ in range(9)])
    outcome = await stage(tmp_path).run(OwnersEnd(), model)
    assert outcome.state is JobState.FAILED
    assert "repeated a failing call 4 times (read_file" in outcome.problem
    assert len(model.requests) == 4
    assert ["same failing call" in words(r) for r in model.requests] == [False, False, False, True]


async def test_turns_are_a_ceiling_that_keeps_the_work(tmp_path: Path) -> None:
    turns = [turn(edit("README.md", "# calc", "# C")), *FOREVER]
    set_up, owner = stage(tmp_path, turns, budget=Budget(turns=5)), OwnersEnd()
    outcome = await set_up.run(owner)
    assert (outcome.state, outcome.spent.turns) == (JobState.OUT_OF_BUDGET, 5)
    assert "5 turns" in outcome.problem
    assert [f.path for f in outcome.files] == ["README.md"]
    # "Continue for …": the same record, a wider budget.
    set_up.request = set_up.request.__class__(
        **{**{f: getattr(set_up.request, f) for f in set_up.request.__slots__}, "budget": Budget(turns=8)}
    )
    more = await set_up.resumed(owner.records).run(OwnersEnd())
    assert (more.state, more.spent.turns) == (JobState.OUT_OF_BUDGET, 8)


async def test_dollars_are_a_ceiling(tmp_path: Path) -> None:
    class Priced(Listening):
        async def turn(self, request: TurnRequest, on_text: Any = None) -> Turn:
            made = await super().turn(request, on_text)
            return Turn(made.content, made.calls, made.stop_reason, Usage(output=30_000), request.model)

    set_up = stage(tmp_path, budget=Budget(usd=1.0))
    del set_up.environ["AGENT_LS_SCRIPT"]
    set_up.environ["AGENT_LS_MODEL"] = "claude-sonnet-5-5"  # 10 $/MTok out: 0.30 $ a turn
    outcome = await set_up.run(OwnersEnd(), Priced(FOREVER))
    assert (outcome.state, outcome.spent.turns) == (JobState.OUT_OF_BUDGET, 4)
    assert outcome.spent.cost_usd == pytest.approx(1.2)
    assert "$1 " in outcome.problem


async def test_time_is_a_ceiling_also_for_a_model_that_hangs(tmp_path: Path) -> None:
    async def hang(number: int) -> None:
        if number == 2:
            await asyncio.Event().wait()

    model = Listening([turn(edit("README.md", "# calc", "# C")), turn(finish())], hang)
    outcome = await stage(tmp_path, budget=Budget(wall_s=3.0)).run(OwnersEnd(), model)
    assert outcome.state is JobState.OUT_OF_BUDGET
    assert "3 seconds" in outcome.problem
    assert [f.path for f in outcome.files] == ["README.md"]
    assert outcome.spent.unrecorded_requests == 1


async def test_a_service_that_fails_ends_with_its_sentence_and_the_work(tmp_path: Path) -> None:
    async def fail(number: int) -> None:
        if number == 2:
            raise ModelError("The service said no", kept="Nothing was lost", remedy="Try later")

    model = Listening([turn(edit("README.md", "# calc", "# C")), turn(finish())], fail)
    outcome = await stage(tmp_path).run(OwnersEnd(), model)
    assert outcome.state is JobState.FAILED
    assert outcome.problem == "The service said no. Nothing was lost. Try later."
    assert [f.path for f in outcome.files] == ["README.md"]


async def test_no_model_is_a_sentence_with_the_remedy(tmp_path: Path) -> None:
    set_up = stage(tmp_path)
    del set_up.environ["AGENT_LS_SCRIPT"]
    outcome = await set_up.run(OwnersEnd())
    assert outcome.state is JobState.FAILED
    assert "ANTHROPIC_API_KEY" in outcome.problem


async def test_what_the_user_says_meanwhile_is_in_the_next_message(tmp_path: Path) -> None:
    owner = OwnersEnd()
    owner.on_record = lambda event: owner.texts.append("Use one file") if event == RequestStarted(1) else None
    model = Listening(FIX)
    await stage(tmp_path).run(owner, model)
    assert words(model.requests[1]) == "The user says: Use one file"
    assert owner.of(TurnDone)[0].user[-1]["text"] == "The user says: Use one file"


async def test_a_question_waits_for_a_person_and_else_takes_its_default(tmp_path: Path) -> None:
    asking = call("ask_user", question="Which?", choices=["a", "b"], default="b")
    turns = [turn(asking), turn(finish())]
    owner = OwnersEnd(answers={"Which?": "a"})
    await stage(tmp_path / "1", turns).run(owner)
    assert owner.of(Asked)[0].question.choices == ("a", "b")
    assert owner.of(Answered)[0].answer == "a"
    assert owner.of(TurnDone)[0].user[0]["content"] == "The user says: a"
    silent = OwnersEnd()
    await stage(tmp_path / "2", turns).run(silent)
    assert silent.of(Answered)[0] == Answered("q1.1", "b", by_default=True)
    assert "Go on with your default: b" in silent.of(TurnDone)[0].user[0]["content"]


async def test_the_clock_stands_still_while_a_person_thinks(tmp_path: Path) -> None:
    class Slow(OwnersEnd):
        async def answer(self, question: Question) -> str | None:
            await asyncio.sleep(2.5)
            return "a"

    asking = call("ask_user", question="Which?", choices=[], default="b")
    turns = [turn(asking), turn(edit("README.md", "# calc", "# C")), turn(finish())]
    owner = Slow()
    outcome = await stage(tmp_path, turns, budget=Budget(wall_s=2.0)).run(owner)
    assert outcome.state is JobState.READY, outcome.problem
    assert owner.of(TurnDone)[0].user[0]["content"] == "The user says: a"


async def test_on_the_last_turn_finish_is_taken_as_it_is_and_the_verdict_says_so(tmp_path: Path) -> None:
    turns = [turn(edit("src/calc.py", "return a - b", "return (a")), turn(finish())]
    outcome = await stage(tmp_path, turns, budget=Budget(turns=2)).run(OwnersEnd())
    assert (outcome.state, outcome.verdict) == (JobState.READY, Verdict.WORSE)
    assert "syntax" in outcome.problem


async def test_a_paused_answer_and_its_sequel_are_one_message(tmp_path: Path) -> None:
    paused = Turn([say("Let me")], (), "pause_turn", Usage(), "m")
    ended = Turn([say(" see.")], (), "refusal", Usage(), "m")

    class Pausing:
        requests: ClassVar[list[TurnRequest]] = []

        async def turn(self, request: TurnRequest, on_text: Any = None) -> Turn:
            self.requests.append(request)
            return [paused, ended][len(self.requests) - 1]

        async def close(self) -> None: ...

    outcome = await stage(tmp_path).run(OwnersEnd(), Pausing())
    assert outcome.state is JobState.FAILED
    assert [m["role"] for m in Pausing.requests[1].messages] == ["user", "assistant"]
    assert Pausing.requests[1].messages[-1]["content"] == [say("Let me")]


async def test_the_prefix_of_requests_never_changes_and_holds_four_breakpoints(tmp_path: Path) -> None:
    model = Listening(FIX)
    owner = OwnersEnd()
    await stage(tmp_path).run(owner, model)
    opened = owner.of(Opened)[0]
    for before, after in zip(model.requests, model.requests[1:], strict=False):
        assert (before.system, before.tools) == (after.system, after.tools) == (opened.system, opened.tools)
        assert bare(after.messages)[: len(before.messages)] == bare(before.messages)
    for request in model.requests:
        blocks = [*request.system, *request.tools, *(b for m in request.messages for b in m["content"])]
        assert sum("cache_control" in block for block in blocks) <= 4
        assert "cache_control" in request.messages[-1]["content"][-1]


def bare(said: Any) -> Any:
    """Messages without their breakpoints, which walk."""
    return [
        {**m, "content": [{k: v for k, v in b.items() if k != "cache_control"} for b in m["content"]]}
        for m in said
    ]


async def test_two_runs_open_with_the_same_bytes(tmp_path: Path) -> None:
    first, second = OwnersEnd(), OwnersEnd()
    await stage(tmp_path / "1").run(first)
    await stage(tmp_path / "2").run(second)
    assert first.of(Opened) == second.of(Opened)
