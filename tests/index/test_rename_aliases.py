"""Renames through other names, files that pass a name on and configured paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.test_rename import check, check_refused


def test_python_aliases_keep_their_own_name(tmp_path: Path) -> None:
    check(
        tmp_path,
        """\
-- a.py --
def wo$0rk(): ...
def other(): ...
-- b.py --
from a import work as job
from a import other as work
import a as b

job(work, b.work, b.other)
-- c.py --
import a as work

work.work()
-- d.py --
def f():
    from e import work
    return work()
def g():
    from a import work
    return work()
""",
        "task",
        """\
-- a.py --
def task(): ...
def other(): ...
-- b.py --
from a import task as job
from a import other as work
import a as b

job(work, b.task, b.other)
-- c.py --
import a as work

work.task()
-- d.py --
def f():
    from e import work
    return work()
def g():
    from a import task
    return task()
""",
        ["b.py:2", "b.py:5", "c.py:1", "c.py:3", "d.py:2", "d.py:3"],
    )


def test_python_passed_on_under_another_name(tmp_path: Path) -> None:
    check(
        tmp_path,
        """\
-- app/__init__.py --
from .a import work as job, work

__all__ = ["job", "work"]
-- app/a.py --
def wo$0rk(): ...
-- use.py --
from app import job, work
import app

job(work, app.work)
""",
        "task",
        """\
-- app/__init__.py --
from .a import task as job, task

__all__ = ["job", "task"]
-- app/a.py --
def task(): ...
-- use.py --
from app import job, task
import app

job(task, app.task)
""",
    )


def test_typescript_aliases_and_lists(tmp_path: Path) -> None:
    check(
        tmp_path,
        """\
-- a.ts --
function wo$0rk() {}
export { work as job, work };
-- b.ts --
export { work as again, job } from "./a";
export { work } from "./a";
-- c.ts --
import { work as w, job } from "./a";
import { again, work } from "./b";
import * as a from "./a";

w(job, again, work, a.work);
""",
        "task",
        """\
-- a.ts --
function task() {}
export { task as job, task };
-- b.ts --
export { task as again, job } from "./a";
export { task } from "./a";
-- c.ts --
import { task as w, job } from "./a";
import { again, task } from "./b";
import * as a from "./a";

w(job, again, task, a.task);
""",
    )


def test_typescript_another_things_alias_is_left_alone(tmp_path: Path) -> None:
    check(
        tmp_path,
        """\
-- a.ts --
export function wo$0rk() {}
export function other() {}
-- b.ts --
import { other as work } from "./a";
work();
-- c.ts --
export { other as work } from "./a";
-- d.ts --
import { work } from "./c";
work();
""",
        "task",
        """\
-- a.ts --
export function task() {}
export function other() {}
-- b.ts --
import { other as work } from "./a";
work();
-- c.ts --
export { other as work } from "./a";
-- d.ts --
import { work } from "./c";
work();
""",
        ["b.ts:1", "b.ts:2", "c.ts:1", "d.ts:1", "d.ts:2"],
    )


def test_typescript_stars_and_configured_paths(tmp_path: Path) -> None:
    check(
        tmp_path,
        """\
-- tsconfig.json --
{"compilerOptions": {"paths": {"@app/*": ["src/*"]}}}
-- src/a.ts --
export const wo$0rk = 1;
-- src/index.ts --
export * from "./a";
-- src/x.ts --
import { work } from "@app/a";
import * as all from "@app/index";
import { work as w } from "@app";
console.log(work, all.work, w);
""",
        "task",
        """\
-- tsconfig.json --
{"compilerOptions": {"paths": {"@app/*": ["src/*"]}}}
-- src/a.ts --
export const task = 1;
-- src/index.ts --
export * from "./a";
-- src/x.ts --
import { task } from "@app/a";
import * as all from "@app/index";
import { work as w } from "@app";
console.log(task, all.task, w);
""",
        ["src/x.ts:3"],
    )


def test_python_stars_pass_the_name_on_without_naming_it(tmp_path: Path) -> None:
    before = """\
-- app/__init__.py --
from .inner import *
-- app/inner/__init__.py --
from .a import *
-- app/inner/a.py --
def wo$0rk(): ...
-- use.py --
from app import work
import app

work(app.work)
"""
    check(tmp_path, before, "task", before.replace("$0", "").replace("work", "task"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (
            "-- a.py --\nclass Base:\n    def wo$0rk(self): ...\n-- b.py --\nfrom a import Base\nclass Sub(Base):\n    def task(self): ...\n",
            "a method in b.py, line 2",
        ),
        (
            "-- a.py --\nfrom b import Root\nclass Base(Root):\n    def wo$0rk(self): ...\n-- b.py --\nclass Root:\n    def task(self): ...\n",
            "a method in b.py, line 1",
        ),
        (
            "-- a.ts --\nexport class Base { wo$0rk() {} }\n-- b.ts --\nimport { Base } from './a';\nexport class Sub extends Base { task() {} }\n",
            "a method in b.ts, line 2",
        ),
        (
            "-- a.py --\ndef wo$0rk(): ...\n-- b.py --\nfrom a import *\ndef task(): ...\n",
            "used in b.py, line 2, which takes everything",
        ),
    ],
)
def test_a_name_that_would_catch_another_elsewhere_is_refused(tmp_path: Path, text: str, where: str) -> None:
    check_refused(tmp_path, text, "task", where)


def test_names_of_other_classes_and_of_functions_are_no_hindrance(tmp_path: Path) -> None:
    before = """\
-- a.py --
class Base:
    def wo$0rk(self): ...
-- b.py --
class Stranger:
    def task(self): ...
"""
    check(tmp_path, before, "task", before.replace("wo$0rk", "task"))
    before = "-- a.py --\ndef wo$0rk(): ...\n-- b.py --\nfrom a import *\ndef f(task): return task\n"
    check(tmp_path, before, "task", before.replace("wo$0rk", "task"))
