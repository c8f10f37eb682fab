"""Languages of `names.EXTRA`: their imports, and what is not claimed of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index import names
from agent_ls.index.extract import anchors, extract, syntax_problems
from agent_ls.index.imports import means, read_import, tails
from agent_ls.index.languages import lacking
from agent_ls.index.names import DATA, EXTRA, HOSTS, language_of, stem_of
from agent_ls.index.postings import Kind
from agent_ls.index.rename import rename
from tests.index.support import files_of, index_of


@pytest.mark.parametrize(
    ("importer", "text", "module", "target"),
    [
        ("src/Web/Program.cs", "using Shop.Orders;", "Shop.Orders", "src/Shop/Orders/Basket.cs"),
        ("lib/a.rb", 'require_relative "../money"', "../money", "money.rb"),
        ("spec/a_spec.rb", "require 'shop/money'", "shop/money", "lib/shop/money.rb"),
        ("bin/run.sh", "source ../lib/log.sh", "../lib/log.sh", "lib/log.sh"),
        ("a.php", r"use App\Http\Request as R;", r"App\Http\Request", "src/Http/Request.php"),
        ("a.php", "require_once __DIR__ . '/lib/b.php';", "lib/b.php", "lib/b.php"),
        ("src/A.kt", "import shop.cache.Entry", "shop.cache.Entry", "src/main/shop/cache/Entry.kt"),
        ("src/A.scala", "import shop.model.{Token => T}", "shop.model", "src/shop/model/Token.scala"),
        ("Tests/A.swift", "import ShopKit", "ShopKit", "Sources/ShopKit/ShopKit.swift"),
        ("a.lua", 'local log = require("lib.log")', "lib.log", "lib/log.lua"),
        ("lib/a.ex", "alias Shop.HTTPClient", "Shop.HTTPClient", "lib/shop/http_client.ex"),
        ("web/index.html", '<script src="js/app.js">', "js/app.js", "web/js/app.js"),
        ("web/a.css", '@import url("base.css");', "base.css", "web/base.css"),
        ("Makefile", "include mk/common.mk", "mk/common.mk", "mk/common.mk"),
    ],
)
def test_imports_lead_to_files(importer: str, text: str, module: str, target: str) -> None:
    language = language_of(RelPath(importer))
    assert language is not None
    [(found, taken)] = read_import(language, text)
    assert found == module
    path = RelPath(target)
    assert means(language, RelPath(importer), found, taken, path)
    assert not means(language, RelPath(importer), found, taken, RelPath("other/nothing.txt"))
    if language != "csharp":  # a namespace is a folder, its files have any name
        assert stem_of(path) in tails(language, found, taken)


def test_what_is_computed_is_no_import() -> None:
    assert read_import("bash", '. "$HOME/x.sh"') == read_import("make", "include $(X)") == ()


@pytest.mark.parametrize("language", sorted(EXTRA))
def test_wishes_are_found_in_every_language(language: str) -> None:
    if language == "json":
        text = '{\n  // agent: sort these\n  "a": 1\n}\n'
    else:
        start, end = {
            **dict.fromkeys(("html", "vue", "svelte"), ("<!--", "-->")), "markdown": ("<!--", "-->"), "css": ("/*", "*/"), "lua": ("--", ""),
            **dict.fromkeys(("csharp", "kotlin", "scala", "swift"), ("//", "")), "php": ("<?php\n//", ""),
        }.get(language, ("#", ""))  # fmt: skip
        text = f"{start} agent: sort these {end}\n"
    assert [anchor.text for anchor in anchors(extract(text.encode(), language))] == ["sort these"]


def test_a_language_that_is_not_installed_is_no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert language_of(RelPath("a.rb")) == language_of(RelPath("x/Rakefile")) == "ruby"
    names.is_installed.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    try:
        assert language_of(RelPath("a.rb")) is None
        assert language_of(RelPath("a.py")) == "python"
        assert set(lacking()["all"]) == set(EXTRA)
    finally:
        names.is_installed.cache_clear()


def test_what_is_lacking_is_told() -> None:
    assert set(lacking()) == {"references", "imports"}
    assert set(lacking()["references"]) == DATA - HOSTS


def test_data_is_found_by_name_but_not_ranked(tmp_path: Path) -> None:
    index = index_of(tmp_path, files_of("-- a.yaml --\ncart: 1\n-- cart.py --\ndef cart(): pass\n"))
    assert [hit.path for hit in index.definitions("cart")] == ["a.yaml", "cart.py"]
    assert index.corpus().paths_of(index.lists(Kind.WORDS, ["cart"])["cart"][0]) == {"cart.py"}
    assert index.corpus().worded == 1
    assert index.references("cart") == []


def test_templates_have_no_problems() -> None:
    assert syntax_problems(b"a: {{ .Values.x }}\n  {{- end }}\n", "yaml") == ()
    assert syntax_problems(b'{"a": }\n', "json")


def test_renaming_is_not_guessed(tmp_path: Path) -> None:
    files = files_of(
        "-- shop/Model.java --\npackage shop;\nclass Cart {}\n"
        "-- shop/Use.kt --\nimport shop.Cart\nval cart = Cart()\n"
    )
    index = index_of(tmp_path, files)
    java = RelPath("shop/Model.java")
    plan = rename(index, files.get, java, files[java].index(b"Cart"), "Basket")
    assert [change.path for change in plan.changes] == [java], plan.reason
    assert [f"{hit.path}:{hit.line}" for hit in plan.unresolved] == ["shop/Use.kt:1", "shop/Use.kt:2"]
    kotlin = RelPath("shop/Use.kt")
    assert "not known" in rename(index, files.get, kotlin, files[kotlin].index(b"cart"), "basket").reason
