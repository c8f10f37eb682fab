from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.core.errors import WorkspaceError
from agent_ls.core.text import content_hash
from agent_ls.workspace.blobs import BlobStore


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_what_is_put_is_got(texts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = BlobStore(Path(folder) / "blobs")
        hashes = [store.put(text) for text in texts]
        assert [store.get(digest) for digest in hashes] == texts
        assert hashes == [content_hash(text) for text in texts]


def test_files_are_private_and_nothing_half_written_stays(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    digest = store.put(b"x")
    store.put(b"x")
    files = [p for p in (tmp_path / "blobs").rglob("*") if p.is_file()]
    assert len(files) == 1
    assert files[0].stat().st_mode & 0o777 == 0o600
    assert store.has(digest)
    assert not store.has("../" * 20)


def test_a_damaged_or_missing_text_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    digest = store.put(b"x")
    next(p for p in (tmp_path / "blobs").rglob("*") if p.is_file()).write_bytes(b"y")
    with pytest.raises(WorkspaceError, match="damaged"):
        store.get(digest)
    with pytest.raises(WorkspaceError, match="missing") as caught:
        store.get(content_hash(b"never"))
    assert caught.value.remedy


@pytest.mark.parametrize("forged", ["../../etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_forged_hash_names_no_file(tmp_path: Path, forged: str) -> None:
    with pytest.raises(WorkspaceError, match="Not a content hash"):
        BlobStore(tmp_path).get(forged)


def test_a_disk_that_takes_nothing_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="could not be kept"):
        BlobStore(tmp_path / "file" / "blobs").put(b"x")
