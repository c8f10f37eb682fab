"""Only a part changes, whatever was made of the text around it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.paths import RelPath
from agent_ls.core.rework import Part, confined

A = RelPath("a.py")
PLANNED = b"one\ntwo\nTHREE\nfour\nfive\nsix\nseven\n"


def test_changes_elsewhere_are_taken_back() -> None:
    made = b"head\none\ntwo\nDrei\ndrei\nfour\nfive\nSIX\nseven\n"
    text, left_out = confined(PLANNED, made, [Part(A, 2, 3)])
    assert (text, left_out) == (PLANNED.replace(b"THREE\n", b"Drei\ndrei\n"), 2)


def test_a_part_without_lines_is_a_place() -> None:
    made = PLANNED.replace(b"five\n", b"five\nnew\n").replace(b"one", b"ONE")
    assert confined(PLANNED, made, [Part(A, 5, 5)]) == (PLANNED.replace(b"five\n", b"five\nnew\n"), 1)


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=12)


@given(LINES, LINES, st.integers(0, 12), st.integers(0, 12))
def test_what_lies_apart_from_the_part_stays(old: list[bytes], new: list[bytes], at: int, count: int) -> None:
    first = min(at, len(old))
    part = Part(A, first, min(first + count, len(old)))
    text, _ = confined(b"".join(old), b"".join(new), [part])
    whole = b"".join(old)
    again, left_out = confined(whole, text, [part])
    assert (again, left_out) == (text, 0), "confining twice is confining once"
    everything = Part(A, 0, len(old))
    assert confined(whole, b"".join(new), [everything]) == (b"".join(new), 0)
