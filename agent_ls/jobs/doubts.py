"""What of a plan deserves a look of its own before it lands. Pure."""

from __future__ import annotations

from agent_ls.core.edits import ChangeSet, Op
from agent_ls.core.job import Intent
from agent_ls.core.paths import RelPath
from agent_ls.workspace import names


def doubts(changes: ChangeSet, intent: Intent) -> dict[RelPath, str]:
    """The files of a plan that a person should say yes to one by one, and why.

    Deletions; files that decide what other programs run; and, where the user named the files to
    work on, changes of others (new ones are what an agent is asked for, and can do no harm to old).
    """
    named = {*intent.files, *([intent.site.path] if intent.site else [])} if intent.files else None
    found: dict[RelPath, str] = {}
    for change in changes:
        if change.op is Op.DELETE:
            found[change.path] = "the file is deleted"
        elif reason := names.mark(change.path):
            found[change.path] = reason
        elif named is not None and change.op is not Op.CREATE and change.source not in named:
            found[change.path] = "not one of the files that you named"
    return found
