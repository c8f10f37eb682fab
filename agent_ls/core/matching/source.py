r"""A text as numbered line bodies and line ends, and how lines are compared.

`bodies` is never empty and has one entry more than there are line ends: a text with a final
newline ends with an empty body. So every text is its bodies joined by its ends, and a block of
lines can be matched and replaced without asking whether the last line is terminated.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import final

BOM = "\ufeff"
_END = re.compile(r"\r\n|\n|\r")
_BLANKS = re.compile(r"[ \t\f\v]+")
_ALL_BLANKS = re.compile(r"[^\S\n]+")

_TYPOGRAPHIC = {
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007", " "),
    **dict.fromkeys("\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("\u00ad\u200b\ufeff\u2060", ""),
    "…": "...",
}
_ODD = re.compile("[" + "".join(_TYPOGRAPHIC) + "]")


@final
@dataclass(frozen=True, slots=True)
class Rung:
    """One way of comparing lines. ``shape`` is what a line is reduced to (``None``: as it is).

    ``indented``: whether indentation is compared; where it is not, an indentation map must prove it.
    """

    name: str
    shape: Callable[[str], str] | None
    typographic: bool = False
    indented: bool = True

    def key(self, line: str) -> str:
        line = fold(line) if self.typographic else line
        return self.shape(line) if self.shape else line


@final
@dataclass(frozen=True)
class Source:
    """A text split into lines. ``ends[i]`` follows ``bodies[i]``; the last body has none (``""``)."""

    text: str

    @cached_property
    def bom(self) -> str:
        return BOM if self.text.startswith(BOM) else ""

    @cached_property
    def flat(self) -> str:
        r"""The text without its BOM, every line end as ``\n``."""
        flat = self.text[len(self.bom) :]
        return _END.sub("\n", flat) if "\r" in flat else flat

    @cached_property
    def bodies(self) -> list[str]:
        return self.flat.split("\n")

    @cached_property
    def starts(self) -> list[int]:
        """Offset in `flat` of each body."""
        return list(accumulate((len(body) + 1 for body in self.bodies[:-1]), initial=0))

    def line_at(self, offset: int) -> int:
        """0-based line of an offset in `flat`."""
        return bisect_right(self.starts, offset) - 1

    @cached_property
    def ends(self) -> list[str]:
        if "\r" not in self.text:
            return ["\n"] * (len(self.bodies) - 1) + [""]
        return [*_END.findall(self.text), ""]

    @cached_property
    def line_end(self) -> str:
        r"""The text's own line end: the commonest, ``\n`` where it has none."""
        counts = Counter(self.ends[:-1])
        return max(("\n", "\r\n", "\r"), key=lambda end: counts[end])

    @cached_property
    def folded(self) -> list[str]:
        """`bodies` under `fold`."""
        return self.bodies if self.flat.isascii() else fold(self.flat).split("\n")

    @cached_property
    def blankless(self) -> str:
        """`flat` under `blankless`: what no rung can find in it stands nowhere."""
        return blankless(self.flat)

    @cached_property
    def _keys(self) -> dict[str, list[str]]:
        return {}

    def keys(self, rung: Rung) -> list[str]:
        """The bodies as a rung compares them; computed once per rung."""
        known = self._keys.get(rung.name)
        if known is None:
            lines = self.folded if rung.typographic else self.bodies
            known = self._keys[rung.name] = list(map(rung.shape, lines)) if rung.shape else lines
        return known


def flatten(text: str) -> str:
    r"""A model's text with every line end as ``\n``: BOM dropped, a cut-off ``\r`` at the end, too."""
    text = text.removeprefix(BOM)
    if "\r" not in text:
        return text
    return _END.sub("\n", text.replace("\r\r\n", "\n").removesuffix("\r"))


def fold(text: str) -> str:
    """Typographic punctuation as ASCII, odd spaces as blanks, composed characters."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ODD.sub(lambda found: _TYPOGRAPHIC[found[0]], text))


def blankless(text: str) -> str:
    """The loosest comparison of all: folded, without any blanks."""
    return _ALL_BLANKS.sub("", fold(text))


def squeeze(text: str) -> str:
    """Runs of blanks inside as one blank; indentation stays, trailing blanks go."""
    head = indent_of(text)
    return head + _BLANKS.sub(" ", text[len(head) :].rstrip(" \t"))


def trim(text: str) -> str:
    return text.rstrip(" \t\f\v")


def indent_of(text: str) -> str:
    """The blanks and tabs that a line begins with."""
    return text[: len(text) - len(text.lstrip(" \t"))]


def _squeeze_all(text: str) -> str:
    return _BLANKS.sub(" ", text.strip(" \t\f\v"))


EXACT = Rung("exact", None)
STRICT = (EXACT, Rung("trailing blanks", trim), Rung("typographic", trim, typographic=True))
INDENTED = (
    Rung("indentation", str.strip, indented=False),
    Rung("typographic and indentation", str.strip, typographic=True, indented=False),
)
SQUEEZED = (
    Rung("blanks", squeeze, typographic=True),
    Rung("blanks and indentation", _squeeze_all, typographic=True, indented=False),
)
