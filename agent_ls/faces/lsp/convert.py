"""Places between LSP and bytes: positions in the negotiated encoding ↔ UTF-8 byte offsets.

Only the line in question is looked at, and only its part before the place. Places outside
the text are brought to the nearest legal one, as the protocol demands: past a line's end
means its end (before the line end itself), past the last line means the end of the text.
A place inside a character (half a surrogate pair) is rounded down to its start.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from agent_ls.core.text import Span
from agent_ls.faces.lsp.json_values import Json
from agent_ls.faces.lsp.rope import Rope


class Encoding(StrEnum):
    """What one unit of ``Position.character`` is; the values are the wire's."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def from_position(text: Rope, position: Json, encoding: Encoding) -> int:
    """Byte offset of an LSP position, brought into the text. Cost: the line's bytes before it."""
    line = int(position["line"])
    if line >= text.lines:
        return text.size
    start, end = text.line_start(line), text.line_end(line)
    left, at = int(position["character"]), start
    for piece in text.pieces(start, end):
        units = width(piece, encoding)
        if units > left or left == 0:
            return at + _prefix(piece, left, encoding)
        left -= units
        at += len(piece)
    return at


def from_range(text: Rope, range_: Json, encoding: Encoding) -> Span:
    """Byte span of an LSP range; an inverted range means the same text as the ordered one."""
    start = from_position(text, range_["start"], encoding)
    typed = range_["end"] == range_["start"]  # an insertion, the commonest edit: look once
    end = start if typed else from_position(text, range_["end"], encoding)
    return Span(min(start, end), max(start, end))


def to_position(text: Rope, offset: int, encoding: Encoding) -> Json:
    """LSP position of a byte offset; past the end: the end. Cost: the line's bytes before it."""
    offset = min(offset, text.size)
    line = text.line_of(offset)
    start = text.line_start(line)
    offset = min(offset, text.line_end(line))
    return {"line": line, "character": sum(width(piece, encoding) for piece in text.pieces(start, offset))}


def to_range(text: Rope, span: Span, encoding: Encoding) -> Json:
    """LSP range of a byte span."""
    return {
        "start": to_position(text, span.start, encoding),
        "end": to_position(text, span.end, encoding),
    }


def width(piece: bytes, encoding: Encoding) -> int:
    """Units of a piece of UTF-8 text. A torn character at either end counts as one unit."""
    if encoding is Encoding.UTF8 or piece.isascii():
        return len(piece)
    text = piece.decode("utf-8", "replace")
    return len(text) if encoding is Encoding.UTF32 else len(text.encode("utf-16-le")) // 2


def _prefix(piece: bytes, units: int, encoding: Encoding) -> int:
    """Bytes of the longest prefix that has at most ``units`` units and ends between characters."""
    if units >= len(piece):  # a unit is at least one byte
        return len(piece)
    if encoding is Encoding.UTF8 or piece.isascii():
        while units > 0 and piece[units] & 0xC0 == 0x80:
            units -= 1
        return units
    text = piece.decode("utf-8", "replace")
    match encoding:
        case Encoding.UTF32:
            return len(text[:units].encode("utf-8"))
        case Encoding.UTF16:
            # Half a pair at the cut is dropped: that is the rounding down.
            cut = text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")
            return len(cut.encode("utf-8"))
        case _:
            assert_never(encoding)
