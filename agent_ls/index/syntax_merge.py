"""Clashes of lines that are none in the syntax tree. Worker processes only.

Three trees are walked together, from the root down to where both sides changed something. What
they added, removed, moved and edited are units of the same sequence, matched by name or by place;
two changes that do not meet in one unit merge. Everything else stays a clash.

Source: the idea of structured merge as in Spork (Larsén et al., 2022) and Mergiraf; here it is
asked only about regions in which lines clash, and its answer is checked before anybody sees it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from tree_sitter import Node

from agent_ls.core.diff3 import merge_text, with_line_ends_of
from agent_ls.core.text import BOM
from agent_ls.index.languages import parser
from agent_ls.index.syntax_three import Side, merge_sequence
from agent_ls.index.syntax_units import leaves

_MAX_BYTES = 2_000_000


@final
@dataclass(frozen=True, slots=True)
class Resolved:
    """A text without clashes, and how many clashes of lines there were."""

    data: bytes
    clashes: int


def resolve(base: bytes, ours: bytes, theirs: bytes, language: str) -> Resolved | None:
    """Merge three texts whose line merge clashes; ``None`` where one clash stays one.

    Each clash is looked at by itself: the rest of the file is already merged, so the three texts
    differ in that region only. Where a region alone does not tell (a function that one side
    moved), the whole files are merged.
    """
    if max(len(base), len(ours), len(theirs)) > _MAX_BYTES:
        return None
    base, ours = with_line_ends_of(theirs, base, ours)
    merged = merge_text(base, ours, theirs)
    if not merged.conflicts:
        return Resolved(merged.data, 0)
    count = len(merged.conflicts)
    text = merged.data
    for clash in reversed(merged.conflicts):  # from the last one: the offsets before it stay true
        head, tail = text[: clash.offset], text[clash.offset + len(clash.theirs) :]
        region = merge_trees(*(head + side + tail for side in (clash.base, clash.ours, clash.theirs)), language)
        if region is None:
            whole = merge_trees(base, ours, theirs, language)
            return None if whole is None else Resolved(whole, count)
        text = region
    return Resolved(text, count)


def merge_trees(base: bytes, ours: bytes, theirs: bytes, language: str) -> bytes | None:
    """Merge three texts by their trees; ``None`` where that is in doubt."""
    read = parser(language).parse
    texts = (base, ours, theirs)
    bom = BOM if all(text.startswith(BOM) for text in texts) else b""
    sides = [Side(text, read(text).root_node) for text in (text.removeprefix(bom) for text in texts)]
    merged = merge_sequence(*sides, whole=True)
    if merged is None or not _sound(Side(merged, read(merged).root_node), sides):
        return None
    return bom + merged


def _sound(merged: Side, sides: Sequence[Side]) -> bool:
    """Whether a merged text has no new syntax error, and every token that a side added or removed."""
    if _errors(merged.node) > max(_errors(side.node) for side in sides[1:]):
        return False
    base, ours, theirs, now = (_tokens(side) for side in (*sides, merged))
    for token in {*base, *ours, *theirs, *now}:
        one, other = ours[token] - base[token], theirs[token] - base[token]
        bounds = [one + other]
        if one * other > 0:  # both did the same, perhaps at the same place
            bounds += [one, other]
        if not min(bounds) <= now[token] - base[token] <= max(bounds):
            return False
    return True


def _errors(root: Node) -> int:
    count, stack = 0, [root] if root.has_error else []
    while stack:
        node = stack.pop()
        count += node.is_error or node.is_missing
        stack += [child for child in node.children if child.has_error]
    return count


def _tokens(side: Side) -> Counter[bytes]:
    texts = (side.data[leaf.start_byte : leaf.end_byte].strip() for leaf in leaves(side.node))
    return Counter(text for text in texts if text not in (b"", b","))
