"""The warm copy: right, warm, repaired after anything, and never a way out of itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath, rel_path
from agent_ls.verify.listing import list_live
from agent_ls.verify.tree import WarmTree
from agent_ls.workspace.ignore import Rules
from tests.workspace.files import plant, tree_bytes

LIVE = "-- a.py --\na\n-- d/b.py --\nb\n-- d/e/c.py --\nc\n"


class Bench:
    """A live tree that is old enough for its stamps to be trusted, and its copy."""

    def __init__(self, tmp_path: Path, text: str = LIVE) -> None:
        self.root = plant((tmp_path / "w").resolve(), text)
        self.folder = tmp_path / "slot"
        self.folder.mkdir()
        self.copy = WarmTree(self.folder, self.root)

    @property
    def tree(self) -> Path:
        return self.copy.tree

    def lay(self) -> str:
        return self.copy.lay(list_live(Rules(self.root)), {})

    def reopen(self) -> None:
        self.copy = WarmTree(self.folder, self.root)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr("agent_ls.verify.tree._RACY_NS", -(10**18))
    return Bench(tmp_path)


def test_the_copy_is_the_live_tree_with_the_draft_on_top(bench: Bench) -> None:
    bench.lay()
    assert tree_bytes(bench.tree) == tree_bytes(bench.root)
    texts = {rel_path("a.py"): b"draft", rel_path("d/b.py"): None, rel_path("new/n.py"): b"n"}
    bench.copy.lay(list_live(Rules(bench.root)), texts)
    assert tree_bytes(bench.tree) == {"a.py": b"draft", "d/e/c.py": b"c\n", "new/n.py": b"n"}
    bench.lay()
    assert tree_bytes(bench.tree) == tree_bytes(bench.root)
    assert not (bench.tree / "new").exists()


def test_a_second_lay_writes_nothing_also_in_another_process(bench: Bench) -> None:
    first = bench.lay()
    assert bench.copy.written == 3
    bench.reopen()
    assert bench.lay() == first
    assert bench.copy.written == 0


def test_no_hard_links_and_a_save_in_the_live_tree_arrives(bench: Bench) -> None:
    before = bench.lay()
    assert (bench.tree / "a.py").stat().st_ino != (bench.root / "a.py").stat().st_ino
    assert (bench.tree / "a.py").stat().st_nlink == 1
    status = (bench.root / "a.py").stat()
    (bench.root / "a.py").write_bytes(b"A\n")
    os.utime(
        bench.root / "a.py", ns=(status.st_atime_ns, status.st_mtime_ns)
    )  # same size, same mtime: ctime tells
    assert bench.lay() != before
    assert (bench.tree / "a.py").read_bytes() == b"A\n"
    assert bench.copy.written == 1


def test_a_file_saved_a_moment_ago_is_copied_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_ls.verify.tree._RACY_NS", 10**18)
    bench = Bench(tmp_path)
    bench.lay()
    bench.lay()
    assert bench.copy.written == 3


def test_the_hash_is_of_contents_names_and_executability_only(bench: Bench, tmp_path: Path) -> None:
    whole = bench.lay()
    (tmp_path / "elsewhere").mkdir()
    other = Bench(tmp_path / "elsewhere")
    assert other.lay() == whole
    (other.root / "a.py").chmod(0o755)
    executable = other.lay()
    assert executable != whole
    assert os.access(other.tree / "a.py", os.X_OK)
    assert bench.copy.lay(list_live(Rules(bench.root)), {rel_path("a.py"): b"a\n"}) == whole


def wreck(tree: Path, live: Path) -> None:
    """What a hostile check may leave: every kind of thing in place of every other."""
    (tree / "a.py").write_bytes(b"z\n")
    (tree / "extra.py").write_bytes(b"x")
    (tree / "__pycache__").mkdir()
    (tree / "__pycache__" / "a.pyc").write_bytes(b"poison")
    (tree / "d" / "b.py").unlink()
    (tree / "d" / "b.py").mkdir()
    (tree / "d" / "e" / "c.py").unlink()
    os.mkfifo(tree / "d" / "e" / "c.py")
    os.mkfifo(tree / "pipe")
    (tree / "loop").symlink_to(".")
    (tree / "out").symlink_to(live)
    locked = tree / "locked" / "in"
    locked.mkdir(parents=True)
    (locked / "f").write_text("")
    locked.chmod(0)
    (tree / "locked").chmod(0)


def test_whatever_ran_leaves_no_trace(bench: Bench) -> None:
    clean = bench.lay()
    live = tree_bytes(bench.root)
    wreck(bench.tree, bench.root)
    assert bench.lay() == clean
    assert tree_bytes(bench.tree) == live
    assert not (bench.tree / "out").is_symlink()
    assert tree_bytes(bench.root) == live


def test_a_folder_swapped_for_a_link_to_the_live_tree_does_not_lead_us_there(bench: Bench) -> None:
    bench.lay()
    shutil.rmtree(bench.tree / "d")
    (bench.tree / "d").symlink_to(bench.root / "d")
    place = bench.tree / "d" / "b.py"
    assert place.resolve() == bench.root / "d" / "b.py", (
        "a plain write to the tree would land in the user's file"
    )
    bench.copy.lay(list_live(Rules(bench.root)), {rel_path("d/b.py"): b"draft"})
    assert (bench.root / "d" / "b.py").read_bytes() == b"b\n"
    assert place.read_bytes() == b"draft"
    assert not (bench.tree / "d").is_symlink()


def test_a_write_that_forges_size_and_mtime_is_seen(bench: Bench) -> None:
    bench.lay()
    place = bench.tree / "a.py"
    status = place.stat()
    place.write_bytes(b"z\n")
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert bench.copy.drift().changed == (rel_path("a.py"),)
    bench.lay()
    assert place.read_bytes() == b"a\n"


def test_drift_names_what_was_done(bench: Bench) -> None:
    bench.lay()
    assert not any(vars_of(bench))
    wreck(bench.tree, bench.root)
    (bench.tree / "locked").chmod(0o700)
    changed, added, deleted, odd = vars_of(bench)
    assert changed == ("a.py",)
    assert {"extra.py", "__pycache__/a.pyc", "locked/in/f"} == set(added)
    assert deleted == ("d/b.py",)
    assert set(odd) == {"pipe", "loop", "out", "d/e/c.py"}


def vars_of(bench: Bench) -> tuple:
    drift = bench.copy.drift()
    return drift.changed, drift.added, drift.deleted, drift.odd


@pytest.mark.parametrize(
    "record", [b"", b"[]", b"{}", b'{"version":1,"root":"/x","files":{}}', b"\xff", b'{"version":1']
)
def test_a_broken_record_means_laying_anew(bench: Bench, record: bytes) -> None:
    whole = bench.lay()
    (bench.folder / "laid.json").write_bytes(record)
    bench.reopen()
    assert bench.lay() == whole
    assert bench.copy.written == 3


def test_secrets_and_hidden_files_are_not_in_the_tree_but_what_tests_need_is(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path,
        "-- .git/config --\ntoken\n-- .gitignore --\n*.so\nlocal.txt\n_version.py\nbuild/\n-- .agentignore --\nplans.md\n"
        "-- plans.md --\n-- .env --\nKEY\n-- deploy.pem --\n-- local.txt --\n-- build/x.py --\n-- fast.so --\n"
        "-- pkg/_version.py --\n-- data.bin --\n-- __pycache__/x.pyc --\n",
    )
    bench.lay()
    assert set(tree_bytes(bench.tree)) == {
        ".gitignore",
        ".agentignore",
        "fast.so",
        "pkg/_version.py",
        "data.bin",
    }


def test_links_stay_links_inside_and_never_lead_out(tmp_path: Path) -> None:
    bench = Bench(tmp_path, LIVE + "-- .env --\nKEY\n")
    (bench.root / "rel").symlink_to("a.py")
    (bench.root / "abs").symlink_to(bench.root / "d" / "b.py")
    (bench.root / "d" / "up").symlink_to("../a.py")
    (bench.root / "etc").symlink_to("/etc")
    (bench.root / "climb").symlink_to("../../../etc/passwd")
    (bench.root / "env").symlink_to(".env")
    bench.lay()
    links = {str(p.relative_to(bench.tree)): os.readlink(p) for p in bench.tree.rglob("*") if p.is_symlink()}
    assert links == {"rel": "a.py", "abs": "d/b.py", "d/up": "../a.py"}
    bench.lay()
    assert bench.copy.drift().odd == ()


def test_environments_are_mounted_not_copied(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path, LIVE + "-- .venv/pyvenv.cfg --\n-- .venv/bin/python --\n-- p/node_modules/m/i.js --\n"
    )
    plant(tmp_path / "elsewhere", "-- env/pyvenv.cfg --\n-- env/bin/python --\n-- keys/id --\n")
    (bench.root / "venv").symlink_to(tmp_path / "elsewhere" / "env")
    (bench.root / "q").mkdir()
    (bench.root / "q" / ".venv").symlink_to(tmp_path / "elsewhere" / "keys")
    found = list_live(Rules(bench.root)).dependencies
    assert found == {
        RelPath(".venv"): bench.root / ".venv",
        RelPath("venv"): (tmp_path / "elsewhere" / "env").resolve(),
        RelPath("p/node_modules"): bench.root / "p" / "node_modules",
    }
    bench.lay()
    assert (bench.tree / ".venv").is_dir()
    assert not list((bench.tree / ".venv").iterdir())
    bench.copy.link_dependencies(found)
    assert (bench.tree / ".venv" / "pyvenv.cfg").exists()
    bench.lay()
    assert not (bench.tree / ".venv").is_symlink()
    assert (bench.root / ".venv" / "pyvenv.cfg").exists(), "clearing the tree does not clear what it links to"
