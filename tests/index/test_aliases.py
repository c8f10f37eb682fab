"""Imports that go by names which the repository itself gives."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index.aliases import read_aliases
from agent_ls.index.indexer import Indexer
from agent_ls.index.query import Index
from tests.index.support import files_of, write_all

FILES = """\
-- web/tsconfig.json --
{
  // what the bundler knows, too
  "compilerOptions": {"baseUrl": ".", "paths": {"@app/*": ["src/app/*"], "~shared": ["../shared/all.ts",]}},
}
-- web/src/app/cart.ts --
export class Cart {}
-- web/src/main.ts --
import { Cart } from "@app/cart";
import { all } from "~shared";
import { tax } from "@shop/tax";
import { rate } from "@shop/tax/rates";
import { Cart as Other } from "src/app/cart";
import React from "react";
-- shared/all.ts --
export const all = 1;
-- packages/tax/package.json --
{"name": "@shop/tax"}
-- packages/tax/src/index.ts --
export const tax = 1;
-- packages/tax/src/rates.ts --
export const rate = 1;
-- go.mod --
module example.com/shop

go 1.22
-- tools/go.mod --
module example.com/tools
-- util/util.go --
package util
-- tools/util/util.go --
package util
-- main.go --
package main

import (
	"example.com/shop/util"
	"other.org/x/util"
	tools "example.com/tools/util"
)
"""


@pytest.fixture
async def index(tmp_path: Path) -> Index:
    root = tmp_path / "root"
    write_all(root, files_of(FILES))
    db = tmp_path / "s" / "index.db"
    indexer = Indexer(root, db, tmp_path / "s", os.environ)
    try:
        await indexer.refresh()
        await indexer.refresh([RelPath("main.go")])  # what was said stays
    finally:
        await indexer.close()
    return Index(db)


async def test_imports_lead_where_the_configuration_says(index: Index) -> None:
    assert [(i.module, found) for i, found in index.imports_of(RelPath("web/src/main.ts"))] == [
        ("@app/cart", ["web/src/app/cart.ts"]),
        ("~shared", ["shared/all.ts"]),
        ("@shop/tax", ["packages/tax/src/index.ts"]),
        ("@shop/tax/rates", ["packages/tax/src/rates.ts"]),
        ("src/app/cart", ["web/src/app/cart.ts"]),
        ("react", []),
    ]
    assert [found for _, found in index.imports_of(RelPath("main.go"))] == [
        ["util/util.go"],
        [],
        ["tools/util/util.go"],
    ]


@pytest.mark.parametrize(
    "path", ["web/src/app/cart.ts", "packages/tax/src/index.ts", "packages/tax/src/rates.ts"]
)
async def test_importers(index: Index, path: str) -> None:
    assert index.importers(RelPath(path)) == ["web/src/main.ts"]


async def test_importers_of_go(index: Index) -> None:
    assert (
        index.importers(RelPath("util/util.go"))
        == index.importers(RelPath("tools/util/util.go"))
        == ["main.go"]
    )


def test_odd_configuration_says_nothing() -> None:
    texts = {
        "a/tsconfig.json": b"[1]",
        "b/tsconfig.json": b'{"compilerOptions": {"paths": {"x": 3, "y": [1, "../../../etc"]}}}',
        "c/package.json": b"{broken",
        "d/package.json": b'{"name": 7}',
        "e/go.mod": b"// nothing",
        "f/go.mod": None,
    }

    def read(path: RelPath) -> bytes:
        data = texts[path]
        if data is None:
            raise OSError(path)
        return data

    found = read_aliases(map(RelPath, texts), read)
    assert found == {"go": {}, "paths": {"b": {"y": []}}, "packages": {}}
