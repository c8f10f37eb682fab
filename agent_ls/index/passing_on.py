"""Scripts that pass on what is moved: ``export { a } from "./source"`` takes it from its new place.

Worker processes only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from agent_ls.core.edits import TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.bindings import whole_lines
from agent_ls.index.extract import parse
from agent_ls.index.moved import Moved, Refusal
from agent_ls.index.names import language_of
from agent_ls.index.script_exports import shown_as
from agent_ls.index.spelling import script_module


def passed_on(
    moved: Moved,
    path: RelPath,
    data: bytes,
    target: RelPath,
    is_source: Callable[[str], bool],
    *,
    stays: bool,
) -> list[TextEdit]:
    """Edits of the exports that a script takes out of the source.

    Raises:
        Refusal: it takes it in a way that cannot be followed.
    """
    for match in re.finditer(rb"\b(?:require|import|mock)\s*\(\s*['\"]([^'\"]+)['\"]", data):
        if is_source(match[1].decode("utf-8", "replace")):
            raise Refusal(f"{path} loads {moved.path} while it runs")
    edits: list[TextEdit] = []
    taken = [s for s, module in _exports(data, language_of(path) or "") if is_source(module)]
    named = any(shown_as(data, item) == moved.name for s in taken for item in _items(_clause(s)))
    for statement in taken:
        clause = _clause(statement)
        if clause is not None:
            edits += _listed(moved, path, data, target, statement, clause)
        elif any(c.type == "namespace_export" for c in statement.named_children):
            raise Refusal(f"{path} passes on {moved.path} as a whole")
        elif (
            not stays
            and (moved.exported or moved.listed)
            and path != target
            and not named  # what is listed goes before what a star gives
            and not _passes_on_all(data, path, target)
        ):
            edits.append(_after(data, statement, _line(data, path, target, moved.name, typed=moved.is_type)))
    return edits


def _listed(
    moved: Moved, path: RelPath, data: bytes, target: RelPath, statement: Node, clause: Node
) -> Iterator[TextEdit]:
    items = _items(clause)
    mine = [n for n in items if _text(data, n.child_by_field_name("name")) == moved.name]
    if not mine:
        return
    if path == target:
        raise Refusal(f"{target} passes it on from {moved.path}")
    if any(n.type == "comment" for n in clause.named_children):
        raise Refusal(f"In {path} a comment stands among the names that are passed on")
    typed = any(child.type == "type" for child in statement.children)
    written = ", ".join(_text(data, n) for n in mine)
    line = _line(data, path, target, written, typed=typed)
    if len(mine) == len(items):
        yield TextEdit(Span(*statement.byte_range), line)
        return
    gone = {item.id for item in mine}
    for at, item in enumerate(items):
        if item.id not in gone:
            continue
        yield TextEdit(
            Span(item.start_byte, items[at + 1].start_byte)
            if any(other.id not in gone for other in items[at + 1 :])
            else Span(items[at - 1].end_byte, item.end_byte),
            b"",
        )
    yield _after(data, statement, line)


def _clause(statement: Node) -> Node | None:
    return next((c for c in statement.named_children if c.type == "export_clause"), None)


def _items(clause: Node | None) -> list[Node]:
    return [] if clause is None else [n for n in clause.named_children if n.type == "export_specifier"]


def _exports(data: bytes, language: str) -> Iterator[tuple[Node, str]]:
    for node in parse(data, language).root_node.named_children:
        source = node.child_by_field_name("source") if node.type == "export_statement" else None
        if source is not None:
            yield node, _text(data, source).strip("\"'`")


def _passes_on_all(data: bytes, path: RelPath, target: RelPath) -> bool:
    module = script_module(path, target)
    return any(
        re.sub(r"\.[cm]?[jt]s$", "", said) == module and b"*" in data[node.start_byte : node.end_byte]
        for node, said in _exports(data, language_of(path) or "")
    )


def _line(data: bytes, path: RelPath, target: RelPath, written: str, *, typed: bool) -> bytes:
    """The export as this file writes its exports: with its quotes, endings and semicolons."""
    exports = [(data[n.start_byte : n.end_byte], said) for n, said in _exports(data, language_of(path) or "")]
    near = b"".join(text for text, _ in exports)
    quote = "'" if near.count(b"'") > near.count(b'"') else '"'
    ending = next((m[0] for _, said in exports if (m := re.search(r"\.[cm]?[jt]sx?$", said))), "")
    end = ";" if any(text.endswith(b";") for text, _ in exports) else ""
    module = script_module(path, target) + ending
    return f"export {'type ' if typed else ''}{{ {written} }} from {quote}{module}{quote}{end}".encode()


def _after(data: bytes, statement: Node, line: bytes) -> TextEdit:
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    end = whole_lines(data, Span(*statement.byte_range)).end
    ended = data[:end].endswith((b"\n", b"\r"))
    return TextEdit(Span(end, end), line + newline if ended else newline + line)


def _text(data: bytes, node: Node | None) -> str:
    return "" if node is None else data[node.start_byte : node.end_byte].decode("utf-8", "replace")
