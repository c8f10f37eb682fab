"""A missing import is found by the index and written as the file writes its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_ls.core.edits import apply_changes
from agent_ls.index.actions import ActionPlan
from agent_ls.index.missing import add_import
from tests.index.support import cursor_of, files_of, index_of


def plan_of(tmp_path: Path, text: str, wish: str = "") -> tuple[ActionPlan, str]:
    files, path, offset = cursor_of(files_of(text))
    plan = add_import(index_of(tmp_path, files), files.get, path, offset, wish)
    return plan, apply_changes(files, plan.changes)[path].decode()


def check(tmp_path: Path, before: str, after: str, wish: str = "") -> None:
    """``after``: the text of the file with the cursor."""
    plan, now = plan_of(tmp_path, before, wish)
    assert plan.reason == ""
    assert now == after


PROJECT = """\
-- app/__init__.py --
-- app/parsing.py --
def parse(text): ...
class Parser: ...
-- app/more/__init__.py --
-- app/more/far.py --
from pathlib import Path
LIMIT = 1
"""


@pytest.mark.parametrize(
    ("head", "use", "after"),
    [
        ("", "par$0se()", "from app.parsing import parse\n\n"),
        ('"""Doc."""\n\n', "par$0se()", '"""Doc."""\n\nfrom app.parsing import parse\n\n'),
        ("import os\n\n", "par$0se()", "import os\n\nfrom app.parsing import parse\n\n"),
        (
            "import os\nimport sys\nimport yaml\n\n",
            "par$0se()",
            "import os\nimport sys\nimport yaml\nfrom app.parsing import parse\n\n",
        ),
        ("from app.parsing import Parser\n", "par$0se()", "from app.parsing import Parser, parse\n"),
        ("from app.parsing import zeta\n", "par$0se()", "from app.parsing import parse, zeta\n"),
        (
            "from app.parsing import (\n    alpha,\n    zeta,\n)\n",
            "par$0se()",
            "from app.parsing import (\n    alpha,\n    parse,\n    zeta,\n)\n",
        ),
        ("from . import x\n", "par$0se()", "from . import x\nfrom .parsing import parse\n"),
        ("import json\nimport re\n", "o$0s.x", "import json\nimport os\nimport re\n"),
        (
            "import json\nfrom typing import Any\n",
            "Pat$0h()",
            "import json\nfrom pathlib import Path\nfrom typing import Any\n",
        ),
        ("import json  # why\n\n", "o$0s.x", "import json  # why\nimport os\n\n"),
        ("import json; y = 1\n\n", "o$0s.x", "import json; y = 1\nimport os\n\n"),
        (
            "from __future__ import annotations  # why\n\n",
            "o$0s.x",
            "from __future__ import annotations  # why\n\nimport os\n\n",
        ),
        (
            "from app.parsing import \\\n    alpha\n",
            "par$0se()",
            "from app.parsing import \\\n    alpha, parse\n",
        ),
        (
            "from app import a\r\nx = 1\r\n",
            "par$0se()",
            "from app import a\r\nfrom app.parsing import parse\r\nx = 1\r\n",
        ),
    ],
)
def test_python(tmp_path: Path, head: str, use: str, after: str) -> None:
    check(tmp_path, f"{PROJECT}-- app/here.py --\n{head}{use}\n", f"{after}{use.replace('$0', '')}\n")


def test_several_meanings_are_choices_and_a_wish_decides(tmp_path: Path) -> None:
    text = f"{PROJECT}-- other.py --\ndef parse(): ...\n-- app/here.py --\npar$0se()\n"
    plan, _ = plan_of(tmp_path, text)
    assert plan.choices == ("from app.parsing import parse", "from other import parse")
    assert not plan.changes
    check(tmp_path / "1", text, "from other import parse\n\nparse()\n", "other")
    check(tmp_path / "2", text, "from app.parsing import parse\n\nparse()\n", plan.choices[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from x import parse\npar$0se()\n", "imported here already"),
        ("def parse(): ...\npar$0se()\n", "itself"),
        ("def f(parse):\n    par$0se()\n", "itself"),
        ("x.par$0se()\n", "not a name here"),
        ("nowh$0ere()\n", "Nothing importable"),
        ("de$0f f(): ...\n", "no name"),
    ],
)
def test_python_refusals(tmp_path: Path, text: str, words: str) -> None:
    plan, _ = plan_of(tmp_path, f"{PROJECT}-- app/here.py --\n{text}")
    assert words in plan.reason
    assert not plan.changes


TS = """\
-- src/box.ts --
export class Box {}
export interface Shape {}
export default function make() {}
const inner = 1;
export { inner as outer, inner };
function hidden() {}
"""


@pytest.mark.parametrize(
    ("head", "use", "after"),
    [
        ("", "new B$0ox();", 'import { Box } from "../box";\n\n'),
        ("import a from 'a'\n", "new B$0ox()", "import a from 'a'\nimport { Box } from '../box'\n"),
        ("import { make2 } from '../box';\n", "new B$0ox()", "import { Box, make2 } from '../box';\n"),
        ("import make from '../box';\n", "new B$0ox()", "import make, { Box } from '../box';\n"),
        ("import type { T } from '../box';\n", "let x: Sh$0ape", "import type { Shape, T } from '../box';\n"),
        ("", "ma$0ke();", 'import make from "../box";\n\n'),
        (
            "import * as box from '../box';\n",
            "new B$0ox()",
            "import * as box from '../box';\nimport { Box } from '../box';\n",
        ),
    ],
)
def test_typescript(tmp_path: Path, head: str, use: str, after: str) -> None:
    check(tmp_path, f"{TS}-- src/in/here.ts --\n{head}{use}\n", f"{after}{use.replace('$0', '')}\n")


def test_typescript_takes_no_name_that_is_not_given_away(tmp_path: Path) -> None:
    plan, _ = plan_of(tmp_path, f"{TS}-- src/here.ts --\nhid$0den()\n")
    assert "Nothing importable" in plan.reason


def test_go_as_others_do(tmp_path: Path) -> None:
    text = '-- a/a.go --\npackage a\n\nimport "x.org/m/box"\n\nvar X = box.Y\n-- b/b.go --\npackage b\n\nimport (\n\t"fmt"\n)\n\nvar X = bo$0x.Y + fmt.Z\n'
    check(
        tmp_path,
        text,
        'package b\n\nimport (\n\t"fmt"\n\n\t"x.org/m/box"\n)\n\nvar X = box.Y + fmt.Z\n',
    )


def test_java(tmp_path: Path) -> None:
    text = "-- p/Box.java --\npackage p;\npublic class Box {}\n-- q/Use.java --\npackage q;\n\nimport java.util.List;\nimport z.Z;\n\nclass Use { B$0ox box; }\n"
    check(
        tmp_path,
        text,
        "package q;\n\nimport java.util.List;\nimport p.Box;\nimport z.Z;\n\nclass Use { Box box; }\n",
    )


def test_rust(tmp_path: Path) -> None:
    text = "-- src/a/mod.rs --\npub struct Box2;\n-- src/b.rs --\nuse std::io;\n\nfn f(x: Bo$0x2) {}\n"
    check(tmp_path, text, "use crate::a::Box2;\nuse std::io;\n\nfn f(x: Box2) {}\n")
