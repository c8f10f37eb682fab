"""The first minutes on a tree of twenty million lines: ``python benchmarks/huge.py SOURCE``.

Copies SOURCE (a real tree of about a million lines) ``--copies`` times into a temporary folder, each
copy with names of its own, opens a file in the middle and looks, while the index is being made: when
the open file's folder is known, how long a search for a name takes, what the server's memory is beside
a bare stub's, what ``agentLs.status`` says. ``--whole`` goes on to the end of the index. The tree is
taken away again. Exit code 1 if a figure is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agent_ls.index.query import Index
from agent_ls.workspace.scan import scan
from benchmarks import latency
from benchmarks.latency import cpu_s, rss_mb, seconds, show, started
from benchmarks.serving import Bench, compared, in_turns, wait_for
from tests.faces.lsp.raw_client import STUB, RawClient

SIZE_LIMIT_GB = 4.0


def generate(source: Path, target: Path, copies: int) -> tuple[int, int]:
    """Files and lines. A file's own name gets the copy's number wherever it stands in the file."""
    texts: list[tuple[str, bytes, bytes]] = []
    for file in scan(source).files:
        data = (source / file.path).read_bytes()
        texts.append((file.path, data, file.path.rpartition("/")[2].partition(".")[0].encode()))
    if copies * sum(len(data) for _, data, _ in texts) > SIZE_LIMIT_GB * 1e9:
        raise SystemExit(f"more than {SIZE_LIMIT_GB} GB: choose fewer copies")
    for copy in range(copies):
        for path, data, stem in texts:
            place = target / f"part{copy}" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data.replace(stem, b"%b%d" % (stem, copy)) if len(stem) > 3 else data)
    return copies * len(texts), copies * sum(data.count(b"\n") for _, data, _ in texts)


def a_name(text: str) -> str:
    return max(re.findall(r"\w+", text), key=len)


class Watch:
    """Samples while the index is made: searches for names, in the way of the server's loop."""

    def __init__(self, db: Path, names: list[str]) -> None:
        self.index, self.names = Index(db), names
        self.rng = random.Random(1)
        self.taken: dict[str, list[float]] = {"exact": [], "prefix": [], "fuzzy": []}
        self.found = 0

    def sample(self) -> None:
        for _ in range(5):
            name = self.rng.choice(self.names)
            for kind, how in (("exact", {}), ("prefix", {"prefix": True}), ("fuzzy", {"fuzzy": True})):
                text = name[:8] if kind == "prefix" else name[::2] if kind == "fuzzy" else name
                start = time.process_time()
                hits = self.index.definitions(text, **how)
                self.taken[kind].append(time.process_time() - start)
                self.found += kind == "exact" and bool(hits)

    def report(self, when: str) -> None:
        number = len(self.taken["exact"])
        if not number:
            return
        for kind, taken in self.taken.items():
            worst = sorted(taken)[int(number * 0.99) - 1] * 1e3
            show(
                f"{kind} name search {when}, p99 of {number}",
                f"{worst:.1f} ms",
                "100 ms",
                worst <= 100,
                "seconds",
            )
        print(
            f"  median { ({kind: round(statistics.median(t) * 1e3, 2) for kind, t in self.taken.items()}) } ms CPU;"
            f" found {self.found} of {number}"
        )
        self.taken = {kind: [] for kind in self.taken}
        self.found = 0


def watch(
    bench: Bench, ours: RawClient, stub: RawClient, minutes: float, names: list[str], began: float
) -> None:
    wait_for(lambda: any((bench.world.folder / "state").rglob("index.db")))
    db = next((bench.world.folder / "state").rglob("index.db"))
    index = Index(db)
    relative = bench.path.relative_to(bench.tree).as_posix()
    wait_for(lambda: bool(index.outline(relative)))
    print(f"the open file is indexed after {time.monotonic() - began:.1f} s")
    siblings = [p.name for p in bench.path.parent.iterdir() if p.suffix == bench.path.suffix]
    folder = relative.rpartition("/")[0]
    wait_for(
        lambda: sum(bool(index.hash_of(f"{folder}/{name}")) for name in siblings[:100]) == len(siblings[:100])
    )
    print(f"its folder ({len(siblings)} files) after {time.monotonic() - began:.1f} s")
    looking = Watch(db, names)
    phase, until = "while names are gathered", began + 60 * minutes
    while time.monotonic() < until:
        status = bench.status(ours)
        now = (
            "while names are gathered"
            if status["building"] and not status["done"] > 400
            else "while it is parsed"
        )
        if now != phase:
            looking.report(phase)
            print(f"  after {time.monotonic() - began:.0f} s: {status}")
            phase = now
        if not status["building"] and status["files"]:
            break
        looking.sample()
        time.sleep(0.5)
    looking.report(phase)
    compared(in_turns(bench, ours, stub, lambda n: n < 20), "on the huge tree", 0.99, 10)
    print(f"  agentLs.status after {time.monotonic() - began:.0f} s: {bench.status(ours)}")
    mine, bare = rss_mb(ours.process.pid), rss_mb(stub.process.pid)
    show(
        f"server memory over the stub's ({bare:.0f} MB)",
        f"{mine - bare:.0f} MB",
        "150 MiB",
        mine - bare <= 157,
        "ratio",
    )
    print(
        f"  with all its workers: {rss_mb(ours.process.pid, children=True):.0f} MB; store {db.stat().st_size / 2**20:.0f} MiB;"
        f" server's own CPU {cpu_s(ours.process.pid):.1f} s"
    )


def doctor(bench: Bench) -> str:
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "agent_ls", "doctor", "-C", str(bench.tree)],
        env=bench.environ, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return next((line for line in ended.stdout.splitlines() if "index" in line), ended.stdout[-300:])


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("source", type=Path)
    arguments.add_argument("--copies", type=int, default=20)
    arguments.add_argument("--minutes", type=float, default=4)
    arguments.add_argument("--whole", action="store_true", help="until the index is whole, an hour at most")
    chosen = arguments.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name).resolve() / "tree"
        files, lines = generate(chosen.source.resolve(), tree, chosen.copies)
        print(f"{files} files, {lines} lines")
        bench = Bench(tree / f"part{chosen.copies // 2}", Path(name) / "w")
        bench.tree = tree
        listed = list((tree / f"part{chosen.copies - 1}").rglob("*.*"))
        names = sorted(
            {path.name.partition(".")[0] + str(chosen.copies - 1) for path in listed if len(path.stem) > 4}
        )
        with started(STUB, bench.world.environ) as stub:
            bench.open_in(stub)
            began = time.monotonic()
            with bench.ours() as ours:
                watch(bench, ours, stub, 60 if chosen.whole else chosen.minutes, names, began)
                print(f"  doctor: {doctor(bench)}")
                start = time.monotonic()
                ours.leave()
                seconds("leaving in the middle of it", time.monotonic() - start, 2)
    return 1 if any(latency.MISSED.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
