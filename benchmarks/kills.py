"""Kills at random moments: ``python -m benchmarks.kills [--kills 200] [--seed 1]``.

A job of eight turns (edits, a new file, a move, a check, a finish) is begun, resumed and landed by an
owner process that is killed with ``kill -9`` again and again: the owner or its worker at a random moment,
the owner inside a write to the journal, and the owner between applyEdit and its answer. Then the owner is
left alone. Every job must end applied, with the files of the undisturbed job and no recorded turn twice.
Prints one JSON line with the counts beside the targets; exit code 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from agent_ls.core.job import JobState
from agent_ls.jobs.fold import fold
from agent_ls.jobs.journal import read
from agent_ls.workspace.state import state_dirs
from tests.agent.attempts import call, edit, filled, finish, turn
from tests.agent.attempts import read as look
from tests.agent.kit import PROJECT, project, tree

HERE = Path(__file__).parents[1]
TURNS = [
    turn(look("src/calc.py"), look("README.md")),
    turn(edit("src/calc.py", "a - b", "a + b"), pause_s=0.08),
    turn(
        call("write_file", path="src/extra.py", content="from calc import add\n\nTHREE = add(1, 2)\n"),
        pause_s=0.08,
    ),
    turn(call("move_path", old_path="README.md", new_path="docs/README.md"), pause_s=0.08),
    turn(edit("docs/README.md", "# calc", "# Calc"), pause_s=0.08),
    turn(call("run_checks", kind="checks", names=None, path=None), pause_s=0.08),
    turn(edit("src/app.py", "double(3)", "double(4)"), pause_s=0.08),
    turn(finish("add() adds now."), pause_s=0.08),
]
WAYS = ("worker", "owner", "journal", "landing")
SHARES = (0.45, 0.25, 0.15, 0.15)
PATIENCE_S = 60.0


@dataclass
class Job:
    """One job's workspace and state, and what happened to it."""

    folder: Path
    kills: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONPATH": str(HERE),
            "AGENT_LS_SCRIPT": str(self.folder / "script.json"),
            **{
                f"AGENT_LS_{name}_DIR": str(self.folder / name.lower())
                for name in ("STATE", "CONFIG", "CACHE")
            },
        }

    def entries(self) -> tuple:
        """The job's records. A job that died in its first one was never begun: its owner begins another."""
        journals = state_dirs(self.environ).jobs(self.root.resolve()).glob("*/journal.jsonl")
        begun = [entries for journal in journals if (entries := read(journal).entries)]
        if len(begun) > 1:
            self.wrong.append(f"{len(begun)} jobs were begun")
        return begun[0] if begun else ()

    @property
    def state(self) -> JobState | None:
        job = fold(self.entries())
        return None if job is None else job.state

    def begin(self, die: str = "") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.support.mortal_owner", str(self.root)],
            env=self.environ | {"DIE": die},
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


def set_up(folder: Path) -> Job:
    project(folder / "project", PROJECT)
    (folder / "script.json").write_text(json.dumps({"turns": filled(TURNS)}))
    return Job(folder)


def leave(owner: subprocess.Popen[str], within_s: float) -> bool:
    """Whether the owner left in time; then it is gone in any case."""
    try:
        owner.wait(within_s)
    except subprocess.TimeoutExpired:
        owner.kill()
        owner.wait()
        return False
    finally:
        assert owner.stdout is not None
        owner.stdout.close()
    return True


def kill_once(job: Job, way: str, chance: random.Random, whole_s: float) -> None:
    """One kill; counted only where it hit something that lived."""
    if way == "journal":
        owner = job.begin(f"journal {chance.randint(1, 14)} {chance.random():.2f}")
        hit = leave(owner, PATIENCE_S) and owner.returncode == -signal.SIGKILL
    elif way == "landing":
        owner = job.begin(chance.choice([f"landing 4 {chance.choice((0, 0.3, 0.6, 1))}", "landing-note 1"]))
        hit = leave(owner, PATIENCE_S) and owner.returncode == -signal.SIGKILL
    else:
        owner = job.begin()
        assert owner.stdout is not None
        if chance.random() < 0.9:  # else in its very beginning
            select.select([owner.stdout], [], [], PATIENCE_S)
        time.sleep(chance.random() * whole_s)
        hit = owner.poll() is None
        if way == "owner":
            owner.kill()
        else:
            hit = hit and _kill_worker(owner.pid)
        if not leave(owner, PATIENCE_S):
            job.wrong.append(f"hangs after the death of its {way}")
    job.kills[way] += hit


def _kill_worker(owner: int) -> bool:
    try:
        children = Path(f"/proc/{owner}/task/{owner}/children").read_text().split()
    except OSError:
        return False
    for child in children:
        try:
            if b"agent_ls.agent.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
                return True
        except OSError:
            continue
    return False


def finish_it(job: Job, expected: dict[str, str]) -> None:
    """Leave the owner alone until it is done, and look at what is there."""
    for _ in range(2):  # a plan of which a part had landed is completed by the second
        if job.state is not JobState.APPLIED and not leave(job.begin(), PATIENCE_S):
            job.wrong.append("hangs")
    entries = job.entries()
    turns = [entry.value["turn"] for entry in entries if entry.kind == "TurnDone"]
    if job.state is not JobState.APPLIED:
        job.wrong.append(f"ended {job.state}")
    if (there := tree(job.root)) != expected:
        job.wrong.append(f"other files: {sorted(set(there.items()) ^ set(expected.items()))}")
    if turns != list(range(1, len(TURNS) + 1)):
        job.wrong.append(f"recorded turns {turns}")


def undisturbed(folder: Path) -> tuple[dict[str, str], float]:
    """The files of the job that nobody disturbs, and how long it takes once it is begun."""
    job = set_up(folder)
    owner = job.begin()
    assert owner.stdout is not None
    owner.stdout.readline()
    began = time.monotonic()
    leave(owner, PATIENCE_S)
    took = time.monotonic() - began
    if job.state is not JobState.APPLIED:
        raise SystemExit(f"the undisturbed job ended {job.state}")
    return tree(job.root), took


def main(kills: int, seed: int) -> int:
    chance, began = random.Random(seed), time.monotonic()
    jobs: list[Job] = []
    with tempfile.TemporaryDirectory() as folder:
        expected, whole_s = undisturbed(Path(folder, "undisturbed"))
        while (so_far := sum(sum(job.kills.values()) for job in jobs)) < kills:
            job = set_up(Path(folder, f"job{len(jobs)}"))
            jobs.append(job)
            for _ in range(min(chance.randint(2, 6), kills - so_far)):
                if job.state is not JobState.APPLIED:
                    kill_once(job, chance.choices(WAYS, SHARES)[0], chance, whole_s)
            finish_it(job, expected)
            if job.wrong:
                print(f"job {len(jobs) - 1}: {dict(job.kills)} {job.wrong}", flush=True)
    counts = sum((job.kills for job in jobs), Counter())
    wrong = sum(bool(job.wrong) for job in jobs)
    print(
        json.dumps(
            {
                "kills": sum(counts.values()),
                **counts,
                "jobs": len(jobs),
                "jobs_wrong": wrong,
                "seed": seed,
                "wall_s": round(time.monotonic() - began),
                "target": "0 jobs lost or wrong, no recorded turn repeated, in >= 200 kills",
            }
        )
    )
    return int(bool(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="kill -9 at random moments")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(main(options.kills, options.seed))
