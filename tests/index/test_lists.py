from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path

from agent_ls.core.paths import RelPath
from agent_ls.index.pack import pack_file
from agent_ls.index.postings import Kind, blocks, read_block, read_list
from agent_ls.index.query import Index
from agent_ls.index.store import Store


def test_one_list_of_a_block_is_what_the_whole_block_says() -> None:
    lists = {
        f"name{n}".encode(): [(n * 70_000 + k) << 24 | k * 300 for k in range(n % 5 + 1)] for n in range(40)
    }
    [(_, packed)] = blocks(lists)
    block, raw = read_block(packed), zlib.decompress(packed)
    for name in lists:
        found = read_list(raw, name)
        assert found is not None
        assert list(zip(*found, strict=True)) == block.find(name)
    for missing in (b"name", b"name00", b"ame1", b"zzz", b""):
        assert read_list(raw, missing) is None


def test_a_damaged_block_raises_what_it_says() -> None:
    [(_, packed)] = blocks({b"alpha": [1 << 24 | 7], b"beta": [2 << 24 | 9]})
    raw = zlib.decompress(packed)
    told = 0
    for end in range(len(raw)):
        try:
            read_list(raw[:end], b"alpha")
        except (ValueError, IndexError):
            told += 1
    assert told


def test_lists_of_many_names_leave_out_what_is_gone(tmp_path: Path) -> None:
    db = tmp_path / "index.db"
    texts = {RelPath(f"m{n}.py"): b"def send_mail(letter):\n    return letter\n" for n in range(4)}
    store = Store(db)
    for path, data in texts.items():  # a segment each
        store.put([pack_file(data, path, "python", (len(data), 1), 5.0)])
    store.remove([RelPath("m2.py")])
    store.say(totals=store.totals(), progress=[])
    store.close()
    index = Index(db)
    corpus = index.corpus()
    found = index.lists(Kind.WORDS, ["mail", "letter", "nowhere"])
    assert set(found) == {"mail", "letter"}
    assert Counter(corpus.paths[file] for file in set(found["mail"][0])) == {
        "m0.py": 1,
        "m1.py": 1,
        "m3.py": 1,
    }
    assert index.corpus() is corpus
    index.close()
