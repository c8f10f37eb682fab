"""Which turn of an attempt wrote each line of a file: its drafts, one after the other, compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from agent_ls.core.attempt import DraftFile
from agent_ls.core.diff import line_hunks
from agent_ls.core.edits import FileChange, Op
from agent_ls.core.hunks import Hunk


@final
@dataclass(frozen=True, slots=True)
class History:
    """Which turn wrote each line of the text after, took each line of the text before, moved the file."""

    wrote: tuple[int | None, ...]
    took: Mapping[int, int]
    moved: int | None

    @staticmethod
    def of(
        change: FileChange,
        drafts: Sequence[Sequence[DraftFile]],
        get: Callable[[str], bytes],
        begun: Sequence[DraftFile] = (),
    ) -> History:
        """``drafts``: the draft after each turn; ``begun``: the one it all began with, which is no turn's.

        Raises what ``get`` raises for a text that is lost.
        """
        took: dict[int, int] = {}
        moved: int | None = None
        last = _draft_of(change, begun)
        first, text = change.before or b"", _text(last, change, get)
        lines: list[tuple[int | None, int | None]] = [(None, n) for n in range(len(first.splitlines()))]
        lines = _follow(first, text, lines, None, took)
        for number, draft in enumerate(drafts):
            now = _draft_of(change, draft)
            if now == last:
                continue
            if now is not None and now.moved_from is not None and (last is None or last.moved_from is None):
                moved = number
            last, after = now, _text(now, change, get)
            lines = _follow(text, after, lines, number, took)
            text = after
        # What happened to the draft behind the last turn (a comment that asked is taken out) is nobody's.
        lines = _follow(text, change.after or b"", lines, None, took)
        return History(tuple(writer for writer, _ in lines), took, moved)

    def turn_of(self, hunk: Hunk) -> int | None:
        """The turn that most of a hunk is from, the earliest of several; ``None``: no turn did it."""
        if hunk.op is Op.MOVE:
            return self.moved
        wrote = self.wrote[hunk.new_start_line : hunk.new_start_line + hunk.new_lines]
        took = [
            self.took.get(line) for line in range(hunk.old_start_line, hunk.old_start_line + hunk.old_lines)
        ]
        votes = Counter(turn for turn in (*wrote, *took) if turn is not None)
        return min(votes, key=lambda turn: (-votes[turn], turn), default=None)


def _draft_of(change: FileChange, draft: Sequence[DraftFile]) -> DraftFile | None:
    """What a draft has of the file, which may have lain at its old place then."""
    by_place = {f.path: f for f in draft}
    return by_place.get(change.path) or by_place.get(change.source)


def _text(file: DraftFile | None, change: FileChange, get: Callable[[str], bytes]) -> bytes:
    if file is None:
        return change.before or b""
    return b"" if file.after is None else get(file.after)


def _follow(
    old: bytes,
    new: bytes,
    lines: Sequence[tuple[int | None, int | None]],
    turn: int | None,
    took: dict[int, int],
) -> list[tuple[int | None, int | None]]:
    """The lines' writers after one more turn; what it took of the first text is noted in ``took``."""
    made: list[tuple[int | None, int | None]] = []
    at = 0
    for part in line_hunks(old, new):
        made += lines[at : part.old_start]
        gone = (first for _, first in lines[part.old_start : part.old_end] if first is not None)
        took |= dict.fromkeys(gone, turn) if turn is not None else {}
        made += [(turn, None)] * (part.new_end - part.new_start)
        at = part.old_end
    return [*made, *lines[at:]]
