"""Plans that weaken what they are proven by are marked, in every language that has tests here."""

from __future__ import annotations

import pytest

from agent_ls.agent.weakening import weakened
from agent_ls.core.edits import ChangeSet, FileChange
from agent_ls.core.paths import RelPath


def marks(*changes: tuple[str, str | None, str | None]) -> list[str]:
    def data(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    return list(weakened(ChangeSet.of(FileChange(RelPath(p), data(b), data(a)) for p, b, a in changes)))


PY = "import pytest\n\ndef test_a():\n    assert f(1) == 2\n    assert f(2) == 3\n\ndef test_b():\n    with pytest.raises(ValueError):\n        f(-1)\n"
UNIT = "class CalcCase(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(f(1), 2)\n        self.assertTrue(g())\n"
CASES = "@pytest.mark.parametrize('n', [(1, 2), (2, 4), (3, 6)])\ndef test_n(n):\n    assert n\n"
JS = "describe('calc', () => {\n  it('adds', () => {\n    expect(f(1)).toBe(2);\n    expect(f(2)).toBeCloseTo(3, 5);\n  });\n  test('b', () => { assert.equal(1, 1); });\n});\n"
GO = 'func TestA(t *testing.T) {\n\tif f(1) != 2 {\n\t\tt.Errorf("bad")\n\t}\n\trequire.Equal(t, 1, g())\n}\nfunc TestB(t *testing.T) {\n\tcases := []struct{ in, want int }{\n\t\t{1, 2},\n\t\t{2, 4},\n\t}\n\t_ = cases\n}\n'
RUST = "fn f() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        assert_eq!(f(1), 2);\n        assert!(g());\n    }\n    #[tokio::test]\n    async fn waits() { assert!(h().await); }\n}\n"
JAVA = "class CalcTest {\n  @Test void adds() {\n    assertEquals(2, f(1));\n    assertThat(g()).isEqualTo(3);\n  }\n  @ParameterizedTest void many() { assertTrue(h()); }\n}\n"


@pytest.mark.parametrize(
    ("path", "before", "old", "new", "expected"),
    [
        ("tests/test_a.py", PY, "    assert f(2) == 3\n", "", "1 assertion removed"),
        ("tests/test_a.py", PY, "f(2) == 3", "f(2) == 4", "what 1 assertion expects changed"),
        ("tests/test_a.py", PY, "f(2) == 3", "f(2) is not None", "what 1 assertion expects changed"),
        (
            "tests/test_a.py",
            PY,
            "    assert f(1) == 2\n    assert f(2) == 3\n",
            "    pass\n",
            "2 assertions removed",
        ),
        ("tests/test_a.py", PY, "def test_b", "def helper_b", "removes the test test_b"),
        ("tests/test_a.py", PY, PY[13:], "", "removes 2 tests: test_a, test_b"),
        ("tests/test_a.py", PY, "def test_a", "@pytest.mark.skip(reason='x')\ndef test_a", "1 test skipped"),
        ("tests/test_a.py", PY, "def test_a", "@pytest.mark.xfail\ndef test_a", "1 test skipped"),
        (
            "tests/test_a.py",
            PY,
            "    assert f(1)",
            "    pytest.skip('later')\n    assert f(1)",
            "1 test skipped",
        ),
        (
            "tests/test_a.py",
            PY,
            "import pytest\n",
            "import pytest\npytestmark = pytest.mark.skipif(True)\n",
            "1 test skipped",
        ),
        ("tests/test_a.py", PY, "pytest.raises(ValueError)", "pytest.raises(Exception)", "expects changed"),
        (
            "tests/test_a.py",
            "def test_a():\n    assert f() == approx(1, abs=0.01)\n",
            "abs=0.01",
            "abs=0.5",
            "1 tolerance changed",
        ),
        (
            "tests/test_a.py",
            UNIT,
            "    def test_a",
            "    @unittest.skip('x')\n    def test_a",
            "1 test skipped",
        ),
        ("tests/test_a.py", UNIT, "self.assertEqual(f(1), 2)", "self.assertTrue(f(1))", "expects changed"),
        ("tests/test_a.py", UNIT, "        self.assertTrue(g())\n", "", "1 assertion removed"),
        ("tests/test_a.py", CASES, ", (3, 6)", "", "1 assertion removed"),
        ("tests/test_a.py", CASES, "(3, 6)", "(3, 7)", "expects changed"),
        ("a.test.js", JS, "    expect(f(1)).toBe(2);\n", "", "1 assertion removed"),
        ("a.test.ts", JS, "toBe(2)", "toBeTruthy()", "expects changed"),
        ("a.test.tsx", JS, "toBeCloseTo(3, 5)", "toBeCloseTo(3, 1)", "1 tolerance changed"),
        ("a.test.js", JS, "it('adds'", "it.skip('adds'", "1 test skipped"),
        ("a.test.js", JS, "describe(", "xdescribe(", "1 test skipped"),
        ("a.test.js", JS, "it('adds'", "it.only('adds'", "1 test skipped"),
        ("a.test.js", JS, "  test('b', () => { assert.equal(1, 1); });\n", "", "removes the test b"),
        ("a_test.go", GO, "\trequire.Equal(t, 1, g())\n", "", "1 assertion removed"),
        ("a_test.go", GO, "\tif f(1)", '\tt.Skip("later")\n\tif f(1)', "1 test skipped"),
        ("a_test.go", GO, "{2, 4}", "{2, 5}", "expects changed"),
        ("a_test.go", GO, "\t\t{2, 4},\n", "", "1 assertion removed"),
        ("a_test.go", GO, "func TestB", "func helperB", "removes the test TestB"),
        ("src/lib.rs", RUST, "        assert!(g());\n", "", "1 assertion removed"),
        ("src/lib.rs", RUST, "    #[test]\n", "    #[test]\n    #[ignore]\n", "1 test skipped"),
        ("src/lib.rs", RUST, "    #[tokio::test]\n", "", "removes the test waits"),
        ("src/lib.rs", RUST, "f(1), 2", "f(1), 3", "expects changed"),
        ("src/test/java/CalcTest.java", JAVA, "    assertEquals(2, f(1));\n", "", "1 assertion removed"),
        ("src/test/java/CalcTest.java", JAVA, "isEqualTo(3)", "isNotNull()", "expects changed"),
        ("src/test/java/CalcTest.java", JAVA, "@Test void", "@Disabled @Test void", "1 test skipped"),
        ("src/test/java/CalcTest.java", JAVA, "@ParameterizedTest void", "void", "removes the test many"),
    ],
)
def test_a_weakened_test_is_marked(path: str, before: str, old: str, new: str, expected: str) -> None:
    assert old in before
    (mark,) = marks((path, before, before.replace(old, new, 1)))
    assert mark.startswith(f"weakens {path}: ")
    assert expected in mark


@pytest.mark.parametrize(
    ("path", "before"),
    [
        *(("tests/test_a.py", text) for text in (PY, UNIT, CASES)),
        ("a.test.ts", JS),
        ("a_test.go", GO),
        ("src/lib.rs", RUST),
        ("src/test/java/CalcTest.java", JAVA),
    ],
)
def test_what_stays_as_strong_is_not_marked(path: str, before: str) -> None:
    assert marks((path, before, before)) == []
    assert marks((path, None, before)) == []
    assert marks((path, before, before.replace("f(", "calc.f(").replace("calc.f(", "f(  "))) == []


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("tests/test_a.py", PY, PY + "\ndef test_c():\n    assert f(3) == 4\n"),
        (
            "tests/test_a.py",
            PY,
            PY.replace("    assert f(2) == 3\n", "    assert f(2) == 3\n    assert f(9) == 10\n"),
        ),
        ("tests/test_a.py", PY, PY.replace("def test_a", "def test_named_better")),
        ("tests/test_a.py", PY, PY.replace("f(1) == 2", "f(1)   ==   2")),
        ("tests/helpers.py", "def skip_it(): ...\n", "def other(): ...\n"),
        ("src/app.py", "def test_mode():\n    assert x\n", "def test_mode():\n    pass\n"),
        ("a.test.js", JS, JS.replace("  test('b'", "  test('c', () => {});\n  test('b'")),
        ("pyproject.toml", "[project]\nname='a'\n[tool.ruff]\n", "[project]\nname='b'\n[tool.ruff]\n"),
        (
            "package.json",
            '{"version": "1", "scripts": {"test": "jest"}}',
            '{"version": "2", "scripts": {"test": "jest"}}',
        ),
        ("tests/__snapshots__/new.snap", None, "x"),
        ("README.md", "x", "use # noqa here"),
    ],
)
def test_other_changes_are_not_marked(path: str, before: str | None, after: str) -> None:
    assert marks((path, before, after)) == []


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("tests/__snapshots__/a.snap", "x", "y", "edits the snapshot"),
        ("a.test.ts.snap", "x", None, "edits the snapshot"),
        ("testdata/out.golden", "x", "y", "edits the snapshot"),
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = -k nothing\n", "edits the check configuration"),
        ("tests/conftest.py", "x = 1\n", "x = 2\n", "edits the check configuration"),
        ("pyproject.toml", "[tool.ruff]\n", "[tool.ruff]\nignore=['E']\n", "edits the check configuration"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\naddopts='-x'",
            "[tool.pytest.ini_options]",
            "edits the check",
        ),
        ("setup.cfg", "[mypy]\nstrict=1\n[other]\n", "[mypy]\n[other]\n", "edits the check configuration"),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}', "edits the check"),
        ("tsconfig.json", "{}", '{"strict": false}', "edits the check configuration"),
        ("Makefile", "test:\n\tpytest\n", "test:\n\ttrue\n", "edits the check configuration"),
        ("ruff.toml", "x=1\n", None, "edits the check configuration"),
        ("src/a.py", "x = f()\n", "x = f()  # type: ignore\ny = 1  # noqa: F401\n", "silences 2 findings"),
        ("src/a.ts", "f();\n", "// @ts-ignore\nf();\n", "silences 1 finding"),
        ("src/a.rs", "fn f() {}\n", "#[allow(dead_code)]\nfn f() {}\n", "silences 1 finding"),
    ],
)
def test_snapshots_configuration_and_suppressions(
    path: str, before: str, after: str | None, expected: str
) -> None:
    (mark,) = marks((path, before, after))
    assert expected in mark
    assert path in mark


def test_a_test_that_moved_to_another_file_is_not_gone_and_a_deleted_file_is() -> None:
    first, second = PY.split("\n\ndef test_b")
    assert (
        marks(("tests/test_a.py", PY, first + "\n"), ("tests/test_b.py", None, "def test_b" + second)) == []
    )
    assert marks(("tests/test_a.py", PY, None)) == [
        "weakens tests/test_a.py: removes 2 tests: test_a, test_b"
    ]


def test_there_is_an_end_of_marks() -> None:
    found = marks(*((f"tests/test_{n}.py", PY, None) for n in range(50)))
    assert len(found) == 31
    assert found[-1] == "and 20 more"


def test_a_broken_or_deep_text_is_no_problem() -> None:
    assert marks(("tests/test_a.py", PY, "def test_a(:\n" + "(" * 5000)) != []
    assert marks(("a.test.js", "[" * 20000, "{" * 20000)) == []
