"""Edits of real commits, damaged as models damage them, judged against what the commit made.

    python -m benchmarks.damage REPOSITORY... [--cases N] [--seed S] [--classes A,B] [--list N]

Each case goes through the function that the tool `edit_file` takes. Judged are: exact, refused as it
must be, refused needlessly, WRONG (applied, but not what was meant), and whether a refusal shows a
line of the right place that the request itself does not have.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.damage_cases import FORMATS, Case, Repository
from benchmarks.damage_kinds import LAYOUT
from benchmarks.damage_users import USERS
from benchmarks.damage_words import WORDS
from benchmarks.edits import Json, apply

MAX_SHOWN = 1_200
KINDS = {kind.__name__: kind for kind in (*LAYOUT, *WORDS, *USERS)}


def cases(
    repository: Repository, count: int, rng: random.Random, kinds: list[str], each: int = 4
) -> Iterator[Case]:
    """``count`` cases, the kinds in turn, ``each`` of them tried on a change before the next one."""
    turn = itertools.cycle(kinds)
    made = 0
    for change in repository.changes(rng):
        for _ in range(each):
            name = next(turn)
            case = KINDS[name](rng, change, rng.choice(sorted(FORMATS)))
            if case is None:
                continue
            yield case
            made += 1
            if made >= count:
                return


def verdict(case: Case, outcome: Json) -> str:
    if outcome["status"] == "applied":
        return "exact" if case.expect != "refuse" and outcome["after_text"] in case.accept else "WRONG"
    return "needless" if case.expect == "apply" else "refused"


def helpful(case: Case, error: str) -> bool:
    """Whether a refusal shows a line of the place that the request has not, or two of several places."""
    if case.cls == "ambiguous":
        numbers = {int(number) for number in re.findall(r"\d+", error)}
        return sum(bool(numbers & set(range(a, b + 1))) for a, b in case.target) > 1
    sent = json.dumps(case.edit, ensure_ascii=False)
    lines = case.now.split("\n")
    near = {line.strip() for a, b in case.target for line in lines[max(0, a - 3) : b + 3]}
    return any(
        len(line) >= 8 and line in error and json.dumps(line, ensure_ascii=False)[1:-1] not in sent
        for line in near
    )


@dataclass
class Tally:
    """Counts by class and format, and the cases to look at."""

    rows: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    odd: list[tuple[str, Case, Json]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def take(self, case: Case) -> None:
        request = {
            "id": "",
            "path": case.path,
            "before_text": case.now,
            "base_text": case.base,
            "edit": case.edit,
        }
        started = time.process_time()
        outcome = apply(request)
        self.times.append(time.process_time() - started)
        judged = verdict(case, outcome)
        for row in (case.cls, f"~{case.fmt}", "~~all"):
            self.rows[row][judged] += 1
            if outcome["status"] == "refused":
                self.rows[row]["told"] += 1
                self.rows[row]["helpful"] += helpful(case, outcome["error"])
        if judged in ("WRONG", "needless"):
            self.odd.append((judged, case, outcome))

    def table(self) -> Iterator[str]:
        yield f"{'class':16}{'n':>7}{'exact':>8}{'refused':>9}{'needless':>10}{'WRONG':>7}{'helpful':>14}"
        for name, row in sorted(self.rows.items()):
            count = sum(row[key] for key in ("exact", "refused", "needless", "WRONG"))
            told = f"{row['helpful']}/{row['told']}"
            yield (
                f"{name.strip('~'):16}{count:7}{row['exact']:8}{row['refused']:9}{row['needless']:10}"
                f"{row['WRONG']:7}{told:>14}"
            )
        times = sorted(self.times) or [0.0]
        cuts = (times[int(len(times) * share)] * 1e3 for share in (0.5, 0.99))
        yield "CPU ms of a case, p50 and p99: " + " ".join(f"{cut:.2f}" for cut in cuts)


def shown(judged: str, case: Case, outcome: Json) -> str:
    """One case in full, for a person who looks why."""
    head = f"=== {judged} {case.cls} {case.fmt} expected {case.expect}: {case.name}"
    edit = json.dumps(case.edit, ensure_ascii=False, indent=1).replace("\\n", "\n")
    edit = edit if len(edit) < MAX_SHOWN else f"{edit[:MAX_SHOWN]} …"
    if judged == "needless":
        return f"{head}\n{edit}\n{outcome['error']}"
    wanted, got = (text.splitlines() for text in (case.accept[0], outcome["after_text"]))
    diff = "\n".join(difflib.unified_diff(wanted, got, "meant", "applied", lineterm="", n=2))[:MAX_SHOWN]
    typed = difflib.unified_diff(
        case.base.splitlines(), case.now.splitlines(), "shown", "now", lineterm="", n=1
    )
    return "\n".join([head, edit, *typed, diff])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--cases", type=int, default=500, help="per repository")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--classes", help="only these, comma-separated")
    parser.add_argument("--list", type=int, default=0, help="show so many cases that went wrong")
    options = parser.parse_args()
    kinds = options.classes.split(",") if options.classes else list(KINDS)
    tally = Tally()
    for path in options.repositories:
        repository = Repository(path)
        rng = random.Random(f"{repository.name} {options.seed}")
        for case in cases(repository, options.cases, rng, kinds):
            tally.take(case)
    print("\n".join(tally.table()))
    for judged, case, outcome in sorted(tally.odd, key=lambda odd: odd[0])[: options.list]:
        print(shown(judged, case, outcome))
    return 1 if tally.rows["~~all"]["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
