"""The JSON of commands: what is wrong with it is a sentence that names the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent_ls.core.errors import UsageError
from agent_ls.faces.lsp import arguments as read

PLACE = {"line": 1, "character": 2}


@pytest.mark.parametrize(
    ("reader", "value", "result"),
    [
        (lambda p: read.text(p, "a"), "x", "x"),
        (lambda p: read.text(p, "a", default=""), "", ""),
        (lambda p: read.whole(p, "a", 3), 5, 5),
        (lambda p: read.amount(p, "a"), 2, 2.0),
        (lambda p: read.amount(p, "a"), None, None),
        (lambda p: read.truth(p, "a"), False, False),
        (lambda p: read.texts(p, "a"), ["x"], ["x"]),
        (lambda p: read.texts(p, "a"), None, None),
        (lambda p: read.tables(p, "a"), [{"b": 1}], [{"b": 1}]),
        (lambda p: read.tables(p, "a"), None, []),
        (lambda p: read.position(p, "a"), PLACE, PLACE),
        (lambda p: read.range_(p, "a"), None, None),
        (lambda p: read.range_(p, "a"), {"start": PLACE, "end": PLACE}, {"start": PLACE, "end": PLACE}),
    ],
)
def test_what_is_right(reader: Callable[[Any], object], value: object, result: object) -> None:
    assert reader({"a": value}) == result


@pytest.mark.parametrize(
    ("reader", "value", "words"),
    [
        (lambda p: read.text(p, "a"), None, "'a' is missing"),
        (lambda p: read.text(p, "a"), "", "'a' must be a text"),
        (lambda p: read.text(p, "a"), 1, "'a' must be a text, not 1"),
        (lambda p: read.whole(p, "a", 3), True, "whole number, not True"),
        (lambda p: read.whole(p, "a", 3), 1.5, "whole number"),
        (lambda p: read.amount(p, "a"), 0, "above 0"),
        (lambda p: read.amount(p, "a"), float("nan"), "above 0"),
        (lambda p: read.amount(p, "a"), "1", "above 0"),
        (lambda p: read.truth(p, "a"), "yes", "true or false"),
        (lambda p: read.truth(p, "a"), None, "true or false"),
        (lambda p: read.texts(p, "a"), ["x", 1], "list of texts"),
        (lambda p: read.texts(p, "a"), "x", "list of texts"),
        (lambda p: read.tables(p, "a"), [1], "list of objects"),
        (lambda p: read.table(p, "a"), [], "an object"),
        (lambda p: read.position(p, "a"), None, "'a' is missing"),
        (lambda p: read.position(p, "a"), {"line": -1, "character": 0}, "line and a character"),
        (lambda p: read.position(p, "a"), {"line": True, "character": 0}, "line and a character"),
        (lambda p: read.range_(p, "a"), {"start": PLACE}, "'end' is missing"),
    ],
)
def test_what_is_wrong_is_said(reader: Callable[[Any], object], value: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        reader({"a": value})
