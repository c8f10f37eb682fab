from __future__ import annotations

import pytest

from agent_ls.core.paths import RelPath
from agent_ls.index.imports import means, read_import


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("python", "import a.b as c, d", [("a.b", ()), ("d", ())]),
        ("python", "from ..x import (a as b,\n  c,  # why\n)", [("..x", ("a", "c"))]),
        ("python", "from . import *", [(".", ())]),
        ("javascript", 'import a, { b as c, d } from "./m"', [("./m", ("b", "d", "default"))]),
        ("typescript", 'import type { A } from "m"', [("m", ("A",))]),
        ("typescript", 'export * from "../m.js"', [("../m.js", ())]),
        ("javascript", 'require("x/y")', [("x/y", ())]),
        ("go", 'log "log/slog"', [("log/slog", ())]),
        ("rust", "pub(crate) use a::{b::{c, d as e}, self, f::*};", [("a::b", ("c",)), ("a::b", ("d",)), ("a", ()), ("a::f", ())]),
        ("rust", "mod inner;", [("self::inner", ())]),
        ("java", "import static a.B.c;", [("a.B", ("c",))]),
        ("java", "import a.b.*;", [("a.b", ())]),
        ("c", '#include "x/y.h"', [("x/y.h", ())]),
        ("cpp", "#include <vector>", [("vector", ())]),
        ("python", "from", []),
    ],
)  # fmt: skip
def test_read(language: str, text: str, parts: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(read_import(language, text)) == parts


@pytest.mark.parametrize(
    ("language", "importer", "module", "names", "target", "does"),
    [
        ("python", "a/b.py", ".c", (), "a/c.py", True),
        ("python", "a/b.py", ".", ("c",), "a/c.py", True),
        ("python", "a/b.py", ".", ("c",), "a/__init__.py", True),
        ("python", "a/b/__init__.py", ".c", (), "a/b/c.py", True),
        ("python", "a/b.py", "..c", (), "c.py", True),
        ("python", "b.py", "..c", (), "c.py", False),
        ("python", "x.py", "a.c", (), "src/a/c.py", True),
        ("python", "x.py", "c", (), "a/c.py", False),
        ("python", "a/x.py", "c", (), "a/c.py", True),
        ("typescript", "src/a.ts", "./b", (), "src/b.tsx", True),
        ("typescript", "src/a.ts", "./b.js", (), "src/b.ts", True),
        ("typescript", "src/a.ts", "../lib", (), "lib/index.ts", True),
        ("typescript", "src/a.ts", "lib", (), "lib/index.ts", False),
        ("go", "main.go", "example.org/app/store", (), "store/a.go", True),
        ("go", "main.go", "example.org/app/store", (), "restore/a.go", False),
        ("java", "A.java", "org.x.B", (), "src/main/java/org/x/B.java", True),
        ("rust", "src/a.rs", "crate::b", (), "src/b/mod.rs", True),
        ("rust", "src/a.rs", "crate", ("b",), "src/b.rs", True),
        ("rust", "src/a/mod.rs", "self::c", (), "src/a/c.rs", True),
        ("rust", "src/a/c.rs", "super", ("d",), "src/a/d.rs", True),
        ("c", "src/a.c", "b.h", (), "src/b.h", True),
        ("c", "src/a.c", "../inc/b.h", (), "inc/b.h", True),
        ("c", "src/a.c", "b.h", (), "src/bb.h", False),
    ],
)
def test_means(
    language: str, importer: str, module: str, names: tuple[str, ...], target: str, does: bool
) -> None:
    assert means(language, RelPath(importer), module, names, RelPath(target)) is does
