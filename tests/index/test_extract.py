from __future__ import annotations

import pytest

from agent_ls.core.text import Span
from agent_ls.index import extract as room
from agent_ls.index.extract import ParseTimeoutError, extract, syntax_problems


def names(source: str | bytes, language: str = "python") -> list[str]:
    data = source.encode() if isinstance(source, str) else source
    return [d.path for d in extract(data, language).definitions]


def test_facts_reach_around_broken_code() -> None:
    found = extract(b"def a(): pass\n\nx = = (\n\ndef b(): pass\n", "python")
    assert [d.name for d in found.definitions if d.kind == "function"] == ["a", "b"]
    assert [p.line for p in found.problems] == [2]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0",
        b"\xff\xfe\xfa",
        b"\xef\xbb\xbfdef f(): pass\n",
        b"\r\r\r",
        "имя = 'ü😀'\n".encode(),
        b"(" * 5000,
    ],
)
@pytest.mark.parametrize("language", ["python", "tsx", "cpp", "rust"])
def test_any_bytes_give_facts(data: bytes, language: str) -> None:
    found = extract(data, language)
    assert found.lines >= 1
    for d in found.definitions:
        assert d.span.start <= d.name_span.start <= d.name_span.end <= d.span.end <= len(data)


def test_names_that_are_no_utf8_are_replaced_and_keep_their_places() -> None:
    data = b"def f\xff\xe4():\n    return f\xff\xe4\n\ndef g(): pass\n"
    found = extract(data, "python")
    g = next(d for d in found.definitions if d.name == "g")
    assert data[g.name_span.start : g.name_span.end] == b"g"


def test_names_are_found_in_code_only() -> None:
    found = extract(b'x = 1\n# x\ny = "x" + f"{x}"  # x\n', "python")
    assert [(r.name, r.span) for r in found.references] == [("x", Span(23, 24))]


def test_a_macro_body_uses_names() -> None:
    found = extract(b"#define TWICE(a) add(a, a)\n", "c")
    assert "add" in [r.name for r in found.references]


def test_a_header_in_cpp_is_read_as_cpp() -> None:
    found = extract(b"namespace geo {\nclass A { int f(); };\n}\n", "c")
    assert (found.language, [d.path for d in found.definitions]) == ("cpp", ["geo", "geo.A", "geo.A.f"])


def test_a_slow_parse_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParseTimeoutError):
        extract(b"x = [" + b"(1," * 200_000, "python", deadline_s=0.0)
    monkeypatch.setattr(room, "parse", _always_late)
    assert syntax_problems(b"def f(:\n", "python") == ()


def _always_late(*_: object, **__: object) -> None:
    raise ParseTimeoutError


def test_problems_have_a_line_and_words() -> None:
    problems = syntax_problems(b"x = 1\ny = foo)\n", "python")
    assert [(p.line, p.text) for p in problems] == [(1, "line 2: unexpected `)`")]


BROKEN = b"def a():\n    return (1\n\ndef b():\n    return 2\n\nvalue = 3\n"


def test_a_file_that_was_broken_before_does_not_block() -> None:
    after = BROKEN.replace(b"value = 3", b"value = 4\nother = 5")
    assert syntax_problems(BROKEN, "python")
    assert syntax_problems(after, "python", since=BROKEN) == ()


def test_lines_above_do_not_make_an_old_problem_new() -> None:
    assert syntax_problems(b"import os\nimport sys\n" + BROKEN, "python", since=BROKEN) == ()


def test_another_problem_is_new() -> None:
    after = BROKEN.replace(b"value = 3", b"value = = 3")
    assert [p.line for p in syntax_problems(after, "python", since=BROKEN)] == [6]


def test_a_problem_in_a_clean_file_is_new() -> None:
    clean = b"def a():\n    return 1\n"
    assert syntax_problems(clean, "python", since=clean) == ()
    assert len(syntax_problems(b"def a(:\n    return 1\n", "python", since=clean)) == 1


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("javascript", "function a( { return 1 }\n"),
        ("typescript", "interface A { x: }\n"),
        ("go", "package a\nfunc f( {\n}\n"),
        ("rust", "fn f( -> u8 { 1 }\n"),
        ("java", "class A { void f( { } }\n"),
        ("c", "int f( { return 1; }\n"),
        ("cpp", "class A { int f( };\n"),
        ("tsx", "const a = <b>{text</b>;\n"),
    ],
)
def test_every_language_has_problems(language: str, source: str) -> None:
    assert syntax_problems(source.encode(), language)
