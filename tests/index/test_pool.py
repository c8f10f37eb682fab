from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agent_ls.core.paths import RelPath
from agent_ls.index.batches import Batches, ParseJob
from agent_ls.index.pool import QUARANTINED, Parsed, Pool


async def reasons(tmp_path: Path, names: Sequence[str], deadline_s: float) -> dict[str, str]:
    """Why each file has no facts."""
    root = tmp_path / "root"
    root.mkdir()
    for name in names:
        (root / name).write_text(f"def f(): return '{name}'\n")
    heard: list[Parsed] = []
    done: list[int] = []
    pool = Pool(
        root, cwd=tmp_path, env=dict(os.environ), deadline_s=deadline_s, module="tests.index.stubborn_parser"
    )
    try:
        jobs = [ParseJob(RelPath(name), "python", row=row) for row, name in enumerate(names)]
        await pool.run(jobs, heard.append, done.append)
    finally:
        await pool.close()
    rows = [row for parsed in heard for row in parsed.part.files]
    assert sorted((row[0], row[1]) for row in rows) == list(enumerate(names))
    assert sum(done) == len(names)
    facts = [row for parsed in heard for row, _, _ in parsed.part.facts]
    assert sorted(facts) == sorted(row[0] for row in rows if not row[-1])
    return {row[1]: row[-1] for row in rows}


async def test_a_file_that_crashes_a_worker_twice_is_quarantined_and_no_other(tmp_path: Path) -> None:
    names = [*(f"a{i}.py" for i in range(12)), "crash.py", *(f"b{i}.py" for i in range(12))]
    found = await reasons(tmp_path, names, deadline_s=30.0)
    assert found.pop("crash.py") == QUARANTINED
    assert set(found.values()) == {""}


async def test_a_file_that_hangs_a_worker_is_quarantined_and_no_other(tmp_path: Path) -> None:
    found = await reasons(tmp_path, ["a.py", "hang.py", "b.py"], deadline_s=1.0)
    assert found.pop("hang.py") == QUARANTINED
    assert set(found.values()) == {""}


def jobs(count: int, size: int) -> list[ParseJob]:
    return [ParseJob(RelPath(f"{i}.py"), "python", size=size) for i in range(count)]


def test_batches_are_large_while_there_is_much_and_small_at_the_end() -> None:
    all_jobs = jobs(4000, 10_000)
    left = Batches(all_jobs, 2, Counter())
    taken = []
    while batch := left.take():
        taken.append(batch)
    assert [job for batch in taken for job in batch] == all_jobs
    sizes = [len(batch) for batch in taken]
    assert sizes[:2] == [50, 50]
    assert sizes[2] > 500
    assert 200 > sizes[-2] >= sizes[-1]
    assert len(sizes) < 25


def test_the_files_since_a_worker_last_told_go_alone_and_the_rest_together() -> None:
    left = Batches(jobs(40, 1), 1, Counter())
    batch = left.take()
    assert left.blame(batch, 3) is None
    alone = [left.take() for _ in range(32)]
    assert [job.path for [job] in alone] == [f"{i}.py" for i in range(3, 35)]
    assert [job.path for job in left.take()] == [f"{i}.py" for i in (0, 1, 2, 35, 36, 37, 38, 39)]
    assert left.blame(alone[7], 0) == alone[7][0]
    left.done(alone[8])
    assert left.blame(alone[8], 0) is None
