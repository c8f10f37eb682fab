"""What a moved text uses of its own file: names that it must then import from there. Worker processes only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from agent_ls.index.actions import SCRIPTS
from agent_ls.index.bindings import Statement
from agent_ls.index.moved import Moved, Refusal
from agent_ls.index.occurrences import Role, occurrences
from agent_ls.index.standing import Standing, standing

_BRANCHED = ("if_statement", "try_statement", "with_statement", "for_statement", "while_statement")
_WORD = re.compile(rb"[^\W\d][\w$]*")


def with_helpers(moved: Moved) -> Moved:
    """The moved text with the names of its file that it uses.

    Raises:
        Refusal: it uses one that cannot be had from elsewhere.
    """
    if moved.language == "go":
        return moved
    names = dict.fromkeys(d.name for d in moved.facts.definitions if not d.container and d.name != moved.name)
    tried = [b.local for s in moved.statements for b in s.bindings if _is_trial(moved, s)]
    helpers = tuple(name for name in dict.fromkeys([*names, *tried]) if moved.inside(name))
    for name in helpers:
        if moved.language == "python":
            _check_always(moved, name)
        if re.search(rb"\bglobal\s[^\n]*\b" + name.encode() + rb"\b", moved.data) or (
            moved.language in SCRIPTS
            and re.search(rb"\b(?:let|var)\s+" + re.escape(name.encode()) + rb"\b", moved.data)
        ):
            raise Refusal(f"It uses `{name}`, which changes while the program runs")
    bound = set(names) | {b.local for s in moved.statements for b in s.bindings}
    hidden = _bound_below(moved, bound)
    if hidden:
        raise Refusal(f"It uses `{hidden}`, which {moved.path} sets outside of any definition")
    return replace(moved, helpers=helpers)


def _is_trial(moved: Moved, statement: Statement) -> bool:
    return standing(moved.data, statement) is Standing.TRIAL


def _check_always(moved: Moved, name: str) -> None:
    """A name that only some runs of its file make cannot be imported: that import would fail in the others."""
    bound = occurrences(moved.data, moved.tree, name)
    places = [
        *(p.span.start for p in bound if p.role is Role.BOUND and not p.scopes),
        *(d.span.start for d in moved.facts.definitions if d.name == name and not d.container),
        *(s.span.start for s in moved.statements for b in s.bindings if b.local == name and _is_trial(moved, s)),
    ]  # fmt: skip
    nodes = [
        n for n in moved.tree.root_node.named_children if any(n.start_byte <= p < n.end_byte for p in places)
    ]
    if not any(n.type not in _BRANCHED or _in_all_branches(n, places) for n in nodes):
        raise Refusal(f"It uses `{name}`, which {moved.path} only has under a condition")


def _in_all_branches(node: Node, places: list[int]) -> bool:
    if node.type in ("for_statement", "while_statement"):
        return False
    if node.type == "if_statement" and not any(c.type == "else_clause" for c in node.named_children):
        return False
    return all(_has(block, places) for block in _branches(node))


def _branches(node: Node) -> Iterator[Node]:
    """Blocks of which one is carried out: what stands in ``else`` of a ``try``, or in ``finally``, is more."""
    for child in node.named_children:
        if child.type == "block":
            yield child
        elif child.type in ("elif_clause", "except_clause", "except_group_clause") or (
            child.type == "else_clause" and node.type == "if_statement"
        ):
            yield from (block for block in child.named_children if block.type == "block")


def _has(block: Node, places: list[int]) -> bool:
    for child in block.named_children:
        if child.type == "raise_statement":
            return True
        if child.type not in _BRANCHED and any(child.start_byte <= p < child.end_byte for p in places):
            return True
    return False


def _bound_below(moved: Moved, bound: set[str]) -> str:
    """A name that the text uses and that its file's top binds in a way that is no definition (a loop, a ``with``)."""
    words = {w.decode("utf-8", "replace") for w in _WORD.findall(moved.text)}
    # What a class, or a list of type parameters, binds is not the file's.
    closed = [d for d in moved.facts.definitions if d.kind not in ("variable", "constant")]
    for name in words - bound - {moved.name}:
        top = any(
            p.role is Role.BOUND
            and not p.scopes
            and not moved.block.start <= p.span.start < moved.block.end
            and not any(d.name_span.end <= p.span.start < d.span.end for d in closed)
            for p in occurrences(moved.data, moved.tree, name)
        )
        if top and moved.inside(name):
            return name
    return ""
