"""Which tests are run first, from real facts of a small tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.agent.nearest import nearest_tests
from agent_ls.core.paths import RelPath
from agent_ls.index.query import Index
from agent_ls.workspace.overlay import Overlay
from tests.index.support import index_of
from tests.workspace.files import draft_of, plant

FILES = {
    "shop/cart.py": "def total(items):\n    return sum(items)\n\n\ndef rare_discount(x):\n    return x / 2\n",
    "shop/money.py": "def cents(x):\n    return x * 100\n",
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_total():\n    assert total([1]) == 1\n",
    "tests/test_offers.py": "from shop import cart\n\n\ndef test_offer():\n    assert cart.rare_discount(2) == 1\n",
    "tests/test_money.py": "from shop.money import cents\n\n\ndef test_cents():\n    assert cents(1) == 100\n",
    "shop/__init__.py": "",
}


def first(tmp_path: Path, edits: dict[str, bytes | None], index: Index | None = None) -> list[str]:
    root = plant(tmp_path / "w", "".join(f"-- {path} --\n{text}" for path, text in FILES.items()))
    draft: Overlay = draft_of(root)
    for path, data in edits.items():
        if data is None:
            draft.delete(RelPath(path))
        else:
            draft.write(RelPath(path), data)
    known = index or index_of(tmp_path, {path: text.encode() for path, text in FILES.items()})
    try:
        return list(nearest_tests(draft, known))
    finally:
        known.close()


def test_by_name_then_by_what_uses_the_changed_definition(tmp_path: Path) -> None:
    changed = FILES["shop/cart.py"].replace("x / 2", "x / 4").encode()
    assert first(tmp_path, {"shop/cart.py": changed}) == ["tests/test_cart.py", "tests/test_offers.py"]


def test_a_changed_test_goes_first_and_a_deleted_one_not_at_all(tmp_path: Path) -> None:
    edits = {
        "shop/cart.py": b"x = 1\n",
        "tests/test_money.py": b"def test_a(): ...\n",
        "tests/test_cart.py": None,
    }
    assert first(tmp_path, edits)[0] == "tests/test_money.py"
    assert "tests/test_cart.py" not in first(tmp_path, edits)


@pytest.mark.parametrize("edits", [{"README.md": b"x"}, {}])
def test_a_change_that_no_test_is_next_to(tmp_path: Path, edits: dict[str, bytes | None]) -> None:
    assert first(tmp_path, edits) == []


def test_an_index_that_knows_nothing_leaves_the_names(tmp_path: Path) -> None:
    empty = Index(tmp_path / "none.db")
    assert first(tmp_path, {"shop/money.py": b"x = 1\n"}, empty) == ["tests/test_money.py"]
