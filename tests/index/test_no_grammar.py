"""Rooms that a server may import bring no grammar with them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agent_ls.workspace.process import run

FREE = ["names", "facts", "anchors", "imports", "packed", "store", "query", "context", "indexer", "live", "live_facts", "report", "host", "pool", "aliases", "batches", "parts", "keywords"]  # fmt: skip


@pytest.mark.parametrize("room", FREE)
def test_no_grammar_is_imported(room: str, tmp_path: Path) -> None:
    import sys

    home = Path(__file__).resolve().parents[2]
    code = (
        f"import sys, agent_ls.index.{room}; print([m for m in sys.modules if m.startswith('tree_sitter')])"
    )
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(home)}
    done = asyncio.run(run([sys.executable, "-c", code], cwd=tmp_path, env=env, timeout_s=60))
    assert done.output == b"[]\n", done.output
