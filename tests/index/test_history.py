from __future__ import annotations

import os
import subprocess
from pathlib import Path

from agent_ls.core.paths import RelPath
from agent_ls.index.git_log import refresh_history
from agent_ls.index.history import Commit, History, parse_log
from agent_ls.index.history_file import history_path, read_commits, read_history, write_history

A, B, C = RelPath("a.py"), RelPath("b.py"), RelPath("dir/ö c.py")
COMMITS = [
    Commit("3", "Parse dates with a zone", (A, B)),
    Commit("2", "Parse dates", (A, B)),
    Commit("1", "Draw a canvas", (A, C)),
]


def test_files_that_change_together() -> None:
    near = History(COMMITS).together(A)
    assert A not in near
    assert near[B] > near[C] > 0


def test_words_of_messages_lead_to_files() -> None:
    said = History(COMMITS).said({"canvas": 1.0})
    assert said == {A: 1.0, C: 1.0}


def test_a_sweep_over_everything_says_nothing() -> None:
    sweep = Commit("4", "Format", (*(f"{n}.py" for n in range(50)), A))
    assert set(History([sweep, *COMMITS]).together(A)) == {B, C}


def test_the_file_keeps_what_was_written_and_survives_damage(tmp_path: Path) -> None:
    file = tmp_path / "index.db.history"
    write_history(file, "3", COMMITS)
    assert read_commits(file) == ("3", COMMITS)
    assert read_history(file).together(A)[B] > 0
    file.write_bytes(b"\x00broken")
    assert read_commits(file) == ("", [])
    assert read_history(tmp_path / "none").together(A) == {}


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    argv = ["git", "-C", str(root), *who, *arguments]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def commit(root: Path, subject: str, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(subject)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject)


def subjects(db: Path) -> list[str]:
    return [c.subject for c in read_commits(history_path(db))[1]]


async def test_the_history_follows_head_and_forgets_other_branches(tmp_path: Path) -> None:
    root, db = tmp_path / "w", tmp_path / "state.db"
    root.mkdir()
    await refresh_history(root, db, os.environ)
    assert not history_path(db).exists()
    git(root, "init", "-q", "-b", "main")
    commit(root, "one", "a.py", "dir/ö c.py")
    await refresh_history(root, db, os.environ)
    assert read_commits(history_path(db))[1][0].paths == ("a.py", "dir/ö c.py")
    git(root, "checkout", "-q", "-b", "side")
    commit(root, "on the side", "a.py")
    await refresh_history(root, db, os.environ)
    assert subjects(db) == ["on the side", "one"]
    git(root, "checkout", "-q", "main")
    commit(root, "two", "a.py")
    await refresh_history(root, db, os.environ)
    assert subjects(db) == ["two", "one"]


async def test_only_what_is_new_is_asked(tmp_path: Path) -> None:
    root, db = tmp_path / "w", tmp_path / "state.db"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, "one", "a.py")
    head = git(root, "rev-parse", "HEAD")
    write_history(history_path(db), head, [Commit(head, "as it was kept", ("a.py",))])
    commit(root, "two", "a.py")
    await refresh_history(root, db, os.environ)
    assert subjects(db) == ["two", "as it was kept"]


def test_a_log_with_noise_is_read_as_far_as_it_goes() -> None:
    log = b"warning: something\n\x01aa\x02First: \xff\0\na.py\0b c.py\0\0\x01bb\x02Empty\0\x01torn"
    assert parse_log(log) == [Commit("aa", "First: �", ("a.py", "b c.py")), Commit("bb", "Empty", ())]
