"""The index on a real tree, against the floor: reading and parsing the same files in one thread.

    python benchmarks/index.py REPO [--workers-idle]

Everything is measured in one run, so the ratios hold on a busy machine; CPU seconds of all
processes are counted. Names of the figures: issue "A million lines at hand".
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from agent_ls.index import languages
from agent_ls.index.extract import dialect
from agent_ls.index.indexer import Indexer
from agent_ls.index.names import language_of
from agent_ls.index.query import Index
from agent_ls.workspace.scan import scan


def floor(root: Path) -> dict[str, float]:
    """Read and parse every file that is indexed, one after another."""
    for language in ("python", "javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"):
        languages.parser(language)
    wall, cpu, lines = time.perf_counter(), time.process_time(), 0
    for file in scan(root).files:
        language = language_of(file.path)
        if language:
            data = (root / file.path).read_bytes()
            lines += data.count(b"\n")
            languages.parser(dialect(data, language)).parse(data)
    return {"lines": lines, "wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


async def measure(root: Path) -> dict[str, object]:
    base = floor(root)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        db = state / "index.db"
        indexer = Indexer(root, db, state, os.environ)
        cold = await indexer.refresh()
        warm = await indexer.refresh()
        await indexer.close()
        per_million = 1e6 / max(1, cold.lines)
        return {
            "floor": {key: round(value, 3) for key, value in base.items()},
            "cold": cold.to_json(),
            "cold CPU / floor": round(cold.cpu_s / base["cpu_s"], 2),
            "cold wall / floor": round(cold.wall_s / base["wall_s"], 2),
            "warm CPU us per file": round(warm.cpu_s * 1e6 / max(1, warm.files), 1),
            "warm files parsed": warm.parsed,
            "disk MiB per 1M lines": round(cold.db_mb * per_million, 1),
            "queries ms": queries(Index(db)),
        }


def queries(index: Index) -> dict[str, float]:
    """Median of the quick questions, in milliseconds, over names of the tree itself."""
    names = [d.name for path in index.files()[::50] for d in index.outline(path)[:3]][:200]

    def median(call: object) -> float:
        times: list[float] = []
        for name in names:
            start = time.perf_counter()
            call(name)  # type: ignore[operator]
            times.append(time.perf_counter() - start)
        return round(statistics.median(times) * 1000, 3) if times else 0.0

    return {
        "definitions": median(index.definitions),
        "references": median(index.references),
        "prefix": median(lambda name: index.definitions(name[:4], prefix=True)),
        "fuzzy": median(lambda name: index.definitions(name[::2], fuzzy=True)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", type=Path)
    print(json.dumps(asyncio.run(measure(parser.parse_args().repo.resolve())), indent=1))
