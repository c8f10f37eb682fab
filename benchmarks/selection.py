"""Is the right attempt chosen? ``python benchmarks/selection.py [--sets N] [--seed S] [--verbose]``

Draws seeded sets of candidates for small tasks: right ones; plausible ones that pass the visible tests;
ones fitted to the visible examples; ones that weaken a test; broken syntax; comments only. Some carry
tests of their own: true ones, ones that merely pass on their author, and mistaken ones. The real
selection runs them against each other in a scratch tree; hidden tests, run for real and seen
by nobody else, say which are right.

Prints the share of right plans: selected, the first attempt, a random one (mean), the best possible.
Target: selected is right wherever some executed evidence tells the right ones from the others. Exit code
1 below 95 % there.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_ls.agent.resources import Resources
from agent_ls.agent.selecting import select
from agent_ls.core.attempt import AttemptRequest, Candidate, DraftFile, Outcome, SelectRequest
from agent_ls.core.job import Intent, IntentKind, JobId, JobState
from agent_ls.core.paths import RelPath
from agent_ls.core.selection import Evidence
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.state import state_dirs
from benchmarks.selection_cases import PROGRAMS, Examples, Program

CODE, TESTS, OWN = RelPath("prog.py"), RelPath("test_prog.py"), RelPath("test_more.py")
TARGET = 0.95


@dataclass(frozen=True)
class Drawn:
    """One candidate: its kind, its texts, whether the hidden tests pass on it, whether its own tests are wrong."""

    kind: str
    texts: dict[RelPath, str]
    right: bool
    mistaken: bool = False


class Link:
    """Nobody listens."""

    def progress(self, _step: str, _state: JobState = JobState.RUNNING) -> None: ...
    async def record(self, _event: Any) -> None: ...
    def told(self) -> list[str]:
        return []

    def has_told(self) -> bool:
        return False

    async def answer(self, _question: Any) -> str | None:
        return None


def suite(examples: Examples) -> str:
    """A unittest file."""
    lines = ["import unittest", "", "from prog import f", "", "", "class T(unittest.TestCase):"]
    for number, (expression, value) in enumerate(examples):
        name = f"test_{number}_{''.join(c if c.isalnum() else '_' for c in expression)}"
        lines += [f"    def {name}(self):", f"        self.assertEqual({expression}, {value})", ""]
    return "\n".join(lines)


def passing(code: str, examples: Examples) -> Examples:
    """The examples that a program passes: one real process for all of them."""
    runs = "\n".join(
        f"try:\n    ok.append(({e}) == ({v}))\nexcept Exception:\n    ok.append(False)" for e, v in examples
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "all.py").write_text(f"{code}\nok = []\n{runs}\nprint(*map(int, ok))\n")
        try:
            done = subprocess.run(
                [sys.executable, "-I", "all.py"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return ()
    flags = done.stdout.split() if done.returncode == 0 else ["0"] * len(examples)
    return tuple(example for example, flag in zip(examples, flags, strict=True) if flag == "1")


def fitted(program: Program) -> str:
    """Right on the visible examples by a list of them, else as before."""
    head, rest = program.base.split("\n", 1)
    name = head[head.index("(") + 1 : head.index(")")]
    known = ", ".join(
        f"repr(({e[2:-1]},)): {v}" for e, v in program.visible if e.startswith("f(") and e.endswith(")")
    )
    return f"{head}\n    known = {{{known}}}\n    if repr(({name},)) in known:\n        return known[repr(({name},))]\n{rest}"


def draw(program: Program, kind: str, dice: random.Random) -> Drawn:
    """One candidate of a kind, with tests of its own or without."""
    tests: Examples = ()
    match kind:
        case "right":
            code = dice.choice(program.right)
            if dice.random() < 0.6:
                tests = tuple(dice.sample(program.hidden, dice.randint(1, len(program.hidden))))
        case "plausible":
            code = dice.choice(program.wrong)
            if dice.random() < 0.4:
                tests = passing(code, program.hidden + program.opinion)[:2]
        case "fitted":
            code = fitted(program)
        case "broken":
            code = program.right[0].replace("return", "return (", 1)
        case "comment":
            code = f"# {program.name}: done\n{program.base}"
        case _:
            code = program.base
    texts = {CODE: code}
    if kind == "weakener":
        texts = {
            CODE: dice.choice([program.base + "\n\n# kept\nDONE = True\n", program.wrong[0] + "\n# so\n"])
        }
        texts[TESTS] = suite(passing(texts[CODE], program.visible)[:1])
    elif tests:
        texts[OWN] = suite(tests)
    right = len(passing(texts[CODE], program.hidden + program.visible)) == len(
        program.hidden + program.visible
    )
    mistaken = any(one in program.opinion for one in tests)
    return Drawn(kind, texts, right, mistaken)


def sets(count: int, seed: int) -> list[tuple[Program, list[Drawn]]]:
    """``count`` sets of three to five candidates, each with a right one and a wrong one."""
    dice = random.Random(seed)
    found: list[tuple[Program, list[Drawn]]] = []
    while len(found) < count:
        program = PROGRAMS[len(found) % len(PROGRAMS)]
        kinds = [
            "right",
            "plausible",
            *dice.choices(
                ["right", "plausible", "fitted", "weakener", "broken", "comment"],
                [3, 4, 2, 2, 1, 1],
                k=dice.randint(1, 3),
            ),
        ]
        dice.shuffle(kinds)
        found.append((program, [draw(program, kind, dice) for kind in kinds]))
    return found


async def selected(program: Program, drawn: list[Drawn], folder: Path) -> tuple[int, list[Evidence], str]:
    """Which candidate the real selection takes, by its place, with the evidence."""
    root = folder / "ws"
    root.mkdir(parents=True)
    texts = {CODE: program.base, TESTS: suite(program.visible)}
    for path, text in texts.items():
        (root / path).write_text(text)
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "AGENT_LS_STATE_DIR": str(folder / "s"),
               "AGENT_LS_CONFIG_DIR": str(folder / "c"), "AGENT_LS_CACHE_DIR": str(folder / "k")}  # fmt: skip
    dirs = state_dirs(environ)
    job = dirs.job(root, JobId("j1"))
    job.mkdir(parents=True)
    put = BlobStore(job / "blobs").put
    candidates = tuple(
        Candidate(
            number,
            Outcome(
                JobState.READY,
                files=tuple(
                    DraftFile(path, put(texts[path].encode()) if path in texts else None, put(text.encode()))
                    for path, text in one.texts.items()
                ),
            ),
        )
        for number, one in enumerate(drawn, 1)
    )
    base = AttemptRequest(
        JobId("j1"), Intent(IntentKind.DELEGATE, "t", "t"), str(root), str(job), str(dirs.index_db(root)),
        trusted=True, allow_unsandboxed=True, check_timeout_s=20.0,
    )  # fmt: skip
    resources = Resources(environ, dirs=dirs)
    try:
        done = await select(SelectRequest(JobId("j10"), base, candidates), Link(), resources)
    finally:
        await resources.close()
    return done.attempt - 1, list(done.evidence), done.reason


def telling(drawn: list[Drawn], evidence: list[Evidence]) -> bool:
    """Whether something that was executed, or a look at the text, sets every wrong candidate apart from every right one.

    Blind to who is right: only whether their evidence differs at all.
    """

    def key(e: Evidence) -> object:
        return (
            e.applies,
            e.syntax,
            e.idle,
            e.broken,
            e.mended,
            {a: t.failing for a, t in e.peers.items()},
            bool(e.revised),
        )

    by = {e.attempt: e for e in evidence}
    keys = [(one.right, repr(key(by[n]))) for n, one in enumerate(drawn, 1)]
    right = {k for good, k in keys if good}
    return not any(k in right for good, k in keys if not good)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=56)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    began, rows = time.process_time(), []
    wrong: Counter[str] = Counter()
    tally: Counter[tuple[str, bool]] = Counter()
    for number, (program, drawn) in enumerate(sets(options.sets, options.seed)):
        with tempfile.TemporaryDirectory() as folder:
            index, evidence, reason = await selected(program, drawn, Path(folder))
        told = telling(drawn, evidence)
        good = drawn[index].right
        misled = any(d.mistaken for d in drawn)
        sort = "misleading" if misled else "telling" if told else "silent"
        tally[sort, good] += 1
        rows.append(
            (good, drawn[0].right, sum(d.right for d in drawn) / len(drawn), any(d.right for d in drawn))
        )
        if not good:
            wrong[f"{drawn[index].kind} ({sort})"] += 1
        if options.verbose:
            kinds = " ".join(
                f"{'*' if i == index else ''}{d.kind}{'+' if d.right else '-'}{'t' if len(d.texts) > 1 else ''}"
                for i, d in enumerate(drawn)
            )
            print(f"{number:3} {program.name:10} {'ok ' if good else 'BAD'} {sort:10} {kinds} | {reason}")
    count = len(rows)
    share = tally["telling", True] / max(1, tally["telling", True] + tally["telling", False])
    print(
        f"{count} sets, {sum(len(d) for _, d in sets(options.sets, options.seed))} candidates, seed {options.seed}"
    )
    print(
        f"right plan: selected {sum(r[0] for r in rows) / count:.1%} · first attempt {sum(r[1] for r in rows) / count:.1%}"
        f" · random {sum(r[2] for r in rows) / count:.1%} · best possible {sum(r[3] for r in rows) / count:.1%}"
    )
    for sort, what in (
        ("telling", f"where executed evidence tells right from wrong (target {TARGET:.0%})"),
        ("silent", "where nothing that was run differs: agreement, tests written, size"),
        ("misleading", "where a candidate carries a mistaken test"),
    ):
        good, bad = tally[sort, True], tally[sort, False]
        print(f"{what}: {good} of {good + bad}" + (f" = {good / (good + bad):.1%}" if good + bad else ""))
    print("wrong choices: " + (", ".join(f"{n} × {kind}" for kind, n in wrong.most_common()) or "none"))
    print(f"{(time.process_time() - began) / count:.2f} s CPU of our own per set")
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
