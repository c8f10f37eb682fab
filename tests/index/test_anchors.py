from __future__ import annotations

import pytest

from agent_ls.index.extract import anchors, extract


def wishes(source: str, language: str = "python", **options: object) -> list[str]:
    data = source.encode()
    found = anchors(extract(data, language), **options)  # type: ignore[arg-type]
    for anchor in found:
        assert b"agent" in data[anchor.span.start : anchor.span.end] or options
    return [anchor.text for anchor in found]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "# agent: split this function\nx = 1\n"),
        ("javascript", "// agent: split this function\nlet x;\n"),
        ("typescript", "/* agent: split this function */\nlet x: number;\n"),
        ("tsx", "const a = <b>{/* agent: split this function */}</b>;\n"),
        ("go", "package a\n\n// agent: split this function\nfunc f() {}\n"),
        ("rust", "/// agent: split this function\nfn f() {}\n"),
        ("java", "class A {\n  /**\n   * agent: split this function\n   */\n  void f() {}\n}\n"),
        ("c", "/* agent: split\n * this function */\nint x;\n"),
        ("cpp", "int x; // agent: split this function\n"),
    ],
)
def test_every_language_has_anchors(language: str, source: str) -> None:
    assert wishes(source, language) == ["split this function"]


@pytest.mark.parametrize(
    "source",
    [
        "x = '# agent: split this function'\n",
        "'''\n# agent: split this function\n'''\n",
        "# agent: split\n",
        "# agent:\n",
        "# the agent: split this function\n",
        "# agent: the one who splits\n",
        "# user-agent: split this function\n",
    ],
)
def test_what_is_no_wish(source: str) -> None:
    assert wishes(source) == []


def test_lines_are_joined_until_the_block_ends() -> None:
    source = "# agent: split this\n#   function, and\n# test it\n\n# another comment\nx = 1  # agent: drop it\n# more\n"
    assert wishes(source) == ["split this function, and test it", "drop it"]


def test_a_marker_starts_a_new_wish() -> None:
    assert wishes("# agent: do this\n# TODO(agent): do that\n") == ["do this", "do that"]


def test_another_column_is_another_comment() -> None:
    assert wishes("if x:\n    # agent: do this\n# not this\n    pass\n") == ["do this"]


def test_text_before_a_marker_stays_outside() -> None:
    data = b"# why this is so\n# agent: do this\nx = 1\n"
    [anchor] = anchors(extract(data, "python"))
    assert data[anchor.span.start : anchor.span.end] == b"# agent: do this"


def test_line_ends_and_other_markers() -> None:
    assert wishes("# agent: do this\r\n# at once\r\nx = 1\r\n") == ["do this at once"]
    assert wishes("# bot: do this\n", markers=("bot:",)) == ["do this"]
