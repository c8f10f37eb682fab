"""Code inside of other texts: scripts of pages and components, their templates, fences of prose."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.edits import TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.embedded import embedded
from agent_ls.index.extract import extract, syntax_problems
from agent_ls.index.live_text import LiveText
from agent_ls.index.names import language_of
from agent_ls.index.rename import rename
from tests.index.support import files_of, index_of

SHOP = files_of(
    "-- src/money.ts --\nexport function total(lines: Line[]): number {\n  return lines.length\n}\n"
    "-- src/Cart.vue --\n<script setup lang='ts'>\nimport { total } from './money'\nconst sum = total([])\n</script>\n"
    "<template>\n  <b @click='total(lines)'>{{ sum }}</b>\n</template>\n"
    "-- src/Page.svelte --\n<script>\n  import Cart from './Cart.vue';\n  import { total } from './money';\n</script>\n"
    "{#if total([])}<Cart />{/if}\n"
    "-- index.html --\n<h1 id='sum'>x</h1>\n<script type='module'>\n"
    "import { total } from './src/money.js';\nfunction pay(sum) { total(sum); }\n</script>\n"
    "-- shop/cart.py --\ndef fill(): pass\n"
    "-- docs/use.md --\n# fill\n\n```python\nfrom shop.cart import fill\n\nfill()\n```\n"
)


def named(path: str) -> str:
    language = language_of(RelPath(path))
    assert language is not None
    return language


def test_an_index_knows_what_scripts_and_fences_define_use_and_import(tmp_path: Path) -> None:
    index = index_of(tmp_path, SHOP)
    assert [(hit.path, hit.line) for hit in index.definitions("sum")] == [
        ("index.html", 1),
        ("src/Cart.vue", 3),
    ]
    assert [(hit.path, hit.line) for hit in index.references("total")] == [
        *(("index.html", 3), ("index.html", 4)),
        *(("src/Cart.vue", 2), ("src/Cart.vue", 3), ("src/Cart.vue", 6)),
        *(("src/Page.svelte", 3), ("src/Page.svelte", 5)),
    ]  # fmt: skip
    assert [(h.path, h.line, h.enclosing) for h in index.references("sum")] == [
        ("index.html", 4, "pay"),
        ("index.html", 4, "pay"),
        ("src/Cart.vue", 6, ""),
    ]
    assert index.importers(RelPath("src/money.ts")) == ["index.html", "src/Cart.vue", "src/Page.svelte"]
    assert index.importers(RelPath("src/Cart.vue")) == ["src/Page.svelte"]
    assert index.importers(RelPath("shop/cart.py")) == ["docs/use.md"]
    assert [(hit.path, hit.line) for hit in index.references("fill")] == [
        ("docs/use.md", 4),
        ("docs/use.md", 6),
    ]


def test_an_id_of_the_same_name_hides_no_use(tmp_path: Path) -> None:
    index = index_of(tmp_path, files_of("-- a.html --\n<p id='pay' onclick='pay()'>x</p>\n"))
    assert [hit.line for hit in index.references("pay")] == [1]


def test_the_store_says_what_a_reading_of_the_text_says(tmp_path: Path) -> None:
    index = index_of(tmp_path, SHOP)
    for path, data in SHOP.items():
        facts = extract(data, named(path))
        assert tuple(index.outline(path)) == facts.definitions
        assert tuple(item for item, _ in index.imports_of(path)) == facts.imports
        for reference in facts.references:
            line = data.count(b"\n", 0, reference.span.start) + 1
            assert (path, line) in [(hit.path, hit.line) for hit in index.references(reference.name)]


def test_a_rename_tells_of_uses_in_components(tmp_path: Path) -> None:
    index = index_of(tmp_path, SHOP)
    money = RelPath("src/money.ts")
    plan = rename(index, SHOP.get, money, SHOP[money].index(b"total"), "sum_up")
    assert [change.path for change in plan.changes] == [money], plan.reason
    assert {f"{hit.path}:{hit.line}" for hit in plan.unresolved} >= {
        "src/Cart.vue:2",
        "src/Cart.vue:3",
        "src/Page.svelte:3",
    }


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("html", "<script>a</script>", ["javascript a"]),
        ("html", "<SCRIPT\n async>a</Script >b", ["javascript a"]),
        ("html", "<!-- <script>a</script> --><script>b</script>", ["javascript b"]),
        ("html", "<script>a <!-- b </script><script>c", ["javascript a <!-- b ", "javascript c"]),
        ("html", "<script-x>a</script-x><script type='text/template'><b></script>", []),
        ("html", "<style><script></style><script type=module>a</script>", ["javascript a"]),
        ("vue", "<script src='a.js' /><script lang='ts'>b</script>", ["typescript b"]),
        ("vue", "<script generic='T extends A<B>' lang=tsx setup>a</script>", ["tsx a"]),
        ("svelte", "{#if a < b}<script lang='ts'>c</script>", ["typescript c"]),
        ("markdown", "```py\na\n```\nb\n```\nc\n```\n", ["python a\n"]),
        ("markdown", "````js\n```\na\n````\n", ["javascript ```\na\n"]),
        ("markdown", "```{.rust}\na", ["rust a"]),
        ("markdown", "```python\n>>> a\n```\n```json\n{}\n```\n```nothing\na\n```\n", []),
        ("markdown", "~~~go\r\na\r\n~~~\r\n", ["go a\r\n"]),
        ("markdown", "text ```py\na\n```\n", []),
    ],
)  # fmt: skip
def test_where_code_stands(language: str, text: str, found: list[str]) -> None:
    data = text.encode()
    parts = embedded(data, language).parts
    assert [f"{p.language} {data[p.span.start : p.span.end].decode()}" for p in parts] == found


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("vue", "<p :a='b' @c.d=\"e('f')\" v-if='g' #h='{ i }' j='k'>{{ l | m }} n</p>", "b e g i l m"),
        ("vue", "<A.B/><c-d/>{{ `e ${f} g` + 'h' }}<!-- {{ i }} -->", "A B f"),
        ("vue", "{{ a", ""),
        ("svelte", "<A b={c} {...d} use:e={f} bind:g h='i {j}'>{@html k}</A>", "A c d e f g j k A"),
        ("svelte", "{#each a as b, c (b.d)}{:else if e}{/each}{#await f then g}{'}'}{/await}", "a b c b d e f g"),
        ("svelte", "{() => { if (a < B) return `{${c}` }} {d}", "a B c d"),
        ("svelte", "{$state(a)} it's {b", "state a"),
        ("html", "<a onclick='b(\"c\")' title='d' data-on='e'>f</a>", "b"),
    ],
)  # fmt: skip
def test_what_templates_use(language: str, text: str, names: str) -> None:
    facts = extract(text.encode(), language)
    assert [r.name for r in facts.references] == names.split()
    assert [text[r.span.start : r.span.end] for r in facts.references] == names.split()


def test_problems_are_those_of_the_scripts() -> None:
    vue = b"<template><p :x='</template>\n<script>\nfunction f( {\n</script>\n"
    [problem] = syntax_problems(vue, "vue")
    assert problem.line == 2
    assert vue[problem.span.start : problem.span.end] in b"function f( {"
    assert syntax_problems(vue, "vue", since=vue) == ()
    assert syntax_problems(vue, "html") == ()
    assert syntax_problems(b"```py\ndef (\n```\n", "markdown") == ()


def test_scripts_are_no_part_of_each_other() -> None:
    facts = extract(b"<script>function a( {</script>\n<script>function b() {}</script>", "html")
    assert "b" in [d.name for d in facts.definitions]


def test_a_script_inside_of_an_element_is_looked_at_after_an_edit() -> None:
    live = LiveText("html", b"<div id='a'>\n<script>\nfunction pay() {}\n</script>\n</div>\n", 0)
    live.facts()
    at = live.data.index(b"pay") + 3
    live.edit([TextEdit(Span(at, at), b"All")], 1)
    assert [d.name for d in live.facts(settled=False).definitions] == ["a", "payAll"]


def test_a_long_component_is_looked_at_in_the_next_pause() -> None:
    filler = b"".join(b"const a%d = total(%d)\n" % (at, at) for at in range(1000))
    live = LiveText("vue", b"<script>\n" + filler + b"function pay() {}\n</script>\n", 0)
    before = live.facts()
    live.edit([TextEdit(Span(9, 9), b"function new() {}\n")], 1)
    moved = live.change()
    assert moved is not None
    [pay] = [d for d in moved.apply(before.definitions) if d.name == "pay"]
    assert live.data[pay.name_span.start : pay.name_span.end] == b"pay"
    assert not live.settled
    assert live.facts() == LiveText("vue", live.data, 1).facts()


@pytest.mark.parametrize("path", ["src/Cart.vue", "src/Page.svelte", "index.html", "docs/use.md"])
def test_typing_a_text_letter_by_letter_is_as_reading_it(path: str) -> None:
    data, language = SHOP[RelPath(path)], named(path)
    live = LiveText(language, b"", 0)
    for version, letter in enumerate(data, 1):
        live.edit([TextEdit(Span(version - 1, version - 1), bytes([letter]))], version)
        assert live.facts() == LiveText(language, live.data, version).facts()
    assert live.facts().definitions == extract(data, language).definitions


@pytest.mark.parametrize(
    ("language", "piece"),
    [
        *(("html", piece) for piece in (b'<script "', b"<script a='b' ", b"<script>", b"<!--", b' onx="')),
        *(("vue", piece) for piece in (b"{{ ", b"{{ {", b" v-a=", b" :a", b"<A")),
        *(("svelte", piece) for piece in (b"{ ", b"{`", b"{\"' ", b"`\\", b"{`${", b"bind:a")),
        *(("markdown", piece) for piece in (b"```\n", b"`````\n```\n", b"    \n", b"~~~ ", b"`")),
    ],
)
def test_markup_that_never_ends_is_read_once(language: str, piece: bytes) -> None:
    """Reading it again and again would take hours."""
    found = embedded(b"{" + piece * 300_000, language)
    assert len(found.parts) <= 1
