"""An import of Python for checkers of types: it stands in ``if TYPE_CHECKING:``. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Callable

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.text import Span
from agent_ls.index.bindings import statements
from agent_ls.index.extract import parse
from agent_ls.index.placing import Wanted, joined, placed
from agent_ls.index.standing import Standing, standing

_CHECKING = re.compile(rb"^if\s+(?:\w+\.)?TYPE_CHECKING\s*:[ \t]*\r?\n", re.MULTILINE)
_INDENT = re.compile(rb"[ \t]+")


def placed_for_types(data: bytes, wanted: Wanted, is_local: Callable[[str], bool]) -> bytes:
    """The text with an import in its block for types, which is made if there is none."""
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    line = wanted.text("python").encode() + newline
    block = _CHECKING.search(data)
    if block is not None:
        for statement in statements(data, parse(data, "python"), "python"):
            edit = joined(data, statement, "python", wanted)
            if edit is not None and standing(data, statement) is Standing.TYPES:
                return apply_text_edits(data, [edit])
        indent = _INDENT.match(data, block.end())
        return data[: block.end()] + (indent[0] if indent else b"    ") + line + data[block.end() :]
    flag = Wanted("typing", "TYPE_CHECKING", "TYPE_CHECKING")
    data = apply_text_edits(data, [placed(data, parse(data, "python"), "python", flag, is_local)])
    found = statements(data, parse(data, "python"), "python")
    last = [s for s in found if standing(data, s) is Standing.TOP][-1]
    end = data.find(b"\n", last.span.end)
    at = len(data) if end < 0 else end + 1
    made = newline + b"if TYPE_CHECKING:" + newline + b"    " + line
    return apply_text_edits(data, [TextEdit(Span(at, at), made)])
