"""Renames of methods, fields and classes: overrides follow, what belongs to others stays."""

from __future__ import annotations

from pathlib import Path

from tests.index.test_rename import check, check_refused, plan_of

OVERRIDES = """\
-- a.py --
class Base:
    def wo$0rk(self):
        return self.work

    def run(self):
        self.work()
-- b.py --
from a import Base


class Child(Base):
    def work(self):
        return super().work() + self.work()

    def more(self):
        self.work()


class Stranger:
    def work(self): ...
-- c.py --
import b


class Grandchild(b.Child):
    def work(self): ...


def use(thing):
    thing.work()
"""


def test_python_overrides_in_subclasses_follow(tmp_path: Path) -> None:
    after = OVERRIDES.replace("$0", "").replace("work", "task")
    after = after.replace("class Stranger:\n    def task", "class Stranger:\n    def work")
    after = after.replace("thing.task", "thing.work")
    check(tmp_path, OVERRIDES, "task", after, ["b.py:13", "c.py:9"])


def test_from_an_override_the_base_follows(tmp_path: Path) -> None:
    before = OVERRIDES.replace("$0", "").replace("Child(Base):\n    def work", "Child(Base):\n    def wo$0rk")
    after = OVERRIDES.replace("$0", "").replace("work", "task")
    after = after.replace("class Stranger:\n    def task", "class Stranger:\n    def work")
    after = after.replace("thing.task", "thing.work")
    check(tmp_path, before, "task", after, ["b.py:13", "c.py:9"])


def test_a_class_with_a_base_from_elsewhere_is_listed(tmp_path: Path) -> None:
    before = (
        "-- a.py --\nimport socket\n\n\nclass Mine(socket.Other):\n    def wo$0rk(self): ...\n\n\nMine.work\n"
    )
    after = (
        "-- a.py --\nimport socket\n\n\nclass Mine(socket.Other):\n    def task(self): ...\n\n\nMine.task\n"
    )
    check(tmp_path, before, "task", after, ["a.py:4"])


def test_typescript_overrides_follow(tmp_path: Path) -> None:
    before = """\
-- a.ts --
export class Base { wo$0rk() { return this.work; } }
-- b.ts --
import { Base as B } from "./a";
export class Child extends B { work() { return super.work(); } }
class Stranger { work() {} }
"""
    after = """\
-- a.ts --
export class Base { task() { return this.task; } }
-- b.ts --
import { Base as B } from "./a";
export class Child extends B { task() { return super.task(); } }
class Stranger { work() {} }
"""
    check(tmp_path, before, "task", after, ["b.ts:3"])


def test_a_class_body_names_its_property(tmp_path: Path) -> None:
    before = """\
-- a.py --
def work(): ...
class A:
    first = work
    @property
    def wo$0rk(self): ...
    @work.setter
    def work(self, value): ...
    def other(self): return work
"""
    after = """\
-- a.py --
def work(): ...
class A:
    first = work
    @property
    def task(self): ...
    @task.setter
    def task(self, value): ...
    def other(self): return work
"""
    check(tmp_path, before, "task", after, ["a.py:1", "a.py:3", "a.py:8"])


def test_go_fields_of_a_literal_are_not_the_function_of_that_name(tmp_path: Path) -> None:
    before = """\
-- a.go --
package a
const Wo$0rk = 1
-- b.go --
package a
type S struct { Work int }
var s = S{Work: Work}
var t = []S{{Work: Work}}
var m = map[int]int{Work: Work}
var l = [...]int{Work: 2}
"""
    after = """\
-- a.go --
package a
const Task = 1
-- b.go --
package a
type S struct { Work int }
var s = S{Work: Task}
var t = []S{{Work: Task}}
var m = map[int]int{Task: Task}
var l = [...]int{Task: 2}
"""
    check(tmp_path, before, "Task", after, ["b.go:2", "b.go:3", "b.go:4"])


def test_a_parameter_that_is_a_field_too_is_not_renamed_by_half(tmp_path: Path) -> None:
    text = (
        "-- a.ts --\nclass A { constructor(private readonly wo$0rk: number) {} f() { return this.work; } }\n"
    )
    check_refused(tmp_path, text, "task", "a field in one")
    check_refused(tmp_path, text.replace("private readonly", "public"), "task", "a field in one")
    plain = "-- a.ts --\nclass A { constructor(wo$0rk: number) { this.x = work; } }\n"
    check(tmp_path, plain, "task", plain.replace("$0", "").replace("work", "task"))


def test_a_class_of_java_takes_its_file_and_constructors_along(tmp_path: Path) -> None:
    files = "-- p/Old.java --\npackage p;\n\npublic class O$0ld {\n  Old() {}\n}\n-- p/Use.java --\npackage p;\n\nclass Use { Old o = new Old(); }\n"
    plan, _ = plan_of(tmp_path, files, "New")
    found = {c.path: (c.moved_from, (c.after or b"").decode()) for c in plan.changes}
    assert found == {
        "p/New.java": ("p/Old.java", "package p;\n\npublic class New {\n  New() {}\n}\n"),
        "p/Use.java": (None, "package p;\n\nclass Use { New o = new New(); }\n"),
    }
    built, _ = plan_of(tmp_path / "2", files.replace("$0", "").replace("  Old()", "  O$0ld()"), "New")
    assert [c.path for c in built.changes] == [c.path for c in plan.changes]
    taken, _ = plan_of(tmp_path / "1", files + "-- p/New.java --\npackage p;\nclass New {}\n", "New")
    assert "has the name of its file" in taken.reason
    assert not taken.changes


def test_java_overrides_follow_and_fields_stay(tmp_path: Path) -> None:
    before = """\
-- p/Base.java --
package p;
interface Base { int si$0ze(); }
-- p/Child.java --
package p;
class Child implements Other, Base {
  int size;
  @Override public int size() { return size + this.size; }
  int twice() { return size() * 2 + this.size(); }
}
-- p/Other.java --
package p;
interface Other {}
"""
    after = """\
-- p/Base.java --
package p;
interface Base { int length(); }
-- p/Child.java --
package p;
class Child implements Other, Base {
  int size;
  @Override public int length() { return size + this.size; }
  int twice() { return length() * 2 + this.length(); }
}
-- p/Other.java --
package p;
interface Other {}
"""
    check(tmp_path, before, "length", after, ["p/Child.java:3", "p/Child.java:4", "p/Child.java:4"])


def test_what_overrides_a_method_from_elsewhere_keeps_its_name(tmp_path: Path) -> None:
    for text in (
        "-- A.java --\nclass A {\n  @Override public String wo$0rk() { return null; }\n}\n",
        "-- A.java --\nclass A {\n  void f() { new B() { @Override public String wo$0rk() { return null; } }; }\n}\n",
        '-- a.ts --\nimport { B } from "far";\nclass A extends B { override wo$0rk() {} }\n',
        "-- a.py --\nfrom far import B\nclass A(B):\n    @override\n    def wo$0rk(self): ...\n",
    ):
        plan, _ = plan_of(tmp_path / text[3:8].strip(), text, "task")
        assert "overrides a method of a base" in plan.reason
        assert not plan.changes


def test_rust_variants_and_fields_are_not_the_type_or_method_of_their_name(tmp_path: Path) -> None:
    before = """\
-- src/hir.rs --
pub struct Gr$0oup;
pub enum Kind { Group(Group) }
-- src/use.rs --
use crate::hir::{Group, Kind};
fn f() -> Kind { Kind::Group(Group) }
"""
    after = """\
-- src/hir.rs --
pub struct Set;
pub enum Kind { Group(Set) }
-- src/use.rs --
use crate::hir::{Set, Kind};
fn f() -> Kind { Kind::Group(Set) }
"""
    check(tmp_path, before, "Set", after, ["src/hir.rs:2", "src/use.rs:2"])
    before = "-- a.rs --\nstruct R { start: u8 }\nimpl R {\n    fn st$0art(&self) -> u8 { self.start }\n    fn two(&self) -> u8 { self.start() }\n}\n"
    after = "-- a.rs --\nstruct R { start: u8 }\nimpl R {\n    fn first(&self) -> u8 { self.start }\n    fn two(&self) -> u8 { self.start() }\n}\n"
    check(tmp_path / "1", before, "first", after, ["a.rs:1", "a.rs:3", "a.rs:4"])


def test_a_method_that_an_interface_of_go_asks_for_keeps_its_name(tmp_path: Path) -> None:
    go = "-- p/a.go --\npackage p\n\ntype A struct{}\n\nfunc (a A) %s() {}\n-- q/b.go --\npackage q\n\ntype B interface {\n\tAsk() int\n}\n"
    for name, words in (("A$0sk", "The interface `B`"), ("Str$0ing", "Go's own packages")):
        plan, _ = plan_of(tmp_path / name[:1], go % name, "Task")
        assert words in plan.reason
        assert not plan.changes
    plan, _ = plan_of(tmp_path / "free", go % "Fr$0ee", "Task")
    assert plan.changes
    field, _ = plan_of(tmp_path / "field", "-- p/a.go --\npackage p\n\ntype A struct{ Na$0me int }\n", "Task")
    assert field.changes


def test_a_function_in_a_method_is_the_methods_own(tmp_path: Path) -> None:
    before = """\
-- a.py --
class A:
    def run(self, x):
        if x:
            def wo$0rk(): ...
        else:
            def work(): ...
        return work()

    def work(self): ...
"""
    after = """\
-- a.py --
class A:
    def run(self, x):
        if x:
            def task(): ...
        else:
            def task(): ...
        return task()

    def work(self): ...
"""
    check(tmp_path, before, "task", after)
