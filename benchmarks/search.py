"""Text search of a big tree beside ripgrep, in one run: ``python benchmarks/search.py TREE``.

Ours is the agent's ``search_text``: over a snapshot with an unsaved document, CPU seconds of all
processes, the search child's start left out. ripgrep walks the tree and prints every match, as a
person would call it. ``--without-ripgrep`` shows the built-in way. Exit code 1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from agent_ls.agent.bench import SearchQuery
from agent_ls.agent.search import DraftSearcher, SearchProcess
from agent_ls.core.paths import RelPath
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot

LIMIT = 2.0


def patterns(tree: Path, paths: tuple[RelPath, ...]) -> dict[str, tuple[str, bool, bool]]:
    """Kind to (pattern, regex, ignore case), from words of the tree itself."""
    half = paths[len(paths) // 2 :]
    text = "".join((tree / path).read_text("utf-8", "replace") for path in half[:20])
    word = max(re.findall(r"[A-Za-z_]{8,}", text), key=len)
    return {
        "a rare word": (word, False, False),
        "an absent text": ("no such text anywhere", False, False),
        "a common word": ("return", False, False),
        "a rare word, any case": (word, False, True),
        "a regular expression": (rf"\b{word}\b\s*\(", True, False),
        "one without literal text": (r"\b\w+_\d{4}x\b", True, False),
    }


async def measure(tree: Path, path: str, runs: int) -> bool:
    fine = True
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        blobs = BlobStore(state / "blobs")
        listed = Snapshot(tree, {}, blobs).files()
        unsaved = {listed[len(listed) // 3]: b"needle_in_a_buffer\n"}
        draft = Overlay(Snapshot(tree, unsaved, blobs))
        start = time.process_time()
        paths = draft.files()
        print(f"{len(paths)} files, listed once per attempt: {time.process_time() - start:.3f} s CPU")
        process = SearchProcess({"PATH": path}, state, deadline_s=60)
        hashes = {path: blobs.put(data) for path, data in unsaved.items()}
        searcher = DraftSearcher(process, blobs, state / "blobs", hashes)
        found = await searcher.search(draft, SearchQuery("needle_in_a_buffer", False, False, paths))
        assert len(found.lines) == 1, found
        for kind, (pattern, regex, ignore_case) in patterns(tree, paths).items():
            ours: list[float] = []
            theirs: list[float] = []
            wall: list[float] = []
            for _ in range(runs):
                before, began = spent(), time.perf_counter()
                answer = await searcher.search(draft, SearchQuery(pattern, regex, ignore_case, paths))
                wall.append(time.perf_counter() - began)
                ours.append(spent() - before)
                theirs.append(ripgrep(tree, pattern, regex=regex, ignore_case=ignore_case))
            mine, bare = statistics.median(ours), statistics.median(theirs)
            fine = fine and mine <= LIMIT * bare
            print(
                f"{kind:<26} {len(answer.lines):>4}{'+' if answer.more else ' '} lines  {mine * 1e3:7.0f} ms CPU"
                f" {mine / bare:6.2f} x ripgrep ({bare * 1e3:.0f} ms), limit {LIMIT} x; {statistics.median(wall):.2f} s"
            )
        await process.close()
    return fine


def spent() -> float:
    """CPU seconds of this process, the search child, and what that has started and waited for."""
    total = time.process_time()
    for child in psutil.Process().children():
        times = child.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def ripgrep(tree: Path, pattern: str, *, regex: bool, ignore_case: bool) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    flags = ["-i"] * ignore_case + ["-F"] * (not regex)
    subprocess.run(
        ["rg", "--no-config", "-n", *flags, "-e", pattern, str(tree)], capture_output=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tree", type=Path)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--without-ripgrep", action="store_true")
    chosen = arguments.parse_args()
    if shutil.which("rg") is None:
        raise SystemExit("ripgrep, the anchor, is not installed")
    path = "/nowhere" if chosen.without_ripgrep else os.environ["PATH"]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    return 0 if asyncio.run(measure(chosen.tree.resolve(), path, chosen.runs)) else 1


if __name__ == "__main__":
    sys.exit(main())
