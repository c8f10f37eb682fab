"""What is found and could be written, and is not believed to be meant: each a refusal in words."""

from __future__ import annotations

from collections.abc import Sequence

from agent_ls.core.alignment import gaps
from agent_ls.core.matching import words
from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.indent import IndentMap, foreign
from agent_ls.core.matching.ladder import Found
from agent_ls.core.matching.placeholders import is_dots, is_placeholder, lets_dots_stand
from agent_ls.core.matching.readings import over_escaped
from agent_ls.core.matching.source import Source


def doubt(source: Source, item: Found, indents: IndentMap | None, call: Sequence[Block] = ()) -> str | None:
    """Why the new lines of a found block are not believed to be meant as they stand.

    ``call``: all blocks of its call.
    """
    block, spot = item.block, item.spot
    left_out = left_out_line(source, block.old, block.new)
    if left_out is not None:
        changed = [(first, last) for first, last, _, _ in gaps(block.old, block.new)]
        shown = [*changed[:3], (len(block.old) - 1, len(block.old))]
        return words.lazy(source, left_out, [(spot.first + a, spot.first + b) for a, b in shown])
    escaped = over_escaped(block, source.bodies, call)
    if escaped is not None:
        return words.escaped(source, escaped, spot.first, spot.last)
    if indents is None and not any(model for model, _ in item.pairs(source)):
        whole = block.new[1:] if spot.head else block.new  # behind a head, the first one is a part
        line = foreign([line for line in whole if line not in block.old], source.bodies)
        if line is not None:
            return words.foreign_indent(source, line, spot.first, spot.last)
    return None


def left_out_line(source: Source, old: Sequence[str], new: Sequence[str]) -> str | None:
    """The first new line that stands for code that was left out, if any."""
    suspects = [line for line in new if (is_dots(line) or is_placeholder(line)) and line not in old]
    if not suspects:
        return None
    known = {body.strip() for body in source.bodies}
    dots = _dots_for_lines(old, new)
    return next((x for x in suspects if (x in dots if is_dots(x) else x.strip() not in known)), None)


def _dots_for_lines(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Bare dots that come where lines go, and where they are no body and no item of a list."""
    found: set[str] = set()
    changed = gaps(old, new)
    if sum(last - first for first, last, _, _ in changed) < 2:
        return found
    for _, _, new_first, new_last in changed:
        before = next((line for line in reversed(new[:new_first]) if line.strip()), "")
        for line in new[new_first:new_last]:
            code = line.strip() == "..." and lets_dots_stand(before, line)
            if is_dots(line) and not code:
                found.add(line)
            before = line if line.strip() else before
    return found


def is_lazy(source: Source, block: Block) -> bool:
    """Whether the new lines of a block are not to be written as they stand, wherever it was found."""
    lazy = left_out_line(source, block.old, block.new) is not None
    return lazy or over_escaped(block, source.bodies) is not None


def has_stray_fence(source: Source, block: Block) -> bool:
    """Whether a fence that is not closed, or that encloses all, is about to be written into a file without any."""
    return any(_is_stray(source, block, mark) for mark in ("```", "~~~"))


def _is_stray(source: Source, block: Block, mark: str) -> bool:
    lines = [line.strip() for line in block.new if line.strip()]
    fences = sum(_is_fence(line, mark) for line in lines)
    if not fences or any(_is_fence(line.strip(), mark) for line in block.old):
        return False
    if fences % 2 == 1:
        return not any(_is_fence(body.strip(), mark) for body in source.bodies)
    return _is_fence(lines[0], mark) and lines[-1] == mark


def _is_fence(line: str, mark: str) -> bool:
    return line.startswith(mark) and mark[0] not in line[len(mark) :]
