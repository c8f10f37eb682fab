"""A plan as a commit: nothing of the repository runs, nothing of the user's is touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.errors import UsageError
from agent_ls.core.paths import RelPath
from agent_ls.faces.cli.branch import NewBranch

WHO = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "GIT_CONFIG_NOSYSTEM": "1", **WHO}


@pytest.fixture
def repo(tmp_path: Path, environ: dict[str, str]) -> Path:
    root = tmp_path / "repo"
    (root / "sub" / "deep").mkdir(parents=True)
    for name, text in {"a": "1\n2\n3\n4\n5\n", "gone": "g\n", "sub/s": "s\n", "sub/deep/old": "o\n"}.items():
        (root / name).write_text(text)
    (root / "tool").write_text("#!/bin/sh\n")
    (root / "tool").chmod(0o755)
    git(root, environ, "init", "-q", "-b", "main")
    git(root, environ, "add", "-A")
    git(root, environ, "commit", "-q", "-m", "first")
    return root


def git(root: Path, environ: dict[str, str], *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def change(path: str, before: str | None, after: str | None, moved_from: str | None = None) -> FileChange:
    old, new = (None if text is None else text.encode() for text in (before, after))
    return FileChange(RelPath(path), old, new, None if moved_from is None else RelPath(moved_from))


async def commit(root: Path, environ: dict[str, str], *changes: FileChange, name: str = "plan") -> str:
    branch = await NewBranch.checked(root, name, environ)
    return await branch.commit(ChangeSet.of(changes), "a plan\n\nwith words")


def state(root: Path, environ: dict[str, str]) -> list[object]:
    """All that must stay as it is."""
    files = {
        p: (p.read_bytes(), p.stat().st_mtime_ns)
        for p in root.rglob("*")
        if p.is_file() and ".git" not in p.parts
    }
    return [
        files,
        git(root, environ, "symbolic-ref", "HEAD"),
        git(root, environ, "rev-parse", "HEAD"),
        (root / ".git/index").read_bytes(),
    ]


async def test_edits_creates_deletes_and_moves_with_their_modes(repo: Path, environ: dict[str, str]) -> None:
    before = state(repo, environ)
    await commit(
        repo,
        environ,
        change("a", "1\n2\n3\n4\n5\n", "1\ntwo\n3\n4\n5\n"),
        change("gone", "g\n", None),
        change("new/file", None, "n\n"),
        change("bin/tool", "#!/bin/sh\n", "#!/bin/sh\n:\n", moved_from="tool"),
    )
    assert state(repo, environ) == before
    assert git(repo, environ, "diff", "--name-status", "--no-renames", "main", "plan").splitlines() == [
        "M\ta",
        "A\tbin/tool",
        "D\tgone",
        "A\tnew/file",
        "D\ttool",
    ]
    assert git(repo, environ, "ls-tree", "plan", "bin/tool", "new/file").split()[0::4] == ["100755", "100644"]
    assert git(repo, environ, "show", "plan:a") == "1\ntwo\n3\n4\n5\n"
    assert git(repo, environ, "log", "-1", "--format=%B", "plan").strip() == "a plan\n\nwith words"


async def test_a_workspace_below_the_repository(repo: Path, environ: dict[str, str]) -> None:
    (repo / "sub" / "s").chmod(0o755)
    git(repo, environ, "commit", "-qam", "second")
    await commit(
        repo / "sub",
        environ,
        change("s", "s\n", "S\n"),
        change("moved", "o\n", "o\n", moved_from="deep/old"),
    )
    assert git(repo, environ, "diff", "--name-status", "--no-renames", "main", "plan").splitlines() == [
        "D\tsub/deep/old",
        "A\tsub/moved",
        "M\tsub/s",
    ]
    assert git(repo, environ, "ls-tree", "plan", "sub/s").startswith("100755")


async def test_the_commit_holds_the_plan_and_not_what_is_uncommitted(
    repo: Path, environ: dict[str, str]
) -> None:
    (repo / "a").write_text("1\n2\n3\n4\ntyped\n")
    (repo / "untracked").write_text("u\n")
    (repo / "untracked").chmod(0o755)
    await commit(
        repo,
        environ,
        change("a", "1\n2\n3\n4\ntyped\n", "one\n2\n3\n4\ntyped\n"),
        change("untracked", "u\n", "U\n"),
    )
    assert git(repo, environ, "show", "plan:a") == "one\n2\n3\n4\n5\n"
    assert git(repo, environ, "show", "plan:untracked") == "U\n"
    assert git(repo, environ, "ls-tree", "plan", "untracked").startswith("100755")


async def test_a_plan_on_top_of_uncommitted_lines_is_refused(repo: Path, environ: dict[str, str]) -> None:
    (repo / "a").write_text("typed\n")
    with pytest.raises(UsageError, match=r"not committed yet \(a\)"):
        await commit(repo, environ, change("a", "typed\n", "typed and planned\n"))
    assert git(repo, environ, "branch", "--list", "plan") == ""


async def test_line_ends_are_those_of_the_repository(repo: Path, environ: dict[str, str]) -> None:
    text = "1\r\n2\r\n3\r\n4\r\n5\r\n"
    (repo / "a").write_bytes(text.encode())
    await commit(repo, environ, change("a", text, text.replace("2", "two")))
    assert git(repo, environ, "diff", "--numstat", "main", "plan") == "1\t1\ta\n"


async def test_a_file_makes_room_for_a_folder_of_its_name(repo: Path, environ: dict[str, str]) -> None:
    await commit(repo, environ, change("gone", "g\n", None), change("gone/inside", None, "i\n"))
    assert git(repo, environ, "show", "plan:gone/inside") == "i\n"


async def test_names_are_taken_literally(repo: Path, environ: dict[str, str]) -> None:
    odd = ":!*"
    (repo / odd).write_text("x\n")
    (repo / odd).chmod(0o755)
    git(repo, environ, "add", "-A")
    git(repo, environ, "commit", "-q", "-m", "odd")
    (repo / odd).chmod(0o644)
    await commit(repo, environ, change(odd, "x\n", "y\n"))
    assert git(repo, environ, "diff", "-z", "--raw", "main", "plan").split()[:2] == [":100755", "100755"]
    assert git(repo, environ, "show", f"plan:{odd}") == "y\n"


async def test_many_files_take_few_calls(repo: Path, environ: dict[str, str]) -> None:
    await commit(repo, environ, *(change(f"many/{n}", None, f"{n}\n") for n in range(450)))
    assert len(git(repo, environ, "ls-tree", "--name-only", "plan", "many/").split()) == 450
    assert git(repo, environ, "show", "plan:many/449") == "449\n"


async def test_nothing_of_a_hostile_repository_runs(
    repo: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 >> {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("reference-transaction", "post-index-change", "pre-commit", "post-commit", "commit-msg"):
        (hooks / hook).symlink_to(trap)
        (repo / ".git" / "hooks" / hook).symlink_to(trap)
    for key in (
        *("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"),
        *(
            "diff.evil.textconv",
            "diff.external",
            "core.pager",
            "core.editor",
            "gpg.program",
            "core.sshCommand",
        ),
        *("core.alternateRefsCommand", "credential.helper"),
    ):
        git(repo, environ, "config", key, str(trap))
    git(repo, environ, "config", "commit.gpgSign", "true")
    git(repo, environ, "config", "core.hooksPath", str(hooks))
    git(repo, environ, "config", "alias.rev-parse", f"!{trap}")
    (repo / ".git" / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    (tmp_path / "sprung").unlink(missing_ok=True)
    await commit(repo, environ, change("a", "1\n2\n3\n4\n5\n", "x\n"), change("n", None, "n\n"))
    assert not (tmp_path / "sprung").exists(), (tmp_path / "sprung").read_text()
    assert git(repo, environ, "-c", "core.fsmonitor=false", "cat-file", "-p", "plan:n") == "n\n"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("main", "There is a branch 'main' already"),
        ("two words", "is no name for a branch"),
        ("-x", "is no name for a branch"),
        ("@{-1}", "is no name for a branch"),
    ],
)
async def test_names_that_cannot_be_a_new_branch(
    repo: Path, environ: dict[str, str], name: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        await NewBranch.checked(repo, name, environ)


async def test_what_is_no_repository_is_said_before_the_work(tmp_path: Path, environ: dict[str, str]) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(UsageError, match="is not in a git repository"):
        await NewBranch.checked(bare, "plan", environ)
    git(bare, environ, "init", "-q")
    with pytest.raises(UsageError, match="has no commit yet"):
        await NewBranch.checked(bare, "plan", environ)
    with pytest.raises(UsageError, match="git is not installed"):
        await NewBranch.checked(bare, "plan", {"PATH": str(tmp_path)})


async def test_nobody_to_commit_as_is_said_before_the_work(repo: Path, environ: dict[str, str]) -> None:
    nobody = {k: v for k, v in environ.items() if k not in WHO}
    git(repo, nobody, "config", "user.useConfigOnly", "true")
    with pytest.raises(UsageError, match="who commits") as caught:
        await NewBranch.checked(repo, "plan", nobody)
    assert "git config user.name" in caught.value.sentence()
