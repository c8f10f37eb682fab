from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.paths import RelPath
from agent_ls.core.text import LineIndex
from agent_ls.index.extract import extract
from agent_ls.index.names import language_of
from agent_ls.index.units import Unit, units_of


def cut(text: str, path: str = "a.py") -> tuple[list[Unit], list[str]]:
    data = text.encode()
    lines = [line.decode() for line in data.splitlines(keepends=True)]
    facts = extract(data, language_of(RelPath(path)) or "")
    return units_of(facts.definitions, LineIndex(data), lines), lines


def shown(unit: Unit, lines: list[str]) -> str:
    return "".join(lines[unit.first : unit.last + 1])


def test_methods_are_units_with_what_stands_above_them() -> None:
    units, lines = cut(
        "import os\n\nclass Box:\n    size = 1\n\n    # opens it\n    @lid\n    def open(self):\n        return os\n\n"
        "    def shut(self):\n        pass\n"
    )
    assert [(u.definition.path if u.definition else "", u.head) for u in units] == [
        ("Box", 2),
        ("Box.size", 3),
        ("Box.open", 7),
        ("Box.shut", 10),
    ]
    assert shown(units[2], lines).startswith("    # opens it\n    @lid\n")


def test_a_long_function_is_cut_where_its_own_steps_begin() -> None:
    body = "".join(f"    if a{n}:\n        b{n}()\n        c{n}()\n" for n in range(20))
    units, lines = cut("def long():\n" + body)
    assert len(units) > 3
    assert [u.head for u in units] == [0] + [-1] * (len(units) - 1)
    assert all(lines[u.first].startswith("    if a") for u in units[1:])


def test_cases_of_a_test_suite_are_units() -> None:
    cases = "".join(
        f"  it('does {n}', () => {{\n    const a = {n}\n    check(a)\n    more(a)\n  }})\n\n"
        for n in range(8)
    )
    units, lines = cut("describe('suite', () => {\n" + cases + "})\n", "a.test.ts")
    heads = [lines[u.head].strip() for u in units if u.head >= 0]
    assert "it('does 3', () => {" in heads


@given(
    st.lists(
        st.sampled_from(
            ["", "def a():", "    x = 1", "        y()", "class B:", "    def c(self):", "# note", "}"]
        )
    )
)
def test_every_line_is_in_exactly_one_unit(some: list[str]) -> None:
    units, lines = cut("".join(f"{line}\n" for line in some))
    assert [n for u in units for n in range(u.first, u.last + 1)] == (
        list(range(len(lines))) if units else []
    )
    assert units or not any(line.strip() for line in lines)
