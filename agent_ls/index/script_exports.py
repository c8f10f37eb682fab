"""What a script gives away, and how to give away more or less of it. Worker processes only."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tree_sitter import Node

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.text import Span
from agent_ls.index.bindings import whole_lines
from agent_ls.index.extract import parse


def listings(data: bytes, language: str, name: str) -> list[Node]:
    """Places of a name in lists like ``export { a, b as c }`` that take it from the file itself."""
    return [
        item for item in _specifiers(data, language) if _text(data, item.child_by_field_name("name")) == name
    ]


def shown_as(data: bytes, item: Node) -> str:
    """The name that others see."""
    return _text(data, item.child_by_field_name("alias") or item.child_by_field_name("name"))


def unlisted(data: bytes, language: str, name: str) -> bytes:
    """The text without a name in its export lists."""
    edits: list[TextEdit] = []
    for item in listings(data, language, name):
        clause = item.parent
        members = [] if clause is None else [n for n in clause.named_children if n.type == "export_specifier"]
        statement = None if clause is None else clause.parent
        if statement is not None and len(members) == 1:
            edits.append(TextEdit(whole_lines(data, Span(*statement.byte_range)), b""))
            continue
        at = next(i for i, member in enumerate(members) if member.id == item.id)
        span = (
            Span(item.start_byte, members[at + 1].start_byte)
            if at + 1 < len(members)
            else Span(members[at - 1].end_byte, item.end_byte)
        )
        edits.append(TextEdit(span, b""))
    return apply_text_edits(data, sorted(edits, key=lambda edit: edit.span))


def exporting(data: bytes, language: str, names: Collection[str]) -> bytes:
    """The text with ``export`` before the declarations of these names that it does not give away yet."""
    edits: list[TextEdit] = []
    for name in names:
        node = _declared(data, language, name)
        shown = [shown_as(data, item) for item in listings(data, language, name)]
        if node is not None and name not in shown:
            edits.append(TextEdit(Span(node.start_byte, node.start_byte), b"export "))
    return apply_text_edits(data, sorted(set(edits), key=lambda edit: edit.span))


def _declared(data: bytes, language: str, name: str) -> Node | None:
    for node in parse(data, language).root_node.named_children:
        declarators = [node, *_wrapped(node)]
        if any(_text(data, n.child_by_field_name("name")) == name for n in declarators):
            return node
    return None


_WRAPPING = (
    "lexical_declaration",
    "variable_declaration",
    "expression_statement",  # around a namespace
)


def _wrapped(node: Node) -> Iterator[Node]:
    """What a statement declares that has no name itself."""
    if node.type in _WRAPPING:
        for child in node.named_children:
            yield child
            yield from _wrapped(child)


def _specifiers(data: bytes, language: str) -> Iterator[Node]:
    for node in parse(data, language).root_node.named_children:
        if node.type == "export_statement" and node.child_by_field_name("source") is None:
            for clause in node.named_children:
                if clause.type == "export_clause":
                    yield from (n for n in clause.named_children if n.type == "export_specifier")


def _text(data: bytes, node: Node | None) -> str:
    return "" if node is None else data[node.start_byte : node.end_byte].decode("utf-8", "replace")
