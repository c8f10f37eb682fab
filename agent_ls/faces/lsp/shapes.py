"""Are these params what the method takes? Tables instead of types, because typing is hot.

Every request and notification that the server knows by name is checked here before its
handler sees it, so that handlers index into params without fear. The tables name only what
handlers rely on: unknown members pass (clients send newer fields), missing or mistyped ones
are told in one sentence with their place. A test holds the tables against lsprotocol.
Checking costs a microsecond per member; importing lsprotocol costs a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from agent_ls.faces.lsp.json_values import as_array

Shape = Callable[[Any, str], str | None]
"""``shape(value, place)`` → the problem as a sentence, or ``None``."""


def anything(_value: Any, _at: str) -> str | None:
    return None


def string(value: Any, at: str) -> str | None:
    return None if isinstance(value, str) else f"{at} must be a string."


def boolean(value: Any, at: str) -> str | None:
    return None if isinstance(value, bool) else f"{at} must be true or false."


def number(value: Any, at: str) -> str | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    return None if fine else f"{at} must be a number."


def integer(value: Any, at: str) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return f"{at} must be a whole number."
    return None


def uint(value: Any, at: str) -> str | None:
    return integer(value, at) or (None if value >= 0 else f"{at} must not be negative.")


def mapping(value: Any, at: str) -> str | None:
    return None if isinstance(value, dict) else f"{at} must be an object."


def nothing(value: Any, at: str) -> str | None:
    """Params that carry no information: absent, null, or a structure nobody reads."""
    return None if value is None or isinstance(value, dict | list) else f"{at} must be absent or an object."


def nullable(shape: Shape) -> Shape:
    return lambda value, at: None if value is None else shape(value, at)


def array(item: Shape) -> Shape:
    def check(value: Any, at: str) -> str | None:
        items = as_array(value)
        if items is None:
            return f"{at} must be an array."
        for i, one in enumerate(items):
            problem = item(one, f"{at}[{i}]")
            if problem is not None:
                return problem
        return None

    return check


def obj(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    members = [(name, shape, True) for name, shape in required.items()]
    members += [(name, shape, False) for name, shape in (optional or {}).items()]

    def check(value: Any, at: str) -> str | None:
        if not isinstance(value, dict):
            return f"{at} must be an object."
        for name, shape, needed in members:
            if name in value:
                problem = shape(value[name], f"{at}.{name}")
                if problem is not None:
                    return problem
            elif needed:
                return f"{at}.{name} is missing."
        return None

    return check


POSITION: Final = obj({"line": uint, "character": uint})
RANGE: Final = obj({"start": POSITION, "end": POSITION})
DOCUMENT: Final = obj({"uri": string})
AT_POSITION: Final = obj({"textDocument": DOCUMENT, "position": POSITION})
IN_DOCUMENT: Final = obj({"textDocument": DOCUMENT})
FOLDER: Final = obj({"uri": string, "name": string})
DIAGNOSTIC: Final = obj({"range": RANGE, "message": string})
CODE_ACTION_CONTEXT: Final = obj(
    {"diagnostics": array(DIAGNOSTIC)}, {"only": nullable(array(string)), "triggerKind": nullable(integer)}
)
CHANGE: Final = obj({"text": string}, {"range": nullable(RANGE)})
FILE_EVENT: Final = obj({"uri": string, "type": integer})
FILES: Final = obj({"files": array(obj({"uri": string}))})
RENAMES: Final = obj({"files": array(obj({"oldUri": string, "newUri": string}))})

PARAMS: Final[dict[str, Shape]] = {
    "initialize": obj(
        {"capabilities": mapping},
        {
            "processId": nullable(integer),
            "rootUri": nullable(string),
            "rootPath": nullable(string),
            "clientInfo": nullable(obj({"name": string})),
            "workspaceFolders": nullable(array(FOLDER)),
        },
    ),
    "initialized": nothing,
    "shutdown": nothing,
    "exit": nothing,
    "$/cancelRequest": obj({"id": anything}),
    "$/setTrace": obj({"value": string}),
    "window/workDoneProgress/cancel": obj({"token": anything}),
    "workspace/didChangeConfiguration": obj({"settings": anything}),
    "workspace/didChangeWatchedFiles": obj({"changes": array(FILE_EVENT)}),
    "workspace/didChangeWorkspaceFolders": obj(
        {"event": obj({"added": array(FOLDER), "removed": array(FOLDER)})}
    ),
    "workspace/didCreateFiles": FILES,
    "workspace/didDeleteFiles": FILES,
    "workspace/didRenameFiles": RENAMES,
    "workspace/executeCommand": obj({"command": string}, {"arguments": nullable(array(anything))}),
    "workspace/symbol": obj({"query": string}),
    "workspace/textDocumentContent": obj({"uri": string}),
    "textDocument/didOpen": obj(
        {"textDocument": obj({"uri": string, "languageId": string, "version": integer, "text": string})}
    ),
    "textDocument/didChange": obj(
        {"textDocument": obj({"uri": string, "version": integer}), "contentChanges": array(CHANGE)}
    ),
    "textDocument/didSave": IN_DOCUMENT,
    "textDocument/didClose": IN_DOCUMENT,
    "textDocument/hover": AT_POSITION,
    "textDocument/definition": AT_POSITION,
    "textDocument/references": obj(
        {"textDocument": DOCUMENT, "position": POSITION, "context": obj({"includeDeclaration": boolean})}
    ),
    "textDocument/prepareRename": AT_POSITION,
    "textDocument/rename": obj({"textDocument": DOCUMENT, "position": POSITION, "newName": string}),
    "textDocument/documentSymbol": IN_DOCUMENT,
    "textDocument/codeLens": IN_DOCUMENT,
    "textDocument/inlayHint": obj({"textDocument": DOCUMENT, "range": RANGE}),
    "textDocument/codeAction": obj(
        {"textDocument": DOCUMENT, "range": RANGE, "context": CODE_ACTION_CONTEXT}
    ),
    "codeAction/resolve": obj({"title": string}),
    "codeLens/resolve": obj({"range": RANGE}),
    "agentLs/debug/documentText": obj({"uri": string}),
    "agentLs/debug/sleep": obj({"seconds": number}),
}


def problem_with(method: str, params: Any) -> str | None:
    """What is wrong with a message's params, or ``None``.

    Methods that the tables do not name (our own ``agentLs/*``) take an object or nothing.
    """
    shape = PARAMS.get(method)
    if shape is None:
        return None if params is None or isinstance(params, dict) else "params must be an object."
    return shape(params, "params")
