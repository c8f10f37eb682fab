"""``trust``: the user's word that a folder's checks and engines may run."""

from __future__ import annotations

from argparse import Namespace

from agent_ls.core.errors import UsageError
from agent_ls.faces.cli.asking import somebody_there, yes_or_no
from agent_ls.faces.cli.session import Place
from agent_ls.jobs.trust import Trust
from agent_ls.workspace.config import PROJECT_FILE, project_file


async def trust(here: Place, options: Namespace) -> int:
    """Give or take the word; on a terminal the meaning is shown and the answer asked for."""
    words = Trust(here.dirs.trust_file())
    if options.revoke:
        words.take(here.root)
        here.out.line(f"{here.root} is no longer trusted: nothing of it runs.")
        return 0
    project = project_file(here.root)
    here.err.line(_meaning(here, project))
    if somebody_there() and not await yes_or_no(here.err, "Trust it?"):
        raise UsageError("Not trusted", kept="Nothing was changed")
    words.give(here.root, project)  # what was shown, not what may stand there by now
    here.out.line(f"{here.root} is trusted.")
    return 0


def meaning(here: Place) -> str:
    """What trusting this folder means, in full."""
    return _meaning(here, project_file(here.root))


def _meaning(here: Place, project: bytes | None) -> str:
    lines = [
        f"Trusting {here.root} lets agent-ls run this folder's own checks (its tests, linters) and your engines in it:",
        "in a scratch copy, in a sandbox without network and without your home, where one works (`agent-ls doctor`).",
        "Your word is for this path and for the content that its project file has now.",
    ]
    if project is None:
        lines.append(f"{PROJECT_FILE} cannot be read: nothing will run until that is mended.")
    elif content := project.decode("utf-8", "replace").strip():
        lines += [f"{PROJECT_FILE} says:", *(f"  {line}" for line in content.splitlines())]
    return "\n".join(lines)
