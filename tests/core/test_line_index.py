from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.text import LineIndex

TEXTS = st.lists(st.sampled_from([b"a", b"\n", b"\r", b"bb", b"\r\n"]), max_size=12).map(b"".join)


@given(st.data())
def test_lines_of_an_edited_text(data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    new = data.draw(TEXTS)
    edited = text[:start] + new + text[end:]
    lines = LineIndex(text).edited(edited, start, end, len(new) - (end - start))
    assert (lines.starts, lines.size) == (LineIndex(edited).starts, len(edited))
