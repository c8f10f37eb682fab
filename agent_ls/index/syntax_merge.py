"""Clashes of lines that are none in the syntax tree. Worker processes only.

Three trees are walked together, from the root down to where both sides changed something. What
they added, removed, moved and edited are units of the same sequence, matched by name or by place;
two changes that do not meet in one unit merge. Everything else stays a clash.

Source: the idea of structured merge as in Spork (Larsén et al., 2022) and Mergiraf; here it is
asked only about regions in which lines clash, and its answer is checked before anybody sees it.
"""

from __future__ import annotations

from collections import Counter

from tree_sitter import Node

from agent_ls.core.diff3 import merge_text, with_line_ends_of
from agent_ls.core.text import BOM
from agent_ls.index.languages import parser
from agent_ls.index.merging import Resolved
from agent_ls.index.names import EXTRA
from agent_ls.index.syntax_three import Side, merge_sequence
from agent_ls.index.syntax_units import names_in
from agent_ls.index.tokens import leaves

_MAX_BYTES = 2_000_000


def resolve(base: bytes, ours: bytes, theirs: bytes, language: str) -> Resolved | None:
    """Merge three texts whose line merge clashes; ``None`` where one clash stays one.

    Each clash is looked at by itself: the rest of the file is already merged, so the three texts
    differ in that region only. Where a region alone does not tell (a function that one side
    moved), the whole files are merged.
    """
    # What a unit is was learned from the languages of the base installation.
    if max(len(base), len(ours), len(theirs)) > _MAX_BYTES or language in EXTRA:
        return None
    base, ours = with_line_ends_of(theirs, base, ours)
    merged = merge_text(base, ours, theirs)
    if not merged.conflicts:
        return Resolved(merged.data, 0)
    count = len(merged.conflicts)
    text = merged.data
    for clash in reversed(merged.conflicts):  # from the last one: the offsets before it stay true
        head, tail = text[: clash.offset], text[clash.offset + len(clash.theirs) :]
        region = merge_trees(head + clash.base + tail, head + clash.ours + tail, text, language)
        if region is None:
            break
        text = region
    else:
        # A region does not see the rest of the file: what both sides added at two places is there twice.
        if _sound(*(_parsed(side, language) for side in (text, base, ours, theirs))):
            return Resolved(text, count)
    whole = merge_trees(base, ours, theirs, language)
    return None if whole is None else Resolved(whole, count)


def merge_trees(base: bytes, ours: bytes, theirs: bytes, language: str) -> bytes | None:
    """Merge three texts by their trees; ``None`` where that is in doubt."""
    bom = BOM if theirs.startswith(BOM) else b""
    texts = [text.removeprefix(bom) for text in (base, ours, theirs)]
    sides = (_parsed(texts[0], language), _parsed(texts[1], language), _parsed(texts[2], language))
    merged = merge_sequence(*sides, whole=True)
    if merged is None or not _sound(_parsed(merged, language), *sides):
        return None
    return bom + merged


def _parsed(data: bytes, language: str) -> Side:
    return Side(data, parser(language).parse(data).root_node)


def _sound(merged: Side, base: Side, ours: Side, theirs: Side) -> bool:
    """Whether a merged text is what both sides wanted, as far as counting tells.

    No new syntax error, no name twice that neither side has twice, every token that one added or
    removed.
    """
    if _errors(merged.node) > max(_errors(ours.node), _errors(theirs.node)):
        return False
    mine, yours = names_in(ours.node), names_in(theirs.node)
    if any(count > max(1, mine[name], yours[name]) for name, count in names_in(merged.node).items()):
        return False
    was, one, other, now = (_tokens(side) for side in (base, ours, theirs, merged))
    for token in {*was, *one, *other, *now}:
        added, more = one[token] - was[token], other[token] - was[token]
        bounds = [added + more]
        if added * more > 0:  # both did the same, perhaps at the same place
            bounds += [added, more]
        if not min(bounds) <= now[token] - was[token] <= max(bounds):
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
