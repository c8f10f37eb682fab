"""What a person sees: colours only where a terminal is, nothing that acts or hides."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO, final

_COLOURS = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "cyan": 36, "bold": 1, "dim": 2}
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@final
class Terminal:
    """One output stream for people."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self.tty = stream.isatty()
        self.colour = self.tty and "NO_COLOR" not in environ and environ.get("TERM") != "dumb"

    def line(self, text: str = "", *styles: str) -> None:
        """One line, styled where colours are shown."""
        self._stream.write(self.styled(clean(text), *styles) + "\n")
        self._stream.flush()

    def styled(self, text: str, *styles: str) -> str:
        if not self.colour or not text or not styles:
            return text
        codes = ";".join(str(_COLOURS[style]) for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def diff(self, patch: str, indent: str = "") -> None:
        """A unified diff, coloured; a line end of Windows does not show."""
        for line in patch.removesuffix("\n").split("\n"):
            self.line(indent + line.removesuffix("\r"), *diff_styles(line))

    def patch(self, patch: str) -> None:
        """A unified diff: for eyes on a terminal, elsewhere byte for byte as ``git apply`` takes it."""
        if self.tty:
            self.diff(patch)
        else:
            self._stream.flush()
            self._stream.buffer.write(patch.encode("utf-8", "surrogateescape"))
            self._stream.buffer.flush()


def clean(text: str) -> str:
    """Text from a repository or a model without control and direction characters (line ends and tabs stay)."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def diff_styles(line: str) -> tuple[str, ...]:
    """How a line of a diff looks."""
    if line.startswith(
        ("diff ", "index ", "--- ", "+++ ", "rename ", "new file", "deleted file", "similarity ")
    ):
        return ("bold",)
    if line.startswith("@@"):
        return ("cyan",)
    if line.startswith("+"):
        return ("green",)
    return ("red",) if line.startswith("-") else ()


def stdout(environ: Mapping[str, str] = os.environ) -> Terminal:
    return Terminal(sys.stdout, environ)


def stderr(environ: Mapping[str, str] = os.environ) -> Terminal:
    return Terminal(sys.stderr, environ)
