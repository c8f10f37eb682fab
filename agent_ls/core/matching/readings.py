r"""What models wrap around the text they mean: fences, line numbers, escapes, entities.

A reading is tried only after the text as it stands was found nowhere, and it is proven by being
found: it changes old and new text in the same way, or it does not apply.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

from agent_ls.core.matching.blocks import Block

_FENCE_OPEN = re.compile(r"\s*(?:```|~~~)[^`~]*")
_FENCE_CLOSE = re.compile(r"\s*(?:```|~~~)\s*")
_NUMBERED = re.compile(r"[ \t]*(\d+)(?: ?[|│→:]|\t)( ?)")
_ESCAPED = re.compile(r"\\([\\\"'ntr/])")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,5}|#x[0-9a-fA-F]{1,4});")
_MEANS = {"n": "\n", "t": "\t", "r": "\r"}


Reading = Callable[[Block], Block | None]
"""Another way to take a block; ``None`` or the block itself where it does not apply."""


def alternatives(block: Block) -> Iterator[tuple[Block, Reading]]:
    """What the readings make of a block, where that is something else, each with its reading."""
    seen = {block}
    for reading in READINGS:
        other = reading(block)
        if other is not None and other.old != block.old and other not in seen:
            seen.add(other)
            yield other, reading


def unfence(block: Block) -> Block | None:
    """Without the Markdown fence around the old text (and around the new one, if it is there)."""
    old, new = _without_fence(block.old), _without_fence(block.new)
    if old == block.old or not old or block.kept is not None:
        return None
    if new == block.new and new[-1:] == ("",) and old[-1] != "":
        new = new[:-1]  # the fence swallowed old's last line end, so new's must go with it
    return block.with_lines(old, new)


def _unterminated(block: Block) -> Block | None:
    """With a final newline in the call where the file's last line has none."""
    if block.kept is not None or block.old[-1] or block.new[-1] or len(block.old) < 2:
        return None
    return replace(block.with_lines(block.old[:-1], block.new[:-1]), at_end=True)


def _without_fence(lines: tuple[str, ...]) -> tuple[str, ...]:
    first = 1 if lines and _FENCE_OPEN.fullmatch(lines[0]) else 0
    last = len(lines)
    while last > first and not lines[last - 1].strip():
        last -= 1
    if last > first and _FENCE_CLOSE.fullmatch(lines[last - 1]):
        return lines[first : last - 1]
    return lines[first:]


def _unnumber(block: Block, *, drop_blank: bool) -> Block | None:
    """Without line numbers copied from a view; every old line must have one, and they must ascend.

    ``drop_blank``: whether one blank behind the separator belongs to the view.
    """
    last = -1
    blanks = True
    for line in block.old:
        found = _NUMBERED.match(line)
        if found is None:
            if line.strip():
                return None
        elif int(found[1]) <= last:
            return None
        else:
            last = int(found[1])
            blanks = blanks and (bool(found[2]) or found.end() == len(line))
    if last < 0 or (drop_blank and not blanks):
        return None

    def strip(line: str) -> str:
        found = _NUMBERED.match(line)
        if found is None:
            return line
        return line[found.end() if drop_blank else found.start(2) :]

    first = next(int(found[1]) for line in block.old if (found := _NUMBERED.match(line)))
    numbers = range(first, last + len(block.new) + 1)
    all_numbered = all(_NUMBERED.match(line) for line in block.new if line.strip())

    def strip_new(line: str) -> str:
        """Where some new lines have no number, a number that is none of the view's is text."""
        found = _NUMBERED.match(line)
        return strip(line) if found and (all_numbered or int(found[1]) in numbers) else line

    return block.with_lines([strip(line) for line in block.old], [strip_new(line) for line in block.new])


def _rewording(reword: Callable[[str], str]) -> Reading:
    """A reading that replaces characters in old and new alike."""

    def reading(block: Block) -> Block | None:
        old, new = _reword(block.old, reword), _reword(block.new, reword)
        if block.kept is not None and (len(old) != len(block.old) or len(new) != len(block.new)):
            return None  # the signs before a patch's lines would stand before the wrong ones
        other = block.with_lines(old, new)
        return None if _torn(block, other) else other

    return reading


def _reword(lines: tuple[str, ...], reword: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(reword("\n".join(lines)).split("\n"))


def _unescape_ends(text: str) -> str:
    return text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")


def _torn(block: Block, other: Block) -> bool:
    """Whether a rewording made a line end of what stood inside a string of the new text."""
    if len(other.new) == len(block.new):
        return False
    added = [line for line in other.new if line not in other.old]
    return any(a.count(quote) % 2 and b.count(quote) % 2 for a, b in pairwise(added) for quote in "\"'`")


def _unescape_quotes(text: str) -> str:
    return text.replace('\\"', '"').replace("\\'", "'")


def _unescape_all(text: str) -> str:
    return _ESCAPED.sub(lambda found: _MEANS.get(found[1], found[1]), text)


def _unescape_entities(text: str) -> str:
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


def _after_unfencing(reading: Reading) -> Reading:
    def both(block: Block) -> Block | None:
        plain = unfence(block)
        other = plain and reading(plain)
        return other if plain and other and other.old != plain.old else None

    return both


_PLAIN: tuple[Reading, ...] = (
    partial(_unnumber, drop_blank=True),
    partial(_unnumber, drop_blank=False),
    _rewording(_unescape_ends),
    _rewording(_unescape_quotes),
    _rewording(_unescape_all),
    _rewording(_unescape_entities),
)
READINGS: tuple[Reading, ...] = (_unterminated, unfence, *_PLAIN, *map(_after_unfencing, _PLAIN))
"""All readings; none is likelier than another, so two that are found and disagree are refused."""


_ENTITY_OF_CODE = re.compile(r"&(?:lt|gt|amp|quot);")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|//.*|#\s.*")
_OPERATOR = re.compile(r"(?:^|\s|&amp;|[-=<])&(?:lt|gt|amp);(?:$|\s|=|&amp;)|\w&lt;\w")
_PLAIN_QUOTE = re.compile(r"(?<!\\)\"")
_PLAIN_APOSTROPHE = re.compile(r"(?<!\\)'")
_PLAIN_SIGN = re.compile(r"[<>]|&(?!\w+;|#)")


def over_escaped(block: Block, bodies: Sequence[str], call: Sequence[Block] = ()) -> str | None:
    """The first added line that looks escaped once too often, where nothing in the anchors proves it.

    It begins with a written-out tab, or has an escaped quote outside of any string, or an entity, as
    no line of the file does. Who escapes, escapes all of a call: one plain tab, quote or sign in
    it, and its escapes are meant. In a file without any plain
    sign, an entity is suspicious as an operator only.
    """
    added = [line for line in block.new if line not in block.old]
    everything = "\n".join(line for other in (block, *call) for line in (*other.old, *other.new))
    for suspicious, plain in (
        (_has_loose_tab, re.compile(r"\t")),
        (_has_loose_quote, _PLAIN_QUOTE),
        (_has_loose_apostrophe, _PLAIN_APOSTROPHE),
        (_has_loose_entity, _PLAIN_SIGN),
    ):
        line = next(filter(suspicious, added), None)
        if line is None or plain.search(everything) or any(map(suspicious, bodies)):
            continue
        if suspicious is not _has_loose_entity or _OPERATOR.search(line) or any(map(plain.search, bodies)):
            return line
    return None


def _has_loose_tab(line: str) -> bool:
    return line.startswith("\\t")


def _has_loose_quote(line: str) -> bool:
    return '\\"' in line and '\\"' in _QUOTED.sub("", line)


def _has_loose_apostrophe(line: str) -> bool:
    return "\\'" in line and "\\'" in _QUOTED.sub("", line)


def _has_loose_entity(line: str) -> bool:
    return "&" in line and _ENTITY_OF_CODE.search(line) is not None
