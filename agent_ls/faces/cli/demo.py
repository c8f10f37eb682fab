"""``agent-ls demo``: the main job, end to end, with the real server as a process.

Plays an editor: opens a file of a sample project, looks at the menu, delegates, types into
the very file that is being changed, kills the agent worker, reviews, applies, tests, undoes.
Every claim on the screen was checked just before; the first that does not hold ends it red.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, final

from agent_ls.core.errors import AgentLsError, ConfigError
from agent_ls.core.job import JobId
from agent_ls.faces.cli.editor import Editor, ServerError
from agent_ls.faces.cli.editor_texts import Buffer
from agent_ls.faces.cli.script_match import matched_results
from agent_ls.faces.cli.terminal import Terminal
from agent_ls.model.configured import SourceKind, configured
from agent_ls.model.script import read_script
from agent_ls.verify.folder import last_line, prove_folder
from agent_ls.workspace.state import state_dirs

Json = dict[str, Any]

TASK: Final = "make send retry on timeouts, with the pauses of backoff; how often is a setting"
FILE: Final = "relay/client.py"
CURSOR: Final = "def send(self"
_TESTS: Final = ("python3", "-m", "unittest", "-q")
_TYPED: Final = "# The relay answers in UTF-8, whatever was asked.\n"
_TYPED_BEFORE: Final = "import time\n"
_SCRIPTED: Final = "scripted turns, no model was called"
_READY_S: Final = 900.0
_STEP_S: Final = 60.0
_ENDED: Final = frozenset({"ready", "failed", "cancelled", "out_of_budget", "interrupted"})


class DemoError(Exception):
    """Something that the demo claims does not hold."""


def demo(terminal: Terminal, environ: Mapping[str, str], *, live: bool, data: Path | None = None) -> int:
    """Run it; returns the exit code: 0 when every claim held, else 1.

    ``data``: a folder with ``project/`` and ``script.json`` instead of the ones we ship.
    """
    if live and configured(environ).kind is not SourceKind.SERVICE:
        raise ConfigError(
            "--live needs a model, and none is configured",
            kept="Nothing was started",
            remedy="Configure one, or run `agent-ls demo` without --live: it needs none",
        )
    folder = Path(tempfile.mkdtemp(prefix="agent-ls-demo-"))
    try:
        with _shipped() if data is None else nullcontext(data) as given:
            asyncio.run(_Demo(terminal, folder.resolve(), environ, live=live).run(given))
    except (DemoError, AgentLsError, ServerError, ConnectionError, TimeoutError) as error:
        said = error.sentence() if isinstance(error, AgentLsError) else str(error) or type(error).__name__
        terminal.line()
        terminal.line(f"The demo failed: {said}", "red", "bold")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _shipped() -> AbstractContextManager[Path]:
    return as_file(files("agent_ls.faces.cli").joinpath("demo_data"))


@final
class _Demo:
    def __init__(self, terminal: Terminal, folder: Path, environ: Mapping[str, str], *, live: bool) -> None:
        self._terminal = terminal
        self._root = folder / "relay-sample"
        self._state = folder / "state"
        self._dirs = state_dirs({**environ, "AGENT_LS_STATE_DIR": str(self._state)})
        self._live = live
        self._environ = environ
        self._step = 0
        self._typed = False
        self._killed = False

    async def run(self, data: Path) -> None:
        shutil.copytree(data / "project", self._root)
        script = data / "script.json"
        self._script = read_script(script.read_text("utf-8"), script.name)
        editor = await self._start_editor(script)
        try:
            await self._main_job(editor)
        finally:
            code = await editor.close()
        if code != 0:
            raise DemoError(f"the server ended with exit code {code}")
        self._next()

    # --- the steps --------------------------------------------------------------------

    async def _main_job(self, editor: Editor) -> None:
        original = texts_below(self._root)
        self._title("A sample project with a failing test")
        self._say(f"{len(original)} files in {self._root}")
        if await self._test("its tests"):
            raise DemoError("the sample's tests pass before anything was done")

        self._title("The editor opens a file and asks for the menu")
        buffer = editor.open(FILE)
        at = buffer.text.index(CURSOR) + len("def ")
        await editor.command("agentLs.trust", {"uri": self._root.as_uri(), "trusted": True})
        self._say("(the demo trusts its own sample, so that its tests may run)", "dim")
        action = await self._menu(editor, buffer, at)

        self._title(f"Delegate: {TASK}")
        argument = {**action["command"]["arguments"][0], "task": TASK}
        job = (await editor.command(action["command"]["command"], argument))["jobId"]
        typed = await self._watch(editor, buffer, job)
        detail = await editor.command("agentLs.job", {"jobId": job})
        if editor.state(job) != "ready":
            raise DemoError(f"the job ended {editor.state(job)}: {detail['problem']}")
        self._plan(detail)
        if not self._live:
            self._matched(job)

        self._title("Apply, as an editor does")
        await self._operation(editor, job, "agentLs.apply", "applied")
        if typed not in buffer.text:
            raise DemoError("the line that was typed is gone")
        self._say("the line typed meanwhile is there, byte for byte", "green")
        editor.save_all()
        if not await self._test("tests again"):
            raise DemoError("the tests fail after the plan was applied")

        self._title("Undo")
        await self._operation(editor, job, "agentLs.undo", "undone")
        if typed not in buffer.text:
            raise DemoError("the undo took the typed line with it")
        editor.type(buffer, buffer.text.index(typed), "", delete=len(typed))
        editor.save_all()
        different = sorted(name for name, data in changed(original, texts_below(self._root)).items() if data)
        if different:
            raise DemoError(f"after the undo these files differ: {', '.join(different)}")
        self._say(
            f"every byte of the {len(original)} files is back (the typed line survived and was then deleted)",
            "green",
        )

    async def _test(self, what: str) -> bool:
        """Run the sample's tests on its files of now; tell and return whether they passed."""
        proven = await prove_folder(
            self._root,
            self._dirs,
            self._environ,
            commands=[_TESTS],
            allow_unsandboxed=True,
            timeout_s=_STEP_S,
        )
        report = proven.reports[0]
        colour = "green" if proven.passed else "red"
        self._say(f"{what} in a scratch tree ({proven.where}): {report.status}: {last_line(report)}", colour)
        return proven.passed

    async def _menu(self, editor: Editor, buffer: Buffer, at: int) -> Json:
        actions: list[Json] = []
        for _ in range(100):  # the first facts of the file come within a moment
            actions = await editor.menu(buffer, at)
            if any("send" in action["title"] for action in actions):
                break
            await asyncio.sleep(0.05)
        for action in actions:
            self._say(f"• {action['title']}  [{action.get('kind', '')}]")
        found = next((a for a in actions if a["command"]["command"] == "agentLs.delegate"), None)
        if found is None:
            raise DemoError("the menu offers no delegation")
        return found

    async def _watch(self, editor: Editor, buffer: Buffer, job: str) -> str:
        """Follow the job; type and kill once it has begun to change the file."""
        shown = ""
        seen = 0
        async with asyncio.timeout(_READY_S):
            while editor.state(job) not in _ENDED:
                await editor.more_events(seen, timeout_s=_READY_S)
                for event in editor.job_events[seen:]:
                    shown = self._event(event, shown)
                    seen += 1
                await self._disturb(editor, buffer, job)
        if editor.state(job) == "ready" and not (self._typed and self._killed):
            raise DemoError("the job was over before the demo could type and kill")
        return _TYPED

    def _event(self, event: Json, shown: str) -> str:
        line = f"{event['state']}: {event['step']}" if event["step"] else event["state"]
        if line != shown:
            count = f"{event['done']}/{event['total']} " if event["total"] else ""
            self._say(f"{count}{line}", "dim")
        return line

    async def _disturb(self, editor: Editor, buffer: Buffer, job: str) -> None:
        if editor.state(job) in _ENDED:
            return
        detail = await editor.command("agentLs.job", {"jobId": job})
        if not self._typed and detail["turns"] >= 2:
            self._typed = True
            editor.type(buffer, buffer.text.index(_TYPED_BEFORE), _TYPED)
            self._say(f"→ meanwhile you type into {FILE}: {_TYPED.rstrip()}", "yellow")
        if not self._killed and detail["turns"] >= 4:
            status = await editor.command("agentLs.status", {})
            pid = status["folders"][0].get("workerPid")
            if pid:
                self._killed = True
                os.kill(pid, signal.SIGKILL)
                self._say(f"→ and somebody kills the agent worker (process {pid}, SIGKILL)", "yellow")

    def _plan(self, detail: Json) -> None:
        self._title("The plan")
        for check in detail["checks"]:
            sandbox = check["sandbox"] or "no sandbox"
            was = f", before: {check['baseline']}" if check["baseline"] else ""
            self._say(f"check {check['name']}: {check['status']} ({sandbox}{was})")
        self._say(f"verdict: {detail['verdict']}", "green" if detail["verdict"] == "verified" else "yellow")
        self._say(detail["plan"])
        self._say(f"{detail['turns']} turns; the killed worker's last whole turn was kept, none was repeated")
        if self._live and detail["costUsd"] is not None:
            self._say(f"cost: ${detail['costUsd']:.2f}")
        self._terminal.diff(detail["patch"], indent="    ")
        if detail["verdict"] != "verified":
            raise DemoError(f"the plan is {detail['verdict']}, not verified ({detail['verdictNote']})")

    def _matched(self, job: str) -> None:
        journal = self._dirs.job(self._root, JobId(job)) / "journal.jsonl"
        matched, expected = matched_results(self._script, journal)
        line = f"{matched}/{expected} tool results matched what the script was written against"
        self._say(line, "green" if matched == expected else "red")
        if matched != expected:
            raise DemoError(line)

    async def _operation(self, editor: Editor, job: str, command: str, state: str) -> None:
        told = len(editor.messages)
        await editor.command(command, {"jobId": job})
        await editor.until(
            lambda: len(editor.messages) > told and editor.state(job) == state, timeout_s=_STEP_S
        )
        for message in editor.messages[told:]:
            self._say(message)

    # --- the screen -------------------------------------------------------------------

    async def _start_editor(self, script: Path) -> Editor:
        env = {
            **self._environ,
            "AGENT_LS_STATE_DIR": str(self._state),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if not self._live:
            env["AGENT_LS_SCRIPT"] = str(script)
        argv = [
            sys.executable,
            "-P",
            "-m",
            "agent_ls",
            "serve",
            "--log-file",
            str(self._state.parent / "server.log"),
        ]
        return await Editor.start(argv, self._root, env=env)

    def _title(self, text: str) -> None:
        self._step += 1
        note = "" if self._live else f"   ({_SCRIPTED})"
        self._terminal.line()
        self._terminal.line(f"{self._step}. {text}{note}", "bold")

    def _say(self, text: str, *styles: str) -> None:
        for line in text.splitlines():
            self._terminal.line(f"   {line}", *styles)

    def _next(self) -> None:
        self._terminal.line()
        note = "" if self._live else f" ({_SCRIPTED})"
        self._terminal.line(f"The demo ended green{note}.", "green", "bold")
        for line in (
            "Next, on your own code:",
            "  agent-ls try -C DIR        your repository, no model, nothing is changed",
            "  agent-ls doctor            what is set up and what is missing, with remedies",
            "  in your editor             start `agent-ls` as a language server (editors/README.md)",
        ):
            self._terminal.line(line)


def texts_below(root: Path) -> dict[str, bytes]:
    """Every file's bytes by its path below a folder; interpreters' caches are not files of the project."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, bool]:
    """By path: whether a file differs between two states (absent on one side counts)."""
    return {name: before.get(name) != after.get(name) for name in {*before, *after}}
