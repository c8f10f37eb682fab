"""From a found block to the file's new lines: kept lines keep the file's characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import final

from agent_ls.core.alignment import Gap, gaps
from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.indent import IndentMap
from agent_ls.core.matching.ladder import Found
from agent_ls.core.matching.source import Source, fold, indent_of, trim


@final
@dataclass(frozen=True, slots=True)
class Splice:
    """Bodies ``first..last`` (half-open) of a source become ``new``; never a no-op at its edges."""

    first: int
    last: int
    new: tuple[str, ...]


def rewrite(source: Source, found: Found, indents: IndentMap | None) -> list[Splice] | str:
    """The changed lines of a found block, or why its new lines cannot be written without guessing.

    Args:
        source: The text in which it was found.
        found: The block, its place and the rung.
        indents: How the model's indentation becomes the file's; ``None``: as it stands.
    """
    spot, block = found.spot, found.block
    bodies = source.bodies[spot.first : spot.last]
    matched = list(bodies)
    matched[-1] = matched[-1][: len(matched[-1]) - len(spot.tail)]
    matched[0] = matched[0][len(spot.head) :]
    known = _known(block.old, matched)
    lines: list[str] = []
    for pair in _sides(found):
        line = known.get(block.new[pair[1]]) if found.rung.name != "exact" else None
        if line is None:
            line = _line(found, matched, pair, indents)
        if line is None:
            return _unproven(block.new[pair[1]])
        lines.append(line)
    if found.spot.head.strip(" \t") == "" and found.spot.head:
        dedented = _dedented(found, lines)
        if isinstance(dedented, str):
            return dedented
        lines = dedented
    at_end = block.kept is not None and spot.last == len(source.bodies)
    if at_end and bodies[-1] == "" and lines[-1:] != [""]:
        lines.append("")  # a blank line removed behind the final newline was none: the newline stays
    if lines or spot.head or spot.tail:
        lines = lines or [""]
        lines[0] = spot.head + lines[0]
        lines[-1] += spot.tail
    return [
        Splice(spot.first + first, spot.first + last, tuple(lines[new_first:new_last]))
        for first, last, new_first, new_last in gaps(bodies, lines)
    ]


def _known(old: Sequence[str], matched: Sequence[str]) -> dict[str, str]:
    """What the file has for a line of the model's: a line that was only moved keeps its characters, too."""
    known: dict[str, str] = {}
    unclear: set[str] = set()
    for line, body in zip(old, matched, strict=True):
        if known.setdefault(line, body) != body:
            unclear.add(line)
    return {line: body for line, body in known.items() if line not in unclear}


def _sides(found: Found) -> Iterator[tuple[int | None, int, bool]]:
    """For each new line: the old line it stands for (if any), its index, whether it is kept."""
    block = found.block
    if block.kept is not None:
        kept = {new: old for old, new in block.kept}
        changed = _unkept_pairs(block.kept, len(block.old), len(block.new))
    else:
        # Compared as the model wrote them: a line it changed in blanks only, it meant to change so.
        kept: dict[int, int] = {}
        changed: dict[int, int] = {}
        at = new_at = 0
        for first, last, new_first, new_last in [*gaps(block.old, block.new), _end(block)]:
            kept.update(zip(range(new_at, new_first), range(at, first), strict=True))
            if last - first == new_last - new_first:
                changed.update(zip(range(new_first, new_last), range(first, last), strict=True))
            at, new_at = last, new_last
    for index in range(len(block.new)):
        yield kept.get(index, changed.get(index)), index, index in kept


def _end(block: Block) -> Gap:
    return len(block.old), len(block.old), len(block.new), len(block.new)


def _unkept_pairs(kept: Sequence[tuple[int, int]], old: int, new: int) -> dict[int, int]:
    """Old lines for new ones between kept lines, where as many were removed as were added."""
    pairs: dict[int, int] = {}
    at = new_at = 0
    for old_index, new_index in [*kept, (old, new)]:
        if old_index - at == new_index - new_at:
            pairs.update(zip(range(new_at, new_index), range(at, old_index), strict=True))
        at, new_at = old_index + 1, new_index + 1
    return pairs


def _line(
    found: Found, matched: Sequence[str], side: tuple[int | None, int, bool], indents: IndentMap | None
) -> str | None:
    """One new line in the file's own characters; ``None`` where its indentation is not proven."""
    old_index, index, is_kept = side
    line = found.block.new[index]
    if old_index is not None and is_kept:
        return matched[old_index]
    if found.rung.name == "exact" and indents is None:
        return line
    indent = indent_of(line)
    if indents is not None:
        mapped = indents(indent) if line else ""
        if mapped is None:
            return None if line.strip() else ""
        text = line[len(indent) :]
    else:
        mapped, text = "", line
    if old_index is not None and found.rung.name != "exact":
        old, file = found.block.old[old_index], matched[old_index]
        if indents is not None:
            old, file = old.lstrip(" \t"), file.lstrip(" \t")
        if found.block.kept is None and trim(text) == trim(file):  # a patch says which blanks it changes
            return matched[old_index] if mapped + text != trim(mapped + text) else mapped + text
        text = _transplanted(old, file, text)
    return mapped + text


def _transplanted(old: str, file: str, new: str) -> str:
    """``new`` with the file's characters in what it shares with ``old`` at its beginning and end.

    Only where the two differ in typography: of blanks, the model's are as good as the file's.
    """
    old, file = trim(old), trim(file)
    if old == file or fold(old) != fold(file):
        return new
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    start = _offset(old, file, head)
    end = _offset(old, file, len(old) - tail)
    if start is None or end is None or start > end:
        return new
    return file[:start] + new[head : len(new) - tail] + file[end:]


def _shared(a: str, b: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _offset(old: str, file: str, cut: int) -> int | None:
    """Where the file's line has come as far as the model's has at ``cut``; ``None`` if inside a character."""
    if cut == len(old):
        return len(file)
    wanted = fold(old[:cut])
    return next((at for at in range(len(file) + 1) if fold(file[:at]) == wanted), None)


def _dedented(found: Found, lines: list[str]) -> list[str] | str:
    """A one-line anchor sent without its indentation: do its new lines lack it, too?"""
    head, block = found.spot.head, found.block
    rest = [line for line in lines[1:] if line.strip()]
    if sum(bool(line.strip()) for line in block.old) > 1 or not rest:
        return lines
    if any(line.startswith(head) for line in rest):
        return lines
    anchor = next(line for line in block.old if line.strip())
    if anchor in lines[1:] or found.spot.tail:
        # The anchor itself was sent on at the left margin: it keeps its place, so all lines move with it.
        return [lines[0], *(head + line if line.strip() else line for line in lines[1:])]
    return (
        "new_str does not show how its lines are indented: old_str begins in the middle of a line's "
        "indentation. Send whole lines, with the indentation that the file has."
    )


def _unproven(line: str) -> str:
    return (
        "The file is indented differently from old_str, and nothing in old_str shows how this new line "
        f"is to be indented: {line.strip()[:120]!r}. Send the lines with the indentation that the file has."
    )
