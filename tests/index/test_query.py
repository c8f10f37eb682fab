from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index.query import Index
from agent_ls.index.store import Store
from agent_ls.jobs.status import index_wire
from tests.index.support import files_of, index_of

FILES = """\
-- src/shop/cart.py --
from .money import Money
import shop.tax

class Cart:
    def add_item(self, item):
        total = self.total + item
        return total

def checkout(cart): return Money(cart.total)
-- src/shop/money.py --
class Money:
    pass
-- src/shop/tax.py --
RATE = 3
-- src/shop/__init__.py --
from . import cart
-- tests/test_cart.py --
from shop.cart import Cart, checkout

def test_checkout():
    checkout(Cart())
-- web/src/view.ts --
import { render } from "./render";
import dep from "dep";
-- web/src/render/index.ts --
export function render() {}
"""


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return index_of(tmp_path, files_of(FILES))


def test_definitions(index: Index) -> None:
    [hit] = index.definitions("add_item")
    assert (hit.path, hit.line, hit.definition.path) == ("src/shop/cart.py", 5, "Cart.add_item")
    assert index.definitions("Cart.add_item") == [hit]
    assert index.definitions("Other.add_item") == []
    assert [h.definition.name for h in index.definitions("Ca", prefix=True)] == ["Cart"]
    assert [h.definition.name for h in index.definitions("aitm", fuzzy=True)] == ["add_item"]
    assert index.definitions("100%_", fuzzy=True) == []


def test_references_and_what_is_around_them(index: Index) -> None:
    assert [(r.path, r.line, r.enclosing) for r in index.references("checkout")] == [
        ("tests/test_cart.py", 1, ""),
        ("tests/test_cart.py", 4, "test_checkout"),
    ]
    assert [(r.line, r.enclosing) for r in index.references("total")] == [
        (6, "Cart.add_item"),
        (6, "Cart.add_item"),
        (7, "Cart.add_item"),
        (9, "checkout"),
    ]
    assert len(index.references("total", limit=2)) == 2


def test_places(index: Index) -> None:
    path = RelPath("src/shop/cart.py")
    assert [d.path for d in index.outline(path)] == ["Cart", "Cart.add_item", "checkout"]
    data = files_of(FILES)[path]
    inside = index.symbol_at(path, data.index(b"total = "))
    assert inside is not None
    assert inside.path == "Cart.add_item"
    assert index.symbol_at(path, 0) is None


def test_imports_become_files(index: Index) -> None:
    resolved = {i.module: targets for i, targets in index.imports_of(RelPath("src/shop/cart.py"))}
    assert resolved == {".money": ["src/shop/money.py"], "shop.tax": ["src/shop/tax.py"]}
    assert index.importers(RelPath("src/shop/money.py")) == ["src/shop/cart.py"]
    assert index.importers(RelPath("src/shop/cart.py")) == ["src/shop/__init__.py", "tests/test_cart.py"]
    assert index.importers(RelPath("web/src/render/index.ts")) == ["web/src/view.ts"]
    assert index.tests_of("src/shop/cart.py") == ["tests/test_cart.py"]
    assert index.tests_of("checkout") == ["tests/test_cart.py"]


def test_status(index: Index) -> None:
    status = index.status()
    assert (status.files, status.languages, status.building) == (7, {"python": 5, "typescript": 2}, False)


def test_status_tells_how_far_a_run_is(tmp_path: Path) -> None:
    index_of(tmp_path, files_of(FILES)).close()
    store = Store(tmp_path / "state" / "index.db")
    store.say(progress=[3, 10, 7])
    store.close()
    wire = index_wire(Index(tmp_path / "state" / "index.db"))
    assert (wire["building"], wire["done"], wire["total"], wire["named"]) == (True, 3, 10, 7)
    assert (wire["files"], wire["skipped"]) == (7, {})


def test_no_store_answers_nothing(tmp_path: Path) -> None:
    index = Index(tmp_path / "none.db")
    assert index.definitions("x") == index.references("x") == index.files() == []
    assert index.status().files == 0
    assert index.outline(RelPath("a.py")) == []
    assert index.corpus().files == ()


def test_a_removed_file_leaves_no_rows(tmp_path: Path) -> None:
    files = files_of(FILES)
    index_of(tmp_path, files).close()
    store = Store(tmp_path / "state" / "index.db")
    store.remove(files)
    store.compact()
    for table in ("files", "facts", "segments", "blocks", "gone"):
        assert store._db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    store.close()
