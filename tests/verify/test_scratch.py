from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agent_ls.core.edits import Op
from agent_ls.core.errors import CheckError
from agent_ls.core.paths import rel_path
from agent_ls.verify.engine import run_engine
from agent_ls.verify.running import RefusedError
from agent_ls.verify.scratch import Scratch
from agent_ls.verify.surroundings import NoSandbox
from agent_ls.verify.tree import Drift, WarmTree
from agent_ls.workspace.overlay import Overlay
from tests.workspace.files import draft_of, plant, tree_bytes

PLAIN = NoSandbox("none in this test", "none", {"PATH": os.path.dirname(sys.executable)})


async def prepare(tmp_path: Path, draft: Overlay) -> Scratch:
    return await Scratch.prepare(draft.base.root, draft, tmp_path / "scratch")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def test_pinned_texts_and_open_documents_go_before_the_disk_of_now(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- a.py --\na\n-- b.py --\nb\n-- c.py --\nc\n")
    draft = draft_of(root, {"b.py": b"typed\n"})
    draft.read(rel_path("a.py"))
    (root / "a.py").write_bytes(b"saved later\n")
    (root / "c.py").write_bytes(b"c2\n")
    scratch = await prepare(tmp_path, draft)
    assert tree_bytes(scratch.tree) == {"a.py": b"a\n", "b.py": b"typed\n", "c.py": b"c2\n"}
    await scratch.close()


async def test_two_jobs_get_a_tree_each_and_the_next_one_a_warm_one(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- a.py --\na\n")
    one, two = await prepare(tmp_path, draft_of(root)), await prepare(tmp_path, draft_of(root))
    assert one.tree != two.tree
    assert one.tree_hash == two.tree_hash
    await one.close()
    three = await prepare(tmp_path, draft_of(root))
    assert three.tree == one.tree
    await two.close()
    await three.close()
    await three.close()


async def test_an_engines_diff_is_a_change_set(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "w",
        "-- a.py --\na\n-- d/b.py --\nb\n-- same.py --\ns\n-- .gitignore --\n*.log\n-- .git/HEAD --\n",
    )
    live = tree_bytes(root)
    draft = draft_of(root)
    draft.write(rel_path("a.py"), b"draft\n")
    scratch = await prepare(tmp_path, draft)
    code = """
import os
from pathlib import Path
Path("a.py").write_text(Path("a.py").read_text() + "fixed\\n")
Path("d/b.py").unlink()
Path("new/n.py").parent.mkdir()
Path("new/n.py").write_text("n")
Path("same.py").write_text("s\\n")
Path("noise.log").write_text("x")
Path(".env").write_text("x")
Path("pic.dat").write_bytes(b"\\0\\xff")
Path(".github/workflows").mkdir(parents=True)
Path(".github/workflows/ci.yml").write_text("on: push")
os.symlink("/etc/passwd", "passwd.txt")
os.mkfifo("pipe")
print("password = 'correct-horse-battery'")
raise SystemExit(1)
"""
    result = await run_engine(scratch, python(code), PLAIN, trusted=True, allow_unsandboxed=True)
    assert [(c.path, c.op, c.before, c.after) for c in result.changes] == [
        ("a.py", Op.EDIT, b"draft\n", b"draft\nfixed\n"),
        ("d/b.py", Op.DELETE, b"b\n", None),
        ("new/n.py", Op.CREATE, None, b"n"),
    ]
    assert set(result.left_out) == {
        "noise.log",
        ".env",
        "pic.dat",
        ".github/workflows/ci.yml",
        "passwd.txt",
        "pipe",
    }
    assert result.exit_code == 1
    assert "correct-horse" not in result.output
    assert tree_bytes(root) == live
    await scratch.lay(draft)
    assert set(tree_bytes(scratch.tree)) == {"a.py", "d/b.py", "same.py", ".gitignore"}
    await scratch.close()


async def test_a_file_swapped_for_a_link_is_not_read_through_it(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("the user's key")
    draft = draft_of(plant(tmp_path / "w", "-- a.py --\na\n-- d/b.py --\nb\n"))
    scratch = await prepare(tmp_path, draft)
    code = f"import os; os.remove('a.py'); os.symlink({str(tmp_path / 'key')!r}, 'a.py'); os.rename('d','e'); os.symlink('/', 'd')"
    result = await run_engine(scratch, python(code), PLAIN, trusted=True, allow_unsandboxed=True)
    assert (scratch.tree / "a.py").read_text() == "the user's key", "a plain read of the tree would take it"
    assert "the user's key" not in repr(result)
    assert "a.py" in result.left_out
    await scratch.close()


async def test_a_link_swapped_in_while_we_harvest_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a daemon that outlived a plain run could: after the look at the tree, before the read."""
    (tmp_path / "key").write_text("the user's key")
    scratch = await prepare(tmp_path, draft_of(plant(tmp_path / "w", "-- a.py --\na\n")))
    (scratch.tree / "a.py").write_text("changed")
    look = WarmTree.drift

    def look_and_swap(self: WarmTree) -> Drift:
        seen = look(self)
        (self.tree / "a.py").unlink()
        (self.tree / "a.py").symlink_to(tmp_path / "key")
        return seen

    monkeypatch.setattr(WarmTree, "drift", look_and_swap)
    harvest = await scratch.harvest()
    assert not harvest.changes
    assert "a.py" in harvest.left_out
    await scratch.close()


async def test_what_was_saved_while_an_engine_ran_is_not_overwritten(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- a.py --\na\n")
    scratch = await prepare(tmp_path, draft_of(root))
    code = f"open('a.py','a').write('fix'); open({str(root / 'a.py')!r},'w').write('saved meanwhile')"
    result = await run_engine(scratch, python(code), PLAIN, trusted=True, allow_unsandboxed=True)
    assert not result.changes
    assert "changed on disk" in result.left_out["a.py"]
    await scratch.close()


@pytest.mark.parametrize(
    ("trusted", "allow", "word"), [(False, True, "not trusted"), (True, False, "no sandbox")]
)
async def test_nothing_runs_untrusted_or_unallowed(
    tmp_path: Path, trusted: bool, allow: bool, word: str
) -> None:
    scratch = await prepare(tmp_path, draft_of(plant(tmp_path / "w", "-- a.py --\na\n")))
    with pytest.raises(RefusedError, match=word) as caught:
        await run_engine(scratch, python("open('ran','w')"), PLAIN, trusted=trusted, allow_unsandboxed=allow)
    assert caught.value.remedy
    assert not (scratch.tree / "ran").exists()
    await scratch.close()


async def test_a_program_of_the_workspace_is_not_run_plainly(tmp_path: Path) -> None:
    root = plant(tmp_path / "w", "-- tool --\n#!/bin/sh\ntouch ran\n")
    (root / "tool").chmod(0o755)
    scratch = await prepare(tmp_path, draft_of(root))
    for name in ("./tool", str(root / "tool"), str(scratch.tree / "tool"), "tool"):
        planted = NoSandbox("x", "x", {"PATH": f"{root}:{scratch.tree}:."})
        with pytest.raises(CheckError, match="not found outside"):
            await run_engine(scratch, [name], planted, trusted=True, allow_unsandboxed=True)
    await scratch.close()


async def test_a_state_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("a file")
    with pytest.raises(CheckError, match="could not be made") as caught:
        await prepare(tmp_path, draft_of(plant(tmp_path / "w", "-- a.py --\n")))
    assert caught.value.remedy


async def test_folders_deeper_than_any_path_are_cleared(tmp_path: Path) -> None:
    draft = draft_of(plant(tmp_path / "w", "-- a.py --\na\n"))
    scratch = await prepare(tmp_path, draft)
    code = "import os\nfor _ in range(3000):\n  os.mkdir('d'); os.chdir('d')"
    await run_engine_output(scratch, code)
    assert not (await scratch.harvest()).changes
    await scratch.lay(draft)
    assert tree_bytes(scratch.tree) == {"a.py": b"a\n"}
    assert [p.name for p in scratch.tree.iterdir()] == ["a.py"]
    await scratch.close()


async def run_engine_output(scratch: Scratch, code: str) -> None:
    from agent_ls.verify.running import run_in

    done = await run_in(scratch, python(code), PLAIN, timeout_s=60)
    assert done.exit_code == 0, done.output
