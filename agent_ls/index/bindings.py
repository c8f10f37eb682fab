"""What the import statements of a text bind, as the tree has them, and how to take some of it away.

`facts.Import` says which module a statement names; this room also knows each name's own place, so that
one of several can go. Worker processes only.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from tree_sitter import Node, Tree

from agent_ls.core.edits import TextEdit
from agent_ls.core.text import Span
from agent_ls.index.actions import SCRIPTS


@final
@dataclass(frozen=True, slots=True)
class Binding:
    """One name that an import makes.

    ``local``: what the text calls it. ``name``: what its module calls it; empty: the module itself,
    ``default``: what a script exports without a name, ``*``: everything. ``item``: the place to take away.
    """

    local: str
    name: str
    module: str
    item: Span


@final
@dataclass(frozen=True, slots=True)
class Statement:
    """One import statement. ``listed``: the names in its braces or parentheses, or behind its ``import``.

    ``parent``: the type of the node it stands in; ``alone``: nothing else stands in that block.
    ``typed``: it imports types only.
    """

    node: Node
    span: Span
    module: str
    bindings: tuple[Binding, ...]
    parent: str
    alone: bool = False
    typed: bool = False


_STATEMENTS = {
    "python": frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
    "go": frozenset({"import_declaration"}),
    "java": frozenset({"import_declaration"}),
    "rust": frozenset({"use_declaration"}),
    **dict.fromkeys(SCRIPTS, frozenset({"import_statement"})),
}


def statements(data: bytes, tree: Tree, language: str) -> list[Statement]:
    """Every import statement that stands where statements stand, in order; linear in the tree's top."""
    wanted = _STATEMENTS.get(language, frozenset[str]())
    return [_statement(data, node, language) for node in _find(tree.root_node, wanted)]


def _find(root: Node, wanted: Collection[str]) -> Iterator[Node]:
    todo = list(reversed(root.named_children))  # a stack of our own: generated code nests without limit
    while todo:
        node = todo.pop()
        if node.type in wanted:
            yield node
        elif node.child_count and not _TEXTS.search(node.type):
            todo += reversed(node.named_children)


_TEXTS = re.compile(r"comment|string|identifier|expression_statement|argument|parameters")
_MOST_BRACES = 200


def _statement(data: bytes, node: Node, language: str) -> Statement:
    bindings = tuple(_bindings(data, node, language))
    parent = node.parent
    siblings = [c for c in parent.named_children if c.type != "comment"] if parent is not None else []
    return Statement(
        node,
        Span(*node.byte_range),
        _module(data, node, language) or (bindings[0].module if bindings else ""),
        bindings,
        parent.type if parent is not None else "",
        alone=len(siblings) == 1,
        typed=any(child.type == "type" for child in node.children),
    )


def _text(data: bytes, node: Node | None) -> str:
    return "" if node is None else data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _module(data: bytes, node: Node, language: str) -> str:
    if language == "python":
        return _text(data, node.child_by_field_name("module_name"))
    if language in SCRIPTS:
        return _text(data, node.child_by_field_name("source")).strip("\"'")
    return ""


def _bindings(data: bytes, node: Node, language: str) -> Iterator[Binding]:
    if language == "python":
        yield from _python(data, node)
    elif language in SCRIPTS:
        yield from _script(data, node)
    elif language == "go":
        for spec in (n for n in _walk(node) if n.type == "import_spec"):
            path = _text(data, spec.child_by_field_name("path")).strip('"`')
            alias = _text(data, spec.child_by_field_name("name"))
            yield Binding(alias or path.rpartition("/")[2], "", path, Span(*spec.byte_range))
    elif language == "java":
        yield from _java(data, node)
    else:
        yield from _rust(data, node.child_by_field_name("argument"))


def _python(data: bytes, node: Node) -> Iterator[Binding]:
    module = _text(data, node.child_by_field_name("module_name"))
    for child in node.named_children:
        if child.type == "wildcard_import":
            yield Binding("*", "*", module, Span(*child.byte_range))
    for item in node.children_by_field_name("name"):
        named = item.child_by_field_name("name") if item.type == "aliased_import" else item
        name = _text(data, named)
        local = _text(data, item.child_by_field_name("alias")) or name
        span = Span(*item.byte_range)
        if module or node.type == "future_import_statement":
            yield Binding(local, name, module or "__future__", span)
        else:
            # `import a.b` makes the name `a`.
            yield Binding(local if item.type == "aliased_import" else name.partition(".")[0], "", name, span)


def _script(data: bytes, node: Node) -> Iterator[Binding]:
    module = _text(data, node.child_by_field_name("source")).strip("\"'")
    clause = next((c for c in node.named_children if c.type == "import_clause"), None)
    for part in clause.named_children if clause is not None else ():
        span = Span(*part.byte_range)
        if part.type == "identifier":
            yield Binding(_text(data, part), "default", module, span)
        elif part.type == "namespace_import":
            yield Binding(_text(data, part.named_children[-1]), "*", module, span)
        elif part.type == "named_imports":
            for item in part.named_children:
                if item.type == "import_specifier":
                    name = _text(data, item.child_by_field_name("name"))
                    local = _text(data, item.child_by_field_name("alias")) or name
                    yield Binding(local, name, module, Span(*item.byte_range))


def _java(data: bytes, node: Node) -> Iterator[Binding]:
    match = re.match(r"import\s+(?:static\s+)?([\w.]+?)(\.\*)?\s*;", _text(data, node))
    if match:
        module, _, name = match[1].rpartition(".")
        span = Span(*node.byte_range)
        yield Binding("*", "*", match[1], span) if match[2] else Binding(name, name, module, span)


def _rust(data: bytes, argument: Node | None) -> Iterator[Binding]:
    todo = [(argument, "")]
    while todo:
        node, prefix = todo.pop()
        if node is None:
            continue
        if node.type == "use_list":
            todo += [(child, prefix) for child in reversed(node.named_children)]
        elif node.type == "scoped_use_list":
            path = _text(data, node.child_by_field_name("path"))
            todo.append((node.child_by_field_name("list"), _joined(prefix, path)))
        else:
            yield from _rust_leaf(data, node, prefix)


def _rust_leaf(data: bytes, node: Node, prefix: str) -> Iterator[Binding]:
    span = Span(*node.byte_range)
    if node.type == "use_wildcard":
        path = _text(data, node.named_children[0] if node.named_children else None)
        yield Binding("*", "*", _joined(prefix, path), span)
    elif node.type == "use_as_clause":
        whole = _joined(prefix, _text(data, node.child_by_field_name("path")))
        module, _, name = whole.rpartition("::")
        yield Binding(_text(data, node.child_by_field_name("alias")), name, module, span)
    elif node.type in ("identifier", "scoped_identifier", "self", "crate"):
        whole = _joined(prefix, _text(data, node)).removesuffix("::self")
        module, _, name = whole.rpartition("::")
        yield Binding(name, name, module, span)


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}::{path}" if prefix and path else prefix or path


def _walk(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo += reversed(node.named_children)


def taken_away(data: bytes, statement: Statement, gone: Collection[Binding]) -> list[TextEdit] | None:
    """Edits that take some names out of a statement; ``None`` where a comment may speak of one of them.

    So, too, where braces stand in braces deeper than anybody writes them.
    """
    items = {binding.item for binding in gone}
    if len(items) == len(statement.bindings):
        return [TextEdit(whole_lines(data, statement.span), b"")]
    if data[statement.span.start : statement.span.end].count(b"{") > _MOST_BRACES:
        return None
    comments = [n for n in _walk(statement.node) if n.type.endswith("comment")]
    if comments and not _apart(data, comments, items):
        return None
    return list(_pruned(data, statement.node, items))


def _apart(data: bytes, comments: Sequence[Node], items: Collection[Span]) -> bool:
    """Whether each name to go has a line of its own, with no comment there or on the line above."""
    lines = {data.count(b"\n", 0, n.start_byte) for n in comments}
    alone = {data.count(b"\n", 0, n.start_byte) for n in comments if _own_line(data, Span(*n.byte_range))}
    places = [(data.count(b"\n", 0, span.start), _own_line(data, span)) for span in items]
    return all(own is not None and at not in lines and at - 1 not in alone for at, own in places)


def whole_lines(data: bytes, span: Span) -> Span:
    """A span with the rest of its lines, where nothing else stands on them; else with its semicolon."""
    start = max(data.rfind(b"\n", 0, span.start), data.rfind(b"\r", 0, span.start)) + 1
    after = re.compile(rb"[ \t]*;?[ \t]*(\r\n|\r|\n|\Z)").match(data, span.end)
    if data[start : span.start].strip() or after is None:
        rest = re.compile(rb"[ \t]*;[ \t]*(?=[^\s;#/])").match(data, span.end)
        return span if rest is None else Span(span.start, rest.end())
    return Span(start, after.end())


def _pruned(data: bytes, node: Node, items: Collection[Span]) -> Iterator[TextEdit]:
    if node.type == "import_clause":
        yield from _clause(data, node, items)
        return
    if node.type == "import_spec_list":  # Go: a line each
        for child in node.named_children:
            if Span(*child.byte_range) in items:
                yield TextEdit(whole_lines(data, Span(*child.byte_range)), b"")
        return
    members = _members(node)
    left = [child for child in members if not _all_gone(child, items)]
    if members and len(left) < len(members):
        yield from _listed(data, members, left)
    for child in left or node.named_children:
        yield from _pruned(data, child, items)


def _clause(data: bytes, node: Node, items: Collection[Span]) -> Iterator[TextEdit]:
    """``Default, { a, b }``: each half may go alone."""
    parts = node.named_children
    left = [part for part in parts if not _all_gone(part, items)]
    if len(left) < len(parts):
        first, last = parts[0], parts[-1]
        [kept] = left
        yield (
            TextEdit(Span(first.start_byte, kept.start_byte), b"")
            if kept.id == last.id
            else TextEdit(Span(kept.end_byte, last.end_byte), b"")
        )
    for part in left:
        yield from _pruned(data, part, items)


def _members(node: Node) -> list[Node]:
    """The parts between a list's commas."""
    if node.type in ("named_imports", "use_list"):
        return list(node.named_children)
    if node.type in ("import_statement", "import_from_statement"):
        return list(node.children_by_field_name("name"))
    return []


def _all_gone(node: Node, items: Collection[Span]) -> bool:
    if Span(*node.byte_range) in items:
        return True
    inner = [n for n in _walk(node) if n.type in ("use_list", "named_imports")]
    return bool(inner) and all(_all_gone(child, items) for child in inner[0].named_children)


def _listed(data: bytes, members: Sequence[Node], left: Sequence[Node]) -> Iterator[TextEdit]:
    """Lines go whole where each name has its own; else names go with their commas."""
    kept = {node.id for node in left}
    gone = [Span(*node.byte_range) for node in members if node.id not in kept]
    joined = b"\\" in data[members[0].start_byte : members[-1].end_byte]  # lines that go on are no lines
    lines = [None if joined else _own_line(data, span) for span in gone]
    whole = [line for line in lines if line is not None]
    if len(whole) == len(gone):
        if members[-1].id not in kept:
            end = left[-1].end_byte
            comma = data[end : end + 1] == b","
            had = re.compile(rb"\s*,").match(data, members[-1].end_byte) is not None
            if comma and not had:
                whole = sorted([Span(end, end + 1), *whole], key=lambda span: span.start)
        yield from (TextEdit(span, b"") for span in whole)
        return
    # A name goes with what leads to the next one; those at the end with what led to them.
    last = left[-1].end_byte
    for node, following in itertools.pairwise(members):
        if node.id not in kept and node.start_byte < last:
            yield TextEdit(Span(node.start_byte, following.start_byte), b"")
    if members[-1].id not in kept:
        yield TextEdit(Span(last, members[-1].end_byte), b"")


def _own_line(data: bytes, span: Span) -> Span | None:
    start = max(data.rfind(b"\n", 0, span.start), data.rfind(b"\r", 0, span.start)) + 1
    after = re.compile(rb"[ \t]*,?[ \t]*(\r\n|\r|\n)").match(data, span.end)
    return None if data[start : span.start].strip() or after is None else Span(start, after.end())
