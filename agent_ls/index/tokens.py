"""The tokens of a syntax tree."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node


def leaves(node: Node) -> Iterator[Node]:
    """The tokens of a tree, in order."""
    stack = [node]
    while stack:
        top = stack.pop()
        if top.child_count:
            stack += reversed(top.children)
        else:
            yield top
