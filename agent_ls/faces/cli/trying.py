"""``try``: what agent-ls does on the user's own repository, without a model, changing nothing."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from argparse import Namespace
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.job import Intent, IntentKind, Site
from agent_ls.core.paths import RelPath
from agent_ls.faces.cli.asking import somebody_there, yes_or_no
from agent_ls.faces.cli.disk import DiskPort
from agent_ls.faces.cli.looking import index_lines
from agent_ls.faces.cli.manifest import Manifest, manifest
from agent_ls.faces.cli.session import Place, opened
from agent_ls.faces.cli.trust import meaning
from agent_ls.index.context import context as find_context
from agent_ls.index.facts import Definition
from agent_ls.index.names import DATA, language_of
from agent_ls.index.report import IndexReport
from agent_ls.jobs.service import Service
from agent_ls.verify.folder import last_line, prove_folder
from agent_ls.workspace.process import find_program, run
from agent_ls.workspace.state import state_dirs

_GIT_S: Final = 30.0
_SHOWN_FILES: Final = 10
_SHOWN_DIFF: Final = 40
_WIDTH: Final = 300
_GIT_SAFE: Final = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false"),
    "--no-pager",
)
_GIT_LOG: Final = ("-60", "--no-merges", "--relative", "--name-only", "-z", "--format=%x01%H%x02%B%x02")
_BUDGET: Final = 8000
_RENAMED: Final = ("function", "class", "method", "struct", "interface")
_LOOKED_AT: Final = 400
_TRIED: Final = 12
_FEWEST, _MOST = 2, 6  # files that a good example of a rename touches
_ENGINES: Final = (("python", ("ruff", "check", "--fix")), ("javascript", ("eslint", "--fix", ".")))


async def try_repository(here: Place, options: Namespace) -> int:
    """Show it; 0 when the folder is hash-identical at the end."""
    before = await asyncio.to_thread(manifest, here.root)
    if not before.hashed:
        raise WorkspaceError(
            f"{here.root} holds no source files to look at", remedy="Name your repository with -C DIR"
        )
    state = Path(tempfile.mkdtemp(prefix="agent-ls-try-"))
    dirs = state_dirs({**here.environ, "AGENT_LS_STATE_DIR": str(state)})
    try:
        tour = _Tour(replace(here, dirs=dirs), yes=options.yes)
        async with opened(tour.here) as service:
            await tour.walk(service)
        return tour.leave(before)
    finally:
        shutil.rmtree(state, ignore_errors=True)


@final
class _Tour:
    def __init__(self, here: Place, *, yes: bool) -> None:
        self.here = here
        self._yes = yes
        self._out = here.out

    async def walk(self, service: Service) -> None:
        self._out.line(
            f"agent-ls on {self.here.root}: no model is called, no file of yours is changed.", "bold"
        )
        self._title("The index")
        report = await service.indexer.refresh()
        for line in index_lines(report):
            self._say(line)
        await self._context(service)
        await self._rename(service)
        if await self._trusted():
            service.trust(trusted=True)
            await self._engine(service, report)
            await self._tests()

    # --- the context ------------------------------------------------------------------

    async def _context(self, service: Service) -> None:
        self._title("The context for a commit's message, beside what that commit touched")
        indexed = {path for path in service.index.files() if language_of(path) not in DATA}
        commit = await _newest_commit(self.here, indexed)
        if commit is None:
            self._say("No commit here touches code that is indexed: there is nothing to compare with.")
            return
        known = commit.touched & indexed
        self._say(f"{commit.name[:9]} “{commit.title}” touched {_files(len(known))} of those indexed")
        found = find_context(service.index, DiskPort(self.here.root).read, commit.message, None, _BUDGET)
        first = found.files[:_SHOWN_FILES]
        for file in first:
            hit = file.path in known
            self._say(
                f"{'✓' if hit else ' '} {file.path}  ({', '.join(file.why)})", *(("green",) if hit else ())
            )
        hits = sum(file.path in known for file in first)
        self._say(f"{hits} of {len(known)} among the first {len(first)}")

    # --- the rename -------------------------------------------------------------------

    async def _rename(self, service: Service) -> None:
        self._title("A rename across files, previewed")
        for path, definition in _candidates(service):
            new = definition.name + ("Renamed" if definition.name[:1].isupper() else "_renamed")
            intent = Intent(
                IntentKind.RENAME,
                f"Rename {definition.name} to {new}",
                new_name=new,
                site=Site(path, definition.name_span),
                site_hash=service.index.hash_of(path),
            )
            job = service.act(intent)
            view = await service.wait(job)
            if len(view.files) >= _FEWEST:
                detail = service.job(job)
                self._say(f"{definition.name} → {new}: {detail.summary}")
                self._diff(detail.patch)
                return
        self._say("No symbol here is used in several files in a way that the index resolves for sure.")

    # --- engine and tests -------------------------------------------------------------

    async def _trusted(self) -> bool:
        self._title("Your own tools: an engine, and your tests, in a scratch copy")
        if self._yes:
            return True
        for line in meaning(self.here).splitlines():
            self._say(line)
        if not somebody_there():
            self._say(
                "Nobody is at a terminal, so nothing is run. `--yes` trusts the folder for this run.",
                "yellow",
            )
            return False
        return await yes_or_no(self._out, "  Run them now, for this once?")

    async def _engine(self, service: Service, report: IndexReport) -> None:
        for language, argv in _ENGINES:
            if language in report.languages and find_program(
                argv[0], outside=self.here.root, path=self.here.environ.get("PATH")
            ):
                break
        else:
            self._say(
                "No engine fits (ruff for Python, eslint for JavaScript); `agent-ls run -- CMD` takes any program."
            )
            return
        command = " ".join(argv)
        job = service.run(Intent(IntentKind.RUN, f"Run: {command}", argv=argv))
        view = await service.wait(job)
        detail = service.job(job)
        if not view.has_plan:
            self._say(f"{command}: {view.problem or 'it changes nothing here'}"[:_WIDTH])
            return
        self._say(f"{command}: a plan of {_files(len(view.files))}, {view.verdict.value}")
        self._diff(detail.patch)

    async def _tests(self) -> None:
        here = self.here
        proven = await prove_folder(
            here.root, here.dirs, here.environ, allow_unsandboxed=here.settings.checks.allow_unsandboxed
        )
        if not proven.reports:
            self._say("No tests were detected; `--check CMD` names them for `delegate` and `run`.")
        for report in proven.reports:
            colour = "green" if report.status == "passed" else "yellow"
            self._say(
                f"{report.name} ({proven.where}): {report.status}: {last_line(report)}"[:_WIDTH], colour
            )
        if any(report.status in ("failed", "error") for report in proven.reports):
            self._say(
                "These are your files as they are. What a check needs must be installed for the Python on your "
                "PATH, or in .venv or node_modules here."
            )

    # --- the end ----------------------------------------------------------------------

    def leave(self, before: Manifest) -> int:
        """Compare every file with how it was."""
        self._title("Your files")
        different = before.differences(manifest(self.here.root))
        if different:
            self._say(f"these are not as they were: {', '.join(different[:20])}", "red", "bold")
            return 1
        self._say(
            f"all {len(before.hashed)} files are hash-identical, {len(before.stamped)} others untouched",
            "green",
        )
        self._out.line()
        self._out.line(
            "Next: `agent-ls run -- CMD` makes a plan of what a program changes; `agent-ls doctor` says"
        )
        self._out.line(
            "what a model needs; `agent-ls delegate TASK` then gives it a task. editors/README.md: your editor."
        )
        return 0

    def _title(self, text: str) -> None:
        self._out.line()
        self._out.line(text, "bold")

    def _say(self, text: str, *styles: str) -> None:
        self._out.line(f"  {text}", *styles)

    def _diff(self, patch: str) -> None:
        lines = patch.removesuffix("\n").split("\n")
        self._out.diff("\n".join(lines[:_SHOWN_DIFF]), indent="    ")
        if len(lines) > _SHOWN_DIFF:
            self._say(f"  … {len(lines) - _SHOWN_DIFF} more lines")


@final
@dataclass(frozen=True, slots=True)
class _Commit:
    """One commit, and what it touched below the folder."""

    name: str
    message: str
    touched: frozenset[RelPath]

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0] or "(no message)"


async def _newest_commit(here: Place, indexed: Collection[RelPath]) -> _Commit | None:
    """The newest commit that touched one of these files; ``None`` without git, history or such a commit."""
    git = find_program("git", outside=here.root, path=here.environ.get("PATH"))
    if git is None:
        return None
    done = await run(
        [str(git), *_GIT_SAFE, "log", *_GIT_LOG],
        cwd=here.root,
        env={
            "PATH": here.environ.get("PATH", ""),
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "LC_ALL": "C",
            "HOME": str(here.dirs.base),
        },
        timeout_s=_GIT_S,
        stdout_only=True,
    )
    for entry in done.output.decode("utf-8", "surrogateescape").split("\x01")[1:]:
        name, message, listed, *_ = [*entry.split("\x02"), "", ""]
        paths = (part.strip("\n") for part in listed.split("\0"))
        touched = frozenset(RelPath(path) for path in paths if path)
        if not touched.isdisjoint(indexed):
            return _Commit(name, message.strip(), touched)
    return None


def _candidates(service: Service) -> list[tuple[RelPath, Definition]]:
    """A few symbols that files import from each other, the widest used first, but none that is everywhere."""
    found: list[tuple[int, RelPath, Definition]] = []
    for path in service.index.files()[:_LOOKED_AT]:
        users = {importer for importer in service.index.importers(path) if importer != path}
        if not users:
            continue
        for definition in service.index.outline(path):
            if definition.container or definition.kind not in _RENAMED or definition.name.startswith("_"):
                continue
            named = set(service.index.files_with(definition.name))
            if _FEWEST <= len(named) <= _MOST and not users.isdisjoint(named):
                found.append((len(users & named), path, definition))
    found.sort(key=lambda one: -one[0])
    return [(path, definition) for _, path, definition in found[:_TRIED]]


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
