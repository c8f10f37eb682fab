from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.paths import RelPath
from agent_ls.index.query import Index
from agent_ls.index.uses import find_packed, find_uses, pack_uses
from tests.index.support import index_of

_WORDS = st.integers(0, 70_000).map(lambda n: f"w{n}")


@given(st.lists(st.lists(st.one_of(_WORDS, st.just("same")), max_size=8), max_size=40), st.integers(0, 700))
def test_every_place_of_a_word_is_found(lines: list[list[str]], others: int) -> None:
    # Many other words before: numbers of one byte and of two.
    lines = [*([f"o{n}"] for n in range(others)), *lines]
    text = "".join(" ".join(line) + "\n" for line in lines).encode()
    uses = find_uses(text, "python", Counter())
    packed = pack_uses(uses)
    for number, name in enumerate(uses.names):
        found = find_packed(packed, number)
        expected = [at for at, line in enumerate(lines) for word in line if word == name.decode()]
        assert found.lines() == expected
        assert found.times() == len(expected)
    assert find_packed(packed, 70_000).times() == 0


FILES = {
    RelPath("b/one.py"): b"import shared\n\ndef user():\n    shared(); shared()\n",
    RelPath("a/two.py"): b"def shared():\n    return shared\n",
    RelPath("c/three.py"): b"def shared(): pass\n",
}


def test_mentions_count_and_turn_pages(tmp_path: Path) -> None:
    mentions = index_of(tmp_path, FILES).mentions("shared")
    assert len(mentions) == 4
    assert mentions.files == [("a/two.py", 1), ("b/one.py", 3)]
    every = [(hit.path, hit.line, hit.enclosing) for hit in mentions]
    assert every == [
        ("a/two.py", 2, "shared"),
        ("b/one.py", 1, ""),
        ("b/one.py", 4, "user"),
        ("b/one.py", 4, "user"),
    ]
    for start in range(5):
        for limit in range(5):
            page = [(hit.path, hit.line, hit.enclosing) for hit in mentions.page(limit, start)]
            assert page == every[start : start + limit]
    assert len(mentions.within(lambda path: path.startswith("b/"))) == 3


def test_a_bound_on_the_files_is_told(tmp_path: Path) -> None:
    index = index_of(tmp_path, FILES)
    assert index.mentions("shared", most=2).whole
    few = index.mentions("shared", most=1)
    assert not few.whole
    assert len(few.files) == 1
    assert len(index.mentions("nobody")) == 0


def test_a_damaged_page_costs_its_file_alone(tmp_path: Path) -> None:
    index_of(tmp_path, FILES).close()
    [db] = tmp_path.rglob("*.db")
    with sqlite3.connect(db) as connection:
        connection.execute(
            "UPDATE facts SET uses = x'00' WHERE file = (SELECT id FROM files WHERE path = 'b/one.py')"
        )
    connection.close()
    assert Index(db).mentions("shared").files == [("a/two.py", 1)]
