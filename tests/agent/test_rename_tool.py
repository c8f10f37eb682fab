"""``rename_symbol``: on the draft, deterministic, what does not resolve is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent_ls.agent.bench import Bench
from agent_ls.index.indexer import Indexer
from tests.agent.kit import PROJECT, bench_for, refused, text_in, tree, use


@asynccontextmanager
async def indexed(tmp_path: Path, **more: Any) -> AsyncIterator[Bench]:
    async with bench_for(tmp_path, **more) as bench:
        state = tmp_path / "state"
        indexer = Indexer(bench.draft.base.root, state / "index.db", state, {"PATH": "/usr/bin:/bin"})
        try:
            await indexer.refresh()
        finally:
            await indexer.close()
        yield bench


def wish(line: int, name: str, new_name: str, path: str = "src/calc.py") -> dict[str, Any]:
    return {"path": path, "line": line, "name": name, "new_name": new_name}


async def test_a_rename_reaches_every_file_and_only_the_draft(tmp_path: Path) -> None:
    async with indexed(tmp_path) as bench:
        before = tree(bench.draft.base.root)
        said = await use(bench, "rename_symbol", **wish(1, "add", "plus"))
        assert "src/calc.py: lines 1, 6" in said
        assert "src/app.py: lines 1, 3" in said
        assert text_in(bench, "src/calc.py") == PROJECT["src/calc.py"].replace("add(", "plus(")
        assert "from calc import plus, double" in text_in(bench, "src/app.py")
        assert tree(bench.draft.base.root) == before


async def test_a_rename_sees_what_the_draft_and_the_user_have_written(tmp_path: Path) -> None:
    unsaved = {"src/late.py": "from calc import add\n\nprint(add(5, 6))\n"}
    async with indexed(tmp_path, buffers=unsaved) as bench:
        await use(bench, "write_file", path="src/new.py", content="from calc import add\n\nadd(3, 4)\n")
        await use(bench, "rename_symbol", **wish(1, "add", "plus"))
        assert text_in(bench, "src/new.py") == "from calc import plus\n\nplus(3, 4)\n"
        assert "print(plus(5, 6))" in text_in(bench, "src/late.py")


async def test_what_cannot_be_renamed_is_refused_with_the_way_on(tmp_path: Path) -> None:
    async with indexed(tmp_path) as bench:
        assert "It stands on line 1, 6" in await refused(bench, "rename_symbol", **wish(2, "add", "plus"))
        assert "lines 1 to" in await refused(bench, "rename_symbol", **wish(99, "add", "plus"))
        assert "not a name" in await refused(bench, "rename_symbol", **wish(1, "add", "class"))
        assert "double" in await refused(bench, "rename_symbol", **wish(1, "add", "double"))
        missing = wish(1, "add", "plus", path="src/cal.py")
        assert "Did you mean src/calc.py" in await refused(bench, "rename_symbol", **missing)


async def test_places_that_may_mean_something_else_are_named(tmp_path: Path) -> None:
    files = {**PROJECT, "src/other.py": "def use(thing):\n    return thing.add(1)\n"}
    async with indexed(tmp_path, files=files) as bench:
        said = await use(bench, "rename_symbol", **wish(1, "add", "plus"))
        assert "Left alone" in said
        assert "src/other.py:2" in said
        assert "thing.add(1)" in text_in(bench, "src/other.py")


async def test_an_import_is_added_to_the_draft(tmp_path: Path) -> None:
    files = {"src/calc.py": "def add(): ...\n", "src/loud.py": "def add(): ...\n"}
    async with indexed(tmp_path, files=files) as bench:
        await use(bench, "write_file", path="src/new.py", content="add(1, 2)\n")
        wanted = {"path": "src/new.py", "line": 1, "name": "add"}
        said = await refused(bench, "add_import", **wanted, **{"from": None})
        assert "from calc import add; from loud import add" in said
        said = await use(bench, "add_import", **wanted, **{"from": "loud"})
        assert "Added `from loud import add`" in said
        assert text_in(bench, "src/new.py") == "from loud import add\n\nadd(1, 2)\n"


async def test_unused_imports_leave_the_draft(tmp_path: Path) -> None:
    async with indexed(tmp_path) as bench:
        content = "import os\nimport a.b\nimport sys\n\nprint(sys)\n"
        await use(bench, "write_file", path="src/new.py", content=content)
        said = await use(bench, "remove_unused_imports", path="src/new.py")
        assert text_in(bench, "src/new.py") == "import a.b\nimport sys\n\nprint(sys)\n"
        assert "src/new.py:2" in said
        assert "no import that is surely" in await refused(bench, "remove_unused_imports", path="src/new.py")
