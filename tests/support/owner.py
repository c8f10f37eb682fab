"""A process that owns a waiting job: ``python -m tests.support.owner ROOT STATE`` prints its id."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from agent_ls.core.job import Intent, IntentKind
from agent_ls.core.settings import Settings
from agent_ls.jobs.service import Service
from agent_ls.workspace.state import StateDirs
from tests.support.paper_editor import PaperEditor


async def main() -> None:
    root, state = Path(sys.argv[1]), Path(sys.argv[2])
    service = await Service.open(
        root,
        port=PaperEditor(root),
        settings=Settings(),
        dirs=StateDirs(state, state / "c", state / "d"),
        environ=dict(os.environ),
        worker_module="tests.support.fake_worker",
    )
    steps = [{"turn": 1, "files": {"a.py": "ONE\n"}}, {"ask": "q"}, {"outcome": "ready"}]
    job = service.delegate(Intent(IntentKind.DELEGATE, "t", task=json.dumps(steps)))
    await service.wait(job, for_question=True)
    print(job, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
