"""Names can be found before their files are parsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index.names import DATA, LANGUAGES
from agent_ls.index.pack import pack_file
from agent_ls.index.query import Index
from agent_ls.index.sketch import find_sketched, names_like, pack_sketches, sketch
from agent_ls.index.store import Store

CASES = {
    "python": b"class A(B):\n    async def go(self): ...\nx = 1\n",
    "javascript": b"export default class A {}\nasync function go() {}\n",
    "typescript": b"export interface A {}\nexport const go = 1\n",
    "tsx": b"export type A = 1\nfunction go() {}\n",
    "vue": b"<script>\nexport interface A {}\nconst go = () => call(a)\n</script>\n",
    "svelte": b"<script>\n  export class A {}\n  function go() {}\n</script>\n",
    "go": b"type A struct {}\nfunc (a *A) go() {}\n",
    "rust": b"pub(crate) struct A;\n    pub async fn go() {}\n",
    "java": b"public final class A {\n  private static int go(int a) {\n    return call(a);\n",
    "c": b"struct A { int b; };\nstatic int *go(int a)\n{\n  call(a);\n",
    "cpp": b"namespace n {\nclass A {\n};\n}\nvoid go(int a) {\n",
    "csharp": b"public sealed class A\n{\n  private static int go(int a)\n  {\n    call(a);\n",
    "ruby": b"module N\n  class A\n    def self.go(a)\n      call(a)\n",
    "php": b"<?php\nfinal class A {\n  public static function go($a) {\n    call($a);\n",
    "bash": b"A() {\n  call\n}\nfunction go {\n",
    "kotlin": b"data class A(val b: Int)\nprivate fun <T> List<T>.no() = 1\nfun go() {\n  call()\n",
    "scala": b"object A {\n  private def go(a: Int) = call(a)\n",
    "swift": b"final class A {\n  static func go(a: Int) {\n    call(a)\n",
    "lua": b"local function A()\nend\nfunction M.x:go(a)\n  call(a)\n",
    "elixir": b"defmodule N.A do\n  defp go(a), do: call(a)\n",
}


@pytest.mark.parametrize("language", CASES)
def test_lines_that_look_like_definitions(language: str) -> None:
    data = CASES[language]
    row = pack_sketches([sketch(data, RelPath("a.x"), language)])
    for name in ("A", "go"):
        [found] = find_sketched(row.records, name)
        assert data[found.start : found.start + len(name)].decode() == name
        assert found.line == data.count(b"\n", 0, found.start)
        assert name in found.text
    assert not list(find_sketched(row.records, "call"))
    assert names_like(row.names, re.compile(b"g")) == {"go"}


def test_every_language_of_code_has_a_case() -> None:
    assert set(CASES) == set(LANGUAGES) - DATA - {"make"}


def test_a_sketched_file_gives_way_to_its_facts(tmp_path: Path) -> None:
    files = {RelPath("a.py"): b"def early(): pass\n", RelPath("b.py"): b"\n\ndef early(): pass\n"}
    store = Store(tmp_path / "index.db")
    store.sketch(sketch(data, path, "python") for path, data in files.items())
    index = Index(tmp_path / "index.db")
    assert [(h.path, h.line, h.definition.kind) for h in index.definitions("early")] == [
        ("a.py", 1, ""),
        ("b.py", 3, ""),
    ]
    assert len(index.definitions("ea", prefix=True)) == len(index.definitions("ery", fuzzy=True)) == 2
    store.put([pack_file(files[RelPath("b.py")], RelPath("b.py"), "python", (1, 1), 5.0)])
    assert [(h.path, h.definition.kind) for h in index.definitions("early")] == [
        ("b.py", "function"),
        ("a.py", ""),
    ]
    store.drop_sketches()
    assert [h.path for h in index.definitions("early")] == ["b.py"]
    index.close()
    store.close()


def test_a_lone_carriage_return_breaks_no_record() -> None:
    row = pack_sketches([sketch(b"def go(a): # \rdef no\r\nclass A: pass\n", RelPath("a.py"), "python")])
    assert [found.text for found in find_sketched(row.records, "go")] == ["def go(a): # \rdef no"]
    assert names_like(row.names, re.compile(b"")) == {"go", "A"}


@pytest.mark.parametrize("text", ["p", "pa", "par", "pars", "parse_", "parse_fi", "parse_file", ""])
def test_every_length_of_a_start_finds_its_names(tmp_path: Path, text: str) -> None:
    names = ["p", "pa", "par", "parse_file", "parse_fill", "sparse"]
    store = Store(tmp_path / "index.db")
    for at, name in enumerate(names):
        store.sketch([sketch(f"def {name}(): pass\n".encode(), RelPath(f"{at}.py"), "python")])
    index = Index(tmp_path / "index.db")
    found = {hit.definition.name for hit in index.definitions(text, prefix=True)}
    assert found == {name for name in names if name.startswith(text)}
    index.close()
    store.close()


def test_odd_texts_are_left_out() -> None:
    assert sketch(b"def a(): pass\0\n", RelPath("a.py"), "python") == b""
    assert sketch(b"def a" + b"x" * 1000 + b"(): pass\n", RelPath("a.py"), "python") == b""
    assert sketch(b"# nothing", RelPath("a.md"), "markdown") == b""


def test_rows_that_come_and_go_are_seen(tmp_path: Path) -> None:
    store = Store(tmp_path / "index.db")
    index = Index(tmp_path / "index.db")

    def paths(name: str, limit: int = 50) -> list[str]:
        return [hit.path for hit in index.definitions(name, limit=limit)]

    def add(*paths: str) -> None:
        store.sketch(sketch(b"def early(): pass\n", RelPath(path), "python") for path in paths)

    assert paths("early") == []
    add("a.py", "b.py")
    assert paths("early") == ["a.py", "b.py"]
    add("c.py")
    assert paths("early") == ["a.py", "b.py", "c.py"]
    assert paths("early", 1) == ["a.py"]
    assert paths("other") == []
    store.drop_sketches()
    add("d.py")
    assert paths("early") == ["d.py"]
    store.drop_sketches()
    assert paths("early") == []
    index.close()
    store.close()
