"""From splices of the shown text to the text of now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from agent_ls.core.alignment import Gap
from agent_ls.core.diff3 import MergedText, merge_lines, merge_text, with_line_ends_of
from agent_ls.core.matching.rewrite import Splice
from agent_ls.core.matching.source import Source


def spliced(source: Source, splices: Sequence[Splice]) -> str:
    """The source's text with ascending splices done: new lines take their neighbours' line ends."""
    bodies, ends = source.bodies, source.ends
    out: list[str] = [source.bom]
    starts = _raw_starts(source)
    at = 0
    for splice in splices:
        first, last = splice.first, splice.last
        out.append(source.text[starts[at] : starts[first]])
        at = last
        new_ends = _ends(source, splice)
        if first == len(bodies) and splice.new:
            # Lines after an unterminated last one: it gets an end, the new last one has none.
            out.append(_neighbour_end(source, first))
        elif last == len(bodies) and not splice.new and first:
            # The unterminated last lines go: the line before them becomes the unterminated one.
            out[-1] = out[-1].removesuffix(ends[first - 1])
        out += [part for line, end in zip(splice.new, new_ends, strict=True) for part in (line, end)]
    out.append(source.text[starts[at] :])
    return "".join(out)


def _raw_starts(source: Source) -> list[int]:
    lengths = (len(body) + len(end) for body, end in zip(source.bodies, source.ends, strict=True))
    return list(accumulate(lengths, initial=len(source.bom)))


def _ends(source: Source, splice: Splice) -> list[str]:
    """The line end of each new line: that of the line it replaces, else of the nearest one before."""
    total, count = len(source.bodies), len(splice.new)
    default = _neighbour_end(source, splice.first)
    replaced = [end or default for end in source.ends[splice.first : splice.last]]
    ends = [replaced[i] if i < len(replaced) else (replaced or [default])[-1] for i in range(count)]
    if ends and splice.last == total:
        ends[-1] = ""
    return ends


def _neighbour_end(source: Source, line: int) -> str:
    for near in (line - 1, line):
        if 0 <= near < len(source.ends) and source.ends[near]:
            return source.ends[near]
    return source.line_end


def carry(source: Source, splices: Sequence[Splice], now: str) -> MergedText:
    """Move splices of the shown text onto the text of now.

    The lines that the edit changes are known: comparing the two texts again could pair a line with
    its twin elsewhere, and a change of the user's would land there.
    """
    shown, intended, theirs = (encode(text) for text in (source.text, spliced(source, splices), now))
    base, ours = with_line_ends_of(theirs, shown, intended)
    base_lines, our_lines = base.splitlines(keepends=True), ours.splitlines(keepends=True)
    our_gaps = list(_gaps(splices, len(base_lines), len(our_lines)))
    if not _explains(base_lines, our_lines, our_gaps):
        return merge_text(base, ours, theirs)
    return merge_lines(base_lines, our_lines, our_gaps, theirs.splitlines(keepends=True))


def _gaps(splices: Sequence[Splice], size: int, our_size: int) -> Iterator[Gap]:
    """The splices as gaps between lines; a source's last, empty body is no line."""
    shift = 0
    for splice in splices:
        first, last = splice.first, splice.last
        end = last + shift + len(splice.new) - (last - first)
        yield min(first, size), min(last, size), min(first + shift, our_size), min(end, our_size)
        shift = end - last


def _explains(base: Sequence[bytes], ours: Sequence[bytes], found: Sequence[Gap]) -> bool:
    """Whether all is equal between the gaps: a final newline that came or went is not in them."""
    at = our_at = 0
    for first, last, our_first, our_last in [*found, (len(base), len(base), len(ours), len(ours))]:
        if base[at:first] != ours[our_at:our_first]:
            return False
        at, our_at = last, our_last
    return True


def encode(text: str) -> bytes:
    """UTF-8; a lone surrogate, which JSON can carry, survives the round trip."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """The inverse of `encode`."""
    return data.decode("utf-8", "surrogatepass")
