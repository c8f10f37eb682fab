"""Tools that read: the model sees the draft, and nothing that is hidden."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_ls.agent.context import excerpt
from agent_ls.agent.tools.globs import matches
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from tests.agent.kit import PROJECT, bench_for, refused, use
from tests.index.support import index_of


async def test_read_file_numbers_lines_and_takes_a_range(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        text = await use(bench, "read_file", path="src/calc.py", start_line=5, end_line=None)
        assert text == "src/calc.py, lines 5 to 6 of 6:\n     5\tdef double(x):\n     6\t    return add(x, x)"
        assert "lines 1 to 6" in await refused(
            bench, "read_file", path="src/calc.py", start_line=9, end_line=None
        )


async def test_read_file_shows_unsaved_text_and_own_edits(tmp_path: Path) -> None:
    async with bench_for(tmp_path, buffers={"src/calc.py": "x = 'unsaved'\n"}) as bench:
        assert "unsaved" in await use(bench, "read_file", path="src/calc.py", start_line=None, end_line=None)
        edits = [{"old_str": "unsaved", "new_str": "mine", "replace_all": False}]
        await use(bench, "edit_file", path="src/calc.py", edits=edits)
        assert "mine" in await use(bench, "read_file", path="src/calc.py", start_line=None, end_line=None)


async def test_an_unsaved_document_that_is_hidden_is_in_nobodys_way(tmp_path: Path) -> None:
    async with bench_for(
        tmp_path, buffers={".env": "K=1\n", "src/calc.py": "def mine():\n    pass\n"}
    ) as bench:
        assert "src/calc.py:1 function" in await use(bench, "find_symbol", name="mine")
        assert "No use of" in await use(bench, "references", name="K", path=None)


async def test_no_line_of_a_private_key_is_shown_by_itself(tmp_path: Path) -> None:
    lines = "".join(f"MII{n}canary\r\n" for n in range(8))
    key = f"-----BEGIN RSA PRIVATE KEY-----\r\n{lines}-----END RSA PRIVATE KEY-----\r\n"
    text = f"KEY = (\r\n{key})\r\ntail = 1\r\n"
    async with bench_for(tmp_path, {"a.py": text}) as bench:
        answers = [
            await use(bench, "read_file", path="a.py", start_line=4, end_line=8),
            await use(bench, "search_text", pattern="canary", regex=False, ignore_case=False, glob=None),
            await use(bench, "search_text", pattern="^MII", regex=True, ignore_case=False, glob=None),
        ]
        assert not [answer for answer in answers if "MII" in answer]
        await use(bench, "read_file", path="a.py", start_line=13, end_line=None)
        edits = [{"old_str": "tail = 1", "new_str": "tail = 2", "replace_all": False}]
        answer = await use(bench, "edit_file", path="a.py", edits=edits)
        assert "    13\ttail = 2" in answer
        assert "MII" not in answer
    around = excerpt(RelPath("a.py"), text.encode(), Span(60, 60))
    assert "    13\ttail = 1" in around
    assert "MII" not in around


async def test_a_long_file_is_cut_where_the_next_call_goes_on(tmp_path: Path) -> None:
    lines = [f"line number {n} of a long file" for n in range(1, 2001)]
    async with bench_for(tmp_path, {"long.txt": "\n".join(lines)}) as bench:
        seen, start = [], 1
        while start:
            text = await use(bench, "read_file", path="long.txt", start_line=start, end_line=None)
            assert len(text) <= 10_000
            body = text.splitlines()[1:]
            tail = body.pop() if "go on with start_line=" in body[-1] else ""
            seen += [line.partition("\t")[2] for line in body]
            start = int(tail.partition("start_line=")[2].split()[0]) if tail else 0
        assert seen == lines


async def test_one_endless_line_does_not_flood_the_answer(tmp_path: Path) -> None:
    async with bench_for(tmp_path, {"min.js": "x" * 200_000 + "\nend\n"}) as bench:
        text = await use(bench, "read_file", path="min.js", start_line=None, end_line=None)
        assert len(text) <= 10_000
        assert "this line has 200000 characters" in text
        assert "start_line=2" in text


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("../../etc/passwd", "leaves the workspace"),
        ("/etc/passwd", "not relative"),
        ("~/.ssh/id_rsa", "not relative"),
        (".env", "credentials"),
        ("config/.env.production", "credentials"),
        ("ignored.txt", "ignore rules"),
        ("link.txt", "link"),
        ("linked/secret.txt", "link"),
        ("pipe", "no regular file"),
        ("src", "is a folder"),
        ("clac.py", "Did you mean"),
        ("data.bin", "not UTF-8"),
    ],
)
async def test_what_may_not_be_read_is_refused_with_the_reason(tmp_path: Path, path: str, word: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("canary")
    files = {
        **PROJECT,
        ".env": "KEY=canary",
        "config/.env.production": "canary",
        ".git/HEAD": "ref: refs/heads/main\n",
        ".gitignore": "ignored.txt\n",
        "ignored.txt": "canary",
        "clac.txt": "canary-free",
        "calc.py": "x = 1\n",
        "data.bin": b"\xff\xfe\x00canary",
    }
    async with bench_for(tmp_path, files) as bench:
        root = bench.draft.base.root
        (root / "link.txt").symlink_to(outside / "secret.txt")
        (root / "linked").symlink_to(outside)
        os.mkfifo(root / "pipe")
        text = await refused(bench, "read_file", path=path, start_line=None, end_line=None)
        assert word in text
        assert "canary" not in text


async def test_secrets_by_content_are_taken_out_and_cannot_be_written_back(tmp_path: Path) -> None:
    key = "sk-ant-" + "a1B2" * 10
    async with bench_for(tmp_path, {"conf.py": f"KEY = '{key}'\nDEBUG = 0\n"}) as bench:
        for text in (
            await use(bench, "read_file", path="conf.py", start_line=None, end_line=None),
            await use(bench, "search_text", pattern="KEY", regex=False, ignore_case=False, glob=None),
        ):
            assert key not in text
            assert "[secret removed]" in text
        whole = "KEY = '[secret removed]'\nDEBUG = 1\n"
        assert "taken out" in await refused(bench, "write_file", path="conf.py", content=whole)
        edits = [{"old_str": "DEBUG = 0", "new_str": "DEBUG = 1", "replace_all": False}]
        answer = await use(bench, "edit_file", path="conf.py", edits=edits)
        assert "Edited" in answer
        assert key not in answer
        assert bench.draft.read(RelPath("conf.py")) == f"KEY = '{key}'\nDEBUG = 1\n".encode()


async def test_find_files_lists_by_glob(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        assert await use(bench, "find_files", glob="*.py") == "src/app.py\nsrc/calc.py\ntest_calc.py"
        assert await use(bench, "find_files", glob="src/") == "src/app.py\nsrc/calc.py"
        assert "No file matches" in await use(bench, "find_files", glob="*.rs")


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b/c.py", "**/*.py", True),
        ("c.py", "**/*.py", True),
        ("a/b/c.py", "a/*.py", False),
        ("a/b/c.py", "a/**", True),
        ("a/b/c.py", "./a/**/c.py", True),
        ("a/b.py", "b.py", True),
        ("a/b.py", "B.py", False),
        ("a/" * 30 + "x", "**/" * 30 + "y", False),
    ],
)
def test_globs(path: str, pattern: str, expected: bool) -> None:
    assert matches(RelPath(path), pattern) is expected


async def test_search_sees_disk_unsaved_buffers_and_own_edits(tmp_path: Path) -> None:
    files = {
        **PROJECT,
        "b.py": "needle on disk, replaced in the buffer\n",
        "c.py": "needle c\n",
        "crlf.txt": "a\r\nneedle\r\n",
    }
    async with bench_for(tmp_path, files, buffers={"b.py": "x\nneedle in buffer\n"}) as bench:
        await use(bench, "delete_file", path="c.py")
        await use(bench, "write_file", path="new.py", content="a\nb\nneedle mine\n")
        text = await use(bench, "search_text", pattern="needle", regex=False, ignore_case=False, glob=None)
        assert text == (
            "b.py:\n     2\tneedle in buffer\ncrlf.txt:\n     2\tneedle\nnew.py:\n     3\tneedle mine"
        )
        text = await use(
            bench, "search_text", pattern=r"NEEDLE\s+m", regex=True, ignore_case=True, glob="*.py"
        )
        assert text == "new.py:\n     3\tneedle mine"
        assert "Not a regular expression" in await refused(
            bench, "search_text", pattern="(", regex=True, ignore_case=False, glob=None
        )


async def test_an_exploding_pattern_is_stopped_and_the_next_search_works(tmp_path: Path) -> None:
    async with bench_for(tmp_path, {"a.txt": "a" * 40 + "!\n"}, deadline_s=2.0) as bench:
        text = await refused(bench, "search_text", pattern="(a+)+$", regex=True, ignore_case=False, glob=None)
        assert "did not end within 2 seconds" in text
        text = await use(bench, "search_text", pattern="aaa", regex=False, ignore_case=False, glob=None)
        assert text.startswith("a.txt:")


async def test_outline_and_symbols_speak_of_the_draft(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        text = await use(bench, "outline", path="src/calc.py")
        assert text.splitlines()[0] == "src/calc.py, 6 lines:"
        assert "5-6 function def double(x)" in text
        await use(
            bench,
            "write_file",
            path="src/more.py",
            content="from calc import add\n\n\ndef triple(x):\n    return add(x, add(x, x))\n",
        )
        assert "src/more.py:4 function" in await use(bench, "find_symbol", name="triple")
        assert "src/more.py:5 in triple" in await use(bench, "references", name="add", path=None)
        assert "Nothing named" in await use(bench, "find_symbol", name="absent")


async def test_references_below_a_path_are_found_behind_hundreds_of_others(tmp_path: Path) -> None:
    files = {"a/many.py": "add()\n" * 500, "z/one.py": "\nadd()\n"}
    async with bench_for(tmp_path, files) as bench:
        index_of(tmp_path, {RelPath(path): text.encode() for path, text in files.items()})
        assert "z/one.py:2" in await use(bench, "references", name="add", path="z")
        assert "240 of 501" in await use(bench, "references", name="add", path=None)
