"""Tools that edit: all or nothing, bound to what was shown, on a draft and never on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import benchmarks.edits
from agent_ls.agent.tools import editing
from agent_ls.agent.tools.toolbox import TOOLS, definitions, run_calls
from agent_ls.core.edits import Op
from agent_ls.core.job import Intent, IntentKind, Site
from agent_ls.core.matching import Applied, EditRequest, Refused
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span, content_hash
from agent_ls.model.protocol import ToolCall
from tests.agent.kit import PROJECT, OwnersEnd, bench_for, refused, text_in, tree, use


def edit(old: str, new: str, *, replace_all: bool = False) -> dict[str, Any]:
    return {"old_str": old, "new_str": new, "replace_all": replace_all}


async def read(bench: Any, path: str) -> None:
    await use(bench, "read_file", path=path, start_line=None, end_line=None)


async def test_an_edit_changes_the_draft_and_not_the_disk(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        before = tree(bench.draft.base.root)
        await read(bench, "src/calc.py")
        answer = await use(
            bench, "edit_file", path="src/calc.py", edits=[edit("return a - b", "return a + b")]
        )
        assert answer.startswith("Edited src/calc.py: +1 -1 lines.")
        assert "     2\t    return a + b" in answer
        assert "return a + b" in text_in(bench, "src/calc.py")
        assert tree(bench.draft.base.root) == before


async def test_all_edits_of_a_call_apply_or_none(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        await read(bench, "src/calc.py")
        edits = [edit("return a - b", "return a + b"), edit("no such line", "x")]
        await refused(bench, "edit_file", path="src/calc.py", edits=edits)
        assert text_in(bench, "src/calc.py") == PROJECT["src/calc.py"]


async def test_an_edit_answers_with_new_syntax_errors_only(tmp_path: Path) -> None:
    files = {"broken.py": "def f(:\n    pass\n\n\nx = 1\n"}
    async with bench_for(tmp_path, files) as bench:
        await read(bench, "broken.py")
        fine = await use(bench, "edit_file", path="broken.py", edits=[edit("x = 1", "x = 2")])
        assert "syntax" not in fine
        bad = await use(bench, "edit_file", path="broken.py", edits=[edit("x = 2", "x = (2")])
        assert "New syntax errors" in bad


async def test_parallel_edits_bind_to_the_text_that_was_shown(tmp_path: Path) -> None:
    """The first call brings in text that the second one's old_str would also find."""
    files = {"a.py": "first = 1\nmiddle = 0\nother = 0\nlast = 2\n"}
    async with bench_for(tmp_path, files) as bench:
        await read(bench, "a.py")
        calls = [
            ToolCall("1", "edit_file", {"path": "a.py", "edits": [edit("first = 1", "last = 2  # copied")]}),
            ToolCall("2", "edit_file", {"path": "a.py", "edits": [edit("last = 2", "last = 3")]}),
        ]
        results = await run_calls(bench, calls)
        assert not any(block.get("is_error") for block in results), results
        assert text_in(bench, "a.py") == "last = 2  # copied\nmiddle = 0\nother = 0\nlast = 3\n"


async def test_an_edit_may_speak_of_what_an_earlier_call_of_the_turn_wrote(tmp_path: Path) -> None:
    async with bench_for(tmp_path, {"a.py": "x = 1\n"}) as bench:
        await read(bench, "a.py")
        calls = [
            ToolCall("1", "edit_file", {"path": "a.py", "edits": [edit("x = 1", "x = compute()")]}),
            ToolCall("2", "edit_file", {"path": "a.py", "edits": [edit("compute()", "compute(1)")]}),
        ]
        await run_calls(bench, calls)
        assert text_in(bench, "a.py") == "x = compute(1)\n"


async def test_an_error_in_the_middle_leaves_the_others_and_a_consistent_draft(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        await read(bench, "src/calc.py")
        calls = [
            ToolCall("1", "edit_file", {"path": "src/calc.py", "edits": [edit("a - b", "a + b")]}),
            ToolCall("2", "edit_file", {"path": "src/calc.py", "edits": [edit("nowhere", "x")]}),
            ToolCall("3", "write_file", {"path": "new.txt", "content": "hello\n"}),
        ]
        results = await run_calls(bench, calls)
        assert [block.get("is_error", False) for block in results] == [False, True, False]
        assert [block["tool_use_id"] for block in results] == ["1", "2", "3"]
        assert [c.path for c in bench.draft.changes()] == ["new.txt", "src/calc.py"]


async def test_write_file_keeps_line_ends_and_refuses_blind_or_lazy_rewrites(tmp_path: Path) -> None:
    long = "".join(f"value_{n} = {n}\r\n" for n in range(40))
    async with bench_for(tmp_path, {"crlf.py": long}) as bench:
        whole = long.replace("\r\n", "\n").replace("value_3 = 3\n", "value_3 = 33\n")
        assert "not read it" in await refused(bench, "write_file", path="crlf.py", content=whole)
        await read(bench, "crlf.py")
        await use(bench, "write_file", path="crlf.py", content=whole)
        assert text_in(bench, "crlf.py") == long.replace("value_3 = 3\r\n", "value_3 = 33\r\n")
        await refused(
            bench, "write_file", path="crlf.py", content="value_0 = 0\n# ... rest of the file unchanged ...\n"
        )


@pytest.mark.parametrize(
    ("beside", "sent", "written"),
    [
        pytest.param(None, "a\r\nb\r\n", "a\r\nb\r\n", id="as sent"),
        pytest.param(None, "a\nb\n", "a\nb\n", id="as sent, too"),
        pytest.param("x\r\n", "a\nb\n", "a\r\nb\r\n", id="as the files of its kind beside it"),
        pytest.param("x\n", "a\r\nb\r\n", "a\nb\n", id="as they, the other way round"),
    ],
)
async def test_a_new_file_takes_its_line_end_from_its_neighbours_or_the_call(
    tmp_path: Path, beside: str | None, sent: str, written: str
) -> None:
    files = {"other/y.txt": "y\r\n", "new/z.md": "z\r\n"} | ({"new/x.txt": beside} if beside else {})
    async with bench_for(tmp_path, files) as bench:
        await use(bench, "write_file", path="new/file.txt", content=sent)
        assert bench.draft.read(RelPath("new/file.txt")) == written.encode()


async def test_edit_file_and_the_benchmark_ask_the_same_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the benchmark measures is what the tool does: each calls it, and it is one function."""
    assert editing.apply_edit is benchmarks.edits.apply_edit
    asked: list[str] = []

    def spy(shown: str | None, now: str, request: EditRequest) -> Applied | Refused:
        asked.append(now)
        return Applied("spied")

    monkeypatch.setattr(editing, "apply_edit", spy)
    monkeypatch.setattr(benchmarks.edits, "apply_edit", spy)
    async with bench_for(tmp_path) as bench:
        await read(bench, "src/calc.py")
        await use(bench, "edit_file", path="src/calc.py", edits=[edit("no such line", "x")])
        assert text_in(bench, "src/calc.py") == "spied"
    sent = {"type": "str_replace", "path": "a", "edits": [{"old_str": "no", "new_str": "x"}]}
    assert benchmarks.edits.apply({"before_text": "a", "edit": sent})["after_text"] == "spied"
    assert len(asked) == 2


async def test_files_and_folders_move_and_are_deleted(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        assert "2 files" in await use(bench, "move_path", old_path="src", new_path="lib")
        await use(bench, "delete_file", path="README.md")
        changes = {c.path: (c.op, c.source) for c in bench.draft.changes()}
        assert changes == {
            "README.md": (Op.DELETE, "README.md"),
            "lib/app.py": (Op.MOVE, "src/app.py"),
            "lib/calc.py": (Op.MOVE, "src/calc.py"),
        }
        assert "exists" in await refused(bench, "move_path", old_path="test_calc.py", new_path="lib/app.py")
        assert "inside" in await refused(bench, "move_path", old_path="lib", new_path="lib/deeper")


async def test_a_folder_moves_as_a_whole_or_stays(tmp_path: Path) -> None:
    """The second file's place is taken: the first one's move must not remain."""
    async with bench_for(tmp_path, {"src/a.py": "", "src/b.py": "", "lib/b.py": "other\n"}) as bench:
        assert "exists" in await refused(bench, "move_path", old_path="src", new_path="lib")


@pytest.mark.parametrize(
    "path",
    [".git/hooks/pre-commit", ".vscode/tasks.json", ".env", "../outside.txt", "/etc/cron.d/x", "evil.pth",
     "sitecustomize.py", ".github/workflows/ci.yml", "linked/planted.txt"],
)  # fmt: skip
async def test_an_obedient_attacker_writes_nothing_that_is_protected(tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    files = {**PROJECT, ".git/HEAD": "ref: refs/heads/main\n"}
    async with bench_for(tmp_path, files) as bench:
        (bench.draft.base.root / "linked").symlink_to(outside)
        await refused(bench, "write_file", path=path, content="echo owned\n")
        await refused(bench, "move_path", old_path="README.md", new_path=path)
        assert not bench.draft.changes()


async def test_arguments_are_held_against_the_schema_before_anything_runs(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        assert "There is no tool 'bash'" in await refused(bench, "bash", command="ls")
        text = await refused(bench, "read_file", start_line=1)
        assert "'path' is a required property" in text
        assert '"additionalProperties": false' in text
        assert "Additional properties" in await refused(bench, "delete_file", path="README.md", force=True)
        (block,) = await run_calls(
            bench, [ToolCall("1", "write_file", {}, problem="it ends in the middle of a string")]
        )
        assert "could not be read" in block["content"]
        assert block["is_error"]


async def test_a_broken_tool_is_an_answer_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench_for(tmp_path) as bench:

        def broken(*_: object) -> None:
            raise RuntimeError("kaputt")

        monkeypatch.setattr(bench.draft, "delete", broken)
        text = await refused(bench, "delete_file", path="README.md")
        assert "the tool itself failed (RuntimeError: kaputt)" in text


def test_schemas_are_strict_and_stable() -> None:
    for tool in definitions():
        stack = [tool["input_schema"]]
        while stack:
            schema = stack.pop()
            if schema.get("type") == "object":
                assert schema["additionalProperties"] is False
                assert schema["required"] == list(schema["properties"])
                stack += schema["properties"].values()
            if "items" in schema:
                stack.append(schema["items"])
    assert definitions() == definitions()
    assert list(TOOLS) == [
        "propose_plan", "search_text", "find_files", "read_file", "outline", "find_symbol", "references",
        "explore", "edit_file", "write_file", "delete_file", "move_path", "rename_symbol", "add_import",
        "move_symbol", "remove_unused_imports", "run_checks", "ask_user", "finish",
    ]  # fmt: skip


async def test_finish_is_refused_for_new_syntax_errors_failed_checks_and_failed_calls(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        await use(bench, "write_file", path="a.py", content="x = (1\n")
        assert "new syntax errors" in await refused(bench, "finish", summary="done")
        bench.failed_calls = 0
        await use(bench, "edit_file", path="a.py", edits=[edit("(1", "'BROKEN'")])
        text = await refused(bench, "finish", summary="done")
        assert "checks fail" in text
        assert "found BROKEN" in text
        assert "Another call" in await refused(bench, "finish", summary="done")
        bench.failed_calls = 0
        assert "empty" in await refused(bench, "finish", summary=" ")
        bench.failed_calls = 0
        bench.last_turn = True
        assert await use(bench, "finish", summary="kept as it is") == "Finished."


async def test_finish_waits_for_what_the_user_has_just_said(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        assert isinstance(bench.link, OwnersEnd)
        bench.link.texts.append("also rename it")
        assert "just said something" in await refused(bench, "finish", summary="done")


async def test_finish_must_be_the_last_call_of_its_turn(tmp_path: Path) -> None:
    async with bench_for(tmp_path) as bench:
        calls = [
            ToolCall("1", "finish", {"summary": "done"}),
            ToolCall("2", "write_file", {"path": "late.txt", "content": "x\n"}),
        ]
        first, _ = await run_calls(bench, calls)
        assert "must be the last call" in first["content"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n# agent: make it two\ny = 1\n", "x = 2\ny = 1\n"),
        ("x = 1\r\n  # agent: make it two\r\ny = 1\r\n", "x = 2\r\ny = 1\r\n"),
        ("x = 1  # agent: make it two\ny = 1\n", "x = 2\ny = 1\n"),
        ("x = 1\n# agent: make it two", "x = 2\n"),
    ],
)
async def test_finish_takes_the_anchor_comment_away(tmp_path: Path, text: str, expected: str) -> None:
    start = text.encode().index(b"# agent")
    anchor = Span(start, start + len(b"# agent: make it two"))
    intent = Intent(
        IntentKind.DELEGATE, "t", "make it two", site=Site(RelPath("a.py"), Span(start, start)),
        site_hash=content_hash(text.encode()), anchor=anchor,
    )  # fmt: skip
    async with bench_for(tmp_path, {"a.py": text}, intent=intent) as bench:
        await use(bench, "edit_file", path="a.py", edits=[edit("x = 1", "x = 2")])
        assert await use(bench, "finish", summary="done") == "Finished."
        assert text_in(bench, "a.py") == expected
