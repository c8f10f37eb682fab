from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.edits import apply_changes
from agent_ls.index.rename import RenamePlan, rename
from tests.index.support import cursor_of, files_of, index_of


def plan_of(tmp_path: Path, text: str, new_name: str) -> tuple[RenamePlan, str]:
    files, path, offset = cursor_of(files_of(text))
    plan = rename(index_of(tmp_path, files), files.get, path, offset, new_name)
    after = apply_changes(files, plan.changes)
    return plan, "".join(f"-- {p} --\n{after[p].decode()}" for p in files if p in after)


def check(tmp_path: Path, before: str, new_name: str, after: str, unresolved: list[str] = []) -> None:  # noqa: B006
    plan, result = plan_of(tmp_path, before, new_name)
    assert plan.reason == ""
    assert result == after
    assert [f"{hit.path}:{hit.line}" for hit in plan.unresolved] == unresolved


def check_refused(tmp_path: Path, before: str, new_name: str, words: str) -> None:
    plan, _ = plan_of(tmp_path, before, new_name)
    assert words in plan.reason
    assert not plan.changes


PYTHON = """\
-- app/__init__.py --
from .parsing import parse
-- app/parsing.py --
def pa$0rse(text):
    return text


def twice(text):
    parse = text
    return parse


def both(text):
    return parse(parse(text))
-- app/use.py --
import app.parsing as p
from app.parsing import parse as other
from . import parsing as module

def run(parser):
    return p.parse("parse") + parser.parse(1) + other(2) + module.parse(3)
-- app/top.py --
from app import parse

VALUE = parse("x")
-- far.py --
def parse():
    return 1
"""


def test_python_function_across_files(tmp_path: Path) -> None:
    after = (
        PYTHON.replace("$0", "")
        .replace("import parse\n-- app/parsing", "import read\n-- app/parsing")
        .replace("def parse(text)", "def read(text)")
        .replace("parse(parse(text))", "read(read(text))")
        .replace("p.parse(", "p.read(")
        .replace("import parse as other", "import read as other")
        .replace("module.parse", "module.read")
        .replace("from app import parse\n\nVALUE = parse", "from app import read\n\nVALUE = read")
    )
    unresolved = [
        *["app/parsing.py:6", "app/parsing.py:7"],  # a local of the same name
        *["app/use.py:6", "app/use.py:6"],  # a string, a member of an unknown value
        "far.py:1",
    ]
    check(tmp_path, PYTHON, "read", after, unresolved)


def test_from_a_use_the_definition_is_found(tmp_path: Path) -> None:
    before = "-- a.py --\ndef load(): pass\n-- b.py --\nfrom a import load\nlo$0ad()\n"
    after = "-- a.py --\ndef fetch(): pass\n-- b.py --\nfrom a import fetch\nfetch()\n"
    check(tmp_path, before, "fetch", after)


def test_python_method_changes_self_and_lists_the_rest(tmp_path: Path) -> None:
    before = """\
-- a.py --
class Box:
    def si$0ze(self):
        return 1

    def area(self, other):
        return self.size() * other.size()


class Other:
    def size(self):
        return self.size
-- b.py --
from a import Box
Box().size()
"""
    after = before.replace("$0", "").replace(
        "def size(self):\n        return 1", "def length(self):\n        return 1"
    )
    check(
        tmp_path,
        before,
        "length",
        after.replace("self.size() *", "self.length() *"),
        ["a.py:6", "a.py:10", "a.py:11", "b.py:2"],
    )


def test_python_local_stays_inside_its_function(tmp_path: Path) -> None:
    before = """\
-- a.py --
def f(it$0em, items):
    def g(x):
        return item + x
    for item in items:
        yield item.item
    return lambda item: item


def h(item):
    return f(item=item, items=[])
"""
    after = before.replace("$0", "")
    after = after.replace("def f(item", "def f(entry").replace("return item + x", "return entry + x")
    after = after.replace(
        "for item in items:\n        yield item.item", "for entry in items:\n        yield entry.item"
    )
    check(tmp_path, before, "entry", after, ["a.py:10"])


def test_the_same_name_elsewhere_is_left_alone(tmp_path: Path) -> None:
    before = (
        '-- a.py --\nco$0unt = 1\n\ndef f():\n    # count\n    return count, "count", x.count, g(count=1)\n'
    )
    after = '-- a.py --\ntotal = 1\n\ndef f():\n    # count\n    return total, "count", x.count, g(count=1)\n'
    check(tmp_path, before, "total", after, ["a.py:4", "a.py:5", "a.py:5", "a.py:5"])


def test_typescript_exports(tmp_path: Path) -> None:
    before = """\
-- src/math.ts --
export function a$0dd(a: number): number { return a; }
export const obj = { add, other: add(1) };
-- src/index.ts --
export { add } from "./math";
-- src/use.tsx --
import { add } from "./index";
import * as math from "./math";
export const A = () => <b add="add">{add(1)}{math.add(2)}{x.add(3)}</b>;
"""
    after = """\
-- src/math.ts --
export function plus(a: number): number { return a; }
export const obj = { add, other: plus(1) };
-- src/index.ts --
export { plus } from "./math";
-- src/use.tsx --
import { plus } from "./index";
import * as math from "./math";
export const A = () => <b add="add">{plus(1)}{math.plus(2)}{x.add(3)}</b>;
"""
    check(
        tmp_path, before, "plus", after, ["src/math.ts:2", "src/use.tsx:3", "src/use.tsx:3", "src/use.tsx:3"]
    )


def test_go_package(tmp_path: Path) -> None:
    before = """\
-- store/a.go --
package store

func Op$0en(path string) int { return 1 }
-- store/b.go --
package store

func again() int { return Open("x") }
-- main.go --
package main

import "example.org/app/store"

func main() { store.Open("y"); f.Open() }
"""
    after = (
        before.replace("$0", "")
        .replace("func Open", "func Load")
        .replace('return Open("x")', 'return Load("x")')
    )
    check(tmp_path, before, "Load", after.replace("store.Open", "store.Load"), ["main.go:5"])


def test_c_function_through_its_header(tmp_path: Path) -> None:
    before = """\
-- src/ring.h --
int ring_push(int item);
-- src/ring.c --
#include "ring.h"
int ring_pu$0sh(int item) { return item; }
-- src/main.c --
#include "ring.h"
int main(void) { return ring_push(1) + r->ring_push; }
-- other/x.c --
int ring_push(int a) { return a; }
"""
    after = (
        before.replace("$0", "")
        .replace("ring_push(int item)", "ring_add(int item)")
        .replace("ring_push(1)", "ring_add(1)")
    )
    check(tmp_path, before, "ring_add", after, ["other/x.c:1", "src/main.c:2"])


def test_rust_use(tmp_path: Path) -> None:
    before = """\
-- src/lexer.rs --
pub fn le$0x(text: &str) -> u8 { 1 }
fn two() -> u8 { lex("a") + x.lex() }
-- src/parser.rs --
use crate::lexer::lex;
fn parse() -> u8 { lex("b") }
-- src/main.rs --
use crate::lexer;
fn main() { lexer::lex("c"); }
"""
    after = (
        before.replace("$0", "")
        .replace("fn lex(", "fn scan(")
        .replace('lex("', 'scan("')
        .replace("lexer::lex;", "lexer::scan;")
    )
    check(tmp_path, before, "scan", after, ["src/lexer.rs:2"])


def test_java_field_inside_its_class(tmp_path: Path) -> None:
    before = (
        "-- A.java --\nclass A {\n  int si$0ze;\n  int get(A other) { return this.size + other.size; }\n}\n"
    )
    after = (
        "-- A.java --\nclass A {\n  int length;\n  int get(A other) { return this.length + other.size; }\n}\n"
    )
    check(tmp_path, before, "length", after, ["A.java:3"])


@pytest.mark.parametrize(
    ("before", "new_name", "words"),
    [
        ("-- a.py --\nde$0f f(): pass\n", "g", "a word of the language"),
        ("-- a.py --\ndef f$0(): pass\n", "class", "is not a name"),
        ("-- a.py --\ndef f$0(): pass\n", "a b", "is not a name"),
        ("-- a.py --\ndef f$0(): pass\n", "f", "already"),
        ("-- a.py --\ndef f$0(): pass\ndef g(): pass\n", "g", "`g` is already used in a.py, line 2"),
        ("-- a.py --\nx = 1  # so$0me\n", "other", "comment or string"),
        ("-- a.py --\nx.so$0me()\n", "other", "cannot be told"),
        ("-- a.py --\nfrom os import pa$0th\n", "other", "was not found"),
        ("-- a.py --\nf(ke$0y=1)\n", "other", "label"),
        ("-- a.py --\n$0   \n", "other", "no name"),
        (
            "-- a.py --\ndef f$0(): pass\n-- b.py --\nfrom a import f\ng = f\n",
            "g",
            "`g` is already used in b.py",
        ),
    ],
)
def test_refusals(tmp_path: Path, before: str, new_name: str, words: str) -> None:
    check_refused(tmp_path, before, new_name, words)


def test_a_draft_is_read_not_the_disk(tmp_path: Path) -> None:
    files = files_of("-- a.py --\ndef f(): pass\nf()\n")
    index = index_of(tmp_path, files)
    draft = {path: b"import x\n" + data for path, data in files.items()}
    [path] = files
    plan = rename(index, draft.get, path, draft[path].index(b"f()"), "g")
    assert [c.after for c in plan.changes] == [b"import x\ndef g(): pass\ng()\n"]


def test_a_key_of_a_python_dictionary_is_a_use(tmp_path: Path) -> None:
    check(
        tmp_path,
        "-- a.py --\nco$0unt = 1\nx = {count: 2}\n",
        "total",
        "-- a.py --\ntotal = 1\nx = {total: 2}\n",
    )


def test_a_type_in_a_string_is_a_use(tmp_path: Path) -> None:
    before = """\
-- a.py --
class Bo$0x: ...
-- b.py --
from a import Box
Some = Union[int, "Box"]
T = TypeVar("T", bound="Box")
def f(x: "list[Box]") -> "Box | None": ...
y = d["Box"], "Box", Literal["Box"], "see Box"
"""
    after = (
        before.replace("$0", "")
        .replace("Box", "Case")
        .replace(
            'd["Case"], "Case", Literal["Case"], "see Case"', 'd["Box"], "Box", Literal["Box"], "see Box"'
        )
    )
    check(tmp_path, before, "Case", after, ["b.py:5", "b.py:5", "b.py:5", "b.py:5"])


def test_another_modules_thing_of_the_same_name_keeps_it(tmp_path: Path) -> None:
    before = "-- a.py --\nclass Bo$0x: ...\n-- b.py --\nfrom other import Box as Theirs\nfrom a import (\n    Box,\n)\nTheirs(Box)\n"
    after = "-- a.py --\nclass Case: ...\n-- b.py --\nfrom other import Box as Theirs\nfrom a import (\n    Case,\n)\nTheirs(Case)\n"
    check(tmp_path, before, "Case", after, ["b.py:1"])
