"""Texts put before the user: a real file, shown by the editor where it can.

Real files open everywhere; a virtual document needs a registration in one editor and is empty in
the next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

from agent_ls.core.errors import WorkspaceError
from agent_ls.faces.lsp.client import ClientError
from agent_ls.faces.lsp.editor import Editor
from agent_ls.faces.lsp.json_values import as_object
from agent_ls.faces.lsp.peer import Peer
from agent_ls.faces.lsp.uris import path_to_uri
from agent_ls.workspace.state import private_dir

_log = logging.getLogger(__name__)
_SHOW_S: Final = 10.0


@final
class Shown:
    """The folder of such files, one per name, readable for the user only."""

    def __init__(self, folder: Path, peer: Peer, editor: Editor, notice: Callable[[str], None]) -> None:
        self._folder = folder
        self._peer = peer
        self._editor = editor
        self._notice = notice

    def write(self, name: str, data: bytes) -> Path:
        """Put a text into its file.

        Raises:
            WorkspaceError: the state directory cannot be written.
        """
        try:
            path = private_dir(self._folder) / name
            path.write_bytes(data)
            path.chmod(0o600)
        except OSError as error:
            raise WorkspaceError(
                f"{name} cannot be written: {error.strerror}",
                kept="The job is as it was",
                remedy=f"Make {self._folder} writable",
            ) from error
        return path

    async def show(self, path: Path, what: str) -> None:
        """Have the editor open a file; where it cannot, say where ``what`` stands."""
        if self._editor.show_document:
            params = {"uri": path_to_uri(path), "takeFocus": True}
            try:
                answer = await self._peer.request("window/showDocument", params, timeout_s=_SHOW_S)
            except (ClientError, TimeoutError) as error:
                _log.info("the editor did not show %s: %s", what, error)
            else:
                if (as_object(answer) or {}).get("success") is not False:
                    return
        self._notice(f"{what} stands in {path}")
