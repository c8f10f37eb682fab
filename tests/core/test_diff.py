import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.alignment import gaps
from agent_ls.core.diff import line_hunks, stat, text_edits, unified
from agent_ls.core.edits import ChangeSet, FileChange, TextEdit, apply_text_edits
from agent_ls.core.paths import rel_path
from agent_ls.core.text import Span

LINES = st.sampled_from(["a", "b", "c = 1", "é🚀", "", "}", "x\fy", "u\u2028v", "\t"])
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n"])
TEXTS = st.lists(st.tuples(LINES, ENDS), max_size=14).flatmap(
    lambda pairs: st.sampled_from(["", "end", "ü"]).map(
        lambda last: ("".join(a + b for a, b in pairs) + last).encode()
    )
)


@given(TEXTS, TEXTS)
def test_text_edits_turn_old_into_new(old: bytes, new: bytes):
    edits = text_edits(old, new)
    assert apply_text_edits(old, edits) == new
    for edit in edits:
        for at in (edit.span.start, edit.span.end):
            old[:at].decode()  # every end point is a character boundary
            assert not (old[:at].endswith(b"\r") and old[at:].startswith(b"\n"))
    for a, b in pairwise(edits):
        assert a.span.end < b.span.start


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_gaps_leave_equal_items_between_them(a: list[int], b: list[int]):
    at = b_at = 0
    for first, last, b_first, b_last in [*gaps(a, b), (len(a), len(a), len(b), len(b))]:
        assert a[at:first] == b[b_at:b_first]
        at, b_at = last, b_last


def test_only_the_changed_characters_are_sent():
    assert text_edits(b"one\ntwo three\nfour\n", b"one\ntwo tree\nfour\n") == [TextEdit(Span(9, 10), b"")]
    assert text_edits("café\n".encode(), "cafè\n".encode()) == [TextEdit(Span(3, 5), "è".encode())]


def test_a_line_end_is_replaced_whole():
    assert text_edits(b"a\r\nb", b"a\nb") == [TextEdit(Span(1, 3), b"\n")]


def test_far_apart_changes_are_apart():
    old = [b"line %d\n" % i for i in range(2000)]
    new = [*old[:10], b"new\n", *old[10:1500], b"changed\n", *old[1501:]]
    edits = text_edits(b"".join(old), b"".join(new))
    assert [edit.new for edit in edits] == [b"new\n", b"changed"]


def test_repetitive_text_without_unique_lines_stays_small():
    old = b"}\n\n" * 300
    hunks = line_hunks(old, old[:300] + b"x\n" + old[300:])
    assert [(h.old_start, h.old_end, h.new_end - h.new_start) for h in hunks] == [(200, 200, 1)]


def test_a_rewritten_text_is_bounded_work():
    old, new = (b"".join(b"%d\n" % ((i * k) % 7) for i in range(4000)) for k in (3, 5))
    assert apply_text_edits(old, text_edits(old, new)) == new


def test_stat_counts_as_git_does():
    assert stat(None, b"a\nb\n") == (2, 0)
    assert stat(b"a\rb\n", b"a\rc\n") == (1, 1)
    assert stat(b"a", b"a\n") == (1, 1)
    assert stat(b"a\n", None) == (0, 1)


PATHS = ["a.txt", "dir/b c.txt", "ü.txt", 'q"uote.txt']


@pytest.fixture(scope="module")
def repo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("repo")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def check_patch_applies(repo: Path, changes: ChangeSet) -> None:
    for path in repo.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            path.unlink()
    for change in changes:
        if change.before is not None:
            file = repo / change.source
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(change.before)
    patch = unified(changes).encode("utf-8", "surrogateescape")
    done = subprocess.run(
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
        cwd=repo,
        input=patch,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (done.stderr, patch)
    for change in changes:
        file = repo / change.path
        assert (file.read_bytes() if file.exists() else None) == change.after
        if change.moved_from is not None:
            assert not (repo / change.moved_from).exists()


def test_git_applies_every_kind_of_change(repo: Path):
    edited = b"".join(b"%d\n" % i for i in range(30))
    check_patch_applies(
        repo,
        ChangeSet.of(
            [
                FileChange(rel_path("dir/b c.txt"), edited, edited.replace(b"7\n", b"seven\n") + b"no end"),
                FileChange(rel_path("ü.txt"), None, b"new\r\nfile\r"),
                FileChange(rel_path("empty"), None, b""),
                FileChange(rel_path("was empty"), b"", None),
                FileChange(rel_path('q"uote.txt'), b"a\xff\n", b"b\xfe\n"),
                FileChange(rel_path("gone.txt"), b"x\ny", None),
                FileChange(rel_path("to/moved.txt"), edited, edited + b"more\n", rel_path("from.txt")),
                FileChange(rel_path("to/same.txt"), b"same\n", b"same\n", rel_path("same.txt")),
            ]
        ),
    )


def test_git_applies_random_changes(repo: Path):
    changes = []
    for number in range(60):  # one process for many: each change is a file of one patch
        seed = number * 7919
        old = [b"%d\n" % ((seed >> i) % 5) for i in range(number % 23)]
        new = [line if (seed + i) % 4 else b"changed\r\n" for i, line in enumerate(old)] + [b"end"] * (
            number % 2
        )
        before, after = b"".join(old), b"".join(new)
        if before != after:
            changes.append(FileChange(rel_path(f"f{number}"), before, after))
    check_patch_applies(repo, ChangeSet.of(changes))
    check_patch_applies(repo, ChangeSet.of(changes).inverted())
