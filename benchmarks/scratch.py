"""How long a check waits before it starts: ``python benchmarks/scratch.py [FILES …]``.

Prints one JSON object per tree size. ``warm_start_s`` is what a check pays: the draft laid in a
warm tree, the sandbox entered, a program that does nothing, and back. It is held against
``stat_s``, one walk with a stat per file in the same run, because wall time alone says more
about the machine; ``…_cpu_s`` is our own part of it (``next_check``: the same round's second
check). The gate is the ratio. Exits 1 beyond it.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from agent_ls.core.paths import rel_path
from agent_ls.verify.running import run_in
from agent_ls.verify.sandbox import detect
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.scan import scan
from agent_ls.workspace.snapshot import Snapshot

ROUNDS = 5
GATE = 20.0  # times one bare walk, with 0.2 s for entering the sandbox


def plant(root: Path, count: int) -> None:
    for number in range(count):
        folder = root / f"pkg{number // 50}"
        folder.mkdir(exist_ok=True)
        (folder / f"module{number}.py").write_text(f"def function{number}():\n    return {number}\n" * 40)
    (root / ".gitignore").write_text("*.log\nbuild/\n/dist\n.cache\n*.tmp\n")


def walk(root: Path) -> None:
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(os.path.join(folder, name))


def timed(action) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


async def measure(count: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        root, state = Path(folder) / "w", Path(folder) / "state"
        root.mkdir()
        plant(root, count)
        box = await detect(root, state, os.environ)
        base = Snapshot(root, {}, BlobStore(state / "blobs"))

        def draft(number: int) -> Overlay:
            overlay = Overlay(base)
            overlay.write(rel_path("pkg0/module0.py"), f"x = {number}\n".encode())
            return overlay

        started = time.perf_counter()
        scratch = await Scratch.prepare(root, draft(0), state / "scratch")
        first = time.perf_counter() - started
        await scratch.close()
        lays: list[float] = []
        cpu: list[float] = []
        again: list[float] = []
        starts: list[float] = []
        for number in range(ROUNDS):
            started, spent = time.perf_counter(), time.process_time()
            scratch = await Scratch.prepare(root, draft(number), state / "scratch")
            cpu.append(time.process_time() - spent)
            lays.append(time.perf_counter() - started)
            done = await run_in(scratch, ["/bin/true"], box, timeout_s=60)
            assert done.exit_code == 0, done.output
            starts.append(time.perf_counter() - started)
            spent = time.process_time()
            await scratch.lay(draft(number + 100))
            again.append(time.process_time() - spent)
            await scratch.close()
        stat_s = statistics.median(timed(lambda: walk(root)) for _ in range(ROUNDS))
        scan_s = statistics.median(timed(lambda: scan(root)) for _ in range(ROUNDS))
        warm = statistics.median(starts)
        return {
            "files": count,
            "sandbox": box.name,
            "first_lay_s": round(first, 3),
            "warm_lay_s": round(statistics.median(lays), 3),
            "warm_lay_cpu_s": round(statistics.median(cpu), 3),
            "next_check_cpu_s": round(statistics.median(again), 3),
            "warm_start_s": round(warm, 3),
            "scan_s": round(scan_s, 3),
            "stat_s": round(stat_s, 4),
            "ratio": round(max(0.0, warm - 0.2) / stat_s, 2),
            "unconfined": isinstance(box, NoSandbox),
        }


def main() -> int:
    counts = [int(word) for word in sys.argv[1:]] or [2_000, 20_000]
    results = [asyncio.run(measure(count)) for count in counts]
    for result in results:
        print(json.dumps(result))
    return int(any(float(str(result["ratio"])) > GATE for result in results))


if __name__ == "__main__":
    sys.exit(main())
