"""Old text that leaves out its middle: both parts must be found, and nothing between them changes."""

from __future__ import annotations

from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.placeholders import is_dots, is_placeholder
from agent_ls.core.matching.source import Source


def expand(source: Source, block: Block) -> list[Block]:
    """The block's parts between the placeholders that stand in its old and new text alike.

    A placeholder that is a line of the file is text like any other.
    """
    if not any(map(_leaves_out, block.old)):
        return [block]
    known = {body.strip() for body in source.bodies}
    old, new = _parts(block.old, known), _parts(block.new, known)
    if len(old) != len(new) or len(old) < 2:
        return [block]
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a or b]
    if any(not any(line.strip() for line in a) for a, _ in pairs):
        return [block]
    return [block.with_lines(a, b) for a, b in pairs]


def _parts(lines: tuple[str, ...], known: set[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if _leaves_out(line) and line.strip() not in known:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _leaves_out(line: str) -> bool:
    return is_dots(line) or is_placeholder(line)
