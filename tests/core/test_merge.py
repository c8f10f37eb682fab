from hypothesis import example, given
from hypothesis import strategies as st

from agent_ls.core.edits import ChangeSet, FileChange, apply_changes
from agent_ls.core.merge import merge_text, rebase, undo
from agent_ls.core.paths import rel_path

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "}", ""]), max_size=12).map(
    lambda lines: "".join(f"{line}\n" for line in lines).encode()
)
DISTINCT = b"".join(b"line %d\n" % i for i in range(12))
A, B = rel_path("a.py"), rel_path("b.py")


@given(TEXTS, TEXTS)
def test_a_side_that_changed_nothing_yields_the_other(base: bytes, other: bytes):
    assert merge_text(base, base, other).data == other
    assert merge_text(base, other, base).data == other
    assert merge_text(base, other, other).data == other


@given(TEXTS, TEXTS, TEXTS)
@example(b"}\n}\n", b"}\nx\n}\n}\n", b"y\n}\n}\n")
def test_what_the_user_typed_is_never_lost(base: bytes, ours: bytes, theirs: bytes):
    merged = merge_text(base, ours, theirs.replace(b"c\n", b"typed\n"))
    assert merged.data.count(b"typed\n") >= theirs.count(b"c\n") or merged.conflicts == ()
    if merged.conflicts == ():
        assert merged.data.count(b"typed\n") == theirs.count(b"c\n")


@st.composite
def far_apart(draw):
    lines = DISTINCT.splitlines(keepends=True)
    ours, theirs, both = list(lines), list(lines), list(lines)
    for side, places in ((ours, (1, 5, 9)), (theirs, (3, 7, 11))):
        for place in draw(st.sets(st.sampled_from(places))):
            new = draw(st.sampled_from([b"", b"x\n", b"x\ny\n", b"line 3\n"]))
            side[place] = both[place] = new
    return b"".join(ours), b"".join(theirs), b"".join(both)


@given(far_apart())
def test_changes_a_line_apart_merge(case):
    ours, theirs, both = case
    merged = merge_text(DISTINCT, ours, theirs)
    assert merged.conflicts == ()
    assert merged.data == both


def check_merge(base: str, ours: str, theirs: str, expected: str | None) -> None:
    """Lines are separated by blanks; ``None``: a clash, and theirs stays."""
    texts = ["".join(f"{word}\n" for word in side.split()).encode() for side in (base, ours, theirs)]
    merged = merge_text(*texts)
    if expected is None:
        assert merged.conflicts
        assert merged.data == texts[2]
    else:
        assert merged.conflicts == ()
        assert merged.data == "".join(f"{word}\n" for word in expected.split()).encode()


def test_touching_changes():
    check_merge("a b c", "a B c", "a X c", None)
    check_merge("a b c d", "a B c d", "a b C d", "a B C d")  # line for line, side by side
    check_merge("a b c", "a n b c", "a m b c", None)  # two insertions have no order
    check_merge("a b c", "a n b c", "a n b c", "a n b c")
    check_merge("a b c", "a n b c", "a B c", None)  # an insertion at the border of a change
    check_merge("a b c d", "a d", "a b C d", None)
    check_merge("a b c", "a b c n", "x a b c", "x a b c n")


def test_an_insertion_that_could_stand_a_line_further_clashes_with_a_change_of_that_line():
    check_merge("f } ; g } ;", "f } ; n } ; g } ;", "f }# ; g } ;", None)
    check_merge("x f } ; g } ;", "x f } ; n } ; g } ;", "X f } ; g } ;", "X f } ; n } ; g } ;")


def test_lines_that_one_side_moved_and_the_other_deleted_clash():
    check_merge("a b c d e f", "a c d e b f", "a c d e f", None)
    check_merge("a b c d e f", "a c d e f", "a c d e b f", None)
    check_merge("a b c d e f", "a c d e b f", "a c d e b f", "a c d e b f")
    check_merge("a b c d e f", "a c d e b n f", "A c d e f", None)  # among other changes of both
    check_merge("a } c d e f", "a c d e } } f", "a c d e } f", None)
    check_merge(
        "a ; b } c } e f", "a ; b c } e } f", "a ; b c } e f", "a ; b c } e } f"
    )  # no one knows which
    merged = merge_text(b"a\nb\nc\nd\ne\n", b"a\nc\nd\nb\ne\n", b"0\n1\na\nc\nd\ne\n")
    assert [(c.line, c.base, c.ours, c.theirs) for c in merged.conflicts] == [(5, b"", b"b\n", b"")]


def test_lines_between_two_changes_that_stand_elsewhere_too_may_be_others():
    check_merge("a } b c } d", "A } B1 B2 c } d", "a }# b c } d", None)


def test_conflicts_name_the_line_of_now():
    base = b"a\nb\nc\nd\n"
    merged = merge_text(base, b"a\nb\nOURS\nd\n", b"new\na\nb\nTHEIRS\nd\n")
    (conflict,) = merged.conflicts
    assert (conflict.line, conflict.base, conflict.ours, conflict.theirs) == (
        3,
        b"c\n",
        b"OURS\n",
        b"THEIRS\n",
    )


def test_the_editor_converted_the_line_ends():
    merged = merge_text(b"a\nb\nc\n", b"a\nB\nc\n", b"a\r\nb\r\nc!\r\n")
    assert merged.data == b"a\r\nB\r\nc!\r\n"


def test_a_file_that_was_merged_by_somebody_else_clashes_no_more():
    changes, now = ChangeSet.of([FileChange(A, b"a\n", b"o\n")]), {A: b"t\n"}
    assert rebase(changes, now).conflicts
    known = rebase(changes, now, {A: b"both\n"})
    assert (known.changes, known.conflicts) == (ChangeSet.of([FileChange(A, b"t\n", b"both\n")]), ())
    quiet = rebase(
        ChangeSet.of([FileChange(A, b"a\nb\nc\n", b"o\nb\nc\n")]), {A: b"a\nb\nC\n"}, {A: b"never\n"}
    )
    assert quiet.changes.changes[0].after == b"o\nb\nC\n"


FILES = st.dictionaries(st.sampled_from([rel_path(p) for p in ("a", "b", "c", "d")]), TEXTS, max_size=3)


@st.composite
def landings(draw):
    files = draw(FILES)
    changes = []
    free = [rel_path(f"new{i}") for i in range(3)]
    for path, text in files.items():
        kind = draw(st.sampled_from(["edit", "delete", "move", "none"]))
        if kind == "edit":
            changes.append(FileChange(path, text, draw(TEXTS)))
        elif kind == "delete":
            changes.append(FileChange(path, text, None))
        elif kind == "move":
            changes.append(FileChange(free.pop(), text, draw(TEXTS), moved_from=path))
    if draw(st.booleans()):
        changes.append(FileChange(rel_path("created"), None, draw(TEXTS)))
    return files, ChangeSet.of(changes)


@given(landings())
def test_rebase_onto_an_unchanged_base_is_identity(landing):
    files, changes = landing
    rebased = rebase(changes, files)
    assert rebased.changes == changes
    assert rebased.conflicts == rebased.moved == ()


@given(landings())
def test_undo_takes_a_landing_back(landing):
    files, changes = landing
    after = apply_changes(files, changes)
    assert rebase(changes, after).changes == ChangeSet() or any(c.before == c.after for c in changes)
    undone = undo(changes, after)
    assert undone.conflicts == ()
    assert apply_changes(after, undone.changes) == files
    redone = undo(undone.changes, files)
    assert apply_changes(files, redone.changes) == after


def test_undo_keeps_later_edits():
    landed = ChangeSet.of([FileChange(A, DISTINCT, DISTINCT.replace(b"line 2\n", b"planned\n"))])
    later = DISTINCT.replace(b"line 2\n", b"planned\n").replace(b"line 9", b"typed later")
    undone = undo(landed, {A: later})
    assert undone.conflicts == ()
    assert undone.moved == (A,)
    assert undone.changes.changes[0].after == DISTINCT.replace(b"line 9", b"typed later")


def check_file(change: FileChange, now: dict, expected: str) -> None:
    """``expected``: ``kept``, ``done`` or a part of the conflict's reason."""
    rebased = rebase(ChangeSet.of([change]), now)
    if expected == "kept":
        assert rebased.changes.changes == (change,)
        assert rebased.conflicts == ()
    elif expected == "done":
        assert rebased.changes == ChangeSet()
        assert rebased.conflicts == ()
    else:
        assert rebased.changes == ChangeSet()
        assert expected in rebased.conflicts[0].reason


def test_files_that_came_and_went():
    check_file(FileChange(A, None, b"x\n"), {A: None}, "kept")
    check_file(FileChange(A, None, b"x\n"), {A: b"x\n"}, "done")
    check_file(FileChange(A, None, b"x\n"), {A: b"y\n"}, "created meanwhile")
    check_file(FileChange(A, b"x\n", None), {A: b"x\n"}, "kept")
    check_file(FileChange(A, b"x\n", None), {A: None}, "done")
    check_file(FileChange(A, b"x\n", None), {A: b"y\n"}, "changed meanwhile")
    check_file(FileChange(A, b"x\n", b"y\n"), {}, "is gone")
    check_file(FileChange(A, b"x\n", b"y\n"), {A: b"y\n"}, "done")
    check_file(FileChange(B, b"x\n", b"y\n", A), {A: b"x\n"}, "kept")
    check_file(FileChange(B, b"x\n", b"y\n", A), {B: b"y\n"}, "done")
    check_file(FileChange(B, b"x\n", b"y\n", A), {}, "is gone")
    check_file(FileChange(B, b"x\n", b"y\n", A), {A: b"x\n", B: b"z\n"}, "already stands")


def test_a_moved_file_that_was_edited_is_merged():
    moved = ChangeSet.of([FileChange(B, DISTINCT, DISTINCT + b"end\n", A)])
    rebased = rebase(moved, {A: b"typed\n" + DISTINCT})
    assert rebased.changes.changes == (
        FileChange(B, b"typed\n" + DISTINCT, b"typed\n" + DISTINCT + b"end\n", A),
    )


def test_an_insertion_that_can_stand_a_line_further_down_does_not_clash_with_the_line_above():
    """As git places it: below the blank line (here a dot) that it could as well stand above."""
    check_merge("a . b", "A . b", "a . new . b", "A . new . b")
    check_merge("x y } . b", "1 2 3 } . b", "x y } . f } . b", "1 2 3 } . f } . b")


def test_an_insertion_before_a_heading_that_the_other_side_rewrote_is_a_clash():
    check_merge(". 1.0 ---", ". 2.0 --- . 1.0 ---", ". 1.1 ---", None)


def test_two_insertions_at_one_place_clash_even_where_one_could_slide():
    check_merge("a } b", "a typed } b", "a } new } b", None)


def test_what_both_sides_changed_alike_holds_no_other_change_back():
    check_merge("a . b . c", "A . b . c", "A . B . c", "A . B . c")


@given(TEXTS, TEXTS, TEXTS)
def test_sides_are_equals(base: bytes, ours: bytes, theirs: bytes):
    one, other = merge_text(base, ours, theirs), merge_text(base, theirs, ours)
    assert bool(one.conflicts) == bool(other.conflicts)
    if not one.conflicts:
        assert one.data == other.data


def test_an_insertion_that_holds_the_other_one_is_taken_once():
    check_merge("a b", "a x b", "a w x b", "a w x b")
    check_merge("a b", "a x y b", "a x b", "a x y b")
    check_merge("a b", "a x b", "a w x y b", None)
    check_merge("a } b", "a } } b", "a } c } b", None)
