"""What the agent's tests share: a small project, an owner's end of the line, a bench for tools."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.agent.search import DraftSearcher, SearchProcess
from agent_ls.agent.tools.toolbox import run_calls
from agent_ls.core.attempt import Checked, Event, Outcome
from agent_ls.core.codec import from_json, to_json
from agent_ls.core.job import CheckReport, Intent, IntentKind, JobState, Question, Verdict
from agent_ls.core.paths import RelPath
from agent_ls.core.steps import PlanStep
from agent_ls.core.text import content_hash
from agent_ls.index.query import Index
from agent_ls.model.protocol import ToolCall
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot

PROJECT = {
    "src/calc.py": "def add(a, b):\n    return a - b\n\n\ndef double(x):\n    return add(x, x)\n",
    "src/app.py": "from calc import add, double\n\nprint(add(1, 2), double(3))\n",
    "test_calc.py": (
        "import sys\nimport unittest\n\nsys.path.insert(0, 'src')\n\nfrom calc import add\n\n\n"
        "class AddTest(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    ),
    "README.md": "# calc\n",
}


def project(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """Write files below a folder and return it."""
    for path, text in (PROJECT if files is None else files).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder by its hash."""
    return {
        str(p.relative_to(folder)): content_hash(p.read_bytes())
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.is_symlink()
    }


class OwnersEnd:
    """`Link` that journals in memory, through the codec as a real owner does.

    ``stop_at``: the number of the record at which the worker "dies": it is written, the
    acknowledgement never comes.
    """

    def __init__(self, answers: Mapping[str, str] | None = None, stop_at: int = -1) -> None:
        self.records: list[dict[str, Any]] = []
        self.steps: list[str] = []
        self.answers = dict(answers or {})
        self.texts: list[str] = []
        self.stop_at = stop_at
        self.on_record: Callable[[Event], None] = lambda _: None
        self.stopped = asyncio.Event()

    async def record(self, event: Event) -> None:
        self.records.append({"event": type(event).__name__, "value": to_json(event)})
        self.on_record(event)
        if len(self.records) == self.stop_at:
            self.stopped.set()
            await asyncio.Event().wait()

    def progress(self, step: str, state: JobState = JobState.RUNNING) -> None:
        self.steps.append(step)

    def told(self) -> list[str]:
        texts, self.texts = self.texts, []
        return texts

    def has_told(self) -> bool:
        return bool(self.texts)

    async def answer(self, question: Question) -> str | None:
        return self.answers.get(question.text)

    def names(self) -> list[str]:
        return [record["event"] for record in self.records]

    def of(self, kind: type[Any]) -> list[Any]:
        return [
            from_json(kind, record["value"]) for record in self.records if record["event"] == kind.__name__
        ]

    def outcome(self) -> Outcome:
        return self.of(Outcome)[-1]


@dataclass
class StandInProver:
    """Stands for the checks where a test is about something else: fails while a file holds a word."""

    bad_word: str = "BROKEN"
    required: bool = False
    proven: list[tuple[str, ...]] = field(default_factory=list)

    def names(self, draft: Overlay) -> tuple[str, ...]:
        return ("stand-in",)

    async def prove(self, draft: Overlay, only: frozenset[str] | None = None) -> Checked:
        changes = draft.changes()
        self.proven.append(tuple(change.path for change in changes))
        bad = any(self.bad_word.encode() in (change.after or b"") for change in changes)
        report = CheckReport(
            "stand-in", "failed" if bad else "passed", f"found {self.bad_word}" if bad else ""
        )
        return Checked((report,), Verdict.WORSE if bad else Verdict.VERIFIED, f"tree-{len(self.proven)}")

    @property
    def last(self) -> Checked | None:
        return None


class Unused:
    """Stands where a test must not come."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was used")


class FreeHand:
    """`Planner` of an attempt in which nobody asked for a plan first."""

    def require_leave(self) -> None: ...

    async def propose(self, turn: int, steps: tuple[PlanStep, ...]) -> str:
        return f"{len(steps)} steps"


class StandInAsker:
    async def ask(self, turn: int, text: str, choices: tuple[str, ...], default: str) -> str:
        return f"The user says: {default}"


@asynccontextmanager
async def bench_for(
    tmp_path: Path,
    files: Mapping[str, str | bytes] | None = None,
    *,
    buffers: Mapping[str, str] | None = None,
    intent: Intent | None = None,
    deadline_s: float = 20.0,
) -> AsyncIterator[Bench]:
    root = project(tmp_path / "ws", files)
    state = tmp_path / "state"
    state.mkdir()
    blobs = BlobStore(state / "blobs")
    unsaved = {RelPath(p): t.encode() for p, t in (buffers or {}).items()}
    draft = Overlay(Snapshot(root, unsaved, blobs))
    search = SearchProcess({"PATH": "/usr/bin:/bin"}, state, deadline_s=deadline_s)
    hashes = {path: blobs.put(data) for path, data in unsaved.items()}
    try:
        yield Bench(
            intent=intent or Intent(IntentKind.DELEGATE, "test", "do it"),
            shown=draft,
            draft=draft.fork(),
            index=Index(state / "index.db"),
            prover=StandInProver(),
            searcher=DraftSearcher(search, blobs, state / "blobs", hashes),
            asker=StandInAsker(),
            scripts=Unused(),
            explorer=Unused(),
            planner=FreeHand(),
            link=OwnersEnd(),
            turn=1,
        )
    finally:
        await search.close()


async def use(bench: Bench, name: str, /, **args: Any) -> str:
    """Call one tool as the model does; the text of its answer."""
    call = ToolCall("id", name, args)
    return (await run_calls(bench, [call]))[0]["content"]


async def refused(bench: Bench, name: str, /, **args: Any) -> str:
    """Call one tool that must refuse; the draft must be as before."""
    before = bench.draft.changes()
    (block,) = await run_calls(bench, [ToolCall("id", name, args)])
    assert block.get("is_error"), block["content"]
    assert bench.draft.changes() == before
    return block["content"]


def text_in(bench: Bench, path: str) -> str:
    data = bench.draft.read(RelPath(path))
    assert data is not None
    return data.decode()
