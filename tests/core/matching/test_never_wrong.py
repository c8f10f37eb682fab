"""Random texts and calls: what comes out is exactly what was meant, or nothing.

The texts are made of few different lines, so that anchors are often ambiguous; the model of what
is meant is a list of lines in which one place is replaced.
"""

import string

from hypothesis import assume, given
from hypothesis import strategies as st

from agent_ls.core.matching import (
    Applied,
    Patch,
    Refused,
    Replacement,
    StrReplace,
    UnifiedDiff,
    WholeFile,
    apply_edit,
)

LINE = st.sampled_from(["a", "b", "}", "", "    a", "    b", "\tc", "return x", "    return x", "  # é “q”"])
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def edits(draw):
    """A text as lines, the place of a block in it, and the block's new lines."""
    lines = draw(st.lists(LINE, min_size=1, max_size=14))
    first = draw(st.integers(0, len(lines) - 1))
    last = draw(st.integers(first + 1, min(len(lines), first + 5)))
    new = list(lines[first:last])
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(new)))
        if new and at < len(new) and draw(st.booleans()):
            new[at] = "changed" + str(draw(st.integers(0, 3)))
        else:
            new.insert(at, "added")
    return lines, first, last, new


def text_of(lines: list[str], end: str = "\n") -> str:
    return "".join(line + end for line in lines)


def meant(lines, first, last, new) -> list[str]:
    return [*lines[:first], *new, *lines[last:]]


def occurrences(text: str, part: str) -> int:
    return sum(text.startswith(part, at) for at in range(len(text)))


@given(edits(), ENDS)
def test_a_literal_replacement_lands_where_its_anchor_is_alone_and_nowhere_else(case, end: str):
    lines, first, last, new = case
    old = text_of(lines[first:last])
    outcome = apply_edit(None, text_of(lines, end), StrReplace((Replacement(old, text_of(new)),)))
    if occurrences(text_of(lines), old) == 1 and old.strip():
        assert outcome == Applied(text_of(meant(*case), end))
    else:
        assert isinstance(outcome, Refused)


@given(edits(), ENDS, st.booleans())
def test_a_hunk_lands_where_its_lines_are_alone_and_nowhere_else(case, end: str, as_patch: bool):
    lines, first, last, new = case
    body = "".join(f"-{line}\n" for line in lines[first:last]) + "".join(f"+{line}\n" for line in new)
    edit = Patch(f"*** Update File: x\n@@\n{body}") if as_patch else UnifiedDiff(f"@@\n{body}")
    outcome = apply_edit(None, text_of(lines, end), edit)
    old = lines[first:last]
    places = [i for i in range(len(lines) - len(old) + 1) if lines[i : i + len(old)] == old]
    if len(places) == 1 and any(line.strip() for line in old):
        assert outcome == Applied(text_of(meant(*case), end))
    elif any(line.strip() for line in old):
        assert isinstance(outcome, Refused)


DAMAGES = {
    "trailing": lambda line: line + "  ",
    "deeper": lambda line: "    " + line if line else line,
    "smart": lambda line: line.replace('"', "”").replace("x", "x"),
    "squeezed": lambda line: line.replace(" x", "  x"),
    "cr": lambda line: line + "\r",
}


@given(edits(), st.sampled_from(sorted(DAMAGES)))
def test_a_damaged_anchor_never_lands_on_lines_that_say_something_else(case, damage: str):
    lines, first, last, new = case
    hurt = DAMAGES[damage]
    old = [hurt(line) for line in lines[first:last]]
    sent = [hurt(line) for line in new]
    text = text_of(lines)
    assume("\n".join(old) not in text)  # else it stands there literally, damaged or not
    outcome = apply_edit(None, text, StrReplace((Replacement("\n".join(old), "\n".join(sent)),)))
    if isinstance(outcome, Applied):
        # Whatever was loosened, the place says the same words as the anchor, and only it has changed.
        words = [line.split() for line in lines[first:last]]
        after = outcome.text.split("\n")
        head = next((i for i, pair in enumerate(zip(lines, after, strict=False)) if pair[0] != pair[1]), None)
        if head is not None:
            starts = [
                i
                for i in range(len(lines) - len(words) + 1)
                if [line.split() for line in lines[i : i + len(words)]] == words
                and i <= head <= i + len(words)
            ]
            assert starts


@given(edits(), st.lists(LINE, max_size=3), st.integers(0, 14))
def test_what_the_user_inserted_meanwhile_stays(case, typed: list[str], where: int):
    lines, first, last, _new = case
    typed = [f"typed {number} {line}" for number, line in enumerate(typed)]
    where = min(where, len(lines))
    now = [*lines[:where], *typed, *lines[where:]]
    edit = StrReplace((Replacement(text_of(lines[first:last]), text_of(case[3])),))
    outcome = apply_edit(text_of(lines), text_of(now), edit)
    if isinstance(outcome, Applied):
        kept = [line for line in outcome.text.split("\n") if line.startswith("typed ")]
        assert kept == typed
        without = [line for line in outcome.text.split("\n") if not line.startswith("typed ")]
        assert without == text_of(meant(*case)).split("\n")


@given(edits(), edits())
def test_bound_to_the_shown_text_and_carried(case, other):
    """A whole-file write of another text is merged or refused, and equals it where nothing was typed."""
    shown, wanted = text_of(case[0]), text_of(other[0])
    assert apply_edit(shown, shown, WholeFile(wanted)) == Applied(wanted)


JUNK = st.text(
    st.sampled_from([*string.ascii_letters[:4], *' \t\n\r\\"`@+-*#&;|:0127“é\u2028\ufeff']), max_size=60
)


@given(JUNK, JUNK, JUNK, JUNK)
def test_nothing_crashes(text: str, shown: str, old: str, new: str):
    for edit in (
        StrReplace((Replacement(old, new), Replacement(new, old))),
        StrReplace((Replacement(old, new, replace_all=True),)),
        UnifiedDiff(f"@@ -1 +1 @@\n{old}"),
        UnifiedDiff(old),
        Patch(f"*** Update File: x\n{old}"),
        WholeFile(new),
    ):
        outcome = apply_edit(shown, text, edit)
        assert isinstance(outcome, Applied | Refused)
