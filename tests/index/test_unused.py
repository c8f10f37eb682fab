"""Unused imports go, and nothing that may be there for another reason does."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.edits import apply_changes
from agent_ls.index.unused import remove_unused_imports
from tests.index.support import files_of, index_of


def check(tmp_path: Path, before: str, after: str, left: list[str] = []) -> None:  # noqa: B006
    """The first file is tidied; ``left`` says what is listed, ``line: words of the reason``."""
    files = files_of(before)
    first = next(iter(files))
    plan = remove_unused_imports(index_of(tmp_path, files), files.get, first)
    now = apply_changes(files, plan.changes)
    assert now[first].decode() == after
    assert [path for path in now if now[path] != files[path]] in ([], [first])
    assert len(plan.left) == len(left), plan.left
    for found, wanted in zip(plan.left, left, strict=True):
        line, _, words = wanted.partition(": ")
        assert str(found.line) == line
        assert words in found.why


def test_python_names_go_one_by_one_and_statements_whole(tmp_path: Path) -> None:
    before = (
        "-- a.py --\nfrom __future__ import annotations\n\nimport os\nimport json, sys\nimport numpy as np\n"
        "from typing import Any, List, cast\nfrom b import (\n    one,\n    two,\n    three\n)\n\n"
        "print(json, two)\nx: Any = y.os\n"
    )
    after = (
        "from __future__ import annotations\n\nimport json\nfrom typing import Any\nfrom b import (\n    two\n)\n\n"
        "print(json, two)\nx: Any = y.os\n"
    )
    check(tmp_path, before, after)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("from a import Box\ndef f(x: 'Box'): ...\n", []),
        ("from a import Box\n__all__ = ['Box']\n", []),
        ("from a import Box\nx = []  # type: list[Box]\n", []),
        ("from a import Box as Box\n", ["1: there for others"]),
        ("from a import Box  # noqa: F401\n", ["1: note for a tool"]),
        ("try:\n    import fast\nexcept ImportError:\n    pass\n", ["2: trial"]),
        ("if TYPE_CHECKING:\n    from a import Box\n", ["2: nothing else"]),
        ("import a.models\n", ["1: effect"]),
        ("import readline\n", ["1: effect"]),
        ("from a import *\n", []),
        ("from a import Box\nx = {Box: 1}\n", []),
        ("import os\nprint(globals())\n", []),
        ('from a import Box\ndef f():\n    """>>> Box()"""\n', []),
        ("import os\nprint(os\n", []),
    ],
)
def test_python_keeps_what_may_be_wanted(tmp_path: Path, text: str, left: list[str]) -> None:
    check(tmp_path, f"-- m.py --\n{text}", text, left)


def test_python_keeps_what_another_file_takes_from_here(tmp_path: Path) -> None:
    before = "-- app/m.py --\nimport os\nimport json\n-- app/n.py --\nfrom app.m import os\n-- app/o.py --\nimport app.m\napp.m.json\n"
    check(
        tmp_path,
        before,
        "import os\nimport json\n",
        ["1: app/n.py may take", "2: app/o.py may take"],
    )


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("import os; x = 1\nprint(x)\n", "x = 1\nprint(x)\n", []),
        ("x = 1; import os\nprint(x)\n", "x = 1; \nprint(x)\n", []),
        ("import os; import sys; print(sys)\n", "import sys; print(sys)\n", []),
        ("import os; import sys\nprint(1)\n", "\nprint(1)\n", []),
        ("from a import b, \\\n    c\nprint(b)\n", "from a import b\nprint(b)\n", []),
        ("from a import \\\n    b, \\\n    c\nprint(c)\n", "from a import \\\n    c\nprint(c)\n", []),
        ("from a import \\\n    b, \\\n    c\nprint(b)\n", "from a import \\\n    b\nprint(b)\n", []),
    ],
)
def test_what_stands_beside_an_import_still_reads(
    tmp_path: Path, before: str, after: str, left: list[str]
) -> None:
    compile(after, "m.py", "exec")
    check(tmp_path, f"-- m.py --\n{before}", after, left)


def test_a_block_is_never_left_empty(tmp_path: Path) -> None:
    text = "def f():\n    import json\n    import os\n\n\nif f: import re; import sys\n"
    check(tmp_path, f"-- m.py --\n{text}", text, [f"{n}: nothing else" for n in (2, 3, 6, 6)])


@pytest.mark.parametrize("line", ["import handlers", "from app import handlers", "from . import handlers"])
def test_a_module_of_the_project_may_be_loaded_for_its_effect(tmp_path: Path, line: str) -> None:
    where = "handlers.py" if line == "import handlers" else "app/handlers.py"
    check(tmp_path, f"-- app/m.py --\n{line}\n-- {where} --\nx = 1\n", f"{line}\n", ["1: has an effect"])


def test_an_init_file_is_left_alone(tmp_path: Path) -> None:
    check(tmp_path, "-- app/__init__.py --\nfrom app.m import parse\n", "from app.m import parse\n")


def test_a_fixture_that_a_test_takes_stays(tmp_path: Path) -> None:
    text = "from fixtures import server\n\ndef test_a(server):\n    pass\n"
    check(tmp_path, f"-- tests/test_a.py --\n{text}", text)


def test_typescript(tmp_path: Path) -> None:
    before = (
        "-- a.ts --\nimport Default, { a, type B, c as d } from './m';\nimport * as ns from \"x\";\nimport 'side';\n"
        "import type { T } from './t';\nimport Only, { gone } from './n';\nimport First, { kept } from './o';\n"
        "import {\n  p,\n  q,\n} from './q';\n\n/** @see {@link T} */\nexport const v = { a, q: 1 }, w = y.d + Only + kept + q;\n"
    )
    after = (
        "import { a } from './m';\nimport 'side';\n"
        "import type { T } from './t';\nimport Only from './n';\nimport { kept } from './o';\n"
        "import {\n  q,\n} from './q';\n\n/** @see {@link T} */\nexport const v = { a, q: 1 }, w = y.d + Only + kept + q;\n"
    )
    check(tmp_path, before, after)


@pytest.mark.parametrize(
    ("path", "text", "left"),
    [
        ("a.tsx", "import React from 'react';\nexport const A = () => <div/>;\n", []),
        ("a.ts", "import styles from './b.css';\nexport const a = 1;\n", ["1: no code"]),
        ("a.tsx", "import { Box } from './b';\nexport const A = () => <Box/>;\n", []),
        ("a.ts", "import { b } from './b';\nexport { b };\n", []),
        ("a.ts", "import { R } from 'r';\ndeclare module 'r' {}\nexport {};\n", ["1: adds to"]),
        ("a.ts", "import { b } from './b';\nvar x = 1;\n", ["1: script"]),
        ("a.ts", "import { b } from './b'; // eslint-disable-line\nexport {};\n", ["1: note"]),
        ("a.ts", "import {\n  a, // why\n  b,\n} from './b';\nexport default b;\n", ["2: comment"]),
        ("a.d.ts", "import { b } from './b';\nexport {};\n", []),
    ],
)
def test_typescript_keeps_what_may_be_wanted(tmp_path: Path, path: str, text: str, left: list[str]) -> None:
    check(tmp_path, f"-- {path} --\n{text}", text, left)


def test_go(tmp_path: Path) -> None:
    before = '-- a.go --\npackage a\n\nimport (\n\t"fmt"\n\t"os"\n\t_ "embed"\n\t. "math"\n\tyaml "x.org/y"\n\t"x.org/z"\n)\n\nfunc F() { fmt.Println(x.os) }\n'
    check(
        tmp_path,
        before,
        before.replace("-- a.go --\n", "").replace('\t"os"\n', ""),
        ["8: another", "9: another"],
    )


def test_java(tmp_path: Path) -> None:
    before = "-- A.java --\npackage p;\n\nimport java.util.List;\nimport java.util.Map;\nimport java.util.Set;\nimport q.*;\nimport static q.R.s;\n\n/** {@link Map} */\nclass A { List<String> x; }\n"
    after = (
        before.replace("-- A.java --\n", "")
        .replace("import java.util.Set;\n", "")
        .replace("import static q.R.s;\n", "")
    )
    check(tmp_path, before, after)


def test_rust(tmp_path: Path) -> None:
    before = "-- src/a.rs --\nuse std::collections::{HashMap, HashSet, hash_map::{Entry, Iter}};\nuse std::io::Write;\npub use std::rc::Rc;\n\nfn f(x: HashMap<u8, u8>) { Iter; }\n"
    after = before.replace("-- src/a.rs --\n", "").replace("HashSet, ", "").replace("Entry, ", "")
    check(tmp_path, before, after, ["2: trait", "3: passed on"])


def test_go_leaves_a_package_whose_name_is_not_its_folders(tmp_path: Path) -> None:
    text = 'package m\n\nimport "myapp/util"\n\nfunc f() { helpers.X() }\n'
    check(tmp_path, f"-- m.go --\n{text}", text, ["3: another name"])


def test_go_names_on_one_line_stay_a_list(tmp_path: Path) -> None:
    before = 'package m\n\nimport ("os"; "fmt"; "math")\n\nfunc f() { os.X() }\n'
    text = 'package m\n\nimport ("os"; )\n\nfunc f() { os.X() }\n'
    check(tmp_path, f"-- m.go --\n{before}", text)


def test_rust_keeps_what_a_child_module_takes(tmp_path: Path) -> None:
    text = "use std::collections::HashMap;\nuse std::path::Path;\nmod child;\n"
    child = "use super::*;\nfn f() { HashMap::new(); super::Path::new(); }\n"
    check(
        tmp_path,
        f"-- src/m.rs --\n{text}-- src/m/child.rs --\n{child}",
        text,
        ["1: src/m/child.rs may", "2: src/m/child.rs may"],
    )
    check(
        tmp_path / "again",
        f"-- src/m.rs --\n{text}-- src/m/child.rs --\nfn f() {{ super::HashMap::new(); super::Path::new(); }}\n",
        text,
        ["1: src/m/child.rs may", "2: src/m/child.rs may"],
    )
