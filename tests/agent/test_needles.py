from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.agent.needles import needles


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("def parse_file", ("def parse_file",)),
        (r"def\s+parse_file\(", ("parse_file(",)),
        (r"^class (Foo|Bar)\(Base\):$", ("(Base):",)),
        ("import os|from os", ("import os", "from os")),
        ("import os|x", ()),
        ("colou?rs", ("colo",)),
        ("abc+def", ("abc",)),
        ("abcd*efg", ("abc",)),
        ("abc{2}defg", ("defg",)),
        ("ab[cd]|[)]]]efg", ()),
        (r"[]|x]abc", ("abc",)),
        ("(?i)abcdef", ()),
        ("(?:abcdef)?ghi", ("ghi",)),
        ("(TODO|FIXME)", ("TODO", "FIXME")),
        (r"\b(?:get|set)_?(?P<what>Foo|Bars)\(", ("get", "set")),
        ("(abc|(def|ghi))+", ("abc", "def", "ghi")),
        ("(abc|d)", ()),
        ("(?=abcdef)ghi", ("ghi",)),
        ("(?!abcdef)(ghi)", ("ghi",)),
        ("(?#|)abc", ()),
        (r"a\.b\.c", ("a.b.c",)),
        (r"\bname\b", ("name",)),
        (r"\x41bcd", ()),
        ("(unclosed", ()),
        ("a", ()),
    ],
)
def test_what_a_match_must_hold(pattern: str, expected: tuple[str, ...]) -> None:
    assert needles(pattern, regex=True, ignore_case=False) == expected


def test_case_is_ignored_only_where_that_is_sure() -> None:
    assert needles("class Foo", regex=False, ignore_case=True) == (" Foo",)
    assert needles("größer", regex=False, ignore_case=True) == ()
    assert needles("größer", regex=False, ignore_case=False) == ("größer",)


_PIECES = st.sampled_from(
    [
        *"abcxyz|.^$",
        "abc",
        "xyz",
        "İſK",
        "(",
        ")",
        "(?:",
        "[",
        "]",
        "[^",
        "{",
        "}",
        "{2}",
        "{0,1}",
        "*",
        "+",
        "?",
        "\\",
        r"\d",
        r"\.",
        r"\|",
        r"\(",
        r"\x61",
        r"\1",
        "-",
        "[a|b]",
        "(abc|xyz)",
        "(?=abc)",
        "(?P<n>a)",
        "{,3}",
        "é",
    ]
)


@given(
    st.lists(_PIECES, max_size=12).map("".join),
    st.text("abcxyz|.({[é])}KkſsS", max_size=20),
    st.booleans(),
)
def test_a_line_that_matches_holds_one(pattern: str, line: str, ignore_case: bool) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError):
        return
    found = needles(pattern, regex=True, ignore_case=ignore_case)
    text = line + pattern  # often a match
    if found and compiled.search(text):
        folded = text.lower() if ignore_case else text
        assert any((needle.lower() if ignore_case else needle) in folded for needle in found)
