"""One edit request on one text: all of it, exactly, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import assert_never

from agent_ls.core.alignment import gaps
from agent_ls.core.matching import words
from agent_ls.core.matching.blocks import Block
from agent_ls.core.matching.carry import carry, decode, spliced
from agent_ls.core.matching.doubts import doubt, has_stray_fence, is_lazy, left_out_line
from agent_ls.core.matching.elision import expand
from agent_ls.core.matching.formats import FormatProblem, Hunk, parse_patch, parse_udiff, unfenced
from agent_ls.core.matching.indent import IndentMap, prove
from agent_ls.core.matching.ladder import Ambiguous, Found, contradicted, everywhere, locate, reread
from agent_ls.core.matching.requests import (
    Applied,
    EditRequest,
    Insert,
    Patch,
    Refused,
    StrReplace,
    UnifiedDiff,
    WholeFile,
)
from agent_ls.core.matching.rewrite import Splice, rewrite
from agent_ls.core.matching.source import Source, flatten

Splices = list[Splice]


def apply_edit(shown: str | None, now: str, edit: EditRequest) -> Applied | Refused:
    """Apply an edit that a model made against ``shown`` to ``now``. Never raises, never applies in part.

    Args:
        shown: The text that the model was shown; ``None``: it was shown ``now``.
        now: The newest text.
        edit: What it wants.

    Returns:
        The whole new text, or a refusal worded for the model.
    """
    source = Source(now if shown is None else shown)
    outcome = _carried(source, to_splices(source, edit), now)
    return outcome if isinstance(outcome, Refused) else Applied(outcome)


def apply_hunks(shown: str | None, now: str, hunks: Sequence[Hunk]) -> str | Refused:
    """As `apply_edit`, for the hunks of one file of a patch."""
    source = Source(now if shown is None else shown)
    return _carried(source, hunks_applied(source, hunks), now)


def _carried(source: Source, splices: Splices | Refused, now: str) -> str | Refused:
    """The text of now with what the edit changes in the shown text."""
    if isinstance(splices, Refused):
        return splices
    if source.text == now:
        return spliced(source, splices)
    merged = carry(source, splices, now)
    if merged.conflicts:
        first = merged.conflicts[0]
        count = len(first.theirs.splitlines())
        return Refused(words.conflict(Source(now), "this edit", first.line, count))
    return decode(merged.data)


def to_splices(source: Source, edit: EditRequest) -> Splices | Refused:
    """What the edit changes in the shown text: ascending, apart."""
    match edit:
        case StrReplace():
            return _replaced(source, edit)
        case Insert():
            return _inserted(source, edit)
        case UnifiedDiff():
            parsed = parse_udiff(edit.text)
            return (
                Refused(parsed.error) if isinstance(parsed, FormatProblem) else hunks_applied(source, parsed)
            )
        case Patch():
            return _patched(source, edit)
        case WholeFile():
            return whole(source, edit.text)
        case _:
            assert_never(edit)


def _inserted(source: Source, edit: Insert) -> Splices | Refused:
    count = len(source.bodies) - (source.bodies[-1] == "")
    if not 0 <= edit.line <= count:
        return Refused(f"Line {edit.line} does not exist: the file has {count} lines. Nothing was changed.")
    lines = flatten(edit.text).split("\n")
    if lines[-1] == "":
        lines.pop()
    left_out = left_out_line(source, (), lines)
    if left_out is not None:
        return Refused(words.lazy(source, left_out))
    return [Splice(edit.line, edit.line, tuple(lines))] if lines else []


def _patched(source: Source, edit: Patch) -> Splices | Refused:
    sections = parse_patch(edit.text)
    if isinstance(sections, FormatProblem):
        return Refused(sections.error)
    if len(sections) != 1 or sections[0].action != "update" or sections[0].move_to:
        return Refused("The patch must update exactly this one file. Nothing was changed.")
    return hunks_applied(source, sections[0].hunks)


def whole(source: Source, text: str) -> Splices | Refused:
    """The file's text becomes another one, but keeps its BOM, its line ends and its final newline."""
    lines = flatten(text).split("\n")
    inner = unfenced(lines)
    if source.bodies[0].strip()[:3] != "```" and lines[0].strip()[:3] == "```":
        lines = [*inner, ""] if source.bodies[-1] == "" else inner  # a fence holds whole lines
    if source.text and source.bodies[-1] == "" and lines[-1] != "":
        lines = [*lines, ""]
    changed = gaps(source.bodies, lines)
    left_out = left_out_line(source, source.bodies, lines)
    if left_out is not None:
        lost = [gap[:2] for gap in changed if left_out in lines[gap[2] : gap[3]]]
        real = [gap[:2] for gap in changed if gap[:2] not in lost]
        return Refused(words.lazy(source, left_out, [*real[:3], *lost, *real[3:]]))
    return [Splice(a, b, tuple(lines[c:d])) for a, b, c, d in changed]


def hunks_applied(source: Source, hunks: Sequence[Hunk]) -> Splices | Refused:
    """All hunks of one file, or none."""
    if not hunks:
        return Refused(f"No hunk adds or removes a line. {words.NOTHING} Mark such lines with '+' and '-'.")
    found: list[Found | Ambiguous | None] = []
    known = frozenset(source.bodies)
    for number, hunk in enumerate(hunks, 1):
        if all(reading.empty for reading in hunk.readings):
            if source.text or len(hunks) > 1:
                return Refused(
                    f"{_hunk_name(number, hunks)} has no line by which its place could be found. "
                    f"{words.NOTHING} Give at least one unchanged line before or after what it adds."
                )
            return [Splice(0, 1, (*hunk.readings[0].new, ""))]
        found.append(locate(source, [*hunk.readings, *hunk.signed_again(known)]))
    located = [item for item in found if isinstance(item, Found)]
    if len(located) < len(found):
        return Refused(_hunk_refusal(source, hunks, found))
    return _spliced_blocks(source, located)


def _hunk_name(number: int, hunks: Sequence[Hunk]) -> str:
    return f"Hunk {number} of {len(hunks)}" if len(hunks) > 1 else "The hunk"


def _hunk_refusal(source: Source, hunks: Sequence[Hunk], found: Sequence[Found | Ambiguous | None]) -> str:
    """Words for the first hunk that was not found at one place."""
    index = next(i for i, item in enumerate(found) if not isinstance(item, Found))
    what, failed = _hunk_name(index + 1, hunks), found[index]
    if isinstance(failed, Ambiguous):
        return words.ambiguous(source, what, failed.lines, len(hunks[index].readings[0].old))
    before = [item.spot.last for item in found[:index] if isinstance(item, Found)]
    after = [item.spot.first for item in found[index + 1 :] if isinstance(item, Found)]
    within = max(before, default=0), min(after, default=len(source.bodies))
    return words.not_found(source, what, hunks[index].readings[0], within, stated=True)


def _replaced(source: Source, edit: StrReplace) -> Splices | Refused:
    edits = list(dict.fromkeys(edit.edits))
    if not edits:
        return Refused("The call has no edits. Nothing was changed.")
    found: list[Found] = []
    for number, item in enumerate(edits, 1):
        what = f"old_str of edit {number} of {len(edits)}" if len(edits) > 1 else "old_str"
        block = Block(
            tuple(flatten(item.old).split("\n")),
            tuple(flatten(item.new).split("\n")),
            partial=True,
            replace_all=item.replace_all,
        )
        if block.empty and not source.text and len(edits) == 1:
            return [Splice(0, 1, block.new)]
        outcome = _one_replacement(source, block, what)
        if isinstance(outcome, Refused):
            sequential = _in_sequence(source, edit) if number > 1 else None
            return sequential or outcome
        if has_stray_fence(source, block):
            spot = outcome[0].spot
            return Refused(words.stray_fence(source, f"edit {number}", spot.first, spot.last))
        found += outcome
    result = _spliced_blocks(source, found)
    if isinstance(result, Refused) and len(found) > 1:
        return _in_sequence(source, edit) or result
    return result


def _one_replacement(source: Source, block: Block, what: str) -> list[Found] | Refused:
    if block.empty:
        return Refused(
            f"{what} is empty, so nothing says where new_str belongs. Nothing was changed. "
            + (words.near(source, block.new) or "Put the lines around the place into old_str.")
        )
    if block.replace_all and (places := everywhere(source, block)):
        return places
    parts = expand(source, block)
    found: list[Found] = []
    for part in parts:
        outcome = locate(source, [part])
        if isinstance(outcome, Ambiguous):
            return Refused(words.ambiguous(source, what, outcome.lines, len(part.old)))
        if outcome is None:
            return Refused(words.not_found(source, what, part))
        found.append(outcome)
    if any(a.spot.last > b.spot.first for a, b in pairwise(found)):
        return Refused(words.other_order(source, what, [(item.spot.first, item.spot.last) for item in found]))
    return found


def _in_sequence(source: Source, edit: StrReplace) -> Splices | None:
    """The edits one after the other, each standing literally, and once, in the text before it."""
    text = source.flat
    for item in edit.edits:
        old = flatten(item.old)
        again = text.find(old, text.find(old) + 1) >= 0
        if not old.strip() or old not in text or (again and not item.replace_all):
            return None
        block = Block(tuple(old.split("\n")), tuple(flatten(item.new).split("\n")))
        if has_stray_fence(source, block) or is_lazy(source, block):
            return None
        text = text.replace(old, flatten(item.new))
    lines = text.split("\n")
    return [Splice(a, b, tuple(lines[c:d])) for a, b, c, d in gaps(source.bodies, lines)]


def _spliced_blocks(source: Source, found: Sequence[Found]) -> Splices | Refused:
    """All found blocks written at once."""
    twin = contradicted(source, found)
    if twin is not None:
        number = found.index(twin[0]) + 1
        return Refused(
            words.ambiguous(source, f"Part {number} of the call", twin[1].lines, len(twin[0].block.old))
        )
    found = reread(found)
    splices: list[Splice] = []
    for item in found:
        indents = _indents(source, item, found)
        why_not = doubt(source, item, indents, [other.block for other in found])
        if why_not is not None:
            return Refused(why_not)
        written = rewrite(source, item, indents)
        if isinstance(written, str):
            return Refused(f"{written} Nothing was changed.")
        splices += written
    splices.sort(key=lambda splice: (splice.first, splice.last))
    for a, b in pairwise(splices):
        if a.last > b.first or (a.first == a.last == b.first == b.last):
            return Refused(
                f"Two edits of this call change the same place (line {b.first + 1}). Nothing was changed. "
                "Join them into one."
            )
    return splices


def _indents(source: Source, item: Found, found: Sequence[Found]) -> IndentMap | None:
    """The indentation map for one block, proven by all anchor lines of the call where they agree."""
    model = [line for other in found for block in (other.block,) for line in (*block.old, *block.new)]
    loose = [other for other in found if not other.rung.indented]
    if item.rung.indented:
        if not loose:
            return None
        shared = [pair for other in (*loose, item) for pair in other.pairs(source)]
        proven = prove(shared, model, source.bodies)
        return proven if proven and all(rule.unit for rule in proven.rules) else None
    shared = [pair for other in loose for pair in other.pairs(source)]
    return prove(shared, model, source.bodies) or prove(item.pairs(source), model, source.bodies)
