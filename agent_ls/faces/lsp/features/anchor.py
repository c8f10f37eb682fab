"""Puts an empty ``agent:`` comment above the cursor, for editors that cannot ask for a text."""

from __future__ import annotations

from typing import Any, Final

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.text import line_ending
from agent_ls.faces.lsp.features.places import Here
from agent_ls.index.names import language_of
from agent_ls.jobs.port import Order

Json = dict[str, Any]
_COMMENTS: Final = {"python": "#"}
_SLASHES: Final = "//"


async def insert_anchor(here: Here) -> Json:
    """Ask the editor to add the comment line; the position behind the marker, where the user writes on.

    Raises:
        WorkspaceError: the language is not one whose comments we find, or the editor refused.
    """
    language = language_of(here.site.path)
    if language is None:
        raise WorkspaceError(
            f"agent-ls does not know how comments look in {here.site.path}",
            remedy="Use an editor command with a text, or `agent-ls delegate` on the command line",
        )
    data = here.text.data
    at = here.text.line_start(here.text.line_of(here.site.span.start))
    line = data[at : here.text.line_end(here.text.line_of(at))]
    indent = line[: len(line) - len(line.lstrip(b" \t"))]
    marker = here.folder.service.settings.anchors[0] if here.folder.service.settings.anchors else "agent:"
    comment = f"{_COMMENTS.get(language, _SLASHES)} {marker} ".encode()
    after = data[:at] + indent + comment + line_ending(data) + data[at:]
    landing = await here.folder.port.land(
        ChangeSet.of([FileChange(here.site.path, data, after)]),
        Order("Delegate: write the task here", reviewed=True),
    )
    if not landing.applied:
        raise WorkspaceError(
            f"The editor did not add the comment ({landing.reason})",
            remedy=f"Write it yourself: {comment.decode()}and the task",
        )
    # The line before is as it was, and what stands before the place on its own line is indentation and ASCII.
    return {"line": here.text.line_of(at), "character": len(indent) + len(comment)}
