"""Code that nests deeper than Python calls can: generated files do, and no action may fall over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index.bindings import statements, taken_away
from agent_ls.index.extract import extract, parse
from agent_ls.index.imports import read_import
from agent_ls.index.missing import add_import
from agent_ls.index.moving import move_symbol
from agent_ls.index.rename import rename
from agent_ls.index.unused import remove_unused_imports
from tests.index.support import index_of

DEEP = 2000
BLOCKS = "import os\nfrom b import used\n\ndef job():\n    return used\n\n"
NESTED = {
    "a.py": BLOCKS + "x = " + "[" * DEEP + "used" + "]" * DEEP + "\n",
    "a.ts": 'import { used } from "./b";\nexport function job() { return used; }\n'
    + "{" * DEEP
    + "used();"
    + "}" * DEEP,
    "a.go": 'package a\n\nimport "os"\n\nfunc job() ' + "{" * DEEP + "}" * DEEP + "\n",
    "a.rs": "use b::used;\n\npub fn job() " + "{" * DEEP + "used();" + "}" * DEEP + "\n",
    "A.java": "import b.used;\n\nclass A { void job() " + "{" * DEEP + "}" * DEEP + " }\n",
}


@pytest.mark.parametrize("name", NESTED)
def test_every_action_reads_a_file_that_nests_two_thousand_deep(tmp_path: Path, name: str) -> None:
    path, data = RelPath(name), NESTED[name].encode()
    files = {path: data}
    index = index_of(tmp_path, files)
    at = data.index(b"job")
    assert rename(index, files.get, path, at, "renamed").changes
    target = RelPath(name.replace("a.", "c.").replace("A.", "C."))
    moved = move_symbol(index, files.get, path, at, target)
    assert moved.changes or moved.reason
    assert add_import(index, files.get, path, at).reason
    tidied = remove_unused_imports(index, files.get, path)
    assert tidied.changes or tidied.reason


def test_imports_are_found_below_two_thousand_modules() -> None:
    data = b"mod m {" * DEEP + b"use a::b;" + b"}" * DEEP
    found = statements(data, parse(data, "rust"), "rust")
    assert [b.local for s in found for b in s.bindings] == ["b"]


def test_braces_in_braces_of_one_import_are_read_and_left_alone() -> None:
    data = b"use a::{one, " + b"{" * DEEP + b"two" + b"}" * DEEP + b"};"
    [statement] = statements(data, parse(data, "rust"), "rust")
    assert [b.local for b in statement.bindings] == ["one", "two"]
    assert taken_away(data, statement, statement.bindings[:1]) is None
    assert read_import("rust", data.decode()) == (("a", ("one",)),)


def test_errors_in_errors_are_told_without_calls_in_calls() -> None:
    facts = extract(b"def f(:\n" + b"(" * DEEP + b"class (" * DEEP, "python")
    assert facts.problems
