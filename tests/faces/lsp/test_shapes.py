"""The tables of params, held against lsprotocol's types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from cattrs.errors import BaseValidationError
from lsprotocol import converters, types

from agent_ls.faces.lsp.capabilities import initialize_result
from agent_ls.faces.lsp.shapes import PARAMS, problem_with

CONVERTER = converters.get_converter()
PLACE = {"line": 1, "character": 2}
RANGE = {"start": PLACE, "end": PLACE}
DOCUMENT = {"uri": "file:///a"}
FOLDER = {"uri": "file:///a", "name": "a"}
GOOD: dict[str, Any] = {
    "initialize": {
        "processId": 1,
        "rootUri": None,
        "capabilities": {},
        "clientInfo": {"name": "n"},
        "workspaceFolders": [FOLDER],
    },
    "initialized": {},
    "$/cancelRequest": {"id": 3},
    "$/setTrace": {"value": "off"},
    "window/workDoneProgress/cancel": {"token": "t"},
    "workspace/didChangeConfiguration": {"settings": None},
    "workspace/didChangeWatchedFiles": {"changes": [{"uri": "file:///a", "type": 1}]},
    "workspace/didChangeWorkspaceFolders": {"event": {"added": [FOLDER], "removed": []}},
    "workspace/didCreateFiles": {"files": [{"uri": "file:///a"}]},
    "workspace/didDeleteFiles": {"files": [{"uri": "file:///a"}]},
    "workspace/didRenameFiles": {"files": [{"oldUri": "file:///a", "newUri": "file:///b"}]},
    "workspace/executeCommand": {"command": "c", "arguments": [{}]},
    "workspace/symbol": {"query": ""},
    "workspace/textDocumentContent": {"uri": "agent-ls:/a"},
    "textDocument/didOpen": {"textDocument": {**DOCUMENT, "languageId": "x", "version": 0, "text": ""}},
    "textDocument/didChange": {
        "textDocument": {**DOCUMENT, "version": -1},
        "contentChanges": [{"range": RANGE, "rangeLength": 0, "text": ""}, {"text": ""}],
    },
    "textDocument/didSave": {"textDocument": DOCUMENT, "text": "t"},
    "textDocument/didClose": {"textDocument": DOCUMENT},
    "textDocument/rename": {"textDocument": DOCUMENT, "position": PLACE, "newName": "n"},
    "textDocument/documentSymbol": {"textDocument": DOCUMENT},
    "textDocument/codeLens": {"textDocument": DOCUMENT},
    "textDocument/inlayHint": {"textDocument": DOCUMENT, "range": RANGE},
    "textDocument/codeAction": {
        "textDocument": DOCUMENT,
        "range": RANGE,
        "context": {
            "diagnostics": [{"range": RANGE, "message": "m", "code": 7}],
            "only": ["quickfix"],
            "triggerKind": 1,
        },
    },
    "codeAction/resolve": {"title": "t", "data": {"any": 1}},
    "codeLens/resolve": {"range": RANGE, "data": 1},
    "textDocument/references": {
        "textDocument": DOCUMENT,
        "position": PLACE,
        "context": {"includeDeclaration": True},
    },
    **{
        f"textDocument/{name}": {"textDocument": DOCUMENT, "position": PLACE}
        for name in ("hover", "definition", "prepareRename")
    },
}
KNOWN = [method for method in PARAMS if types.METHOD_TO_TYPES.get(method, (0, 0, None))[2] is not None]


def structured(method: str, params: Any) -> bool:
    """What lsprotocol thinks of params."""
    try:
        CONVERTER.structure(params, types.METHOD_TO_TYPES[method][2])
    except (BaseValidationError, AttributeError, KeyError, TypeError, ValueError):
        return False
    return True


def damaged(value: Any) -> Iterator[Any]:
    """Every value that is one member short."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: inner} for inner in damaged(value[key]))
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from ([*value[:i], inner, *value[i + 1 :]] for inner in damaged(one))


@pytest.mark.parametrize("method", KNOWN)
def test_good_params_are_good_and_what_lsprotocol_misses_we_miss(method: str) -> None:
    good = GOOD[method]
    assert structured(method, good)
    assert problem_with(method, good) is None
    for one in damaged(good):
        if not structured(method, one) and not tolerated(method, one):
            assert problem_with(method, one), one


def tolerated(method: str, params: Any) -> bool:
    """Demanded by the protocol, but left out by real clients."""
    return method == "initialize" and ("processId" not in params or "rootUri" not in params)


@pytest.mark.parametrize("method", [m for m in KNOWN if m != "initialized"])
@pytest.mark.parametrize("wrong", [None, [], "text", 7, True])
def test_what_is_no_object_is_told(method: str, wrong: Any) -> None:
    assert problem_with(method, wrong) == "params must be an object."


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"line": -1, "character": 0}, "params.position.line must not be negative."),
        ({"line": 0.5, "character": 0}, "params.position.line must be a whole number."),
        ({"line": float("inf"), "character": 0}, "params.position.line must be a whole number."),
        ({"line": True, "character": 0}, "params.position.line must be a whole number."),
        ({"line": "0", "character": 0}, "params.position.line must be a whole number."),
        ({"line": 0}, "params.position.character is missing."),
        ([0, 0], "params.position must be an object."),
        ({"line": 1.0, "character": 2147483647}, None),
    ],
)
def test_places(place: Any, words: str | None) -> None:
    assert problem_with("textDocument/hover", {"textDocument": DOCUMENT, "position": place}) == words


def test_the_place_of_a_problem_is_named() -> None:
    params = {**GOOD["textDocument/didChange"], "contentChanges": [{"text": ""}, {"text": 5}]}
    assert problem_with("textDocument/didChange", params) == "params.contentChanges[1].text must be a string."


def test_our_own_methods_take_an_object_or_nothing() -> None:
    assert [problem_with("agentLs/x", p) for p in (None, {})] == [None, None]
    assert problem_with("agentLs/x", []) == "params must be an object."


def test_the_initialize_answer_is_what_the_protocol_says() -> None:
    answer = initialize_result({"capabilities": {}}, {"hoverProvider": True})
    result = CONVERTER.structure(answer, types.InitializeResult)
    assert result.capabilities.position_encoding == types.PositionEncodingKind.Utf16
    assert result.capabilities.text_document_sync.change is types.TextDocumentSyncKind.Incremental
    assert attrs.asdict(result.server_info)["name"] == "agent-ls"
