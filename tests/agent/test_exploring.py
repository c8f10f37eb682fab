"""``explore``: a conversation inside a turn, read-only, on the small tier, recorded turn by turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent_ls.agent.exploring import TURNS
from agent_ls.core.attempt import Explored, ModelChoice, RequestStarted, TurnDone
from agent_ls.core.job import Budget, JobState, Usage
from agent_ls.model.protocol import Limits, ToolCall, Turn, TurnRequest
from tests.agent.attempts import FIX, Json, Stage, call, edit, finish, read, say, stage, turn
from tests.agent.kit import OwnersEnd
from tests.agent.owner import owner_of
from tests.agent.test_worker import service
from tests.support.messages_server import MessagesServer

QUESTION = "Where is add defined, and who calls it?"
MODELS = ModelChoice(work="large", explain="small")
ASK = turn(call("explore", question=QUESTION))
MAIN = [ASK, turn(edit("src/calc.py", "a - b", "a + b")), turn(finish())]
INSIDE = [
    turn(read("src/calc.py"), call("find_files", glob="*.py")),
    turn(say("src/calc.py:1, used in app.")),
]


class Two:
    """Two conversations, told apart by what they open with; turns follow from the messages."""

    def __init__(self, main: list[Json], inside: list[Json]) -> None:
        self.turns = {False: main, True: inside}
        self.requests: list[TurnRequest] = []

    async def turn(self, request: TurnRequest, on_text: Any = None) -> Turn:
        self.requests.append(request)
        inside = "<question>" in str(request.messages[0])
        number = sum(m["role"] == "assistant" for m in request.messages)
        chosen = self.turns[inside][min(number, len(self.turns[inside]) - 1)]
        blocks = [
            {**b, "id": f"{inside}{number}.{i}"} if b["type"] == "tool_use" else b
            for i, b in enumerate(chosen["content"])
        ]
        calls = tuple(ToolCall(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use")
        reason = "tool_use" if calls else "end_turn"
        return Turn(blocks, calls, reason, Usage(10, 5), request.model)

    async def limits(self, model: str) -> Limits:
        return Limits()

    async def close(self) -> None: ...


def answer(owner: OwnersEnd) -> Json:
    return owner.of(TurnDone)[0].user[0]


async def test_the_findings_are_the_answer_and_cost_no_turn(tmp_path: Path) -> None:
    model, owner = Two(MAIN, INSIDE), OwnersEnd()
    outcome = await stage(tmp_path, models=MODELS).run(owner, model)
    assert outcome.state is JobState.READY
    assert answer(owner)["content"] == "src/calc.py:1, used in app."
    assert [r.model for r in model.requests] == ["large", "small", "small", "large", "large"]
    assert outcome.spent.turns == 3
    assert outcome.spent.usage == Usage(50, 25)  # but what it used is counted
    assert outcome.spent.unrecorded_requests == 0


async def test_an_exploration_can_only_read(tmp_path: Path) -> None:
    greedy = [
        turn(
            call("write_file", path="owned.py", content="x = 1\n"),
            edit("src/calc.py", "a - b", "owned"),
            call("run_checks", kind="checks", names=None, path=None),
            call("ask_user", question="?", choices=[], default="no"),
            call("explore", question="again"),
            finish(),
        ),
        turn(say("I could not.")),
    ]
    model, owner = Two(MAIN, greedy), OwnersEnd()
    await stage(tmp_path, models=MODELS).run(owner, model)
    (first, _) = owner.of(Explored)
    assert all("There is no tool" in block["content"] for block in first.user)
    assert owner.of(TurnDone)[0].draft == ()
    offered = {tool["name"] for tool in model.requests[1].tools}
    assert offered == {"search_text", "find_files", "read_file", "outline", "find_symbol", "references"}


async def test_what_an_exploration_has_read_the_main_agent_has_not(tmp_path: Path) -> None:
    overwrite = turn(call("write_file", path="src/calc.py", content="x = 1\n"))
    owner = OwnersEnd()
    await stage(tmp_path, models=MODELS).run(owner, Two([ASK, overwrite, turn(finish())], INSIDE))
    assert "you have not read it" in owner.of(TurnDone)[1].user[0]["content"]


async def test_an_exploration_has_ceilings_of_its_own(tmp_path: Path) -> None:
    endless = [turn(call("find_files", glob=f"*.{n}")) for n in range(TURNS + 5)]
    owner = OwnersEnd()
    outcome = await stage(tmp_path, models=MODELS).run(owner, Two(MAIN, endless))
    assert len(owner.of(Explored)) == TURNS
    assert "last turn" in owner.of(Explored)[-2].user[-1]["text"]
    assert answer(owner)["is_error"]
    assert f"{TURNS} turns" in answer(owner)["content"]
    assert outcome.state is JobState.READY  # the attempt goes on


async def test_an_exploration_may_spend_a_part_of_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent_ls.agent.resources.Resources.cost_usd", lambda *_: 0.05)
    noting = [turn(say("So far: nothing."), call("find_files", glob=f"*.{n}")) for n in range(9)]
    owner = OwnersEnd()
    await stage(tmp_path, models=MODELS, budget=Budget(usd=0.4)).run(owner, Two(MAIN, noting))
    assert len(owner.of(Explored)) == 2
    assert "So far: nothing." in answer(owner)["content"]
    assert "share of the budget" in answer(owner)["content"]


@pytest.mark.parametrize("moment", [3, 4, 5, 6, 7])
async def test_killed_inside_an_exploration_no_recorded_turn_of_it_is_paid_twice(
    tmp_path: Path, moment: int
) -> None:
    set_up, end = stage(tmp_path, models=MODELS), OwnersEnd(stop_at=moment)
    running = asyncio.create_task(set_up.run(end, Two(MAIN, INSIDE)))
    await asyncio.wait_for(end.stopped.wait(), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    model, second = Two(MAIN, INSIDE), OwnersEnd()
    outcome = await set_up.resumed(end.records).run(second, model)
    assert outcome.state is JobState.READY
    explored = [*end.of(Explored), *second.of(Explored)]
    assert len(explored) == 2
    done = [*end.of(TurnDone), *second.of(TurnDone)]
    assert done[0].user[0]["content"] == "src/calc.py:1, used in app."
    starts = len(end.of(RequestStarted)) + len(second.of(RequestStarted))
    assert outcome.spent.unrecorded_requests == starts - len(explored) - len(done)
    assert outcome.spent.usage == Usage(50, 25)


async def test_over_the_wire_an_exploration_keeps_every_rule(tmp_path: Path) -> None:
    set_up: Stage = stage(tmp_path)
    inside = {"match": "<question>", "turns": INSIDE}
    main = {"turns": [ASK, *FIX]}
    async with (
        MessagesServer([inside, main]) as server,
        owner_of(set_up, service(set_up, server)) as owner,
    ):
        await owner.start()
        outcome = await owner.outcome()
        assert server.violations == []
    assert outcome.state is JobState.READY, outcome.problem
