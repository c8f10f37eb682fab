"""An editor, the real server as a process, the real worker, and a script where the model would be.

A script is played per job: it is written anew before each, so that many scenarios can share one
server. A job is held at a place by a question (`ask`), never by time.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_ls.faces.cli.editor import FULL, Editor
from agent_ls.faces.cli.editor_texts import Buffer

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
ENDED = ("ready", "failed", "cancelled", "out_of_budget", "interrupted", "applied", "discarded")


def call(name: str, **arguments: Any) -> Json:
    """A tool call of a scripted turn."""
    return {"type": "tool_use", "name": name, "input": arguments}


def look(path: str) -> Json:
    return call("read_file", path=path, start_line=None, end_line=None)


def change(path: str, *pairs: tuple[str, str]) -> Json:
    edits = [{"old_str": old, "new_str": new, "replace_all": False} for old, new in pairs]
    return call("edit_file", path=path, edits=edits)


def ask(question: str = "Go on?", choices: tuple[str, ...] = ("yes", "no"), default: str = "yes") -> Json:
    return call("ask_user", question=question, choices=list(choices), default=default)


def finish(summary: str = "Done.") -> Json:
    return call("finish", summary=summary)


def script(*turns: list[Json] | Json, pause_s: Mapping[int, float] | None = None) -> str:
    """A script of turns; tool results may be anything (what they hold is tested elsewhere)."""
    played: list[Json] = []
    answers = 0
    for number, turn in enumerate(turns):
        content = turn if isinstance(turn, list) else [turn]
        pause = (pause_s or {}).get(number, 0.0)
        played.append({"expect": [{"contains": ""}] * answers, "content": content, "pause_s": pause})
        answers = len(content)
    return json.dumps({"note": "scripted turns, no model was called", "turns": played})


def edits(path: str, *pairs: tuple[str, str], held: bool = False) -> str:
    """Read a file, (wait for an answer,) change it, finish."""
    return script([look(path)], *([[ask()]] if held else []), [change(path, *pairs)], [finish()])


def capabilities(**more: Any) -> Json:
    """Those of an editor that can do everything; ``workspace__workspaceEdit=…`` replaces a part."""
    made = copy.deepcopy(FULL)
    made["textDocument"]["publishDiagnostics"] = {}
    made["workspace"]["codeLens"] = {"refreshSupport": True}
    for name, value in more.items():
        *way, last = name.split("__")
        place = made
        for step in way:
            place = place.setdefault(step, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return made


class Actor(Editor):
    """The editor; ``hooks`` answer requests of the server instead of it, ``refused`` methods get an error."""

    hooks: dict[str, Callable[[Any], Any]]
    refused: frozenset[str]
    world: World

    def _serve(self, method: str, params: Any) -> Any:
        self.world.asked.append((method, params))
        hook = self.hooks.get(method)
        return hook(params) if hook else super()._serve(method, params)

    def _receive(self, message: Json) -> None:
        if message.get("method") in self.refused and "id" in message:
            error = {"code": -32601, "message": "method not found"}
            self._send({"id": message["id"], "error": error})
            self._changed.set()
            return
        super()._receive(message)

    def honest(self, params: Any) -> Any:
        """What the editor itself would do with an edit."""
        return super()._serve("workspace/applyEdit", params)


class World:
    """A workspace, a state directory, and the editor once it is started."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        self.root.mkdir(parents=True)
        self.folder = folder
        self.script_file = folder / "script.json"
        self.asked: list[tuple[str, Any]] = []
        self.editor: Actor
        config = folder / "config"
        config.mkdir()
        engines = {
            "shout": "p = pathlib.Path('shout.txt'); p.write_text(p.read_text().upper())",
            "latin": "p = pathlib.Path('latin.txt'); p.write_bytes(p.read_bytes() + b'\\xe9')",
        }
        named = "".join(
            f"[[engines]]\nname = {json.dumps(name)}\ntitle = {json.dumps(name.title())}\n"
            f"argv = {json.dumps([sys.executable, '-c', f'import pathlib; {code}'])}\n"
            for name, code in engines.items()
        )
        (config / "config.toml").write_text(f"[checks]\nallow_unsandboxed = true\n{named}")

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AGENT_LS_STATE_DIR": str(self.folder / "state"),
            "AGENT_LS_CONFIG_DIR": str(self.folder / "config"),
            "AGENT_LS_CACHE_DIR": str(self.folder / "cache"),
        }

    async def start(
        self,
        *,
        model: bool = True,
        environ: Mapping[str, str] | None = None,
        hooks: Mapping[str, Callable[[Any], Any]] | None = None,
        refused: tuple[str, ...] = (),
        settings: Any = None,
        **editor: Any,
    ) -> Actor:
        """Start a server for this workspace; its first question may come before this returns."""
        env = {**self.environ, **(environ or {})}
        if model:
            env["AGENT_LS_SCRIPT"] = str(self.script_file)
        argv = [sys.executable, "-P", "-m", "agent_ls", "serve", "--debug"]
        argv += ["--log-file", str(self.folder / "server.log")]
        Actor.hooks, Actor.refused, Actor.world = dict(hooks or {}), frozenset(refused), self
        settings_hook = {} if settings is None else {"workspace/configuration": lambda _p: [settings]}
        Actor.hooks.update(settings_hook)
        editor.setdefault("capabilities", capabilities())
        self.editor = await Actor.start(argv, self.root, env=env, **editor)
        self.editor.hooks, self.editor.refused, self.editor.world = Actor.hooks, Actor.refused, self
        return self.editor

    # --- what happens -----------------------------------------------------------------

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, name: str) -> str:
        """The text of now: the buffer, else the file."""
        uri = (self.root / name).as_uri()
        buffer = self.editor.buffers.get(uri)
        return buffer.text if buffer else (self.root / name).read_bytes().decode()

    def play(self, text: str) -> None:
        self.script_file.write_text(text)

    async def delegate(self, buffer: Buffer | None, at: int = 0, task: str = "do it", **more: Any) -> str:
        argument: Json = {"task": task, **more}
        if buffer is not None:
            argument["uri"] = buffer.uri
        return (await self.editor.command("agentLs.delegate", argument))["jobId"]

    async def until_state(self, job: str, *states: str) -> str:
        await self.editor.until(lambda: self.editor.state(job) in states, timeout_s=PATIENCE_S)
        return self.editor.state(job)

    async def until_told(self, part: str, *, since: int = 0) -> str:
        """A notice that holds a text."""

        def found() -> str | None:
            return next((m for m in self.editor.messages[since:] if part in m), None)

        try:
            await self.editor.until(lambda: found() is not None, timeout_s=PATIENCE_S)
        except TimeoutError:
            raise AssertionError(f"no notice says {part!r}: {self.editor.messages[since:]}") from None
        return found() or ""

    async def plan(self, buffer: Buffer, text: str, **more: Any) -> str:
        """A job that is ready. It is asked for at the buffer's first line."""
        self.play(text)
        job = await self.delegate(buffer, **more)
        state = await self.until_state(job, *ENDED)
        assert state == "ready", await self.job(job)
        return job

    async def plan_or(self, buffer: Buffer, text: str) -> str:
        """A job that has ended, with a plan or without."""
        self.play(text)
        job = await self.delegate(buffer)
        await self.until_state(job, *ENDED)
        return job

    async def job(self, job: str) -> Json:
        return await self.editor.command("agentLs.job", {"jobId": job})

    async def answer(self, job: str, answer: str = "yes") -> None:
        await self.until_state(job, "waiting")
        question = (await self.job(job))["question"]
        await self.editor.command(
            "agentLs.answer", {"jobId": job, "questionId": question["questionId"], "answer": answer}
        )

    async def operation(self, command: str, job: str, **more: Any) -> str:
        """Apply or undo; the notice that tells how it went."""
        before = len(self.editor.messages)
        await self.editor.command(command, {"jobId": job, **more})

        def told() -> list[str]:  # the notice that the plan is ready may still be on its way
            return [m for m in self.editor.messages[before:] if "the plan is ready" not in m]

        await self.editor.until(lambda: bool(told()), timeout_s=PATIENCE_S)
        return told()[0]

    async def until_facts(self, buffer: Buffer, title: str, at: int = 0) -> list[Json]:
        """The menu, once an entry holds a text (the first facts of a file come within a moment)."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                menu = await self.editor.menu(buffer, at)
                if any(title in entry["title"] for entry in menu):
                    return menu
                await asyncio.sleep(0.02)

    async def choose(self, menu: list[Json], title: str) -> Any:
        """Choose the entry whose title holds a text."""
        entry = next((e for e in menu if title in e["title"]), None)
        assert entry is not None, [e["title"] for e in menu]
        command = entry["command"] if isinstance(entry["command"], dict) else entry
        return await self.editor.command(command["command"], command["arguments"][0])


@asynccontextmanager
async def world(folder: Path, **how: Any) -> AsyncIterator[World]:
    """A started world; the server must leave in order at the end."""
    made = World(folder)
    await made.start(**how)
    try:
        yield made
    finally:
        code = await made.editor.close()
    assert code == 0, (folder / "server.log").read_text()[-3000:]
