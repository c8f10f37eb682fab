"""When an import is carried out: with its file, on a condition, for checkers of types only, or with a function.

Worker processes only.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from agent_ls.core.paths import RelPath
from agent_ls.index.bindings import Statement, statements
from agent_ls.index.extract import parse

_INNER = re.compile(r"function|class|lambda|method")
_MAYBE_INNER = re.compile(rb"^[ \t]+(?:from|import)\b|\bTYPE_CHECKING\b|\bimport\s+type\b", re.MULTILINE)


class Standing(Enum):
    """Where an import statement stands."""

    TOP = auto()
    TRIAL = auto()  # at the top, in an `if` or a `try`
    TYPES = auto()  # only a checker of types follows it
    INNER = auto()  # in a function or class: its names are nobody else's


def standing(data: bytes, statement: Statement) -> Standing:
    """Where a statement stands."""
    node, found = statement.node.parent, Standing.TOP
    if statement.typed:
        return Standing.TYPES
    while node is not None and node.parent is not None:
        if _INNER.search(node.type):
            return Standing.INNER
        if node.type == "if_statement" and found is not Standing.TYPES:
            condition = node.child_by_field_name("condition")
            consequence = node.child_by_field_name("consequence")
            text = b"" if condition is None else data[condition.start_byte : condition.end_byte]
            inside = consequence is not None and consequence.start_byte <= statement.span.start
            inside = inside and consequence is not None and statement.span.end <= consequence.end_byte
            typed = inside and text in (b"TYPE_CHECKING", b"typing.TYPE_CHECKING", b"t.TYPE_CHECKING")
            found = Standing.TYPES if typed else Standing.TRIAL
        elif found is Standing.TOP and node.type not in ("block", "statement_block"):
            found = Standing.TRIAL
        node = node.parent
    return found


def carried_out(data: bytes, language: str) -> set[str] | None:
    """Modules that a file imports whenever it is loaded; ``None``: all that it names."""
    if language in ("go", "java", "rust") or not _MAYBE_INNER.search(data):
        return None
    found = statements(data, parse(data, language), language)
    now = [s for s in found if standing(data, s) in (Standing.TOP, Standing.TRIAL)]
    return {b.module for s in now for b in s.bindings} | {s.module for s in now}


def is_typing(path: RelPath) -> bool:
    """Whether a file only describes types: nothing of it runs."""
    return path.endswith((".pyi", ".d.ts"))
