"""What people are shown never acts: no command runs, nothing is fetched, hidden or reordered.

The judge is an independent CommonMark renderer, with tables as editors have them.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from agent_ls.faces.lsp.markdown import code, escape, plain, safe_markdown

RENDERER = MarkdownIt("commonmark").enable("table")
LINK = "[click](command:evil)"


def tokens(markdown: str) -> list[Token]:
    return [inner for token in RENDERER.parse(markdown) for inner in (token, *(token.children or ()))]


def acting(markdown: str) -> list[str]:
    """What in rendered markdown would do something: links, images, raw HTML."""
    kinds = {"link_open", "image", "html_inline", "html_block"}
    return [token.type for token in tokens(markdown) if token.type in kinds]


def words(markdown: str) -> str:
    """What a reader sees, without formatting."""
    shown = ("text", "code_inline", "fence", "code_block")
    return " ".join("".join(t.content + " " for t in tokens(markdown) if t.type in shown).split())


ATTACKS = {
    "a command link": LINK,
    "a link with a title": '[click](command:evil "title (with) parens")',
    "a link in angle brackets": "[click](<command:evil x>)",
    "a link over two lines": "[cli\nck](\ncommand:evil)",
    "a link around brackets": "[a [b] c](command:evil)",
    "a link around an image": "[![alt](https://x.test/p.png)](command:evil)",
    "a link around code": "[`click`](command:evil)",
    "parentheses in a target": "[click](command:evil(a(b)))",
    "an escaped bracket": r"[cl\]ick](command:evil)",
    "an escaped backslash in front": r"\\[click](command:evil)",
    "a link behind an escaped backslash": r"[click\\](command:evil)",
    "a link to a file": "[click](file:///etc/passwd)",
    "a data link": "[click](data:text/html,x)",
    "a reference": "[click][ref]\n\n[ref]: command:evil",
    "a shortcut reference": "[ref]\n\n[ref]: command:evil",
    "a definition in a quote": "[ref]\n\n> [ref]: command:evil",
    "a definition in a list": "[ref]\n\n- [ref]: command:evil",
    "a definition over two lines": "[ref]\n\n[ref]:\n   command:evil",
    "an image": "![alt](https://x.test/p.png)",
    "an image by reference": "![alt][ref]\n\n[ref]: https://x.test/p.png",
    "an image around brackets": "![a [b] c](https://x.test/p.png)",
    "an autolink": "<command:evil>",
    "html": '<a href="command:evil">click</a>',
    "a block of html": "<div>\n\n" + LINK + "\n</div>",
    "an html comment": "<!-- " + LINK + " -->",
    "an html declaration": "<!DOCTYPE x><?php ?><![CDATA[x]]>",
    "escaped backticks that are no code": rf"\` {LINK} \`",
    "a backtick that a line before pairs with": f"`\nx ` {LINK} `",
    "a fence that a paragraph cannot hold": f"a ```b {LINK}\n\n{LINK} ```",
    "tildes in a line, which are no code": f"a ~~~ {LINK} ~~~",
    "a fence in a list item that the next line leaves": f"- a\n  ```\nb {LINK}\n",
    "an indented fence that a fence closes": f"  ```\n```\n{LINK}\n```",
    "a fence of tildes with backticks inside": f"~~~\n```\n~~~\n{LINK}\n```\n",
    "a fence in a quote": f"> ```\n{LINK}\n```\n",
    "a fence with a backtick behind it": f"``` a`b\n{LINK}\n```",
    "tildes with a backtick behind": f"~~~ a`b\n~~~\n{LINK}\n~~~\n",
    "an unclosed fence": f"```\n{LINK}",
    "a longer fence inside": f"```\n````\n{LINK}\n```\n",
    "an image whose end escapes a backtick": rf"![a\](b)`x` `{LINK}`",
    "an autolink whose end escapes a backtick": rf"<a:\>`x` `{LINK}`",
    "blanks as code between brackets": "[click]` `(command:evil)",
    "a vanishing image between brackets": "[click]![](x)(command:evil)",
    "a hidden character between brackets": "[click]\u200b(command:evil)",
    "code that a table takes apart": f"| a | b |\n|---|---|\n| `x | {LINK}` |",
    "html in code that a table takes apart": "| a | b |\n|---|---|\n| `x | <img src=y>` |",
    "line ends that only some know": f"`\u2028` {LINK} `\r`",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_acts(name: str) -> None:
    attack = ATTACKS[name]
    assert acting(safe_markdown(attack)) == []


def test_the_table_holds_real_attacks() -> None:
    """All but a few act when rendered as they come; those aim at other renderers, or at the rewriting itself."""
    tame = {name for name, attack in ATTACKS.items() if not acting(attack)}
    assert tame <= {
        "an unclosed fence",
        "a hidden character between brackets",
        "blanks as code between brackets",
        "a longer fence inside",
        "a link to a file",
        "a data link",
        "line ends that only some know",
        "a fence of tildes with backticks inside",
        "an image whose end escapes a backtick",
        "an autolink whose end escapes a backtick",
    }, tame


PIECES = [
    *("[", "]", "(", ")", "<", ">", "!", "`", "``", "```", "~~~", "\\", "|", "\n", "\n\n", " ", "    ", "\t"),
    *(
        "> ",
        "- ",
        "1. ",
        ":",
        "[a]",
        "(command:x)",
        "![i](y)",
        LINK,
        "<b>",
        "[r]: command:x",
        "word",
        "\u200b",
    ),
    *("| a | b |\n|---|---|\n", "<a:b>", "&lt;", "https://x.test", "<https://x.test>", "\r", "\x1b[31m"),
]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24).map("".join))
def test_no_mixture_acts(text: str) -> None:
    made = safe_markdown(text)
    assert acting(made) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_a_literal_text_is_seen_as_it_is(text: str) -> None:
    quoted = escape(text)
    assert acting(quoted) == []
    assert acting(f"# {code(text)}") == []


@pytest.mark.parametrize(
    "hidden",
    ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\U000e0041", "\u2060", "\u061c", "\u180e"],
)
@pytest.mark.parametrize("clean", [plain, safe_markdown, escape, code])
def test_nothing_is_hidden_or_reordered(hidden: str, clean: object) -> None:
    assert callable(clean)
    assert clean(f"a{hidden}b") == clean("ab")


@pytest.mark.parametrize(
    "escape_code",
    ["\x1b[31m", "\x1b]0;title\x07", "\x1b]8;;command:x\x1b\\", "\x1bM", "\x9b", "\x00", "\x07"],
)
def test_no_terminal_is_steered(escape_code: str) -> None:
    assert plain(f"a{escape_code}b") == "ab"


def test_line_ends_are_line_ends() -> None:
    assert plain("a\r\nb\rc\u2028d\x0ce\x85f\tg") == "a\nb\nc\nd\ne\nf\tg"


GOOD = """\
# Title

Some *emphasis*, **strong** and `code | with <tags> and [brackets]`.

1. First
2. Second:
   ```python
   def f(x: list[int]) -> "str | None":
       return x[0](1)
   ```

> a quote

| a | b |
|---|---|
| `x` | y |
"""


def test_formatting_survives() -> None:
    kinds = {token.type for token in tokens(safe_markdown(GOOD))}
    wanted = {"heading_open", "em_open", "strong_open", "code_inline", "ordered_list_open", "fence"}
    assert wanted | {"blockquote_open", "table_open"} <= kinds
    assert 'def f(x: list[int]) -> "str | None":\n    return x[0](1)\n' in [
        t.content for t in tokens(safe_markdown(GOOD))
    ]


def test_code_keeps_its_words() -> None:
    for text in ("`a | b`", "`` a`b ``", "```sh\nx `y` ~~~\n```", "~~~\n[a](b)\n~~~", "`x[0](1)`"):
        assert words(safe_markdown(text)) == words(text)


def test_a_link_says_where_it_leads() -> None:
    assert words(safe_markdown("see [the page](https://x.test/a_b) or <https://y.test>")) == (
        "see the page ( https://x.test/a_b ) or https://y.test"
    )
    assert words(safe_markdown("see [the page](command:evil)")) == "see the page"
    assert words(safe_markdown("![a chart](https://x.test/p.png)")) == "a chart"


@pytest.mark.parametrize(
    "unit", ["[x](", "\\", "`", "``` ", "![", "<a:", "[", "| `", "~~~\n", "](", "a ` b `` "]
)
def test_hostile_length_costs_little(unit: str) -> None:
    """CPU, not wall clock; quadratic work on this much would take minutes."""
    text = unit * (100_000 // len(unit))
    before = time.process_time()
    safe_markdown(text)
    assert time.process_time() - before < 5
