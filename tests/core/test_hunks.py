from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.edits import ChangeSet, FileChange, Op, apply_changes
from agent_ls.core.hunks import hunks, select
from agent_ls.core.merge import rebase
from agent_ls.core.paths import rel_path

A, B, C = rel_path("a.py"), rel_path("b.py"), rel_path("c.py")
OLD = b"".join(b"line %d\n" % i for i in range(20))
NEW = OLD.replace(b"line 2\n", b"two\n").replace(b"line 9\n", b"").replace(b"line 15\n", b"line 15\nmore\n")


def test_hunks_say_where_and_how_much():
    found = hunks(ChangeSet.of([FileChange(A, OLD, NEW), FileChange(B, None, b"x\ny\n")]))
    assert [(h.path, h.op, h.old_start_line, h.old_lines, h.new_start_line, h.new_lines) for h in found] == [
        (A, Op.EDIT, 2, 1, 2, 1),
        (A, Op.EDIT, 9, 1, 9, 0),
        (A, Op.EDIT, 16, 0, 15, 1),
        (B, Op.CREATE, 0, 0, 0, 2),
    ]
    assert found[0].excerpt == "-line 2\n+two"
    assert len({h.id for h in found}) == 4


def test_ids_are_stable_and_name_content():
    once, again = (hunks(ChangeSet.of([FileChange(A, OLD, NEW)])) for _ in range(2))
    other = hunks(ChangeSet.of([FileChange(A, OLD, NEW.replace(b"two", b"zwei"))]))
    assert once == again
    assert once[0].id != other[0].id
    assert once[1:] == other[1:]


@st.composite
def choices(draw):
    changes = [FileChange(A, OLD, NEW)]
    if draw(st.booleans()):
        changes.append(FileChange(C, OLD, draw(st.sampled_from([OLD, NEW])), moved_from=B))
    whole = ChangeSet.of(changes)
    ids = [h.id for h in hunks(whole)]
    return whole, draw(st.sets(st.sampled_from(ids)))


@given(choices())
def test_chosen_and_rest_land_one_after_the_other(case):
    whole, ids = case
    files = {c.source: c.before for c in whole}
    chosen, rest = select(whole, None, ids)
    after = apply_changes(files, chosen)
    rebased = rebase(rest, after)
    assert rebased.conflicts == ()
    assert apply_changes(after, rebased.changes) == apply_changes(files, whole)


def test_choosing_everything_nothing_and_by_file():
    whole = ChangeSet.of([FileChange(A, OLD, NEW), FileChange(B, None, b"x\n")])
    assert select(whole) == (whole, ChangeSet())
    assert select(whole, [], []) == (ChangeSet(), whole)
    assert select(whole, [A], []) == (whole.only([A]), whole.only([B]))
    assert select(whole, None, ["unknown"]) == (ChangeSet(), whole)


def test_a_rejected_hunk_survives_edits_and_can_be_applied_later():
    whole = ChangeSet.of([FileChange(A, OLD, NEW)])
    first = hunks(whole)[0]
    chosen, rest = select(whole, None, [first.id])
    now = (chosen.changes[0].after or b"").replace(b"line 19", b"typed")
    later = rebase(rest, {A: now})
    assert later.conflicts == ()
    assert later.changes.changes[0].after == NEW.replace(b"line 19", b"typed")


def test_a_long_hunk_is_shortened_for_reading():
    (hunk,) = hunks(ChangeSet.of([FileChange(A, None, b"x\n" * 500)]))
    assert "460 more lines" in hunk.excerpt
    assert len(hunk.excerpt.splitlines()) == 41
