"""What a question for context costs on a real tree: CPU of one process, warm, each question another one.

    python benchmarks/context_cost.py REPO [--state DIR] [--queries N] [--profile]

The cursors stand in definitions drawn by a fixed seed; the requests are subjects of the repository's
own commits, or words of another definition where there is no history. The store is brought up to
date before (and kept with ``--state``). The first three questions warm up and are not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent_ls.core.job import Site
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.context import context
from agent_ls.index.history_file import history_path, read_commits
from agent_ls.index.indexer import Indexer
from agent_ls.index.names import DATA, language_of
from agent_ls.index.query import Index

_WARM = 3
_BUDGET = 8000


async def indexed(root: Path, db: Path, state: Path) -> None:
    indexer = Indexer(root, db, state, os.environ)
    try:
        await indexer.refresh()
    finally:
        await indexer.close()


def questions(index: Index, db: Path, count: int) -> list[tuple[str, Site]]:
    """Requests with their cursors, the same on every run."""
    rng = random.Random(6)
    subjects = [commit.subject for commit in read_commits(history_path(db))[1]]
    files = [path for path in index.files() if language_of(path) not in DATA]
    found: list[tuple[str, Site]] = []
    while len(found) < count:
        path = rng.choice(files)
        here = index.outline(path)
        there = index.outline(rng.choice(files))
        if not here or not there:
            continue
        at = rng.choice(here).name_span.start
        words = rng.sample(there, min(4, len(there)))
        task = rng.choice(subjects) if subjects else "Fix " + " ".join(d.name for d in words)
        found.append((task, Site(path, Span(at, at))))
    return found


def reader(root: Path) -> Callable[[RelPath], bytes | None]:
    def read(path: RelPath) -> bytes | None:
        try:
            return (root / path).read_bytes()
        except OSError:
            return None

    return read


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repo", type=Path)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--queries", type=int, default=30)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    root = chosen.repo.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        state = chosen.state or Path(scratch)
        state.mkdir(parents=True, exist_ok=True)
        db = state / "index.db"
        asyncio.run(indexed(root, db, state))
        index = Index(db)
        asked = questions(index, db, _WARM + chosen.queries)
        profile = cProfile.Profile()
        spent: list[float] = []
        for at, (task, site) in enumerate(asked):
            if chosen.profile and at >= _WARM:
                profile.enable()
            started = time.process_time()
            context(index, reader(root), task, site, _BUDGET)
            spent.append((time.process_time() - started) * 1000)
            profile.disable()
        status = index.status()
        spent = sorted(spent[_WARM:])
        print(
            f"{status.files} files, {status.lines} lines, {len(index.files())} ranked: CPU ms per question"
            f" median {statistics.median(spent):.0f}, mean {statistics.fmean(spent):.0f},"
            f" p95 {spent[int(len(spent) * 0.95)]:.0f}; load {os.getloadavg()[0]:.1f}"
        )
        if chosen.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
        index.close()


if __name__ == "__main__":
    main()
