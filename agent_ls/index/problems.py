"""What a grammar could not read, in words, and which of it is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice

from tree_sitter import Node, Tree

from agent_ls.core.text import LineIndex, Span
from agent_ls.index.facts import SyntaxProblem
from agent_ls.index.tokens import leaves

_MOST = 50
_MOST_LEAVES = 2000
_MAX_DIFFED_LINES = 2000
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_OPENERS = frozenset(_CLOSERS.values())


def find_problems(tree: Tree, data: bytes) -> tuple[SyntaxProblem, ...]:
    """Error and missing nodes as sentences, first 50, in order. Only broken subtrees are walked."""
    if not tree.root_node.has_error:
        return ()
    lines = LineIndex(data)
    found: list[SyntaxProblem] = []
    for node in _broken(tree.root_node):
        problem = _problem(node, data, lines)
        # One cause often gives several nodes on one line: a person needs one.
        if not found or found[-1].line != problem.line:
            found.append(problem)
        if len(found) == _MOST:
            break
    return tuple(found)


def _broken(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            stack += reversed(node.children)


def _problem(node: Node, data: bytes, lines: LineIndex) -> SyntaxProblem:
    start, end = node.byte_range
    if node.is_missing:
        line = lines.line_of(start)
        return SyntaxProblem(line, Span(start, end), f"line {line + 1}: missing `{node.type}`")
    start, end, words = _culprit(node, data)
    line = lines.line_of(start)
    return SyntaxProblem(line, Span(start, end), f"line {line + 1}: {words}")


def _culprit(node: Node, data: bytes) -> tuple[int, int, str]:
    """The token that an error is about: an error node may span much that is well.

    A bracket that nothing opened or closed tells most; then what the deepest inner error starts with.
    """
    open_brackets: list[Node] = []
    for leaf in islice(leaves(node), _MOST_LEAVES):
        if leaf.type in _CLOSERS:
            if not open_brackets or open_brackets.pop().type != _CLOSERS[leaf.type]:
                return leaf.start_byte, leaf.end_byte, f"unexpected `{leaf.type}`"
        elif leaf.type in _OPENERS:
            open_brackets.append(leaf)
    if open_brackets:
        last = open_brackets[-1]
        return last.start_byte, last.end_byte, f"`{last.type}` is never closed"
    inner = _deepest_error(node)
    start, end = inner.byte_range
    return start, end, _unreadable(data[start:end], inner.end_point.row + 1)


def _unreadable(raw: bytes, last_line: int) -> str:
    text = raw.decode("utf-8", "replace").strip()
    if not text:
        return "unexpected end"
    lines = text.splitlines()
    if len(lines) > 1:
        head, tail = lines[0].strip()[:40], lines[-1].strip()[:40]
        return f"cannot be read up to line {last_line} (from `{head}` to `{tail}`)"
    return f"unexpected `{text[:40]}`" if len(text.split()) == 1 else f"`{text[:60]}` cannot be read"


def _deepest_error(node: Node) -> Node:
    """What stands inside the first inner error of an error, as deep as it goes; without one, itself."""
    while (inner := next((child for child in node.children if child.is_error), None)) is not None:
        node = inner
    return node


def new_problems(
    found: Sequence[SyntaxProblem], data: bytes, before: Sequence[SyntaxProblem], since: bytes
) -> tuple[SyntaxProblem, ...]:
    """The problems of ``data`` that ``since`` did not have.

    Former problems are carried through a line diff. One in unchanged lines excuses a problem on
    the same line or next to it; one inside changed lines excuses a problem of the lines that
    replaced them. So a file that was broken before does not block an edit elsewhere.
    """
    if not before:
        return tuple(found)
    carried: Counter[int] = Counter()
    blocks = _line_blocks(since, data)
    for problem in before:
        for old, old_end, new, new_end in blocks:
            if old <= problem.line < max(old_end, old + 1):
                same = old_end - old == new_end - new
                for line in [new + problem.line - old] if same else range(new, max(new_end, new + 1)):
                    carried[line] += 1
                break
    fresh: list[SyntaxProblem] = []
    for problem in found:
        near = [line for line in (problem.line, problem.line - 1, problem.line + 1) if carried[line] > 0]
        if near:
            carried[near[0]] -= 1
        else:
            fresh.append(problem)
    return tuple(fresh)


def _line_blocks(old: bytes, new: bytes) -> list[tuple[int, int, int, int]]:
    """Blocks of corresponding lines: equal ones and replaced ones, covering the old text."""
    a, b = old.splitlines(), new.splitlines()
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    blocks = [(0, head, 0, head)] if head else []
    if len(middle_a) + len(middle_b) <= _MAX_DIFFED_LINES:
        matcher = SequenceMatcher(None, middle_a, middle_b, autojunk=False)
        blocks += [
            (i1 + head, i2 + head, j1 + head, j2 + head) for _, i1, i2, j1, j2 in matcher.get_opcodes()
        ]
    else:
        blocks.append((head, len(a) - tail, head, len(b) - tail))
    blocks.append((len(a) - tail, len(a) + 1, len(b) - tail, len(b) + 1))
    return blocks
