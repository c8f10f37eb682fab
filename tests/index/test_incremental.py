"""A store that was brought up to date step by step answers as one that was made from nothing."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index import store as room
from agent_ls.index.corpus import Corpus
from agent_ls.index.indexer import Indexer
from agent_ls.index.pack import pack_file
from agent_ls.index.postings import Kind
from agent_ls.index.query import Index
from agent_ls.index.store import Store
from tests.index.support import store_at

WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "load",
    "save",
    "parse",
    "render",
    "total",
    "cart",
    "money",
    "rate",
    "apply",
    "undo",
]


def source(rng: random.Random) -> bytes:
    lines = [f"from pkg.m{rng.randrange(40)} import {rng.choice(WORDS)}"]
    for _ in range(rng.randint(0, 4)):
        name = f"{rng.choice(WORDS)}_{rng.choice(WORDS)}"
        lines.append(
            f"def {name}({rng.choice(WORDS)}):  # {rng.choice(WORDS)}\n    return {rng.choice(WORDS)}()"
        )
    return "\n".join(lines).encode() + b"\n"


def weights_of(corpus: Corpus, files: Iterable[int], weights: Iterable[int]) -> dict[RelPath, int]:
    found: Counter[RelPath] = Counter()
    for file, weight in zip(files, weights, strict=True):
        found[corpus.paths[file]] += weight
    return dict(found)


def answers(db: Path) -> dict[str, object]:
    """All that can be asked, in a form that does not depend on when a file came."""
    index = Index(db)
    names = sorted({*WORDS, *(f"{a}_{b}" for a in WORDS for b in WORDS)})
    paths = index.files()
    corpus = index.corpus()
    terms = index.lists(Kind.WORDS, names)
    told = {
        "files": [(path, index.hash_of(path), index.outline(path), index.imports_of(path)) for path in paths],
        "definitions": {name: index.definitions(name, limit=1000) for name in names},
        "references": {name: index.references(name, limit=1000) for name in names},
        "prefix": index.definitions("al", prefix=True, limit=1000),
        "fuzzy": index.definitions("aa", fuzzy=True, limit=1000),
        "with": {name: index.files_with(name) for name in names},
        "terms": {name: weights_of(corpus, *lists) for name, lists in terms.items()},
        "importers": {path: index.importers(path) for path in paths},
        "lengths": {corpus.paths[file]: count for file, count in corpus.terms.items()},
        "totals": index.status(),
    }
    index.close()
    return told


@pytest.mark.parametrize("seed", range(4))
def test_edits_renames_and_deletions(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    files: dict[RelPath, bytes] = {}
    store = Store(tmp_path / "a" / "index.db")
    for _ in range(60):
        changed: dict[RelPath, bytes] = {}
        for _ in range(rng.randint(1, 6)):
            changed[RelPath(f"pkg/m{rng.randrange(40)}.py")] = source(rng)
        if files and rng.random() < 0.5:  # a rename
            old = rng.choice(sorted(files))
            changed[RelPath(f"pkg/m{rng.randrange(40)}.py")] = files.pop(old)
            store.remove([old])
        store.put(pack_file(data, path, "python", (len(data), 1), 5.0) for path, data in changed.items())
        files.update(changed)
        if rng.random() < 0.1:
            store.compact()
    segments = store._db.execute("SELECT count(*) FROM segments").fetchone()[0]
    assert segments < 2 * room._MOST_OF_A_LEVEL  # of sixty
    store.say(totals=store.totals(), progress=[])
    store.close()
    expected = answers(store_at(tmp_path / "b" / "index.db", files))
    assert expected["definitions"] != {}
    assert answers(tmp_path / "a" / "index.db") == expected


async def test_a_branch_switch_with_thousands_of_files(tmp_path: Path) -> None:
    rng = random.Random(7)
    root = tmp_path / "root"
    (root / "pkg").mkdir(parents=True)
    indexer = Indexer(root, tmp_path / "s" / "index.db", tmp_path / "s", os.environ)
    try:
        for branch in range(2):
            for i in range(branch * 500, branch * 500 + 1500):
                (root / "pkg" / f"m{i}.py").write_bytes(source(rng))
            for i in range(branch * 500):
                (root / "pkg" / f"m{i}.py").unlink()
            report = await indexer.refresh()
        assert (report.files, report.parsed) == (1500, 1500)
    finally:
        await indexer.close()
    files = {RelPath(f"pkg/{p.name}"): p.read_bytes() for p in sorted((root / "pkg").iterdir())}
    ours, theirs = answers(tmp_path / "s" / "index.db"), answers(store_at(tmp_path / "b" / "index.db", files))
    skipped = ours.pop("totals"), theirs.pop("totals")
    assert skipped[0].symbols == skipped[1].symbols  # type: ignore[attr-defined]
    assert ours == theirs


def test_a_reader_follows_merges(tmp_path: Path) -> None:
    db = tmp_path / "index.db"
    store = Store(db)
    index = Index(db)
    for i in range(30):
        data = b"def same(): return other()\n"
        store.put([pack_file(data, RelPath(f"m{i}.py"), "python", (1, 1), 5.0)])
        assert len(index.definitions("same")) == len(index.references("other")) == i + 1
    store.remove([RelPath("m3.py")])
    assert len(index.definitions("same")) == 29
    store.compact()
    store.close()
    assert len(index.files_with("same")) == 29
    index.close()


def test_the_log_is_folded_into_the_file_but_for_what_somebody_reads(tmp_path: Path) -> None:
    db = tmp_path / "index.db"
    store = Store(db)
    log = tmp_path / "index.db-wal"
    store.put([pack_file(b"def a(): pass\n", RelPath("a.py"), "python", (1, 1), 5.0)])
    reader = sqlite3.connect(db, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM files").fetchall()
    store.put([pack_file(b"def b(): pass\n", RelPath("b.py"), "python", (1, 1), 5.0)])
    store.compact()
    assert log.stat().st_size > 0
    reader.close()
    store.compact()
    assert log.stat().st_size == 0
    store.close()
