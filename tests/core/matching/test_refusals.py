"""What is refused, and whether the words would let a model repair its call."""

import pytest

from agent_ls.core.matching import (
    EditRequest,
    Insert,
    Patch,
    Refused,
    Replacement,
    StrReplace,
    UnifiedDiff,
    WholeFile,
    apply_edit,
)

TEXT = """\
def first(items):
    total = 0
    for item in items:
        total += item.price
    return total


def second(items):
    total = 0
    for item in items:
        total += item.weight
    return total
"""


def one(old: str, new: str) -> StrReplace:
    return StrReplace((Replacement(old, new),))


def check(edit: EditRequest, *parts: str, text: str = TEXT, shown: str | None = None) -> None:
    outcome = apply_edit(shown, text, edit)
    assert isinstance(outcome, Refused), outcome.text
    assert "Nothing was changed" in outcome.error
    for part in parts:
        assert part in outcome.error


def test_a_miss_shows_the_nearest_lines_with_their_numbers():
    check(
        one("    total += item.prize", "    total += 1"), "not found", "    4 |         total += item.price"
    )


def test_an_ambiguous_anchor_names_every_place():
    check(one("    total = 0", "    total = 1"), "2 places", "lines 2, 9")
    check(UnifiedDiff("@@\n     total = 0\n+    n = 0\n"), "lines 2, 9")
    check(Patch("*** Update File: a\n@@\n-    return total\n+    return 1\n"), "lines 5, 12")


def test_overlapping_matches_count_as_several():
    check(one("aa", "b"), "2 places", text="aaa\n")


def test_the_first_of_two_loosely_equal_places_is_not_taken():
    check(
        one("if x:  \n    go()", "pass"),
        "2 places",
        text="if x:\n    go()\nelse:\n    if x:\n        go()\n" * 2,
    )


def test_all_or_none():
    edits = (Replacement("item.price", "item.cost"), Replacement("absent()", "x"))
    check(StrReplace(edits), "edit 2 of 2")
    check(UnifiedDiff("@@\n-        total += item.price\n+        x\n@@\n-absent()\n+y\n"), "Hunk 2 of 2")


def test_an_empty_anchor():
    check(one("", "def third(items):"), "empty", "def first(items):")
    check(one("\n\n", "x"), "empty")
    check(UnifiedDiff("@@ -3,0 +4,1 @@\n+x\n"), "no line by which its place")


def test_placeholders_are_not_written():
    check(
        one(
            "    total = 0\n    for item in items:\n        total += item.price",
            "    # ... existing code ...",
        ),
        "left out",
    )
    check(WholeFile(TEXT[:35] + "# ... rest of the file unchanged ...\n"), "left out")
    check(Insert(1, "    // ... existing code ...\n"), "left out")


def test_a_placeholder_that_the_file_has_is_text():
    text = "a\n# ... existing code ...\nb\n"
    outcome = apply_edit(None, text, one("a\n# ... existing code ...", "A\n# ... existing code ..."))
    assert not isinstance(outcome, Refused)


def test_a_fence_at_the_end_of_new_only():
    check(
        one("    total = 0\n    for item in items:\n        total += item.price", "    pass\n```"),
        "fence",
        "item.price",
    )


def test_two_edits_of_one_place():
    edits = (Replacement("total += item.price", "x"), Replacement("item.price\n    return", "y"))
    check(StrReplace(edits), "same place")


def test_indentation_that_nothing_proves():
    text = "class A:\n\tdef f(self):\n\t\treturn 1\n\tdef g(self):\n\t\treturn 2\n"
    check(one("class A:", "class A:\n    x = 1"), "indented by blanks, the file by tabs", text=text)
    check(
        one("x = 1", "if y:\n  x = 1\nz = 1"),
        "whole lines",
        text="def f():\n        x = 1  # tail\n".replace("  # tail", ""),
    )


def test_an_anchor_under_contradicting_indentation_is_another_nesting():
    check(one("a()\n    b()\n  c()", "x"), "not found", text="    a()\n  b()\n      c()\n")


def test_escapes_that_nothing_proves():
    check(one("total += item.price", 'say(\\"x\\")'), "escaped")
    check(one("total += item.price", "if a &lt; b:"), "escaped")


def test_readings_that_disagree():
    # As "\n" alone, or with the quotes: both are found, and the new texts differ.
    check(one("a\\nb", "a\\nsay(\\\"x\\\") + 'y'"), "more than one way", text="a\nb\n")


def test_the_user_changed_the_same_lines():
    now = TEXT.replace("item.price", "item.net_price")
    check(one("item.price", "item.cost"), "user changed", "item.net_price", text=now, shown=TEXT)


def test_the_user_removed_the_place():
    now = TEXT.replace("    for item in items:\n        total += item.price\n", "")
    check(one("item.price", "item.cost"), "user changed", text=now, shown=TEXT)


def test_lines_that_do_not_exist():
    check(Insert(13, "x"), "has 12 lines")
    check(Insert(-1, "x"), "has 12 lines")


@pytest.mark.parametrize("text", ["", "no diff at all", "--- a\n+++ b\n", "@@\n context only\n"])
def test_texts_that_are_no_diff(text: str):
    outcome = apply_edit(None, TEXT, UnifiedDiff(text))
    assert isinstance(outcome, Refused)
    assert "@@" in outcome.error


def test_a_call_without_edits():
    check(StrReplace(()), "no edits")


def test_patches_that_are_not_of_one_file():
    check(Patch("*** Begin Patch\n*** Delete File: a\n*** End Patch"), "one file")
    check(Patch("nothing"), "Update File")
    check(UnifiedDiff("--- a/x\n+++ b/x\n@@\n-a\n+b\n--- a/y\n+++ b/y\n@@\n-a\n+b\n"), "several files")


def test_a_header_that_names_the_twin_of_the_place():
    text = "        x = 1\n\n\n    x = 1\n"
    check(UnifiedDiff("@@ -1,1 +1,1 @@\n-    x = 1\n+    x = 2\n"), "2 places", text=text)


def test_an_edit_that_the_indentation_of_the_others_contradicts():
    text = "class A:\n    x = 1\n    y = 1\n\n    def f(self):\n        x = 1\n"
    edits = (
        Replacement("class A:\n        x = 1", "class B:\n        x = 1"),
        Replacement("        x = 1\n\n", "?"),
    )
    check(StrReplace(edits), text=text)
    edits = (
        Replacement("    y = 1\n\n        def f", "    z = 1\n\n        def f"),
        Replacement("(self):\n        x = 1", "()"),
    )
    check(StrReplace(edits), text=text)
