"""A symbol moves with what it needs, everybody takes it from its new place, or nothing happens and it is said why."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.edits import apply_changes
from agent_ls.core.paths import RelPath
from agent_ls.index.actions import ActionPlan
from agent_ls.index.moving import move_symbol
from tests.index.support import cursor_of, files_of, index_of


def plan_of(tmp_path: Path, text: str, target: str) -> tuple[ActionPlan, str]:
    files, path, offset = cursor_of(files_of(text))
    plan = move_symbol(index_of(tmp_path, files), files.get, path, offset, RelPath(target))
    after = apply_changes(files, plan.changes)
    return plan, "".join(f"-- {p} --\n{after[p].decode()}" for p in sorted(after))


def check(tmp_path: Path, before: str, target: str, after: str, left: list[str] = []) -> None:  # noqa: B006
    plan, result = plan_of(tmp_path, before, target)
    assert plan.reason == ""
    assert result == after
    assert [f"{place.path}:{place.line}" for place in plan.left] == left


def check_refused(tmp_path: Path, before: str, target: str, words: str) -> None:
    plan, _ = plan_of(tmp_path, before, target)
    assert words in plan.reason
    assert not plan.changes


PYTHON = """\
-- app/__init__.py --
from .source import work
-- app/direct.py --
from app.source import other, work as job

job(other)
-- app/source.py --
import json
import os
from .lower import deep

LIMIT = 1


# Works.
def wo$0rk(x: int) -> str:
    return json.dumps(deep(x))


def other():
    return os
-- app/lower.py --
def deep(x):
    return x
-- app/sub/__init__.py --
-- app/sub/target.py --
import re

HERE = re
-- app/through.py --
import app.source
from app import source as s

print(app.source.work(1), s.work(2), s.other, "app.source.work")
"""

MOVED = """\
-- app/__init__.py --
from .sub.target import work
-- app/direct.py --
from app.source import other
from app.sub.target import work as job

job(other)
-- app/lower.py --
def deep(x):
    return x
-- app/source.py --
import os

LIMIT = 1


def other():
    return os
-- app/sub/__init__.py --
-- app/sub/target.py --
import json
import re

from ..lower import deep

HERE = re


# Works.
def work(x: int) -> str:
    return json.dumps(deep(x))
-- app/through.py --
import app.source
from app import source as s
from app.sub.target import work

print(work(1), work(2), s.other, "app.source.work")
"""


def test_python_with_everything(tmp_path: Path) -> None:
    check(tmp_path, PYTHON, "app/sub/target.py", MOVED, ["app/through.py:4"])


def test_python_into_a_new_file_leaves_an_import_where_it_is_still_used(tmp_path: Path) -> None:
    before = "-- a.py --\nfrom __future__ import annotations\n\nclass Bo$0x:\n    pass\n\n\nBOX = Box()\n"
    after = (
        "-- a.py --\nfrom __future__ import annotations\n\nfrom b import Box\n\nBOX = Box()\n"
        "-- b.py --\nfrom __future__ import annotations\n\n\nclass Box:\n    pass\n"
    )
    check(tmp_path, before, "b.py", after)


def test_python_takes_helpers_from_where_they_stay(tmp_path: Path) -> None:
    before = "-- a.py --\ndef helper(): ...\n\n\ndef wo$0rk():\n    return helper()\n-- b.py --\nfrom a import work\n\nwork()\n"
    # Code that runs at the file's top needs it above itself.
    after = "-- a.py --\ndef helper(): ...\n-- b.py --\nfrom a import helper\n\ndef work():\n    return helper()\n\n\nwork()\n"
    check(tmp_path / "1", before, "b.py", after)
    before = before.replace("\nwork()\n", "\ndef later(): work()\n")
    after = "-- a.py --\ndef helper(): ...\n-- b.py --\nfrom a import helper\n\ndef later(): work()\n\n\ndef work():\n    return helper()\n"
    check(tmp_path / "2", before, "b.py", after)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-- a.py --\ndef h(): work()\ndef wo$0rk(): h()\n", "each file would import the other"),
        ("-- a.py --\ndef wo$0rk(): ...\n-- b.py --\nwork = 1\n", "has a `work` already"),
        ("-- a.py --\nimport x as y\ndef wo$0rk(): y\n-- b.py --\nimport z as y\n", "means something else"),
        ("-- a.py --\ndef wo$0rk(): print()\n-- b.py --\ndef print(): ...\n", "would be taken"),
        ("-- a.py --\nif 1:\n    def wo$0rk(): ...\n", "under a condition"),
        ("-- a.py --\nclass A:\n    def wo$0rk(self): ...\n", "part of `A`"),
        ("-- a.py --\nwo$0rk = other = 1\n", "together"),
        ("-- a.py --\ndef wo$0rk(): return __file__\n", "speaks of the file"),
        (
            "-- a.py --\nfrom c import *\ndef wo$0rk(): return thing()\n-- c.py --\nthing = 1\n",
            "`thing` comes from",
        ),
        ("-- a.py --\ndef wo$0rk(): ...\n-- c.py --\nimport a\na.work = 1\n", "sets `a.work`"),
        ("-- a.py --\nif 1:\n    import os\ndef wo$0rk(): return os\n", "under a condition"),
        (
            "-- a.py --\ntry:\n    import os\nexcept ImportError:\n    pass\ndef wo$0rk(): return os\n",
            "under a condition",
        ),
        (
            "-- a.py --\nfrom b import x\ndef wo$0rk(): ...\n-- b.py --\nfrom a import work\nx = work()\ny = 1\nimport os\n",
            "before the last import",
        ),
        ("-- a.py --\nfor i in (1,): pass\ndef wo$0rk(): return i\n", "outside of any definition"),
        ("-- a.py --\nn = 0\ndef up():\n    global n\n    n += 1\ndef wo$0rk(): return n\n", "changes while"),
        (
            "-- a.py --\ndef wo$0rk(): ...\n-- b.py --\nimport c\n-- c.py --\nfrom a import work\n",
            "in a circle",
        ),
        ("-- a.py --\nfrom c import x\ndef wo$0rk(): ...\nwork()\n-- b.py --\nimport a\n", "in a circle"),
        ("-- a.py --\ndef wo$0rk(: ...\n", "syntax errors"),
    ],
)
def test_python_refusals(tmp_path: Path, text: str, words: str) -> None:
    check_refused(tmp_path, text, "b.py", words)


def test_what_is_public_in_its_file_stays_importable_there(tmp_path: Path) -> None:
    before = "-- a.py --\n__all__ = ['work']\n\n\ndef wo$0rk(): ...\n"
    after = "-- a.py --\nfrom b import work\n\n__all__ = ['work']\n-- b.py --\ndef work(): ...\n"
    check(tmp_path, before, "b.py", after)


def test_typescript(tmp_path: Path) -> None:
    before = """\
-- src/a.ts --
import { x, y } from './x';
import type { T } from './t';

export interface Shape { t: T }

/** Works. */
export function wo$0rk(s: Shape): T { return x(s); }

export const other = y;
-- src/in/b.ts --
import { z } from './z';

export const B = z;
-- src/in/z.ts --
export const z = 1;
-- src/t.ts --
export type T = string;
-- src/user.ts --
import { other, work as job } from './a';
import * as a from './a';

job(other, a.other);
-- src/user2.ts --
import * as a from './a';

a.work(a.other);
-- src/x.ts --
export const x = 1, y = 2;
"""
    after = """\
-- src/a.ts --
import { y } from './x';
import type { T } from './t';

export interface Shape { t: T }

export const other = y;
-- src/in/b.ts --
import type { Shape } from '../a';
import type { T } from '../t';
import { x } from '../x';
import { z } from './z';

export const B = z;

/** Works. */
export function work(s: Shape): T { return x(s); }
-- src/in/z.ts --
export const z = 1;
-- src/t.ts --
export type T = string;
-- src/user.ts --
import { other } from './a';
import * as a from './a';
import { work as job } from './in/b';

job(other, a.other);
-- src/user2.ts --
import * as a from './a';
import { work } from './in/b';

work(a.other);
-- src/x.ts --
export const x = 1, y = 2;
"""
    check(tmp_path, before, "src/in/b.ts", after)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-- a.ts --\nfunction wo$0rk() {}\nexport { work as job };\n", "exported as `job`"),
        ("-- a.ts --\nexport default function wo$0rk() {}\n", "by default"),
        ("-- a.ts --\nexport const wo$0rk = 1;\n-- c.ts --\nexport * as all from './a';\n", "as a whole"),
        (
            "-- a.ts --\nexport const wo$0rk = 1;\n-- c.ts --\nconst { work } = require('./a');\n",
            "while it runs",
        ),
        ("-- a.ts --\nexport const wo$0rk = 1, b = 2;\n", "together"),
    ],
)
def test_typescript_refusals(tmp_path: Path, text: str, words: str) -> None:
    check_refused(tmp_path, text, "b.ts", words)


def test_go_inside_a_package(tmp_path: Path) -> None:
    before = '-- p/a.go --\npackage p\n\nimport (\n\t"fmt"\n\t"os"\n)\n\n// Work works.\nfunc Wo$0rk() { fmt.Println() }\n\nvar X = os.Args\n-- p/b.go --\npackage p\n\nimport "io"\n\nvar Y io.Reader\n'
    after = '-- p/a.go --\npackage p\n\nimport (\n\t"os"\n)\n\nvar X = os.Args\n-- p/b.go --\npackage p\n\nimport "fmt"\nimport "io"\n\nvar Y io.Reader\n\n// Work works.\nfunc Work() { fmt.Println() }\n'
    check(tmp_path, before, "p/b.go", after)


def test_other_languages_say_so(tmp_path: Path) -> None:
    check_refused(tmp_path, "-- A.java --\nclass A$0A {}\n", "B.java", "not possible for java")


def test_what_it_uses_of_the_target_is_there_already(tmp_path: Path) -> None:
    before = "-- a.py --\nfrom b import thing\n\n\ndef wo$0rk(): thing()\n-- b.py --\ndef thing(): ...\n"
    after = "-- a.py --\n-- b.py --\ndef thing(): ...\n\n\ndef work(): thing()\n"
    check(tmp_path, before, "b.py", after)


def check_reason(tmp_path: Path, before: str, words: str, target: str = "b.py") -> None:
    plan, _ = plan_of(tmp_path, before, target)
    assert plan.reason == words
    assert plan.changes


@pytest.mark.parametrize(
    "text",
    [
        "-- a.py --\nWO$0RK = []\nWORK += [1]\n",
        "-- a.py --\nWO$0RK = 0\ndef f():\n    global OTHER, WORK\n    WORK = 1\n",
        "-- a.py --\nWO$0RK = 0\nfor WORK in (): ...\n",
        "-- a.ts --\nexport let wo$0rk = 0;\nexport function f() { work += 1; }\n",
        "-- a.ts --\nlet wo$0rk = 0;\nexport function f() { return work++; }\n",
    ],
)
def test_what_is_set_again_stays(tmp_path: Path, text: str) -> None:
    check_refused(tmp_path, text, "b.py" if "a.py" in text else "b.ts", "is set again")


def test_what_only_looks_as_if_it_were_set_again_moves(tmp_path: Path) -> None:
    text = "-- a.py --\nWO$0RK = 0\n\n\nclass A:\n    WORK = 1\n\n\ndef f(WORK): ...\n"
    assert plan_of(tmp_path, text, "b.py")[0].reason == ""
    text = "-- a.ts --\nexport let wo$0rk = 0;\nexport const f = () => work == 1 || x.work;\n"
    assert plan_of(tmp_path, text, "b.ts")[0].reason == ""


def test_what_only_running_could_tell_is_listed(tmp_path: Path) -> None:
    before = """\
-- a.py --
def wo$0rk():
    return 1
-- b.py --
X = 2
-- tests.py --
import a
from unittest import mock

mock.patch.object(a, "work")
x = a
x.work(), a.work()
-- other.py --
import a

print(a.__doc__)
thing.work()
"""
    after = """\
-- a.py --
-- b.py --
X = 2


def work():
    return 1
-- other.py --
import a

print(a.__doc__)
thing.work()
-- tests.py --
import a
from b import work
from unittest import mock

mock.patch.object(a, "work")
x = a
x.work(), work()
"""
    check(tmp_path, before, "b.py", after, ["tests.py:4", "tests.py:6"])
