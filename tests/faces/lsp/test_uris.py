"""URIs and paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_ls.faces.lsp.uris import path_to_uri, uri_to_path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///w/a.py", "/w/a.py"),
        ("file:///w/a%20b%23c%3Fd%25.py", "/w/a b#c?d%.py"),
        ("file:///w/%E6%B1%89.py", "/w/汉.py"),
        ("file:///w/汉.py", "/w/汉.py"),
        ("FILE:///w/a", "/w/a"),
        ("file://localhost/w/a", "/w/a"),
        ("file:/w/a", "/w/a"),
        ("file:///w/./x/../a", "/w/a"),
        ("file:///w/dir/", "/w/dir"),
        ("file://server/share/a", None),
        ("file:a.py", None),
        ("file:///w/a%00b", None),
        ("untitled:Untitled-1", None),
        ("git:/w/a.py", None),
        ("vscode-remote://ssh-remote+h/w/a.py", None),
        ("jdt://contents/x", None),
        ("", None),
        ("no uri at all", None),
        ("file://[bad/x", None),
    ],
)
def test_uri_to_path(uri: str, path: str | None) -> None:
    assert uri_to_path(uri) == (None if path is None else Path(path))


@given(st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name and b"/" not in name))
def test_any_file_name_comes_back(name: bytes) -> None:
    path = Path(os.path.normpath(os.fsdecode(b"/w/" + name)))
    assert uri_to_path(path_to_uri(path)) == path
    assert path_to_uri(path).isascii()
