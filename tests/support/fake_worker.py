"""A real process that speaks the worker's protocol and thinks nothing: tests of its owner run it.

What it does for a job stands in the task as JSON: a list of steps, done in order. Steps whose
turn is recorded already are skipped, as the real worker does.

    {"turn": 1, "files": {"a.py": "new text"}, "cost": 0.1}    RequestStarted, TurnDone
    {"ask": "q1", "text": "Which?"}                             Asked, then waits for the answer
    {"check": "verified"}                                       Checked
    {"die": "before turn 2", "times": 1}                        SIGKILL to itself, that many times
    {"hang": true}                                              waits to be cancelled
    {"deaf": true}                                              waits, and does not react to cancel
    {"progress": "step"}                                        Progressed
    {"garbage": true}                                           says something that is no event
    {"outcome": "ready"}                                        Outcome with the draft so far

A task may also be ``{"attempts": {"1": [...], "2": [...]}, "choose": STEP}``: steps by the attempt's
number, and what the choice between them does: ``{"attempt": 2}``, ``{"die": ...}``, ``{"fail": "why"}``,
``{"hang": true}``. Or ``{"steps": [...], "anew": [...]}``: what it does when a part of its plan is done anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent_ls.core.attempt import (
    WIRE_LOG,
    Answered,
    Asked,
    AttemptRequest,
    Checked,
    DraftFile,
    Explained,
    Opened,
    Outcome,
    Progressed,
    RequestStarted,
    Selected,
    SelectRequest,
    TurnDone,
)
from agent_ls.core.codec import from_json, to_json
from agent_ls.core.job import CheckReport, JobState, Progress, Question, Spent, Usage, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.process import worker_pipes

EXPLAINED_USD = 0.25


@dataclass
class Attempt:
    request: AttemptRequest
    send: Any
    run_id: int = 0
    seq: int = 0
    acks: dict[int, asyncio.Event] = field(default_factory=dict)
    answers: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)
    told: list[str] = field(default_factory=list)
    draft: dict[str, str | None] = field(default_factory=dict)
    before: dict[str, str | None] = field(default_factory=dict)
    turns: int = 0

    async def event(self, value: object) -> None:
        self.seq += 1
        seq, acked = self.seq, asyncio.Event()
        self.acks[seq] = acked
        job = self.request.job
        name = type(value).__name__
        about = {"type": "event", "job": job, "run": self.run_id, "seq": seq}
        await self.send({**about, "event": name, "value": to_json(value)})
        if not isinstance(value, Progressed):
            await acked.wait()

    def files(self) -> tuple[DraftFile, ...]:
        blobs = BlobStore(Path(self.request.job_dir) / "blobs")
        made = []
        for path, text in sorted(self.draft.items()):
            if path not in self.before:  # pinned at first sight, as a snapshot does
                on_disk = Path(self.request.root) / path
                there = blobs.put(on_disk.read_bytes()) if on_disk.exists() else None
                self.before[path] = self.request.buffers.get(RelPath(path), there)
            before = self.before[path]
            after = blobs.put(text.encode()) if text is not None else None  # None: deleted
            made.append(DraftFile(RelPath(path), before, after))
        return tuple(made)

    async def run(self) -> None:
        if self.request.check_only:
            await self.check_only()
            return
        recorded = [r["event"] for r in self.request.resume]
        turns = [r["value"] for r in self.request.resume if r["event"] == "TurnDone"]
        self.turns = len(turns)
        for file in turns[-1]["draft"] if turns else ():
            self.before[file["path"]] = file.get("before")
        answered = recorded.count("Answered")
        checked = recorded.count("Checked")
        if "Opened" not in recorded:
            await self.event(Opened([], [], {"role": "user", "content": self.request.intent.task}, "fake"))
        # A retry adds words to the task: they are for nobody here.
        steps, _ = json.JSONDecoder().raw_decode(self.request.intent.task)
        if isinstance(steps, dict) and self.request.intent.rework:
            steps = steps["anew"]
        elif isinstance(steps, dict):
            steps = steps["attempts"][str(self.request.attempt)] if "attempts" in steps else steps["steps"]
        for step in steps:
            match step:
                case {"turn": turn}:
                    self.draft.update(step.get("files", {}))
                    if turn <= self.turns:
                        continue
                    await self.event(RequestStarted(turn))
                    await self.turn(turn, step)
                case {"ask": name}:
                    if answered:
                        answered -= 1
                        continue
                    await self.event(Asked(Question(name, step.get("text", "?"))))
                    question, answer = await self.answers.get()
                    await self.event(Answered(question, answer))
                case {"check": verdict}:
                    if checked:
                        checked -= 1
                        continue
                    reports = (CheckReport("tests", "passed" if verdict == "verified" else "failed"),)
                    await self.event(Checked(reports, Verdict(verdict), "tree"))
                case {"die": where}:
                    self.die(where, step.get("times", 1))
                case {"hang": _}:
                    await asyncio.Event().wait()
                case {"deaf": _}:
                    while True:
                        try:
                            await asyncio.Event().wait()
                        except asyncio.CancelledError:
                            continue
                case {"progress": text}:
                    await self.event(Progressed(Progress(text, 1, 2), JobState(step.get("state", "running"))))
                case {"garbage": _}:
                    about = {"type": "event", "job": self.request.job, "run": self.run_id, "seq": 999}
                    await self.send({**about, "event": "What"})
                case {"outcome": state}:
                    await self.finish(JobState(state), step)

    async def turn(self, turn: int, step: dict[str, Any]) -> None:
        said = f"turn {turn}" + "".join(f"; told {text}" for text in self.told)
        self.told.clear()
        content: list[dict[str, Any]] = [{"type": "text", "text": said}]
        usage, cost = Usage(10, 5), step.get("cost")
        await self.event(TurnDone(turn, content, [], "tool_use", usage, cost, {}, self.files()))

    async def finish(self, state: JobState, step: dict[str, Any]) -> None:
        done = Outcome(
            state,
            summary=step.get("summary", "done"),
            files=self.files(),
            verdict=Verdict(step.get("verdict", "unverified")),
            checks=tuple(CheckReport(n, s, baseline="passed") for n, s in step.get("checks", {}).items()),
            problem=step.get("problem", ""),
            spent=Spent(),
            evidence=tuple(step.get("evidence", ())),
        )
        await self.event(done)

    async def check_only(self) -> None:
        """Verified, where the tree of now with the plan on it says so: its a.py has no BAD."""
        blobs = BlobStore(Path(self.request.job_dir) / "blobs")
        plan = {f.path: f.after for f in self.request.plan}
        digest = plan.get(RelPath("a.py"), self.request.buffers.get(RelPath("a.py")))
        text = blobs.get(digest) if digest else (Path(self.request.root) / "a.py").read_bytes()
        if b"DIE" in text:
            self.die("in the check", 1)
        verdict = Verdict.WORSE if b"BAD" in text else Verdict.VERIFIED
        await self.event(Checked((CheckReport("again", "passed"),), verdict, "tree of now"))
        await self.event(Outcome(JobState.READY))

    async def choose(self, asked: SelectRequest) -> None:
        step = json.loads(self.request.intent.task)["choose"]
        found = {c.attempt: c.outcome for c in asked.candidates}
        if "die" in step:
            self.die(step["die"], step.get("times", 1))
        if "hang" in step:
            await asyncio.Event().wait()
        if "fail" in step:
            await self.event(Outcome(JobState.FAILED, problem=step["fail"]))
            return
        number = step["attempt"]
        order = (number, *(n for n in sorted(found) if n != number))
        await self.event(Selected(number, "It is the one", found[number], order))

    def die(self, where: str, times: int) -> None:
        """Kill this process, unless it has done so often enough: a file in the job's folder counts."""
        counter = Path(self.request.job_dir) / f"died-{where.replace(' ', '-')}"
        before = int(counter.read_text()) if counter.exists() else 0
        if before < times:
            counter.write_text(str(before + 1))
            os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    receive, send = await worker_pipes()
    attempts: dict[str, Attempt] = {}
    tasks: dict[str, asyncio.Task[None]] = {}
    await send({"type": "ready", "pid": os.getpid()})
    while (message := await receive()) is not None:
        job = message.get("job", "")
        match message["type"]:
            case "start":
                request = from_json(AttemptRequest, message["request"])
                attempt = attempts[request.job] = Attempt(
                    request, send, message.get("run", 0)
                )  # on a cluster each has a worker of its own
                tasks[request.job] = asyncio.create_task(attempt.run())
            case "select":
                asked = from_json(SelectRequest, message["request"])
                attempt = attempts[asked.job] = Attempt(
                    replace(asked.base, job=asked.job), send, message["run"]
                )
                tasks[asked.job] = asyncio.create_task(attempt.choose(asked))
            case "cancel" if job in tasks:
                attempt, task = attempts[job], tasks[job]
                deaf = "deaf" in attempt.request.intent.task
                task.cancel()
                if not deaf:
                    tasks[job] = asyncio.create_task(attempt.finish(JobState.CANCELLED, {"summary": ""}))
            case "ack" if job in attempts and message.get("run", 0) == attempts[job].run_id:
                attempts[job].acks[message["seq"]].set()
            case "answer" if job in attempts:
                attempts[job].answers.put_nowait((message["question"], message["answer"]))
            case "tell" if job in attempts:
                attempts[job].told.append(message["text"])
            case "explain":
                text = f"explained {len(message['request']['text'])}"
                if folder := message["request"].get("wire_dir"):
                    Path(folder).mkdir(parents=True, exist_ok=True)
                    line = json.dumps({"direction": "sent", "text": folder})
                    (Path(folder) / WIRE_LOG).write_text(f"{line}\n")
                told = to_json(Explained(text, cost_usd=EXPLAINED_USD))
                await send({"type": "explained", "id": message["id"], "value": told})
    for task in tasks.values():
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)
