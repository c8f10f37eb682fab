"""The fault matrix: every fault of the loopback service, at every moment of a job, once and for good.

A cell is a whole job. *Once*: the fault comes one time; the job must end with the plan of the
undisturbed job, or fail with words and have it after one resume. *For good*: the fault stays
until the job has ended; then the service is well again and the job is resumed. At every end the
draft is that of a whole turn, and the user's files are as they were.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_ls.agent.notes import ASK
from agent_ls.core.job import JobId, JobState
from agent_ls.core.settings import Settings
from agent_ls.jobs.views import JobView
from tests.agent.attempts import call, edit, finish, read, say, turn
from tests.agent.kit import PROJECT
from tests.faults.rig import Rig, patient

Json = dict[str, Any]
WINDOW = 40_000
LIMIT_S = 90.0
"""No cell may take longer: idle timeout and patience of the rig are 2 and 5 seconds."""
CHECK = ("python3", "-c", "import pathlib; compile(pathlib.Path('src/calc.py').read_text(), 'calc', 'exec')")

STATUS: dict[str, Json] = {
    "401": {"kind": "401"},
    "403": {"kind": "403"},
    "404": {"kind": "404", "message": "model: claude-sonnet-5-5"},
    "413": {"kind": "413"},
    "overflow (400)": {"kind": "400", "message": "prompt is too long: 210000 tokens > 200000 maximum"},
    "400": {"kind": "400", "message": "something is wrong"},
    "429": {"kind": "429"},
    "429 retry-after": {"kind": "429", "retry_after": 1},
    "500": {"kind": "500"},
    "529": {"kind": "529"},
}
TRANSPORT: dict[str, Json] = {
    "reset before headers": {"kind": "reset", "after": None},
    "closed before headers": {"kind": "cut", "after": None},
    "hang before headers": {"kind": "hang", "after": None},
    "reset mid-stream": {"kind": "reset", "after": 5},
    "hang mid-stream": {"kind": "hang", "after": 5},
    "truncated stream": {"kind": "cut", "after": 6},
    "stream ends early": {"kind": "end", "after": 6},
    "no message_stop": {"kind": "end", "after": -1},
    "hang before message_stop": {"kind": "hang", "after": -1},
    "overloaded in the stream": {"kind": "overloaded", "after": 4},
}
CONTENT: dict[str, Json] = {
    "invalid JSON": {"kind": "garbage", "after": 4},
    "invalid tool JSON": {"kind": "half_json"},
    "sign-in page": {"kind": "html"},
    "other JSON": {"kind": "json"},
    "unknown event": {"kind": "novelty"},
    "unknown stop reason": {"kind": "novel_stop"},
    "refusal": {"kind": "refusal"},
    "max_tokens in text": {"kind": "cut_text"},
    "max_tokens in a call": {"kind": "max_tokens"},
    "pause_turn": {"kind": "pause_turn"},
    "window exceeded": {"kind": "window"},
    "empty answer": {"kind": "empty"},
    "one id twice": {"kind": "twice"},
}
FAULTS = STATUS | TRANSPORT | CONTENT
GONE = "connection refused"
"""A service that is not there at all; it needs a rig of its own for each cell."""
MOMENTS = ("first", "middle", "explore", "compaction", "check", "finish")

FIXED = PROJECT["src/calc.py"].replace("a - b", "a + b")
DOUBLED = FIXED.replace("return add(x, x)", "return 2 * x")
EXTRA = "from calc import add\n\nTHREE = add(1, 2)\n"
DRAFTS: tuple[dict[str, str | None], ...] = (
    {},
    {"src/calc.py": FIXED},
    {"src/calc.py": FIXED, "src/extra.py": EXTRA},
    {"src/calc.py": DOUBLED, "src/extra.py": EXTRA},
)
"""The draft after each whole turn; the last is the plan."""


@dataclass(frozen=True)
class Cell:
    number: int
    fault: str
    moment: str
    always: bool

    @property
    def name(self) -> str:
        return f"cell-{self.number}-"

    def conversations(self) -> list[Json]:
        """The main conversation, the exploration's and the one that asks for notes."""
        fault = {**(FAULTS | {GONE: {"kind": "gone"}})[self.fault], "always": self.always}
        at = {"first": 0, "middle": 2, "check": 4, "finish": 5}.get(self.moment, -1)
        turns = [
            turn(read("src/calc.py"), call("explore", question=f"{self.name}explored: who calls add()?")),
            turn(edit("src/calc.py", "a - b", "a + b")),
            turn(call("write_file", path="src/extra.py", content=EXTRA)),
            turn(call("run_checks", kind="checks", names=None, path=None)),
            turn(edit("src/calc.py", "return add(x, x)", "return 2 * x")),
            turn(finish("add() adds now.")),
        ]
        if at >= 0:
            turns[at]["faults"] = [fault]
        if self.moment == "compaction":
            talk = [turn(say(f"{n} " + "think of it " * 800), read("README.md")) for n in range(9)]
            turns = [*turns[:3], *talk, *turns[3:]]
        for number, one in enumerate(turns):
            for block in one["content"]:
                if block["type"] == "tool_use":
                    block["id"] = f"{self.name}{number}{block['name']}"
        explore = [turn(say("src/app.py calls it."))]
        notes = [turn(say("add() subtracted; I changed it."))]
        explore[0]["faults"] = [fault] if self.moment == "explore" else []
        notes[0]["faults"] = [fault] if self.moment == "compaction" else []
        return [
            {"match": f"Job {self.name}", "by": "arrival", "turns": turns},
            {"match": f"{self.name}explored", "by": "arrival", "turns": explore * 3},
            {"match": f"Job {self.name}", "last": ASK[:60], "by": "arrival", "turns": notes * 9},
        ]


@dataclass
class Result:
    """How a cell went: the states one after the other, and what was wrong (nothing, one hopes)."""

    cell: Cell
    states: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def short(self) -> str:
        """For the printed matrix."""
        said = {"ready": "plan", "failed": "told", "out_of_budget": "paused"}
        return "WRONG" if self.wrong else "→".join(said.get(state, state) for state in self.states)


def cells(
    faults: Sequence[str] = tuple(FAULTS), moments: Sequence[str] = MOMENTS, both: bool = True
) -> list[Cell]:
    every = [(fault, moment) for fault in faults for moment in moments]
    ways = (False, True) if both else (False,)
    return [
        Cell(number, fault, moment, always)
        for number, (fault, moment, always) in enumerate(
            (fault, moment, always) for always in ways for fault, moment in every
        )
    ]


def gone_cells(moments: Sequence[str] = MOMENTS) -> list[Cell]:
    return [Cell(9000 + number, GONE, moment, always=True) for number, moment in enumerate(moments)]


def conversations(chosen: Sequence[Cell]) -> list[Json]:
    return [conversation for cell in chosen for conversation in cell.conversations()]


def settings(parallel: int = 6) -> Settings:
    return patient(parallel=parallel, turns=26, checks=[CHECK])


async def run(rig: Rig, cell: Cell, gate: asyncio.Semaphore) -> Result:
    """Play a cell to its end, with at most one resume."""
    result = Result(cell)
    async with gate:
        job = rig.delegate(cell.name)
        try:
            async with asyncio.timeout(LIMIT_S):
                view = await rig.service.wait(job)
                _judge(rig, job, view, result)
                _heal(rig, cell)
                await rig.server.come_back()
                if view.state is not JobState.READY:
                    await rig.service.resume(job)
                    view = await rig.service.wait(job)
                    _judge(rig, job, view, result)
        except TimeoutError:
            result.wrong.append(f"hangs: {rig.service.job(job).view}")
        _judge_end(result)
    return result


def _heal(rig: Rig, cell: Cell) -> None:
    for conversation in rig.server.conversations:
        if cell.name in conversation.match:
            conversation.heal()


def _judge(rig: Rig, job: JobId, view: JobView, result: Result) -> None:
    result.states.append(view.state.value)
    result.words.append(view.problem)
    draft = rig.texts(job)
    if view.state is JobState.READY:
        if draft != DRAFTS[-1]:
            result.wrong.append(f"another plan: {draft}")
        return
    if view.state not in (JobState.FAILED, JobState.OUT_OF_BUDGET):
        result.wrong.append(f"ended {view.state.value}")
    if draft not in DRAFTS:
        result.wrong.append(f"the draft of no whole turn: {draft}")
    if not re.fullmatch(r"[A-Z].*(kept|as it was|Nothing was changed).*", view.problem):
        result.wrong.append(f"no sentence: {view.problem!r}")


def _judge_end(result: Result) -> None:
    if result.wrong or result.states[-1] == "ready":
        return
    result.wrong.append(f"not even after a resume: {result.words}")


def table(results: Sequence[Result]) -> str:
    """The matrix: a row per fault and way, a column per moment."""
    by = {(r.cell.fault, r.cell.always, r.cell.moment): r.short for r in results}
    rows = dict.fromkeys((r.cell.fault, r.cell.always) for r in results)
    moments = [m for m in MOMENTS if any(r.cell.moment == m for r in results)]
    width = max(12, *(len(short) for short in by.values())) + 1
    lines = [f"{'fault':<26}{'':<10}" + "".join(f"{m:<{width}}" for m in moments)]
    for fault, always in sorted(rows, key=lambda row: [*FAULTS, GONE].index(row[0])):
        shown = "".join(f"{by.get((fault, always, m), ''):<{width}}" for m in moments)
        lines.append(f"{fault:<26}{'for good' if always else 'once':<10}{shown}")
    return "\n".join(lines)
