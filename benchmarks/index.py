"""The index on a real tree, against the floor: reading and parsing the same files in one thread.

    python benchmarks/index.py REPO [--json]

Prints one row per figure of issue "A million lines at hand", with its goal. Everything is measured
in one run, the floor before and after the cold run (the mean counts), so the ratios hold on a busy
machine; CPU seconds of all processes are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from agent_ls.index import languages
from agent_ls.index.extract import dialect
from agent_ls.index.indexer import Indexer
from agent_ls.index.live import newer
from agent_ls.index.live_worker import Documents
from agent_ls.index.names import LANGUAGES, language_of
from agent_ls.index.query import Index
from agent_ls.workspace.scan import scan

_READER = """
import resource, sys
from pathlib import Path
from agent_ls.index.query import Index
def rss(): return int(open('/proc/self/statm').read().split()[1]) * resource.getpagesize()
before = rss()
index = Index(Path(sys.argv[1]))
names = sys.argv[2:]
for name in names: index.definitions(name); index.references(name); index.definitions(name[:3], prefix=True)
index.definitions('aeo', fuzzy=True)
print((rss() - before) / 2**20)
"""


def floor(root: Path) -> tuple[float, float]:
    """Wall and CPU seconds of reading and parsing every file that is indexed, one after another."""
    for language in LANGUAGES:
        languages.parser(language)
    wall, cpu = time.perf_counter(), time.process_time()
    for file in scan(root).files:
        language = language_of(file.path)
        if language:
            data = (root / file.path).read_bytes()
            languages.parser(dialect(data, language)).parse(data)
    return time.perf_counter() - wall, time.process_time() - cpu


async def first_name(root: Path, state: Path, name: str) -> float:
    """CPU seconds of all workers until a name that no parser has come to is found."""
    indexer = Indexer(root, state / "first.db", state, os.environ)
    running = asyncio.create_task(indexer.refresh())
    index = Index(state / "first.db")
    try:
        while not index.definitions(name) and not running.done():
            await asyncio.sleep(0.02)
        spent = [p.cpu_times() for p in psutil.Process().children(recursive=True)]
        return sum(times.user + times.system for times in spent)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        index.close()
        await indexer.close()


def live_edit(root: Path, index: Index) -> tuple[float, float]:
    """Worker's and owner's CPU seconds (p99) per letter typed into a name of a file of 5000 lines.

    Every letter is taken away again, so that the text stays what it was.
    """
    path = max(
        (p for p in index.files() if language_of(p) == "python"),
        key=lambda p: len(index.outline(p)),
        default=None,
    )
    path = path or max(index.files(), key=lambda p: len(index.outline(p)))
    data = (root / path).read_bytes()
    data *= max(1, -(-5000 // (data.count(b"\n") + 1)))
    documents = Documents()
    opened = {
        "type": "open",
        "path": "a",
        "language": language_of(path),
        "data": base64.b64encode(data).decode(),
    }
    documents.take({**opened, "version": 0})
    first = documents.next_facts()
    assert first is not None
    facts = newer(first, None)
    assert facts is not None
    rng = random.Random(1)
    bodies = [
        d.span
        for d in facts.definitions
        if d.kind in ("function", "method") and d.span.end - d.span.start > 200
    ]
    worker: list[float] = []
    owner: list[float] = []
    for version in range(1, 401, 2):
        body = rng.choice(bodies)
        found = list(re.finditer(rb"\b[a-z_]{6,}\b", data[body.start + 80 : body.end]))
        if not found:
            continue
        at = body.start + 80 + rng.choice(found).end()
        for step, (end, new) in enumerate(((at, b"x"), (at + 1, b""))):
            edit = [at, end, base64.b64encode(new).decode()]
            started = time.process_time()
            documents.take({"type": "change", "path": "a", "version": version + step, "edits": [edit]})
            wire = json.dumps(documents.next_facts())
            worker.append(time.process_time() - started)
            started = time.process_time()
            facts = newer(json.loads(wire), facts)
            owner.append(time.process_time() - started)
    return p99(worker), p99(owner)


def commonest(index: Index) -> list[tuple[str, object, str]]:
    """All uses of the name that most files use: counted, the first page, and each as a value."""
    names = {d.name for path in index.files()[::20] for d in index.outline(path)}
    name = max(names, key=lambda name: len(index.files_with(name, limit=100_000)))
    rows: dict[str, list[float]] = {"counted": [], "first 200": [], "all as values": []}
    for _ in range(5):
        start = time.process_time()
        found = index.mentions(name)
        number = len(found)
        rows["counted"].append(time.process_time() - start)
        start = time.process_time()
        found.page(200)
        rows["first 200"].append(time.process_time() - start)
        start = time.process_time()
        list(found)
        rows["all as values"].append(time.process_time() - start)
    label = f"{number} uses of {name!r}"
    goals = {"counted": "50"}
    return [
        (f"{label}, {what}, ms CPU", round(statistics.median(times) * 1e3, 1), goals.get(what, ""))
        for what, times in rows.items()
    ]


def p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)] if times else 0.0


def queries(index: Index) -> dict[str, float]:
    """Median of the quick questions, in milliseconds, over names of the tree itself."""
    names = [d.name for path in index.files()[::50] for d in index.outline(path)[:3]][:200]

    def median(call: Callable[[str], object]) -> float:
        times: list[float] = []
        for name in names:
            start = time.process_time()
            call(name)
            times.append(time.process_time() - start)
        return round(statistics.median(times) * 1000, 3) if times else 0.0

    return {
        "definitions": median(index.definitions),
        "references": median(index.references),
        "prefix": median(lambda name: index.definitions(name[:4], prefix=True)),
        "fuzzy": median(lambda name: index.definitions(name[::2], fuzzy=True)),
    }


async def measure(root: Path) -> list[tuple[str, object, str]]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        db = state / "index.db"
        before = floor(root)
        indexer = Indexer(root, db, state, os.environ)
        cold = await indexer.refresh()
        after = floor(root)
        warm = await indexer.refresh()
        await indexer.close()
        wall, cpu = (sum(pair) / 2 for pair in zip(before, after, strict=True))
        index = Index(db)
        last = next(
            (d.name for p in reversed(index.files()) for d in index.outline(p) if len(d.name) > 8), ""
        )
        names = [d.name for path in index.files()[::97] for d in index.outline(path)[:2]][:100]
        reader = subprocess.run(
            [sys.executable, "-c", _READER, str(db), *names], capture_output=True, text=True, check=True
        )
        worker, owner = live_edit(root, index)
        per_million = 1e6 / max(1, cold.lines)
        return [
            ("tree", f"{cold.files} files, {cold.lines} lines, {cold.symbols} symbols", ""),
            ("floor CPU s (before, after)", f"{before[1]:.2f}, {after[1]:.2f}", ""),
            ("cold CPU / floor", round(cold.cpu_s / cpu, 2), "1.8, at least 2.5"),
            ("cold wall / floor", round(cold.wall_s / wall, 2), "1.0, at least 1.4"),
            (
                "first name found, CPU s",
                round(await first_name(root, state, last), 2),
                "1.0 at 1M lines, at least 3",
            ),
            ("warm files parsed", warm.parsed, "0"),
            ("warm CPU us per file", round(warm.cpu_s * 1e6 / max(1, warm.files), 1), "15"),
            ("edit, worker CPU ms p99", round(worker * 1000, 2), "1.5, at least 10"),
            ("edit, owner CPU ms p99", round(owner * 1000, 2), ""),
            ("reader memory MiB", round(float(reader.stdout), 1), "40, at least 150"),
            ("disk MiB per 1M lines", round(cold.db_mb * per_million, 1), "25, at least 80"),
            ("indexing peak MiB (host + workers)", cold.peak_rss_mb, ""),
            *((f"{name} ms CPU, median", value, "") for name, value in queries(index).items()),
            *commonest(index),
        ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = asyncio.run(measure(arguments.repo.resolve()))
    if arguments.json:
        print(json.dumps({name: value for name, value, _ in rows}, indent=1))
    else:
        for name, value, goal in rows:
            print(f"{name:38} {value!s:>12}   {goal}")
