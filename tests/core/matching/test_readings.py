r"""What models send, and how it is read. Each row: the text, the call, the text that must come out."""

import pytest

from agent_ls.core.matching import (
    Applied,
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

PY = """\
import os


class Shop:
    def price(self, item):
        if item is None:
            return 0
        return self.prices[item]  # "net"

    def names(self):
        return sorted(self.prices)
"""


def one(old: str, new: str, *, replace_all: bool = False) -> StrReplace:
    return StrReplace((Replacement(old, new, replace_all),))


def check(text: str, edit: EditRequest, expected: str, shown: str | None = None) -> None:
    outcome = apply_edit(shown, text, edit)
    assert isinstance(outcome, Applied), outcome.error
    assert outcome.text == expected


PRICED = PY.replace("return 0", "return 1")
OLD = "        if item is None:\n            return 0\n"
NEW = "        if item is None:\n            return 1\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(OLD, NEW, id="exact"),
        pytest.param(
            "item is None:\n            return 0", "item is None:\n            return 1", id="parts"
        ),
        pytest.param(OLD.replace("\n", "\r\n"), NEW.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param(OLD.replace(":\n", ":  \n"), NEW, id="trailing blanks in old"),
        pytest.param(
            OLD.replace(":\n", ": \t\n"), NEW.replace(":\n", ": \t\n"), id="trailing blanks in both"
        ),
        pytest.param("if item is None:\n    return 0", "if item is None:\n    return 1", id="dedented"),
        pytest.param(
            "\t\tif item is None:\n\t\t\treturn 0",
            "\t\tif item is None:\n\t\t\treturn 1",
            id="tabs for blanks",
        ),
        pytest.param(
            "    if item is None:\n      return 0", "    if item is None:\n      return 1", id="two blanks"
        ),
        pytest.param("```python\n" + OLD + "```", "```python\n" + NEW + "```", id="fence"),
        pytest.param("```\n" + OLD + "```\n", NEW, id="fence around old only"),
        pytest.param(
            "     6\t        if item is None:\n     7\t            return 0",
            "     6\t        if item is None:\n     7\t            return 1",
            id="numbers as cat -n writes them",
        ),
        pytest.param(
            " 6 |         if item is None:\n 7 |             return 0",
            " 6 |         if item is None:\n 7 |             return 1",
            id="numbers with a bar",
        ),
        pytest.param(
            "6:         if item is None:\n7:             return 0",
            "        if item is None:\n            return 1",
            id="numbers with a colon in old only",
        ),
        pytest.param(OLD.replace("\n", "\\n"), NEW.replace("\n", "\\n"), id="written-out line ends"),
        pytest.param(
            "if  item is  None:\n            return 0", "if  item is  None:\n            return 1", id="runs"
        ),
    ],
)
def test_a_replacement_however_it_is_written(old: str, new: str):
    check(PY, one(old, new), PRICED)


def test_kept_lines_keep_the_files_characters_and_changed_ones_its_typography():
    old = "return self.prices[item]  # “net”\n\n    def names(self):"
    new = "return self.tariff[item]  # “net”\n\n    def names(self):"
    check(PY, one(old, new), PY.replace("prices[item]", "tariff[item]"))


def test_a_line_that_was_only_moved_keeps_the_files_characters():
    text = "say('x')\ngo()\nstop()\n"
    check(text, one("say(‘x’)\ngo()\nstop()", "go()\nstop()\nsay(‘x’)"), "go()\nstop()\nsay('x')\n")


def test_entities_and_escaped_quotes_are_undone_in_both():
    text = 'if a < b && c:\n    say("x")\n'
    check(text, one("if a &lt; b &amp;&amp; c:", "if a &gt; b &amp;&amp; c:"), text.replace("<", ">"))
    check(text, one('    say(\\"x\\")', '    say(\\"y\\")'), text.replace('"x"', '"y"'))


def test_an_escape_proven_by_one_edit_holds_for_the_others():
    text = "a < b\nplain\n"
    edits = (Replacement("a &lt; b", "a &lt; c"), Replacement("plain", "x -&gt; y"))
    check(text, StrReplace(edits), "a < c\nx -> y\n")


def test_an_elision_with_unique_parts_on_both_sides():
    old = "    def price(self, item):\n        # ... existing code ...\n    def names(self):\n"
    new = "    def price(self, thing):\n        # ... existing code ...\n    def names(self, n):\n"
    expected = PY.replace("price(self, item)", "price(self, thing)").replace("names(self)", "names(self, n)")
    check(PY, one(old, new), expected)


def test_new_lines_are_indented_as_the_anchor_proves():
    text = "\tif x {\n\t\trun()\n\t}\n"
    old, new = (
        "    if x {\n        run()\n",
        "    if x {\n        if y {\n            stop()\n        }\n        run()\n",
    )
    check(text, one(old, new), "\tif x {\n\t\tif y {\n\t\t\tstop()\n\t\t}\n\t\trun()\n\t}\n")


def test_blanks_that_begin_amid_an_indentation_are_another_indentation():
    text = "class A:\n    def f():\n        return x\n"
    expected = "class A:\n    def f():\n        if y:\n            z()\n        return x\n"
    check(text, one("    return x", "    if y:\n        z()\n    return x"), expected)


def test_edits_of_one_call_are_bound_to_the_same_text_in_any_order():
    edits = (Replacement("sorted(self.prices)", "list(self.prices)"), Replacement("import os", "import sys"))
    expected = PY.replace("sorted", "list").replace("import os", "import sys")
    check(PY, StrReplace(edits), expected)
    check(PY, StrReplace(edits[::-1]), expected)


def test_an_edit_may_build_on_the_one_before():
    edits = (Replacement("return 0", "return zero"), Replacement("return zero", "return ZERO"))
    check(PY, StrReplace(edits), PY.replace("return 0", "return ZERO"))


def test_replace_all():
    check("a b a\nb a\n", one("a", "x", replace_all=True), "x b x\nb x\n")


HUNK = """\
@@ -5,3 +5,3 @@
         if item is None:
-            return 0
+            return 1
         return self.prices[item]  # "net"
"""


@pytest.mark.parametrize(
    "diff",
    [
        pytest.param("--- a/s.py\n+++ b/s.py\n" + HUNK, id="plain"),
        pytest.param(HUNK.replace("-5,3 +5,3", "-400,3 +1,9"), id="wrong line numbers"),
        pytest.param(HUNK.replace("@@ -5,3 +5,3 @@", "@@"), id="no line numbers"),
        pytest.param("```diff\n" + HUNK + "```", id="fence"),
        pytest.param(HUNK.replace("\n ", "\n"), id="context without its leading blank"),
        pytest.param(HUNK.rstrip("\n"), id="no final newline"),
        pytest.param(HUNK + "\n\n", id="blank lines behind"),
        pytest.param(
            "diff --git a/s.py b/s.py\nindex 1..2 100644\n--- a/s.py\n+++ b/s.py\n" + HUNK, id="git"
        ),
    ],
)
def test_a_unified_diff_however_it_is_written(diff: str):
    check(PY, UnifiedDiff(diff), PRICED)


def test_a_blank_context_line_at_the_end_of_the_file():
    check("a\n\na\n", UnifiedDiff("@@\n-a\n+b\n \n"), "b\n\na\n")
    check("x\na\n", UnifiedDiff("@@\n-a\n+b\n \n"), "x\nb\n")


def test_a_blank_line_removed_behind_the_final_newline_was_none():
    check("x\na\n", UnifiedDiff("@@\n-a\n-\n+b\n"), "x\nb\n")
    check("x\na\n", UnifiedDiff("@@\n-a\n-\n"), "x\n")


def test_a_removed_line_that_looks_like_a_file_header():
    check("-- a\n-- b\n", UnifiedDiff("@@\n--- a\n+-- c\n -- b\n"), "-- c\n-- b\n")


def test_a_patch_for_one_file_and_its_headings():
    text = "class A:\n    def f(self):\n        pass\n\nclass B:\n    def f(self):\n        pass\n"
    patch = "*** Begin Patch\n*** Update File: s.py\n@@ class B:\n     def f(self):\n-        pass\n+        return 1\n*** End Patch"
    check(text, Patch(patch), text[:-5].rstrip(" ") + "        return 1\n")


def test_insert_and_whole_file():
    check("a\nb\n", Insert(1, "x\ny"), "a\nx\ny\nb\n")
    check("a\nb\n", Insert(0, "x\n"), "x\na\nb\n")
    check("a\nb\n", Insert(2, "x"), "a\nb\nx\n")
    check("a\nb", Insert(2, "x"), "a\nb\nx")
    check("", Insert(0, "x\n"), "x\n")
    check("a\nb\n", WholeFile("```\na\nc\n```"), "a\nc\n")


def test_an_empty_file_takes_any_text():
    check("", one("", "x\ny\n"), "x\ny\n")
    check("", UnifiedDiff("@@ -0,0 +1,2 @@\n+x\n+y\n"), "x\ny\n")


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        pytest.param("a\r\nb\r\nc\r\n", "b\n", "x\ny\n", "a\r\nx\r\ny\r\nc\r\n", id="CRLF"),
        pytest.param("a\nb\r\nc\rd\n", "b\nc", "B\nc\nnew", "a\nB\r\nc\rnew\rd\n", id="mixed line ends"),
        pytest.param("\ufeffa\nb\n", "a\n", "A\n", "\ufeffA\nb\n", id="BOM kept"),
        pytest.param("\ufeffa\nb\n", "\ufeffa\n", "A\n", "\ufeffA\nb\n", id="BOM sent back"),
        pytest.param("a\nb", "b", "b\nc", "a\nb\nc", id="no final newline"),
        pytest.param("a\nb", "b\n", "c\n", "a\nc", id="final newline invented"),
        pytest.param(
            "a\x0cb\nc\u2028d\x85e\n", "c\u2028d", "x\u2028d", "a\x0cb\nx\u2028d\x85e\n", id="odd breaks"
        ),
        pytest.param(
            "cafe\u0301 = 1\nx\n",
            "caf\u00e9 = 1\nx",
            "caf\u00e9 = 1\ny",
            "cafe\u0301 = 1\ny\n",
            id="decomposed",
        ),
        pytest.param("👨‍👩‍👧 = 1\nx\n", "x", "y", "👨‍👩‍👧 = 1\ny\n", id="emoji"),
        pytest.param(
            "a\n" + "x" * 1_000_000 + "\nb\n", "b", "c", "a\n" + "x" * 1_000_000 + "\nc\n", id="1 MB line"
        ),
    ],
)
def test_fidelity(text: str, old: str, new: str, expected: str):
    check(text, one(old, new), expected)


def test_a_whole_file_keeps_bom_line_ends_and_final_newline():
    check("\ufeffa\r\nb\r\n", WholeFile("a\nc\nd"), "\ufeffa\r\nc\r\nd\r\n")


def test_what_the_user_typed_elsewhere_stays():
    now = PY.replace("import os", "import os\nimport typed").replace("names", "typed_names")
    check(now, one("return 0", "return 1"), now.replace("return 0", "return 1"), shown=PY)


def test_a_copy_that_the_user_pasted_is_not_mistaken_for_the_place():
    now = PY + "\n\n" + OLD
    check(now, one(OLD, NEW), PRICED + "\n\n" + OLD, shown=PY)


def test_an_edit_that_is_there_already_is_done():
    check(PRICED, one(OLD, NEW), PRICED, shown=PY)


def test_the_editor_converted_line_ends_meanwhile():
    check(PY.replace("\n", "\r\n"), one(OLD, NEW), PRICED.replace("\n", "\r\n"), shown=PY)


def test_a_lone_surrogate_does_not_crash():
    outcome = apply_edit("a\nb\n", "a\nb\nx\n", one("a", "\ud800"))
    assert isinstance(outcome, Applied | Refused)
