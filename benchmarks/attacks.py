"""The attack matrix: ``python -m benchmarks.attacks [--class N]…``.

A fully obedient attacker plays the model, the repository, the worker or the check. Each attack runs twice, each
time in a folder of its own: with its guard taken away, where it must succeed, and with the guard, where it must
get nothing. Canaries are searched for in every request, record and log. Prints a row per attack and one JSON
line; exit code 1 where an attack shows nothing without its guard, or gets anything with it. Class 8 needs bwrap.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.attacks import answers, files, repository, shown
from tests.attacks.attack import ATTACKS, CLASSES, played
from tests.attacks.checks import CONFINED


async def main(groups: list[int]) -> int:
    assert all((answers, files, repository, shown))  # they register their attacks
    chosen = [one for one in (*ATTACKS, *CONFINED) if not groups or one.group in groups]
    if shutil.which("bwrap") is None:
        print("bwrap is not here: class 8 is left out")
        chosen = [one for one in chosen if one.group != 8]
    counts: Counter[str] = Counter()
    group = 0
    for one in sorted(chosen, key=lambda attack: attack.group):
        if one.group != group:
            group = one.group
            print(f"{group}. {CLASSES[group]}")
        with tempfile.TemporaryDirectory() as folder:
            without, with_it = await played(one, Path(folder))
        right = bool(without) and not with_it
        counts["right" if right else "wrong"] += 1
        alone = "succeeds" if without else "SHOWS NOTHING"
        held = "HOLDS NOT" if with_it else "held"
        print(f"   {one.name:<52} without {one.guard:<44} {alone:<14} with it: {held}", flush=True)
    figures = {
        "attacks": sum(counts.values()),
        "classes": len({one.group for one in chosen}),
        "right": counts["right"],
        "target": "all: each succeeds without its guard and gets nothing with it",
    }
    print(json.dumps(figures))
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Attacks by class, without and with their guards")
    parser.add_argument(
        "--class", dest="groups", type=int, action="append", default=[], choices=sorted(CLASSES)
    )
    sys.exit(asyncio.run(main(parser.parse_args().groups)))
