"""Incremental is fresh: after any edits the facts are those of a parse from nothing."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent_ls.core.edits import TextEdit
from agent_ls.core.paths import RelPath
from agent_ls.core.text import Span
from agent_ls.index.live_text import LiveText
from agent_ls.index.names import DATA, HOSTS, language_of
from tests.index.golden_text import sources

SNIPPETS = [
    b"\n", b"(", b")", b"{", b"}", b'"', b"'", b"# agent: do this\n", b"// agent: do that\n", b"/*", b"*/", b"x = 1\n",
    b"def f(): pass\n", b"class A {}\n", b"\r\n", b"\r", "ü😀".encode(), b"\xff", b"    ", b"import a\n", b";", b",", b"",
]  # fmt: skip


def check_same(live: LiveText, source: Path) -> None:
    language = language_of(RelPath(source.name))
    assert language is not None
    fresh = LiveText(language, live.data, live.version)
    assert live.facts() == fresh.facts()


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.name)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
@example(seed=5)  # Ledger.java: recovery after going on from the old tree is another one
@example(seed=36)  # shape.cpp: the same
def test_random_edits(source: Path, seed: int) -> None:
    rng = random.Random(seed)
    live = LiveText(language_of(RelPath(source.name)) or "", source.read_bytes(), 0)
    live.facts()
    for version in range(1, 6):
        cuts = sorted(rng.randrange(len(live.data) + 1) for _ in range(2 * rng.randint(1, 2)))
        edits = [
            TextEdit(Span(a, min(b, a + rng.choice((0, 0, 3, 40)))), rng.choice(SNIPPETS))
            for a, b in zip(cuts[::2], cuts[1::2], strict=True)
        ]
        live.edit(edits, version)
        if rng.random() < 0.7:
            check_same(live, source)
    check_same(live, source)


def test_typing_a_definition_letter_by_letter() -> None:
    [source] = [path for path in sources() if path.name == "queue.py"]
    live = LiveText("python", source.read_bytes(), 0)
    for version, letter in enumerate(b"def late(a):\n    return a\n\n\n", 1):
        at = live.data.index(b"@clock.timed")
        live.edit([TextEdit(Span(at, at), bytes([letter]))], version)
        check_same(live, source)
    assert "late" in [d.name for d in live.facts().definitions]


def test_an_edit_that_does_not_fit_changes_nothing() -> None:
    live = LiveText("python", b"x = 1\n", 0)
    with pytest.raises(ValueError, match="out of bounds"):
        live.edit([TextEdit(Span(3, 99), b"")], 1)
    assert (live.data, live.version) == (b"x = 1\n", 0)


CODE = [path for path in sources() if language_of(RelPath(path.name)) not in DATA | HOSTS]


@pytest.mark.parametrize("source", CODE, ids=lambda path: path.name)
def test_an_edit_inside_a_definition_looks_only_there(source: Path) -> None:
    """A letter is added to some name and taken away again."""
    rng = random.Random(3)
    live = LiveText(language_of(RelPath(source.name)) or "", source.read_bytes(), 0)
    before = live.facts()
    holders = [d for d in before.definitions if d.span.end - d.span.start > 20]
    moved = 0
    for version in range(1, 100, 2):
        holder = rng.choice(holders)
        names = list(re.finditer(rb"\b[a-z_]{4,}\b", live.data[holder.name_span.end : holder.span.end - 1]))
        if not names:
            continue
        at = holder.name_span.end + rng.choice(names).end()
        live.edit([TextEdit(Span(at, at), rng.choice((b"x", b"_", b"\n")))], version)
        change = live.change()
        moved += change is not None
        if change is not None:
            assert change.apply(before.definitions) == live._known.definitions
        check_same(live, source)
        live.edit([TextEdit(Span(at, at + 1), b"")], version + 1)
        live.change()
        check_same(live, source)
        before = live.facts()
    assert moved > 10


def test_facts_of_a_broken_text_settle() -> None:
    live = LiveText("python", b"def a():\n    return 1\n\ndef b():\n    return 2\n", 0)
    live.facts()
    live.edit([TextEdit(Span(20, 20), b" + (")], 1)
    live.change()
    assert not live.settled
    fresh = LiveText("python", live.data, 1)
    assert live.facts() == fresh.facts()
    assert live.settled


LATER = (
    b"import a\n\n\ndef first():\n    return 1\n\n\ndef second():\n    for x in a:\n        print(x)\n\n\nif z:\n    '''"
    + b"text\n" * 8_000
    + b"'''\n"
)


@pytest.mark.parametrize(
    ("at", "cut", "new", "names"),
    [
        (b"import a", 0, b"import b\n", ["first", "second"]),  # between definitions
        (b"def second", 0, b"\n", ["first", "second"]),  # right before one
        (b"for x", 3, b"fo", ["first", "second"]),  # the tree breaks
        (b"second", 0, b"x", ["first", "xsecond"]),  # a name is typed on
        (b"first():\n    return 1\n\n\ndef sec", 31, b"first", ["firstond"]),  # two become one
    ],
)
def test_an_edit_that_cannot_be_looked_at_alone_carries_the_facts(
    at: bytes, cut: int, new: bytes, names: list[str]
) -> None:
    live = LiveText("python", LATER, 0)
    before = live.facts()
    place = LATER.index(at)
    live.edit([TextEdit(Span(place, place + cut), new)], 1)
    moved = live.change()
    assert moved is not None
    found = moved.apply(before.definitions)
    assert found == live._known.definitions
    if len(names) == 2:  # facts are where they should be before anybody looked at the whole text
        assert [d.name for d in found] == names
        assert [live.data[d.name_span.start : d.name_span.end].decode() for d in found] == names
        assert [live.data.count(b"\n", 0, d.name_span.start) for d in found] == [d.line for d in found]
        assert not live.settled or new == b"x"
    assert live.facts() == LiveText("python", live.data, 1).facts()
    assert live.settled


def test_markers_that_are_typed_are_found() -> None:
    live = LiveText("python", LATER, 0)
    assert live.facts().anchors == ()
    for version, letter in enumerate(b"# agent: split this\n", 1):
        at = live.data.index(b"def second")
        live.edit([TextEdit(Span(at, at), bytes([letter]))], version)
        live.facts(settled=False)
    assert [anchor.text for anchor in live.facts().anchors] == ["split this"]
    at = live.data.index(b"agent:")
    live.edit([TextEdit(Span(at, at + 6), b"")], 99)
    assert live.facts().anchors == ()
