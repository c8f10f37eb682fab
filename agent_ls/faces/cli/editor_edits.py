"""Workspace edits on the buffers of an editor and the files of its folder: whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

from agent_ls.faces.cli.editor_texts import (
    Buffer,
    EditRefusedError,
    apply_text_edits,
    offset,
    path_of,
)

Json = dict[str, Any]


@final
class Landing:
    """Applies edits; what is open is changed in its buffer, what is closed opens for it, as in VS Code."""

    def __init__(
        self,
        root: Path,
        buffers: dict[str, Buffer],
        *,
        opened: Callable[[str, str], Buffer],
        notify: Callable[[str, Any], None],
    ) -> None:
        """``opened`` opens a file of the folder by its name and language, ``notify`` tells the server."""
        self._root = root
        self._buffers = buffers
        self._open = opened
        self._notify = notify

    def land(self, edit: Json, encoding: str) -> None:
        """Apply a workspace edit.

        Raises:
            EditRefusedError: a part of it does not fit; nothing was changed.
        """
        for step in self._checked(edit, encoding):
            step()

    def _checked(self, edit: Json, encoding: str) -> list[Callable[[], None]]:
        """Every step of the edit, after all of it was found to fit."""
        steps: list[Callable[[], None]] = []
        texts: dict[str, str | None] = {}
        for operation in edit.get("documentChanges") or _documents(edit.get("changes") or {}):
            kind = operation.get("kind")
            if kind == "create":
                texts[operation["uri"]] = ""
                steps.append(lambda uri=operation["uri"]: _create(uri))
            elif kind == "delete":
                texts[operation["uri"]] = None
                steps.append(lambda uri=operation["uri"]: self._remove(uri))
            elif kind == "rename":
                old, new = operation["oldUri"], operation["newUri"]
                texts[new], texts[old] = self._text(old, texts), None
                steps.append(lambda old=old, new=new: self._rename(old, new))
            else:
                self._check_version(operation["textDocument"])
                uri = operation["textDocument"]["uri"]
                texts[uri] = apply_text_edits(self._text(uri, texts), operation["edits"], encoding)
                steps.append(lambda uri=uri, edits=operation["edits"]: self._edit(uri, edits, encoding))
        return steps

    def _check_version(self, identifier: Json) -> None:
        buffer = self._buffers.get(identifier["uri"])
        wanted = identifier.get("version")
        if buffer is not None and wanted is not None and wanted != buffer.version:
            raise EditRefusedError(f"the edit is for version {wanted}, the text has {buffer.version}")

    def _text(self, uri: str, texts: dict[str, str | None]) -> str:
        if uri in texts:
            text = texts[uri]
        elif uri in self._buffers:
            text = self._buffers[uri].text
        else:
            path = path_of(uri)
            text = path.read_bytes().decode("utf-8") if path.is_file() else None
        if text is None:
            raise EditRefusedError(f"{path_of(uri).name} does not exist")
        return text

    def _edit(self, uri: str, edits: list[Json], encoding: str) -> None:
        if uri not in self._buffers:
            self._open(str(path_of(uri).relative_to(self._root)), "python")
        buffer = self._buffers[uri]
        before = buffer.text
        buffer.text = apply_text_edits(before, edits, encoding)
        buffer.version += 1
        # Told from the end to the start, each change in the coordinates that hold before it.
        ordered = sorted(edits, key=lambda e: offset(before, e["range"]["start"], encoding), reverse=True)
        changes = [{"range": e["range"], "text": e["newText"]} for e in ordered]
        self._notify("textDocument/didChange", did_change(buffer, changes))

    def _remove(self, uri: str) -> None:
        self._forget(uri)
        path_of(uri).unlink(missing_ok=True)

    def _rename(self, old: str, new: str) -> None:
        buffer = self._forget(old)
        path_of(new).parent.mkdir(parents=True, exist_ok=True)
        path_of(old).rename(path_of(new))
        if buffer is not None:
            path_of(new).write_bytes(buffer.text.encode("utf-8"))
            self._open(str(path_of(new).relative_to(self._root)), buffer.language)

    def _forget(self, uri: str) -> Buffer | None:
        buffer = self._buffers.pop(uri, None)
        if buffer is not None:
            self._notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        return buffer


def did_change(buffer: Buffer, changes: list[Json]) -> Json:
    """The parameters of ``textDocument/didChange``."""
    identifier = {"uri": buffer.uri, "version": buffer.version}
    return {"textDocument": identifier, "contentChanges": changes}


def _create(uri: str) -> None:
    path = path_of(uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def _documents(changes: Mapping[str, list[Json]]) -> list[Json]:
    return [{"textDocument": {"uri": uri, "version": None}, "edits": edits} for uri, edits in changes.items()]
