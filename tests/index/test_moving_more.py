"""Moves that are followed through blocks, lists, overloads, types and files that pass a name on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.test_moving import check, check_reason, check_refused


def test_an_import_in_a_block_stays_where_it_is(tmp_path: Path) -> None:
    before = """\
-- a.py --
def wo$0rk(): ...


def other(): ...
-- c.py --
def f():
    from a import other, work as w
    w(other)


try:
    from a import work
except ImportError:
    work = None
if True: from a import work
"""
    after = """\
-- a.py --
def other(): ...
-- b.py --
def work(): ...
-- c.py --
def f():
    from b import work as w
    from a import other
    w(other)


try:
    from b import work
except ImportError:
    work = None
if True: from b import work
"""
    check(tmp_path, before, "b.py", after)


def test_its_own_inner_imports_and_attributes_of_the_same_name_come_along(tmp_path: Path) -> None:
    before = """\
-- a.py --
class Thing:
    name = 1


def wo$0rk(name):
    import os
    return os, name


def other():
    import json
    return json
"""
    after = """\
-- a.py --
class Thing:
    name = 1


def other():
    import json
    return json
-- b.py --
def work(name):
    import os
    return os, name
"""
    check(tmp_path, before, "b.py", after)


def test_what_a_function_of_the_target_imports_is_not_there_for_the_newcomer(tmp_path: Path) -> None:
    before = "-- a.py --\nimport json\n\n\ndef wo$0rk():\n    return json\n-- b.py --\ndef f():\n    import json\n    return json\n"
    after = "-- a.py --\n-- b.py --\nimport json\n\ndef f():\n    import json\n    return json\n\n\ndef work():\n    return json\n"
    check(tmp_path, before, "b.py", after)


def test_what_was_tried_is_taken_from_where_it_was_tried(tmp_path: Path) -> None:
    before = "-- a.py --\ntry:\n    import fast\nexcept ImportError:\n    fast = None\n\n\ndef wo$0rk():\n    return fast\n"
    after = "-- a.py --\ntry:\n    import fast\nexcept ImportError:\n    fast = None\n-- b.py --\nfrom a import fast\n\ndef work():\n    return fast\n"
    check(tmp_path, before, "b.py", after)


def test_what_only_types_need_is_imported_for_types(tmp_path: Path) -> None:
    before = """\
-- a.py --
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from c import Shape


class Own: ...


def wo$0rk(shape: Shape, own: Own) -> None: ...


work(Own())
-- b.py --
from __future__ import annotations

import os

HERE = os
-- c.py --
class Shape: ...
"""
    after = """\
-- a.py --
from __future__ import annotations

from typing import TYPE_CHECKING

from b import work

if TYPE_CHECKING:
    from c import Shape


class Own: ...


work(Own())
-- b.py --
from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a import Own
    from c import Shape

HERE = os


def work(shape: Shape, own: Own) -> None: ...
-- c.py --
class Shape: ...
"""
    check(tmp_path, before, "b.py", after)


def test_overloads_move_together(tmp_path: Path) -> None:
    before = """\
-- a.py --
from typing import overload


@overload
def work(x: int) -> int: ...
@overload
def work(x: str) -> str: ...
def wo$0rk(x): return x
-- b.py --
import os

X = os
"""
    after = """\
-- a.py --
-- b.py --
import os
from typing import overload

X = os


@overload
def work(x: int) -> int: ...
@overload
def work(x: str) -> str: ...
def work(x): return x
"""
    check(tmp_path, before, "b.py", after)


def test_who_takes_everything_takes_the_name_from_its_new_place(tmp_path: Path) -> None:
    before = "-- a.py --\ndef wo$0rk(): ...\ndef _hidden(): ...\n-- c.py --\nfrom a import *\nwork()\n"
    after = "-- a.py --\ndef _hidden(): ...\n-- b.py --\ndef work(): ...\n-- c.py --\nfrom a import *\nfrom b import work\nwork()\n"
    check(tmp_path / "1", before, "b.py", after)
    listed = "-- a.py --\n__all__ = ['work']\ndef wo$0rk(): ...\n-- c.py --\nfrom a import *\nwork()\n"
    after = "-- a.py --\nfrom b import work\n\n__all__ = ['work']\n-- b.py --\ndef work(): ...\n-- c.py --\nfrom a import *\nwork()\n"
    check(tmp_path / "2", listed, "b.py", after)


def test_a_comment_beside_another_name_is_no_hindrance(tmp_path: Path) -> None:
    before = "-- a.py --\ndef wo$0rk(): ...\ndef other(): ...\n-- c.py --\nfrom a import (  # noqa: F401\n    other,  # kept\n    work,\n)\n"
    after = "-- a.py --\ndef other(): ...\n-- b.py --\ndef work(): ...\n-- c.py --\nfrom a import (  # noqa: F401\n    other,  # kept\n)\nfrom b import work\n"
    check(tmp_path, before, "b.py", after)
    spoken = before.replace("    work,\n", "    # speaks of work\n    work,\n")
    check_refused(tmp_path / "1", spoken, "b.py", "a comment stands")


@pytest.mark.parametrize(
    ("head", "annotation", "fine"),
    [
        ("class Own: ...\n", "Own", True),
        ("", "int", True),
        ("", "int | None", False),
        ("if TYPE_CHECKING:\n    from c import T\n", "T", False),
    ],
)
def test_annotations_that_the_target_evaluates(
    tmp_path: Path, head: str, annotation: str, fine: bool
) -> None:
    before = (
        "-- a.py --\nfrom __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        f"{head}def wo$0rk(x: {annotation}): ...\n-- b.py --\nX = 1\n"
    )
    if fine:
        check_reason(tmp_path, before, "")
    else:
        check_refused(tmp_path, before, "b.py", "evaluates annotations at once")


def test_imports_for_types_and_in_functions_close_no_circle(tmp_path: Path) -> None:
    before = """\
-- a.py --
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import b


def wo$0rk(): ...


def other():
    import b
-- b.py --
import a

X = a.other
-- c.py --
import b
from a import work
"""
    check_reason(tmp_path, before, "")


def test_a_name_of_its_own_file_is_asked_for_as_such_only(tmp_path: Path) -> None:
    check_reason(tmp_path, "-- a.py --\ndef wo$0rk(f): return f.__name__, locals(), f.exec(1)\n", "")
    for word in ("__name__", "globals()", "eval('x')"):
        text = f"-- a.py --\ndef wo$0rk(f): return {word}\n"
        check_refused(tmp_path / word[:4], text, "b.py", "speaks of the file")


def test_a_star_that_gives_nothing_to_it_is_no_hindrance(tmp_path: Path) -> None:
    before = "-- a.py --\nfrom os import *\ndef helper(): ...\ndef wo$0rk(x):\n    y = len(x)\n    return helper(y)\n"
    check_reason(tmp_path, before, "")


def test_methods_and_inner_imports_of_a_name_are_not_the_name_of_the_file(tmp_path: Path) -> None:
    before = """\
-- a.py --
def close(): ...


class Wo$0rk:
    def close(self):
        import shlex
        return shlex
-- b.py --
import shlex

X = shlex
"""
    after = """\
-- a.py --
def close(): ...
-- b.py --
import shlex

X = shlex


class Work:
    def close(self):
        import shlex
        return shlex
"""
    check(tmp_path, before, "b.py", after)


def test_what_the_target_needs_through_its_own_functions_stands_before_they_run(tmp_path: Path) -> None:
    before = """\
-- a.py --
def wo$0rk(): ...


z = 1
-- b.py --
from a import work


def inner():
    return work()


def main():
    inner()


def other(): ...


other()
if __name__ == "__main__":
    main()
"""
    after = """\
-- a.py --
z = 1
-- b.py --


def inner():
    return work()


def main():
    inner()


def other(): ...


other()


def work(): ...


if __name__ == "__main__":
    main()
"""
    check(tmp_path, before, "b.py", after)


def test_what_it_takes_from_the_target_by_a_configured_path_is_there(tmp_path: Path) -> None:
    config = '-- tsconfig.json --\n{"compilerOptions": {"paths": {"@app/*": ["src/*"]}}}\n'
    before = (
        config
        + "-- src/a.ts --\nimport { b } from '@app/b';\nexport const other = 1;\nexport const wo$0rk = () => b;\n-- src/b.ts --\nexport const b = 1;\n"
    )
    after = (
        "-- src/a.ts --\nexport const other = 1;\n-- src/b.ts --\nexport const b = 1;\n\nexport const work = () => b;\n"
        + config
    )
    check(tmp_path, before, "src/b.ts", after)
