"""``doctor``: what is set up, what is missing, and the remedy for each."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from agent_ls import __version__
from agent_ls.core.attempt import ModelChoice
from agent_ls.core.errors import AgentLsError
from agent_ls.faces.cli.session import Place
from agent_ls.index.query import Index
from agent_ls.jobs.trust import Trust
from agent_ls.model.configured import SourceKind, configured, model_names, not_configured
from agent_ls.model.local import find_local_servers
from agent_ls.model.probe import probe
from agent_ls.verify.check import measured_checks, missing_program, named_checks
from agent_ls.verify.detection import detect_checks
from agent_ls.verify.sandbox import NoSandbox, detect
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.config import USER_FILE
from agent_ls.workspace.process import find_program, run
from agent_ls.workspace.snapshot import Snapshot
from agent_ls.workspace.state import private_dir

_EDITORS = {
    "nvim": "Neovim",
    "code": "VS Code",
    "hx": "Helix",
    "emacs": "Emacs",
    "kate": "Kate",
    "vim": "Vim",
}


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``ok`` is ``None`` for what is neither right nor wrong."""

    name: str
    ok: bool | None
    text: str
    remedy: str = ""


def good(name: str, text: str) -> Finding:
    return Finding(name, ok=True, text=text)


def bad(name: str, text: str, remedy: str) -> Finding:
    return Finding(name, ok=False, text=text, remedy=remedy)


def note(name: str, text: str, remedy: str = "") -> Finding:
    return Finding(name, ok=None, text=text, remedy=remedy)


async def doctor(here: Place, options: Namespace) -> int:
    """Look at everything; 0 when nothing is wrong, 1 otherwise."""
    findings = [
        note("agent-ls", f"{__version__}, Python {sys.version.split()[0]}, {sys.platform}"),
        _state(here),
        *_settings(here),
        await _model(here),
        *(await _local_servers()),
        await _sandbox(here),
        await _grammars(here),
        await _git(here),
        _trust(here),
        *_checks(here),
        _index(here),
        _editors(here.environ),
    ]
    if options.json:
        sys.stdout.write(json.dumps({"findings": [asdict(f) for f in findings]}) + "\n")
    else:
        for finding in findings:
            _show(here, finding)
    return 1 if any(f.ok is False for f in findings) else 0


def _show(here: Place, finding: Finding) -> None:
    mark, colour = {True: ("ok  ", "green"), False: ("FAIL", "red"), None: ("    ", "dim")}[finding.ok]
    here.out.line(f"{here.out.styled(mark, colour)} {finding.name}: {finding.text}")
    if finding.remedy:
        here.out.line(f"       → {finding.remedy}")


def _state(here: Place) -> Finding:
    try:
        private_dir(here.dirs.base)
    except (OSError, AgentLsError) as error:
        return bad("state", f"{here.dirs.base}: {error}", "Make it writable or set AGENT_LS_STATE_DIR")
    return good("state", str(here.dirs.base))


def _settings(here: Place) -> list[Finding]:
    file = here.dirs.config / USER_FILE
    if not here.problems:
        return [note("settings", f"{file}{'' if file.exists() else ' (none yet; everything has a default)'}")]
    return [
        bad("settings", problem, f"docs/settings.md lists what {file} may say") for problem in here.problems
    ]


async def _model(here: Place) -> Finding:
    models = here.settings.models
    source = configured(here.environ, models.base_url)
    work = model_names(ModelChoice(models.work, models.explain, models.escalate), here.environ).work
    if source.kind is SourceKind.SCRIPT:
        return note("model", source.sentence, "Unset AGENT_LS_SCRIPT to use a model")
    by_command = models.api_key_command and source.credential in ("", "no key")
    if by_command:
        return note(
            "model", f"{work} with the key of api_key_command (not run now: it may ask for a password)"
        )
    if source.kind is SourceKind.NONE:
        missing = not_configured()
        return note("model", missing.what, missing.remedy)
    problem = await probe(source, here.environ, work)
    if problem is not None:
        return bad("model", f"{work} at {source.sentence}: {problem.what}", problem.remedy)
    return good("model", f"{work} at {source.sentence} (just asked for; costs nothing)")


async def _local_servers() -> list[Finding]:
    found = await find_local_servers()
    return [
        Finding(
            "local model server",
            None,
            f"{server.name}: {', '.join(server.models) or 'no model loaded'}",
            f"ANTHROPIC_BASE_URL={server.base_url} uses it",
        )
        for server in found
    ]


async def _sandbox(here: Place) -> Finding:
    box = await detect(here.root, private_dir(here.dirs.base), here.environ)
    if isinstance(box, NoSandbox):
        return bad("sandbox", box.reason, box.remedy)
    return good("sandbox", f"{box.name}: cannot write outside, read the home or reach a socket (just tried)")


_GRAMMARS = "import json; from agent_ls.index.languages import lacking, missing; print(json.dumps([missing(), lacking()]))"


async def _grammars(here: Place) -> Finding:
    """Loaded in a process of their own: one that crashes must not take the doctor with it."""
    argv = [sys.executable, "-P", "-c", _GRAMMARS]
    done = await run(argv, cwd=private_dir(here.dirs.base), env=dict(here.environ), timeout_s=30)
    try:
        missing, lacking = json.loads(done.output)
    except ValueError:
        return bad("grammars", "they crash when loaded", "Reinstall agent-ls with its dependencies")
    if missing:
        return bad("grammars", f"not loadable: {', '.join(missing)}", "Reinstall agent-ls")
    words = [f"no {what} in {', '.join(found)}" for what, found in lacking.items() if what != "all"]
    if "all" in lacking:
        words.append(f"not installed: {', '.join(lacking['all'])} (install agent-ls again)")
    return good("grammars", "; ".join(["all load", *words]))


async def _git(here: Place) -> Finding:
    git = find_program("git", outside=here.root, path=here.environ.get("PATH"))
    if git is None:
        return note("git", "not found", "Install git for `--branch` and for history in the context")
    done = await run([str(git), "--version"], cwd=here.root, env={"PATH": os.defpath}, timeout_s=10)
    return good("git", done.output.decode("utf-8", "replace").strip())


def _trust(here: Place) -> Finding:
    doubt = Trust(here.dirs.trust_file()).doubt(here.root)
    if doubt:
        return note("trust", doubt, "`agent-ls trust` lets its checks run")
    return good("trust", f"{here.root} is trusted")


def _checks(here: Place) -> list[Finding]:
    """Which checks prove a plan here, and whether their programs are there; nothing is run."""
    settings, root = here.settings.checks, here.root
    checks = named_checks(settings.commands)
    if not checks:
        with tempfile.TemporaryDirectory(prefix="agent-ls-", dir=private_dir(here.dirs.base)) as folder:
            base = Snapshot(root, {}, BlobStore(Path(folder)))
            checks = detect_checks(base.files(), base.read)
    if not checks:
        return [
            note(
                "checks",
                "none found, so plans stay unverified",
                "Name them: `commands` in the table `checks`",
            )
        ]
    found: list[Finding] = []
    for check in (*checks, *measured_checks(settings.measures)):
        missing = missing_program(check, root, here.environ)
        told = f"{check.name}: {' '.join(check.argv)}"
        remedy = f"Install {missing}, or name your checks in the settings"
        found.append(
            note("check", f"{told} cannot run: {missing} was not found", remedy)
            if missing
            else good("check", told)
        )
    return found


def _index(here: Place) -> Finding:
    index = Index(here.dirs.index_db(here.root))
    try:
        status = index.status()
    finally:
        index.close()
    if status.building:
        named = max(status.named, status.done)
        return good(
            "index",
            f"being made: {status.done} of {status.total} files are in, names of {named} can be found, "
            f"nothing yet of {status.total - named}",
        )
    if not status.files:
        return note(
            "index", "none yet for this folder", "`agent-ls index` makes it; a server does so by itself"
        )
    left_out = ", ".join(f"{reason} {count}" for reason, count in sorted(status.skipped.items()))
    return good("index", f"{status.files} files, {status.symbols} symbols; left out: {left_out or 'nothing'}")


def _editors(environ: Mapping[str, str]) -> Finding:
    path = [Path(entry) for entry in environ.get("PATH", os.defpath).split(os.pathsep) if entry]
    found = [name for program, name in _EDITORS.items() if any(os.access(p / program, os.X_OK) for p in path)]
    return note("editors", ", ".join(found) or "none found", "editors/README.md connects yours")
