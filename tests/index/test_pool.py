from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent_ls.core.paths import RelPath
from agent_ls.index.pool import QUARANTINED, ParseJob, Pool


async def answers(tmp_path: Path, names: Sequence[str], deadline_s: float) -> dict[str, dict[str, Any]]:
    root = tmp_path / "root"
    root.mkdir()
    for name in names:
        (root / name).write_text(f"def f(): return '{name}'\n")
    heard: list[dict[str, Any]] = []
    pool = Pool(
        root, cwd=tmp_path, env=dict(os.environ), deadline_s=deadline_s, module="tests.index.stubborn_parser"
    )
    try:
        await pool.run([ParseJob(RelPath(name), "python") for name in names], heard.append)
    finally:
        await pool.close()
    assert sorted(reply["path"] for reply in heard) == sorted(names)
    return {reply["path"]: reply for reply in heard}


async def test_a_file_that_crashes_a_worker_twice_is_quarantined_and_no_other(tmp_path: Path) -> None:
    names = [*(f"a{i}.py" for i in range(12)), "crash.py", *(f"b{i}.py" for i in range(12))]
    found = await answers(tmp_path, names, deadline_s=30.0)
    assert found.pop("crash.py") == {"path": "crash.py", "reason": QUARANTINED}
    assert all("file" in reply for reply in found.values())


async def test_a_file_that_hangs_a_worker_is_quarantined_and_no_other(tmp_path: Path) -> None:
    found = await answers(tmp_path, ["a.py", "hang.py", "b.py"], deadline_s=1.0)
    assert found.pop("hang.py") == {"path": "hang.py", "reason": QUARANTINED}
    assert all("file" in reply for reply in found.values())
