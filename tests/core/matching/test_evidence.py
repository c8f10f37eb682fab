"""What is suspected in new text, and the evidence that clears it: a refusal costs a turn, a guess costs code."""

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

GO = """\
package a

import "log"

func first() {
\tlog.Println("one")
}

func second() {
\tlog.Println("two")
}
"""


def one(old: str, new: str) -> StrReplace:
    return StrReplace((Replacement(old, new),))


def applied(text: str, edit: EditRequest) -> str:
    outcome = apply_edit(None, text, edit)
    assert isinstance(outcome, Applied), outcome.error
    return outcome.text


def refused(text: str, edit: EditRequest) -> str:
    outcome = apply_edit(None, text, edit)
    assert isinstance(outcome, Refused), outcome.text
    return outcome.error


@pytest.mark.parametrize(
    "new",
    [
        pytest.param('}\n\nvar page = "<h1>x</h1>"\n', id="markup where the file has none"),
        pytest.param('}\n\nvar a = "x"\nvar b = "say \\"x\\""\n', id="escaped quotes beside plain ones"),
        pytest.param("}\n\nvar a = x < y || z == `&lt;`\n", id="an entity beside a plain sign"),
    ],
)
def test_escapes_beside_plain_signs_are_meant(new: str):
    old = "func first() {\n\tlog.Println(1)\n}"
    text = old + "\n"
    assert applied(text, one(old, old[:-1] + new)) == text[:-2] + new + "\n"


def test_plain_quotes_in_another_edit_of_the_call_show_that_escapes_are_meant():
    raw = 'func first() {\n\tlog.Println(`says \\"x\nand more\\"`)'
    edits = (Replacement('import "log"', 'import log "x/log"'), Replacement("func first() {", raw))
    assert raw in applied(GO, StrReplace(edits))
    assert "escaped once too often" in refused(GO, StrReplace(edits[1:]))


@pytest.mark.parametrize(
    "mark",
    [
        "// (remaining methods unchanged)",
        "# rest of the file is unchanged",
        "// ... existing code ...",
        "/* ... */",
        "…",
        "...",
    ],
)
def test_left_out_code_is_refused_wherever_the_call_would_lose_it(mark: str):
    lost = GO.splitlines()
    whole = "\n".join([*lost[:5], mark, *lost[9:]]) + "\n"
    assert "stands for code that was left out" in refused(GO, WholeFile(whole))
    assert "stands for code that was left out" in refused(
        GO, one('\tlog.Println("one")\n}\n\nfunc second() {', mark)
    )


def test_a_placeholder_is_refused_in_a_call_whose_edits_would_apply_one_after_the_other():
    text = "a = 1\nb = 2\nc = 3\nd = 4\n"
    edits = (
        Replacement("a = 1\nb = 2", "a = 1\n# ... existing code ..."),
        Replacement("b = 2\nc = 3", "c = 4"),
    )
    refused(text, StrReplace(edits))
    chained = (
        Replacement("a = 1", "a = 9"),
        Replacement("a = 9\nb = 2\nc = 3", "a = 9\n# ... existing code ..."),
    )
    refused(text, StrReplace(chained))


@pytest.mark.parametrize(
    "new",
    [
        "class P(Protocol):\n    def x(self):\n        ...\n",
        "T = tuple[\n    int,\n    ...\n]\n",
        "x = 1\n# what stays unchanged is the order of the rows\n",
        "x = 1\n\n...\n",
    ],
)
def test_dots_and_words_that_are_code_stay(new: str):
    assert applied("x = 1\n", one("x = 1\n", new)) == new


def test_both_sides_may_leave_out_lines_with_bare_dots():
    old, new = "func first() {\n...\nfunc second() {", "func first() {\n...\nfunc third() {"
    assert applied(GO, one(old, new)) == GO.replace("second", "third")


@pytest.mark.parametrize("info", ["", "go", 'python title="x.py"', "12:40:src/x.go", "{.java}"])
def test_fences_with_any_info_string(info: str):
    old, new = '\tlog.Println("one")\n}', '\tlog.Println("1")\n}'
    fenced = one(f"```{info}\n{old}\n```", f"```{info}\n{new}\n```")
    assert applied(GO, fenced) == GO.replace('"one"', '"1"')


def test_a_fence_around_the_new_text_only_is_refused_and_a_heading_is_none():
    assert "Markdown fence" in refused(GO, one("func first() {", "~~~go\nfunc third() {\n~~~"))
    assert "~~~~~" in applied("a\nb\n", one("a", "a\n\nTitle\n~~~~~"))


def test_a_fence_around_old_alone_takes_no_blank_line_of_new():
    text = "a\n\n\nb\n"
    assert applied(text, one("~~~\na\n\n\n~~~\n", "c\n\n")) == "c\n\n\nb\n"


def test_a_fenced_file_keeps_the_blank_line_at_its_end():
    assert applied("a\n\n", WholeFile("```\nb\n\n```")) == "b\n\n"
    assert applied("a\n", WholeFile("```\nb\n```")) == "b\n"


def test_context_lines_that_lost_their_sign_are_known_by_the_file():
    text = "    if a:\n        return 1\n    return 2\n"
    patch = "*** Update File: x\n@@\n     if a:\n       return 1\n+        # now\n     return 2\n"
    expected = "    if a:\n        return 1\n        # now\n    return 2\n"
    mixed = patch.replace("\n       return 1", "\n        return 1")
    assert applied(text, Patch(mixed)) == expected
    assert applied(text, UnifiedDiff(mixed.partition("\n")[2])) == expected


def test_the_rest_of_a_line_is_not_a_line_with_foreign_indentation():
    text = "func f() {\n\tfor j := 0; j < n; j++ {\n\t\tg(j)\n\t}\n\tx()\n}\n"
    edit = one(" := 0; j < n; j++ {\n\t", " := range n {\n\t")
    assert applied(text, edit) == text.replace(":= 0; j < n; j++", ":= range n")


def test_tabs_among_blanks_are_foreign_too():
    text = "a {\n    b\n    c\n}\nd {\n    e\n    f\n}\n"
    assert "indented by tabs" in refused(text, one("}\nd {", "}\nx {\n    y\n\tz\n}\nd {"))


def test_an_empty_insertion_changes_nothing_even_if_the_user_typed():
    outcome = apply_edit("a\nb\n", "typed\na\nb\n", Insert(1, ""))
    assert outcome == Applied("typed\na\nb\n")


def test_written_out_line_ends_are_not_read_where_one_stands_in_a_string_of_the_new_text():
    old, new = '\tlog.Println("one")\\n}', '\tlog.Println("one")\\n\tlog.Println("a\\nb")\\n}'
    refused(GO, one(old, new))
    plain = new.replace("a\\nb", "ab")
    assert applied(GO, one(old, plain)) == GO.replace('"one")\n', '"one")\n\tlog.Println("ab")\n')


def test_what_looks_like_a_number_of_the_view_and_is_none_stays():
    text = "a\nb\nc\n"
    edit = one("41: a\n42: b", "41: a\n0: zero\nplain\n42: b")
    assert applied(text, edit) == "a\n0: zero\nplain\nb\nc\n"
    assert applied(text, one("41: a\n42: b", "41: a\n42: B\nplain")) == "a\nB\nplain\nc\n"


def test_dots_at_the_margin_stand_for_code_even_in_a_file_that_has_dots():
    text = (
        "class P:\n    def x(self):\n        ...\n\n    def y(self):\n        a()\n        b()\n        c()\n"
    )
    old = "    def y(self):\n        a()\n        b()\n        c()\n"
    assert "stands for code" in refused(text, one(old, "    def y(self):\n...\n"))
    assert applied(text, one(old, "    def y(self):\n        ...\n")).count("...") == 2


def test_a_patch_that_changes_only_the_blanks_behind_a_line_does_so():
    text = "a = '1'\nb = 2\n"
    assert applied(text, UnifiedDiff("@@\n a = ’1’\n-b = 2\n+b = 2  \n")) == "a = '1'\nb = 2  \n"
