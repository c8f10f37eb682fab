"""Clashes of lines that are none in the tree are resolved; everything in doubt stays a clash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.merge import merge_text
from agent_ls.index.syntax_merge import resolve


def check(language: str, base: str, ours: str, theirs: str, merged: str | None) -> None:
    """``merged is None``: it stays a clash. The lines must clash, else nothing is shown."""
    texts = [text.encode() for text in (base, ours, theirs)]
    assert merge_text(*texts).conflicts, "no clash of lines"
    resolved = resolve(*texts, language)
    assert (resolved.data.decode() if resolved else None) == merged


IMPORTS = [
    ("python", "import a\n@@import z\n\nx()\n", "import b\n", "import c\n"),
    ("python", "from m import (\n    a,\n@@    z,\n)\n", "    b,\n", "    c,\n"),
    ("javascript", "import a from 'a'\n@@\nx()\n", "import b from 'b'\n", "import { c } from 'c'\n"),
    ("typescript", "import {\n  a,\n@@  z,\n} from 'm'\n", "  b,\n", "  c,\n"),
    ("go", 'package p\n\nimport (\n\t"a"\n@@\t"z"\n)\n', '\t"b"\n', '\t"c"\n'),
    ("rust", "use a::A;\n@@\nfn f() {}\n", "use b::B;\n", "use c::C;\n"),
    ("java", "import a.A;\n@@\nclass X {}\n", "import b.B;\n", "import c.C;\n"),
    ("c", "#include <a.h>\n@@\nint x;\n", "#include <b.h>\n", "#include <c.h>\n"),
]
DEFINITIONS = [
    ("python", "class A:\n    def a(self):\n        pass\n@@", "\n    def b(self):\n        pass\n", "\n    # why\n    def c(self):\n        pass\n"),
    ("python", "x = 1\n@@", "\n\n@deco\ndef b():\n    pass\n", "\n\nclass C:\n    pass\n"),
    ("javascript", "class A {\n  a() {}\n@@}\n", "  b() { return 1 }\n", "  c() { return 2 }\n"),
    ("typescript", "interface A {\n  a: string;\n@@}\n", "  b: number;\n", "  c?: string;\n"),
    ("typescript", "describe('x', () => {\n  it('a', () => {})\n@@})\n", "  it('b', () => { f() })\n", "  it('c', () => { g() })\n"),
    ("go", "package p\n\nfunc A() {}\n@@", "\nfunc B() {}\n", "\nfunc (t *T) C() {}\n"),
    ("rust", "impl A {\n    fn a() {}\n@@}\n", "    /// why\n    fn b() {}\n", "    #[test]\n    fn c() {}\n"),
    ("java", "class A {\n  void a() {}\n@@}\n", "  void b() {}\n", "  @Test\n  void c(int x) {}\n"),
    ("cpp", "int a() { return 1; }\n@@", "\nint b() { return 1; }\n", "\nint c() { return 1; }\n"),
]  # fmt: skip
ITEMS = [
    ("python", "f(\n    a=1,\n@@)\n", "    b=2,\n", "    c=3,\n"),
    ("python", "d = {\n    'a': 1,\n@@}\n", "    'b': 2,  # two\n", "    # three\n    'c': 3,\n"),
    ("javascript", "const o = {\n  a: 1,\n@@}\n", "  b,\n", "  c() { return 1 },\n"),
]


@pytest.mark.parametrize(("language", "text", "ours", "theirs"), IMPORTS + DEFINITIONS + ITEMS)
def test_two_additions_at_one_place_are_both_kept(language: str, text: str, ours: str, theirs: str):
    base, one, other, both = (text.replace("@@", put) for put in ("", ours, theirs, ours + theirs))
    check(language, base, one, other, both)


def test_a_moved_function_that_the_other_side_edited_moves_with_the_edit():
    f, g, h = (f"def {name}(a):\n    return {name}1\n" for name in "fgh")
    edited = f.replace("f1", "f2")
    base, ours, theirs, merged = (
        f"{f}\n\n{g}\n\n{h}",
        f"{g}\n\n{h}\n\n{f}",
        f"{edited}\n\n{g}\n\n{h}",
        f"{g}\n\n{h}\n\n{edited}",
    )
    check("python", base, ours, theirs, merged)


def test_an_argument_that_was_added_beside_one_that_was_changed():
    check("python", "f(p=1, q=2)\n", "f(p=1, q=2, r=3)\n", "f(p=10, q=2)\n", "f(p=10, q=2, r=3)\n")


def test_a_list_on_one_line_with_additions_on_both_sides():
    check(
        "python",
        "from m import a, z\n",
        "from m import a, b, z\n",
        "from m import a, c, z\n",
        "from m import a, b, c, z\n",
    )
    check("rust", "use m::{a, z};\n", "use m::{b, a, z};\n", "use m::{a, z, c};\n", "use m::{b, a, z, c};\n")


def test_an_import_that_both_sides_added_is_there_once():
    check(
        "java",
        "import a.A;\nimport m.M;\nimport z.Z;\n\nclass X {}\n",
        "import a.A;\nimport b.B;\nimport c.C;\nimport m.M;\nimport z.Z;\n\nclass X {}\n",
        "import a.A;\nimport c.C;\nimport d.D;\nimport m.M;\nimport z.Z;\n\nclass X {}\n",
        "import a.A;\nimport b.B;\nimport c.C;\nimport d.D;\nimport m.M;\nimport z.Z;\n\nclass X {}\n",
    )


def test_several_clashes_in_one_file_are_counted():
    base = "import a\n\n\ndef f():\n    pass\n\n\nx = {\n    'k': 1,\n}\n"
    ours = base.replace("import a\n", "import a\nimport b\n").replace("'k': 1,\n", "'k': 1,\n    'l': 2,\n")
    theirs = base.replace("import a\n", "import a\nimport c\n").replace("'k': 1,\n", "'k': 1,\n    'm': 3,\n")
    resolved = resolve(base.encode(), ours.encode(), theirs.encode(), "python")
    assert resolved is not None
    assert resolved.clashes == 2
    assert resolved.data.decode() == base.replace("import a\n", "import a\nimport b\nimport c\n").replace(
        "'k': 1,\n", "'k': 1,\n    'l': 2,\n    'm': 3,\n"
    )


def test_the_users_line_ends_and_mark_stay():
    base, ours, theirs = (f"import a\n{put}\nx()\n".encode() for put in ("", "import b\n", "import c\n"))
    mark = b"\xef\xbb\xbf"
    crlf = [mark + text.replace(b"\n", b"\r\n") for text in (base, theirs)]
    resolved = resolve(mark + base, mark + ours, crlf[1], "python")
    assert resolved is not None
    assert resolved.data == mark + b"import a\r\nimport b\r\nimport c\r\n\r\nx()\r\n"


DOUBTS = {
    "the same value set to two": ("x = 1\n", "x = 2\n", "x = 3\n"),
    "the same function added twice, differently": ("a = 1\n", "a = 1\ndef f():\n    return 1\n", "a = 1\ndef f():\n    return 2\n"),
    "one name imported from two places": ("import a\n", "import a\nfrom m import x\n", "import a\nfrom n import x\n"),
    "removed here, edited there": ("def f():\n    return 1\n", "", "def f():\n    return 2\n"),
    "two statements added to a function": ("def f():\n    a()\n", "def f():\n    a()\n    b()\n", "def f():\n    a()\n    c()\n"),
    "two positional arguments added": ("f(\n    a,\n)\n", "f(\n    a,\n    b,\n)\n", "f(\n    a,\n    c,\n)\n"),
    "two parameters added": ("def f(a): pass\n", "def f(a, b): pass\n", "def f(a, c): pass\n"),
    "two list elements added, order unknown": ("x = [\n    1,\n]\n", "x = [\n    1,\n    2,\n]\n", "x = [\n    1,\n    3,\n]\n"),
    "a statement changed, one added beside it": ("def f():\n    a()\n", "def f():\n    b()\n", "def f():\n    a()\n    c()\n"),
    "neighbours changed and removed": ("def f():\n    a()\n    b()\n    c()\n", "def f():\n    a(1)\n    c()\n", "def f():\n    b()\n    c()\n"),
    "the other decorator removed": ("@a\n@b\ndef f(): pass\n", "@a\ndef f(): pass\n", "@b\ndef f(): pass\n"),
    "the comment is about the line": ("def f():\n    a()\n", "def f():\n    b()\n", "def f():\n    a()  # only here\n"),
    "callee and argument": ("x = foo(1)\n", "x = bar(1)\n", "x = foo(2)\n"),
    "operator and operand": ("x = a + b\n", "x = a - b\n", "x = a + c\n"),
    "a list reflowed here, edited there": ("def f(\n    a: X\n): pass\n", "def f(a: X): pass\n", "def f(\n    a: Y,\n): pass\n"),
    "broken while it is typed": ("import a\nimport z\n", "import a\nimport b\nimport z\n", "import a\nfrom (\nimport z\n"),
    "both moved, differently": ("def f(): pass\ndef g(): pass\ndef h(): pass\n", "def g(): pass\ndef h(): pass\ndef f(): pass\n", "def h(): pass\ndef f(): pass\ndef g(): pass\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTS)
def test_what_is_in_doubt_stays_a_clash(name: str):
    check("python", *DOUBTS[name], None)


def test_enum_members_whose_order_is_their_value_stay_a_clash():
    check("c", "enum E {\n  A,\n};\n", "enum E {\n  A,\n  B,\n};\n", "enum E {\n  A,\n  C,\n};\n", None)


STATEMENTS = st.lists(
    st.sampled_from(["import a", "import b", "from m import x", "x = 1", "x = 2", "f()", "def g(): pass", "def g(): f()", "class C: pass", "# c", ""]),
    max_size=6,
).map(lambda lines: "".join(f"{line}\n" for line in lines).encode())  # fmt: skip


@given(STATEMENTS, STATEMENTS, STATEMENTS)
def test_nothing_that_the_user_typed_is_lost_or_doubled(base: bytes, ours: bytes, theirs: bytes):
    resolved = resolve(base, ours, theirs, "python")
    if resolved is None:
        return
    for line in {*base.splitlines(), *ours.splitlines(), *theirs.splitlines()} - {b""}:
        was, one, other, now = (text.splitlines().count(line) for text in (base, ours, theirs, resolved.data))
        assert min(one, other, one + other - was) <= now <= max(one, other, one + other - was)
