"""Whole attempts in tests: a request for a small project, a script, an owner that journals in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent_ls.agent.attempt import Attempt
from agent_ls.agent.resources import Resources
from agent_ls.core.attempt import AttemptRequest, DraftFile, Outcome
from agent_ls.core.job import Budget, Intent, IntentKind, JobId
from agent_ls.core.paths import RelPath
from agent_ls.model.protocol import Model
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.state import StateDirs, state_dirs
from tests.agent.kit import OwnersEnd, project

Json = dict[str, Any]


def call(name: str, /, **args: Any) -> Json:
    return {"type": "tool_use", "name": name, "input": args}


def say(text: str) -> Json:
    return {"type": "text", "text": text}


def turn(*content: Json, expect: Sequence[Any] = (), **more: Any) -> Json:
    return {"expect": list(expect), "content": list(content), **more}


def read(path: str) -> Json:
    return call("read_file", path=path, start_line=None, end_line=None)


def edit(path: str, old: str, new: str) -> Json:
    return call("edit_file", path=path, edits=[{"old_str": old, "new_str": new, "replace_all": False}])


def finish(summary: str = "Done.") -> Json:
    return call("finish", summary=summary)


def filled(turns: Sequence[Json]) -> list[Json]:
    """The turns of a script; where one does not say what it expects, anything will do."""
    out: list[Json] = []
    calls = 0
    for one in turns:
        out.append({**one, "expect": one["expect"] or [{"contains": ""}] * calls})
        calls = sum(block["type"] == "tool_use" for block in one["content"])
    return out


FIX = [
    turn(read("src/calc.py"), call("search_text", pattern="add(", regex=False, ignore_case=False, glob=None)),
    turn(
        edit("src/calc.py", "return a - b", "return a + b"),
        expect=[{"contains": "a - b"}, {"contains": "src/app.py"}],
    ),
    turn(
        call("write_file", path="src/extra.py", content="from calc import add\n\nTHREE = add(1, 2)\n"),
        expect=[{"contains": "Edited src/calc.py: +1 -1"}],
    ),
    turn(finish("add() adds now."), expect=[{"contains": "Created src/extra.py"}]),
]
"""A whole small task on `kit.PROJECT`: four turns."""


@dataclass
class Stage:
    """A workspace, its state folder and a job."""

    root: Path
    dirs: StateDirs
    request: AttemptRequest
    environ: dict[str, str]

    @property
    def blobs(self) -> BlobStore:
        return BlobStore(Path(self.request.job_dir) / "blobs")

    def script(self, turns: Sequence[Json]) -> None:
        path = self.dirs.base / "script.json"
        path.write_text(json.dumps({"turns": filled(turns)}))
        self.environ["AGENT_LS_SCRIPT"] = str(path)

    def resumed(self, records: Sequence[Json]) -> Stage:
        return replace(self, request=replace(self.request, resume=tuple(records)))

    async def run(self, owner: OwnersEnd, model: Model | None = None) -> Outcome:
        resources = Resources(
            self.environ, dirs=self.dirs, model=None if model is None else lambda _wire: model
        )
        attempt = Attempt(self.request, owner, resources)
        try:
            outcome = await attempt.run()
        finally:
            await resources.close()
        await owner.record(outcome)
        return outcome

    def texts(self, files: Sequence[DraftFile]) -> dict[str, str | None]:
        """A plan by its texts."""
        return {f.path: None if f.after is None else self.blobs.get(f.after).decode() for f in files}


def stage(
    tmp_path: Path,
    turns: Sequence[Json] = FIX,
    files: Mapping[str, str | bytes] | None = None,
    *,
    intent: Intent | None = None,
    buffers: Mapping[str, str] | None = None,
    budget: Budget | None = None,
    **more: Any,
) -> Stage:
    """Set a stage: by default an untrusted workspace, in which nothing is run."""
    root = project(tmp_path / "ws", files)
    environ = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "AGENT_LS_STATE_DIR": str(tmp_path / "state"),
        "AGENT_LS_CONFIG_DIR": str(tmp_path / "config"),
        "AGENT_LS_CACHE_DIR": str(tmp_path / "cache"),
    }
    dirs = state_dirs(environ)
    job = JobId("j1")
    job_dir = dirs.job(root, job)
    job_dir.mkdir(parents=True)
    blobs = BlobStore(job_dir / "blobs")
    request = AttemptRequest(
        job=job,
        intent=intent or Intent(IntentKind.DELEGATE, "Fix add", "Make add() add."),
        root=str(root),
        job_dir=str(job_dir),
        index_db=str(dirs.index_db(root)),
        buffers={RelPath(p): blobs.put(t.encode()) for p, t in (buffers or {}).items()},
        budget=budget or Budget(),
        **more,
    )
    made = Stage(root, dirs, request, environ)
    made.script(turns)
    return made
