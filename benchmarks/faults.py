"""The fault matrix over whole jobs: ``python -m benchmarks.faults [--parallel 6] [--fault NAME]… [--words]``.

Every fault of the loopback service × every moment of a job × once and for good; see
`tests.faults.matrix` for what is asked of a cell. Prints the matrix, then one JSON line with the
counts beside the targets. Exit code 1 where any cell is wrong, a job is lost, or a file of the
workspace was touched.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from agent_ls.core.job import JobState
from tests.agent.kit import tree
from tests.faults import matrix
from tests.faults.rig import rig


async def refused(moments: Sequence[str]) -> list[matrix.Result]:
    """The cells in which the service is not there at all, each in a world of its own."""
    results: list[matrix.Result] = []
    for cell in matrix.gone_cells(moments):
        with tempfile.TemporaryDirectory() as folder:
            async with rig(
                Path(folder),
                matrix.conversations([cell]),
                settings=matrix.settings(),
                window=matrix.WINDOW,
                trusted=True,
            ) as here:
                results.append(await matrix.run(here, cell, asyncio.Semaphore(1)))
    return results


async def main(options: argparse.Namespace) -> int:
    began = time.monotonic()
    chosen = matrix.cells(options.fault or tuple(matrix.FAULTS), options.moment or matrix.MOMENTS)
    gate = asyncio.Semaphore(options.parallel)
    with tempfile.TemporaryDirectory() as folder:
        async with rig(
            Path(folder),
            matrix.conversations(chosen),
            settings=matrix.settings(options.parallel),
            window=matrix.WINDOW,
            trusted=True,
        ) as here:
            before = tree(here.root)
            results = await asyncio.gather(*(matrix.run(here, cell, gate) for cell in chosen))
            await here.reopen()
            states = [view.state for view in here.service.jobs()]
            violations, touched = here.server.violations, tree(here.root) != before
            requests = len(here.server.turns)
    shared = len(results)
    if not options.fault:
        results += await refused(options.moment or matrix.MOMENTS)
    print(matrix.table(results))
    if options.words:
        for result in results:
            print(f"{result.cell.fault} at {result.cell.moment}: {result.states} {result.words}")
    wrong = [result for result in results if result.wrong]
    for result in wrong:
        print(f"WRONG {result.cell}: {result.wrong} {result.words}")
    unended = [s for s in states if s not in (JobState.READY, JobState.FAILED)]
    figures = {
        "cells": len(results),
        "right": len(results) - len(wrong),
        "at_once_the_plan": sum(r.states == ["ready"] for r in results),
        "jobs_lost": shared - len(states) + len(unended),
        "requests": requests,
        "invalid_requests": len(violations),
        "users_files_touched": touched,
        "wall_s": round(time.monotonic() - began),
        "target": "all right, none lost, none invalid, nothing touched",
    }
    print(json.dumps(figures))
    return int(bool(wrong or figures["jobs_lost"] or violations or touched))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Every fault of a model service at every moment of a job")
    parser.add_argument("--parallel", type=int, default=6)
    parser.add_argument("--fault", action="append", choices=list(matrix.FAULTS))
    parser.add_argument("--moment", action="append", choices=matrix.MOMENTS)
    parser.add_argument("--words", action="store_true", help="print what each cell says")
    sys.exit(asyncio.run(main(parser.parse_args())))
