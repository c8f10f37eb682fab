"""A small run of ``benchmarks/interleavings.py``, and that it would see a loss."""

from __future__ import annotations

import pytest

from agent_ls.core import diff3
from benchmarks.interleavings import LostError, play


def test_no_keystroke_is_lost_between_typing_and_planning():
    happened = play(0, 1500)
    for what in ("landed", "landed, moved", "clash", "undone", "undone, later edits kept"):
        assert happened[what] > 20


def test_a_merge_that_drops_the_users_side_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(diff3, "_meet", lambda a, b: False)
    with pytest.raises((LostError, AssertionError, ValueError)):
        play(0, 1500)
