"""What the editor at the other end can do: its own words, corrected by the quirk table.

Legal is what the client advertised, or a row of `QUIRKS` that was seen to hold in that
editor. Every decision that depends on the editor asks an `Editor`, nobody else looks at raw
capabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast, final

Json = dict[str, Any]


@final
@dataclass(frozen=True, slots=True)
class Editor:
    """Facts about one editor."""

    name: str = ""
    version: str = ""
    document_changes: bool = False
    """Takes versioned text edits."""
    resource_operations: frozenset[str] = frozenset()
    """Of ``create``, ``rename``, ``delete``: what a WorkspaceEdit may hold."""
    annotations: bool = False
    """Takes change annotations; without a quirk row they only label."""
    previews: bool = False
    """Opens a preview before applying when one edit asks for confirmation."""
    edit_metadata: bool = False
    """Takes ``metadata`` with ``workspace/applyEdit``; eglot answers an error to what it does not know."""
    apply_edit: bool = False
    """Takes workspace/applyEdit. Kate (22.12) does and says neither that nor its name, so its user says it
    (``initializationOptions.applyEdit``)."""
    resolve_edit: bool = False
    show_document: bool = False
    message_request: bool = True
    questions: bool = False
    """Says that it shows messages with buttons."""
    confirms: bool = False
    """Asks the user about every edit of a server itself."""
    progress: bool = False
    lens_refresh: bool = False
    watch_files: bool = False
    configuration: bool = False
    diagnostics: bool = False
    """Takes textDocument/publishDiagnostics."""
    markdown: bool = False
    literal_actions: bool = False
    ends_lines: bool = False
    """Its buffers are lists of ended lines: what is inserted into a new, empty one gets a line end more."""
    tags_generated: bool = False
    """Knows the code-action tag `LLMGenerated`."""
    prompts: bool = False
    """Its plugin asks the user for the task itself (``initializationOptions.prompts``)."""
    reviews: bool = False
    """Its plugin shows plans itself (``initializationOptions.review``)."""
    asks: bool = False
    """Its plugin puts a job's questions before the user itself (``initializationOptions.questions``)."""
    events: bool = False
    """Asked for ``agentLs/jobChanged`` in its ``initializationOptions``."""


@final
@dataclass(frozen=True, slots=True)
class Quirk:
    """Something that holds in an editor though it does not say so, or the other way round."""

    editor: str
    """Lower-case start of ``clientInfo.name``."""
    why: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


QUIRKS: tuple[Quirk, ...] = (
    Quirk(
        "neovim", "does not advertise documentChanges, applies them (0.7 to 0.12)", {"document_changes": True}
    ),
    Quirk(
        "neovim", "ends the last line of what it inserts into a new file (0.7 to 0.12)", {"ends_lines": True}
    ),
    Quirk("visual studio code", "opens its Refactor Preview when an edit asks", {"previews": True}),
    Quirk("vscodium", "is Visual Studio Code under another name", {"previews": True}),
    Quirk("code-server", "is Visual Studio Code under another name", {"previews": True}),
    Quirk("code - oss", "is Visual Studio Code under another name", {"previews": True}),
    Quirk("eglot", "lists the files of every edit and asks (1.9 to 1.17)", {"confirms": True}),
    Quirk("emacs", "is eglot under another name", {"confirms": True}),
    Quirk("helix", "answers window/showMessageRequest with method not found", {"message_request": False}),
)


def read_editor(said: Json, info: Json, options: Json) -> Editor:
    """The facts of an editor from the capabilities, ``clientInfo`` and options of its ``initialize``.

    Odd shapes count as not advertised.
    """
    workspace, document, window = _at(said, "workspace"), _at(said, "textDocument"), _at(said, "window")
    edit = _at(workspace, "workspaceEdit")
    action = _at(document, "codeAction")
    editor = Editor(
        name=str(info.get("name", "")),
        version=str(info.get("version", "")),
        document_changes=edit.get("documentChanges") is True,
        resource_operations=frozenset(_strings(edit.get("resourceOperations"))),
        annotations="changeAnnotationSupport" in edit,
        edit_metadata=edit.get("metadataSupport") is True,
        apply_edit=workspace.get("applyEdit") is True or options.get("applyEdit") is True,
        resolve_edit="edit" in _strings(_at(action, "resolveSupport").get("properties")),
        show_document=_at(window, "showDocument").get("support") is True,
        progress=window.get("workDoneProgress") is True,
        lens_refresh=_at(workspace, "codeLens").get("refreshSupport") is True,
        watch_files=_at(workspace, "didChangeWatchedFiles").get("dynamicRegistration") is True,
        configuration=workspace.get("configuration") is True,
        diagnostics="publishDiagnostics" in document,
        markdown="markdown" in _strings(_at(document, "hover").get("contentFormat")),
        literal_actions="codeActionLiteralSupport" in action,
        tags_generated=1 in _numbers(_at(action, "tagSupport").get("valueSet")),
        questions="showMessage" in window,
        prompts=options.get("prompts") is True,
        reviews=options.get("review") is True,
        asks=options.get("questions") is True,
        events=options.get("events") is True,
    )
    for quirk in QUIRKS:
        if editor.name.lower().startswith(quirk.editor):
            editor = replace(editor, **dict(quirk.facts))
    return editor


def _at(value: Mapping[str, Any], key: str) -> Json:
    inner = value.get(key)
    return cast("Json", inner) if isinstance(inner, dict) else {}


def _strings(value: object) -> list[str]:
    return (
        [item for item in cast("list[object]", value) if isinstance(item, str)]
        if isinstance(value, list)
        else []
    )


def _numbers(value: object) -> list[int]:
    return (
        [item for item in cast("list[object]", value) if isinstance(item, int)]
        if isinstance(value, list)
        else []
    )
