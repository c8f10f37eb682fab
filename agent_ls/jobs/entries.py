"""What the entries of the code-action menu share: their kinds, and how long a title may be."""

from __future__ import annotations

QUICKFIX, REWRITE, SOURCE = "quickfix.agent", "refactor.rewrite.agent", "source.agent"
_TITLE = 60


def short(text: str) -> str:
    """A text in one line that fits into a title."""
    line = " ".join(text.split())
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
