"""What is found and could be written, and is not believed to be meant: each a refusal in words."""

from __future__ import annotations

from collections.abc import Sequence

from agent_ls.core.matching import words
from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.indent import IndentMap, foreign
from agent_ls.core.matching.ladder import Found
from agent_ls.core.matching.placeholders import is_placeholder
from agent_ls.core.matching.readings import over_escaped
from agent_ls.core.matching.source import Source


def doubt(source: Source, item: Found, indents: IndentMap | None) -> str | None:
    """Why the new lines of a found block are not believed to be meant as they stand."""
    block, spot = item.block, item.spot
    left_out = left_out_line(source, block.old, block.new)
    if left_out is not None:
        return words.lazy(source, left_out, [(spot.first, spot.last)])
    added = [line for line in block.new if line not in block.old]
    escaped = over_escaped(added, source.bodies)
    if escaped is not None:
        return words.escaped(source, escaped, spot.first, spot.last)
    if indents is None and not any(model for model, _ in item.pairs(source)):
        line = foreign(added, source.bodies)
        if line is not None:
            return words.foreign_indent(source, line, spot.first, spot.last)
    return None


def left_out_line(source: Source, old: Sequence[str], new: Sequence[str]) -> str | None:
    """The first new line that stands for code that was left out, if any."""
    for line in new:
        if is_placeholder(line) and line not in old and line.strip() not in map(str.strip, source.bodies):
            return line
    return None


def has_stray_fence(source: Source, block: Block) -> bool:
    """Whether a fence that is not closed, or that encloses all, is about to be written into a file without any."""
    if "```" not in "".join(block.new) or any("```" in line for line in block.old) or "```" in source.flat:
        return False
    lines = [line for line in block.new if line.strip()]
    fences = sum(line.strip().startswith("```") for line in lines)
    return fences % 2 == 1 or (lines[0].strip()[:3] == "```" == lines[-1].strip())
