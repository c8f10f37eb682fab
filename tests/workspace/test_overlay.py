from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.edits import Op, apply_changes
from agent_ls.core.errors import WorkspaceError
from agent_ls.core.paths import RelPath, rel_path
from agent_ls.workspace.blobs import BlobStore
from agent_ls.workspace.overlay import Overlay
from agent_ls.workspace.snapshot import Snapshot
from tests.workspace.files import draft_of, paths, plant

A, B, C, D = paths("a.py", "b.py", "d/c.py", "d/d.py")
START = "-- a.py --\na\n-- b.py --\nb\n-- d/c.py --\nc\n"


def test_writes_stay_in_the_draft(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", START)
    draft = draft_of(root, {"b.py": b"unsaved\n", "new.py": b"n\n"})
    draft.write(A, b"changed\n")
    draft.delete(C)
    assert draft.read(A) == b"changed\n"
    assert draft.read(B) == b"unsaved\n"
    assert draft.files() == paths("a.py", "b.py", "new.py")
    assert (root / "a.py").read_bytes() == b"a\n"
    assert (root / "d/c.py").exists()
    assert [(c.path, c.op) for c in draft.changes()] == [(A, Op.EDIT), (C, Op.DELETE)]


def test_a_move_is_one_change_with_its_edits(tmp_path: Path) -> None:
    draft = draft_of(plant(tmp_path / "w", START))
    draft.write(A, b"a2\n")
    draft.move(A, D)
    draft.write(D, b"a3\n")
    (change,) = draft.changes()
    assert (change.op, change.moved_from, change.before, change.after) == (Op.MOVE, A, b"a\n", b"a3\n")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("move", A, D), ("move", D, A)], []),
        ([("move", A, D), ("write", A)], [(A, Op.EDIT), (D, Op.CREATE)]),
        ([("move", A, D), ("delete", D)], [(A, Op.DELETE)]),
        ([("delete", B), ("move", A, B)], [(A, Op.DELETE), (B, Op.EDIT)]),
        ([("write", D), ("delete", D)], []),
        ([("write", D), ("move", D, rel_path("e.py"))], [(rel_path("e.py"), Op.CREATE)]),
        ([("move", A, D), ("move", D, rel_path("e.py"))], [(rel_path("e.py"), Op.MOVE)]),
    ],
)
def test_moves_that_end_as_something_else(tmp_path: Path, steps: list, expected: list) -> None:
    draft = draft_of(plant(tmp_path / "w", START))
    for name, *where in steps:
        getattr(draft, name)(*where, *([b"new\n"] if name == "write" else []))
    assert [(c.path, c.op) for c in draft.changes()] == expected


STEP = st.tuples(
    st.sampled_from(["write", "delete", "move"]),
    st.sampled_from([A, B, C, D]),
    st.sampled_from([A, B, C, D]),
    st.binary(max_size=3),
)


@given(st.lists(STEP, max_size=12), st.integers(0, 12))
def test_a_draft_its_changes_and_its_record_say_the_same(steps: list, fork_at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = plant(Path(folder) / "w", START)
        blobs = BlobStore(Path(folder) / "blobs")
        base = Snapshot(root, {}, blobs)
        before = {path: data for path in (A, B, C, D) if (data := base.read(path)) is not None}
        model, draft = dict(before), Overlay(base)
        for number, (name, path, other, data) in enumerate(steps):
            if number == fork_at:
                turn = draft.fork()
                turn.write(A, b"a turn that is thrown away")
            try:
                if name == "write":
                    draft.write(path, data)
                    model[path] = data
                elif name == "delete":
                    draft.delete(path)
                    del model[path]
                elif path != other:
                    draft.move(path, other)
                    model[other] = model.pop(path)
            except WorkspaceError:
                assert (path not in model) or (other in model)
        assert {p: d for p in (A, B, C, D) if (d := draft.read(p)) is not None} == model
        changes = draft.changes()
        assert apply_changes(before, changes) == model
        assert apply_changes(model, changes.inverted()) == before
        again = Overlay.restore(base, blobs, draft.state(blobs))
        assert again.changes() == changes
        assert again.files() == draft.files()


def test_refusals_say_why_and_change_nothing(tmp_path: Path) -> None:
    draft = draft_of(plant(tmp_path / "w", START + "-- .git/HEAD --\n-- .gitignore --\nout/\n"))
    draft.write(D, b"d\n")
    state = draft.changes()
    for attempt in (
        lambda: draft.delete(rel_path("nope.py")),
        lambda: draft.move(rel_path("nope.py"), rel_path("x.py")),
        lambda: draft.move(A, B),
        lambda: draft.write(rel_path(".git/hooks/pre-commit"), b"#!"),
        lambda: draft.write(rel_path("out/x.py"), b""),
        lambda: draft.write(rel_path(".env"), b""),
        lambda: draft.write(rel_path("a.py/x"), b""),
        lambda: draft.write(rel_path("d/d.py/x"), b""),
        lambda: draft.write(rel_path("d"), b""),
        lambda: draft.move(A, rel_path(".vscode/tasks.json")),
        lambda: draft.read(rel_path(".env")),
    ):
        with pytest.raises(WorkspaceError) as caught:
            attempt()
        assert caught.value.remedy
    assert draft.changes() == state


def test_a_turn_draft_is_its_own_until_adopted(tmp_path: Path) -> None:
    draft = draft_of(plant(tmp_path / "w", START))
    turn = draft.fork()
    turn.move(A, D)
    assert draft.read(D) is None
    draft.adopt(turn)
    turn.write(B, b"later\n")
    assert [c.op for c in draft.changes()] == [Op.MOVE]


def test_a_snapshot_stays_what_it_was_at_first_sight(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", START)
    blobs = BlobStore(tmp_path / "blobs")
    base = Snapshot(root, {}, blobs)
    assert base.read(A) == b"a\n"
    assert base.read(rel_path("later.py")) is None
    (root / "a.py").write_bytes(b"saved meanwhile\n")
    (root / "later.py").write_bytes(b"x")
    assert base.read(A) == b"a\n"
    assert base.read(rel_path("later.py")) is None
    pins = base.take_new_pins()
    assert set(pins) == {A, rel_path("later.py")}
    assert base.take_new_pins() == {}
    again = Snapshot(root, {A: b"typed after the restart"}, blobs, pins=pins)
    assert again.read(A) == b"a\n"
    assert again.read(rel_path("later.py")) is None
    assert again.read(B) == b"b\n"
    assert set(again.take_new_pins()) == {B}


def test_an_open_document_of_a_hidden_file_is_hidden(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", START)
    base = Snapshot(root, {RelPath(".env"): b"KEY=1"}, BlobStore(tmp_path / "blobs"))
    assert RelPath(".env") not in base.files()
    assert RelPath(".env") not in base.known()
    with pytest.raises(WorkspaceError, match="credentials"):
        base.read(RelPath(".env"))


def test_an_open_document_behind_a_link_is_held_to_where_the_link_leads(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- .env --\nK\n-- a.py --\na\n")
    plant(tmp_path / "private", "-- notes.md --\nmine\n")
    (root / "notes").symlink_to(tmp_path / "private")
    (root / "settings.txt").symlink_to(".env")
    buffers = {RelPath(p): b"typed" for p in ("notes/notes.md", "settings.txt", "a.py", "new/b.py")}
    base = Snapshot(root, buffers, BlobStore(tmp_path / "blobs"))
    for path in ("notes/notes.md", "settings.txt"):
        with pytest.raises(WorkspaceError):
            base.read(RelPath(path))
    assert base.files() == (RelPath("a.py"), RelPath("new/b.py"))
    assert base.known() == {RelPath("a.py"): b"typed", RelPath("new/b.py"): b"typed"}
