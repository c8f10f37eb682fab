"""What a parser passes over changes no definition: each text is surveyed as a whole and without it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index.extract import Survey, dialect, parse, survey, survey_for_store
from agent_ls.index.idle import idle_blocks
from agent_ls.index.idle_python import idle_bodies
from agent_ls.index.lexical import blanked, lexical_places
from agent_ls.index.lexical_python import python_places
from agent_ls.index.names import language_of
from agent_ls.index.uses import words_by_line, words_of_prose
from tests.index.golden_text import sources

PADDING = "call(one, two, three, four, five, six, seven);"

JAVA = """
package a;
import b.C;
enum Op { PLUS(1) { int run(int a, int b) { PAD return a + b; } }, @Deprecated MINUS(2) { void go() { PAD } };
  Op(int n) { PAD } }
class A<T extends Comparable<T>> extends B {
  private final int[] table = {1, 2, 3};
  static { PAD class InStatic { int x; } }
  A(int a) { PAD }
  public A() { super(new Object() { int inArgs; }); PAD }
  @Foo({1, 2}) @Bar("{") public <K, V> Map<K, V[]> m(final Map<K, ? super V> a, int... b) throws E, F { PAD }
  void lambdas() { PAD run(x -> { go(); }, new Thread() { public void run() { PAD } }); if (a) { b(); } }
  void braces() { PAD x = new int[] {1, 2}; foo(new Bar(new int[] {1}) { int inner; }); }
  void plain() { PAD Object o = new Object(); if (o.equals("}")) { return; } else if (b) { PAD } record.go(); }
  void local() { PAD class Local { int y; void z() { PAD } } enum E { ONE } record P(int q) { } }
  Object kinds(Object o) { PAD return switch (o) { case A a -> { yield 1; } default -> 2; }; }
  record R(int a, List<String> b) { R { PAD } static int made; void f() { PAD } }
  interface I { default void d() { PAD } int X = 1; }
  @interface N { String value() default "{"; }
}
"""
GO = """
package a
import ("fmt"; "os")
type T struct { a int; b struct { c int } }
type I interface { Do(x interface{}) error }
var table = map[string]func(int) int{ "a": func(x int) int { PAD return x }, }
var anonymous = struct{ field int }{1}
const A, B = 1, 2
func (t *T) m(a interface{}, b struct{ inParameter int }) (x struct{}, err error) { PAD type Local struct { l int }; PAD }
func f(cb func(int) bool) interface{} { PAD switch x := a.(type) { case int: PAD }
	return struct{ answer int }{2} }
func g() chan struct{} { PAD for range x { PAD }
	return make(chan struct{}) }
func empty() {}
"""
C = """
#include <stdio.h>
#define OPEN(x) if (x) { \\
   foo();
#define BOTH(x) do { x; } while (0)
struct __attribute__((packed)) packed { int p; };
typedef struct __attribute__((packed)) { int q; } anonymous_t;
enum e { ONE, TWO };
static int table[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 };
static struct cmd cmds[] = { { "get", get, 1, 2 }, { "set}", set, 1, 2 }, { "del", del, 2, 3 } };
struct packed *find(struct packed *p, int (*cb)(struct packed *)) { PAD if (p) { PAD } return p; }
int local(void) { PAD struct inner { int r; } s; enum { THREE } t; return s.r; }
int conditional(int a) {
  PAD
#ifdef X
  if (a) {
#else
  if (!a) {
#endif
    PAD
  }
#define INSIDE 1
}
int after(void) { PAD return '{'; }
"""
CPP = """
namespace geo { template <class T> class A : public B<T> { public: A() : x(1) { PAD } int f() const { PAD } int x; }; }
void geo::A::g() noexcept { PAD auto l = [](int x) { PAD return x; }; struct Local { int y; }; }
enum class E : int { ONE, TWO };
struct S { S(int a) : b{a} { PAD } int b; };
using Z = int;
int h() { PAD using Inner = int; return 1; }
"""
RUST = """
use a::{b, c};
mod inner { pub fn f<'a, T>(x: &'a [u8; 4]) -> Vec<T> where T: Clone { PAD } }
macro_rules! m { ($x:expr) => { fn hidden() { PAD } }; }
impl<T> A<T> { pub async fn g(&self) -> impl Fn(u8) -> u8 { PAD move |x| { x } } const X: usize = { 1 }; }
trait Tr { fn h(&self); fn with_default(&self) { PAD } type Out; }
/// Documented.
#[cfg(feature = "{")]
fn outer() { PAD fn nested() { PAD } struct Local { l: u8 } use x::y; static S: u8 = b'{'; }
enum E { A { x: u8 }, B(u8) }
fn closures() { PAD let t = S { a: 1 }; match t { S { a } => { PAD } } let reused = constant; }
extern "C" { fn ext(a: u8); }
"""
PYTHON = r'''
import os
from a import (b,
    c)
X = 1
async def plain(a: int = (1, 2), *, b: Callable[[int], str] = lambda x: x) -> Dict[str, int]:  # remark
    PAD
    if a:
        PAD
    return "a string is last"  # remark
    # a remark behind
"a statement of its own"
class A(B):
    field: int = 1
    'documents the field'
    def documented(self):
        """What it does.

def no_function(): pass
        """
        PAD
    @decorated(1, "x")
    def only_documented(self):
        """Nothing else, but it is long enough to be worth passing over, if it only were."""
    def joined(self):
        "{}".format(1); PAD
        PAD
    def semicolon(self):
        """Doc."""; PAD
        PAD
    y, z = 1, 2
    def outdented(self):
        PAD
        x = [
1, 2,
]
        return """
text at the left""" % x
    def with_import(self):
        PAD
        from d import e
        def nested():
            PAD
            PAD
        class Local:
            l = 1
            def m(self): PAD
    def one_line(self): PAD PAD PAD PAD
    def continued(self):
        PAD \
PAD
    def formatted(self):
        return f"{self.a:>{width}.2f} {{no}} {b['key']!r} \N{BULLET} {x + 'y'}" + u'{line}' + rf'{r}' if'q'in'r' else b'{s}'
if X:
    W = 2
    def in_if():
        PAD
        PAD
'''
TEXTS = {"python": PYTHON, "java": JAVA, "go": GO, "c": C, "cpp": CPP, "rust": RUST}


def check(data: bytes, language: str) -> None:
    language = dialect(data, language)
    plain = survey(data, language, parse(data, language))
    thin, code = survey_for_store(data, language, 5.0)
    assert thin.rows == plain.rows
    assert thin.imports == plain.imports
    # Where strings begin and end is not the same letter by letter, which words are code is.
    assert words_by_line(code, language) == words_by_line(plain.code(data), language)
    assert prose(data, thin) == prose(data, plain)


def prose(data: bytes, found: Survey) -> list[bytes]:
    return sorted(words_of_prose([data[start:end] for start, end in (*found.strings, *found.comments)]))


def left_out(data: bytes, language: str) -> int:
    if language == "python":
        places = python_places(data)
        assert places is not None
        _, idle = idle_bodies(data, blanked(data, *places), *places)
    else:
        places = lexical_places(data, language)
        assert places is not None
        idle = idle_blocks(blanked(data, *places), language)
    return sum(end - start for start, end in idle)


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.name)
def test_real_looking_code_gives_the_same_facts(source: Path) -> None:
    language = language_of(RelPath(source.name))
    assert language is not None
    check(source.read_bytes(), language)


@pytest.mark.parametrize("language", TEXTS)
def test_blocks_that_define_something_stay(language: str) -> None:
    data = TEXTS[language].replace("PAD", PADDING).encode()
    check(data, language)
    assert left_out(data, language) > 2 * len(PADDING)


@pytest.mark.parametrize("language", TEXTS)
def test_lines_torn_out_change_nothing_that_a_whole_text_has(language: str) -> None:
    rng = random.Random(5)
    lines = TEXTS[language].replace("PAD", PADDING).splitlines(keepends=True)
    compared = 0
    for _ in range(60):
        torn = rng.choice((0.03, 0.15))
        kept = [line for line in lines if rng.random() > torn]
        data = "".join(kept).encode()
        tree = parse(data, dialect(data, language))
        if not tree.root_node.has_error:
            compared += 1
            check(data, language)
    assert compared


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("rust", "fn f() { PAD use ::std::fmt; }"),
        ("rust", "fn f() { PAD use {a, b}; }"),
        ("rust", "fn f() { PAD fn été() { PAD } }"),
        ("rust", "fn f() { PAD struct 字 { a: u8 } }"),
        ("go", "package a\nfunc f() { PAD\n type Été int\n}"),
        ("java", "class A { void f() { PAD class Été { int x; void g() { PAD } } } }"),
        ("java", "class A { void f() { PAD record 字(int a) { } } }"),
        ("java", "class A { void f() { PAD new<String> Foo() { void m() { } }; } }"),
        ("java", "enum E { @x . y B(2) { void f() { PAD } void g() { PAD } } }"),
        ("java", "enum E { @xy. z B(2) { void f() { PAD } void g() { PAD } } }"),
        ("c", "int f(void) { PAD enum{A,B} x; struct{int a;} y; }"),
        ("c", "int f(void) { PAD struct __attribute__((packed)) s { int a; } q; }"),
        ("cpp", "void f() { PAD struct alignas(16) S { int x; void g() { PAD } }; }"),
        ("cpp", "void f() { PAD struct S : B<int(int)> { int x; void g() { PAD } }; }"),
    ],
)
def test_definitions_that_look_unusual_stay(language: str, text: str) -> None:
    data = text.replace("PAD", PADDING).encode()
    assert not parse(data, dialect(data, language)).root_node.has_error
    check(data, language)


def test_a_text_that_is_broken_outside_of_bodies_is_read_as_it_is() -> None:
    data = b"class A { void f() { " + PADDING.encode() + b" } int = ; void g() { } \n"
    check(data, "java")


@pytest.mark.parametrize(
    "text",
    [
        "x = f'{a['b']}'\n",  # quotes inside of the same quotes
        "x = f'{'\n",
        "x = f'{a}}'\n",
    ],
)
def test_strings_that_only_a_grammar_can_read_are_left_to_it(text: str) -> None:
    assert python_places(text.encode()) is None
    check(text.encode(), "python")
