"""The document store against a naive reference, in three encodings."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_ls.core.edits import TextEdit, apply_text_edits
from agent_ls.core.text import Span
from agent_ls.faces.lsp import rope as rope_room
from agent_ls.faces.lsp.convert import Encoding, from_position, from_range, to_position, to_range
from agent_ls.faces.lsp.documents import DocumentEvent, Documents, difference, to_bytes
from agent_ls.faces.lsp.history import carry, compose
from agent_ls.faces.lsp.rope import Rope

ALPHABET = [
    "a",
    "b",
    " ",
    "\n",
    "\r\n",
    "\r",
    "é",
    "è",
    "ĩ",
    "汉",
    "😀",
    "👩‍👧",
    "\u2028",
    "\x0c",
    "\x0b",
    "\x85",
    "\u2029",
    "\x1c",
]
TEXTS = st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join)
ENCODINGS = st.sampled_from(list(Encoding))
PLACES = st.fixed_dictionaries({"line": st.integers(0, 12), "character": st.integers(0, 14)})
URI = "file:///w/a.py"


def units(text: str, encoding: Encoding) -> int:
    match encoding:
        case Encoding.UTF8:
            return len(text.encode())
        case Encoding.UTF16:
            return len(text.encode("utf-16-le")) // 2
        case Encoding.UTF32:
            return len(text)


def reference_offset(text: str, place: dict[str, int], encoding: Encoding) -> int:
    """Character offset of a position, as slowly and plainly as the protocol's text says it."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    if place["line"] >= len(lines):
        return len(text)
    before = sum(len(line) for line in lines[: place["line"]])
    body = lines[place["line"]].rstrip("\r\n") if lines[place["line"]] else ""
    taken = 0
    while taken < len(body) and units(body[: taken + 1], encoding) <= place["character"]:
        taken += 1
    return before + taken


def reference_change(text: str, change: dict[str, Any], encoding: Encoding) -> str:
    if "range" not in change:
        return change["text"]
    start, end = sorted(reference_offset(text, change["range"][key], encoding) for key in ("start", "end"))
    return text[:start] + change["text"] + text[end:]


CHANGES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"text": TEXTS, "range": st.fixed_dictionaries({"start": PLACES, "end": PLACES})}
        ),
        st.fixed_dictionaries({"text": TEXTS}),
    ),
    max_size=6,
)


def opened(text: str, encoding: Encoding = Encoding.UTF16) -> Documents:
    documents = Documents(encoding)
    documents.did_open({"textDocument": {"uri": URI, "languageId": "python", "version": 1, "text": text}})
    return documents


def change(documents: Documents, version: int, *changes: dict[str, Any]) -> None:
    documents.did_change({"textDocument": {"uri": URI, "version": version}, "contentChanges": list(changes)})


def ranged(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    places = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": places[0], "end": places[1]}, "text": text}


@pytest.fixture
def tiny_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves of a few bytes, so that short texts already have many of them."""
    monkeypatch.setattr(rope_room, "_LEAF", 8)
    monkeypatch.setattr(rope_room, "_MIN", 2)
    monkeypatch.setattr(rope_room, "_MAX", 16)


@given(TEXTS, st.lists(CHANGES, max_size=4), ENCODINGS)
@settings(max_examples=300, deadline=None)
def check_sync(text: str, rounds: list[list[dict[str, Any]]], encoding: Encoding) -> None:
    documents = opened(text, encoding)
    events: list[DocumentEvent] = []
    documents.subscribe(events.append)
    for version, changes in enumerate(rounds, start=2):
        before = documents.text(URI)
        for one in changes:
            text = reference_change(text, one, encoding)
        old = before.data
        change(documents, version, *changes)
        after = documents.text(URI)
        assert after.data == text.encode()
        assert Rope(after.text._leaves).data == text.encode()
        assert before.data == old
        assert apply_text_edits(old, events[-1].edits) == text.encode()
        check_leaves(after.text)


def check_leaves(text: Rope) -> None:
    for left, right in pairwise(text._leaves):
        left.data.decode()
        assert left.data
        assert not (left.data.endswith(b"\r") and right.data.startswith(b"\n"))
    whole = Rope.of(text.data)
    assert [text.line_start(n) for n in range(text.lines + 1)] == [
        whole.line_start(n) for n in range(whole.lines + 1)
    ]


@pytest.mark.usefixtures("tiny_leaves")
def test_any_edits_leave_the_text_that_the_editor_has_with_tiny_leaves() -> None:
    check_sync()


def test_any_edits_leave_the_text_that_the_editor_has() -> None:
    check_sync()


@given(TEXTS, ENCODINGS)
@settings(max_examples=200, deadline=None)
def check_round_trip(text: str, encoding: Encoding) -> None:
    rope = Rope.of(text.encode())
    for index in range(len(text) + 1):
        offset = len(text[:index].encode())
        place = to_position(rope, offset, encoding)
        back = from_position(rope, place, encoding)
        inside_line_end = text[index - 1 : index + 1] == "\r\n"
        assert back == offset - (1 if inside_line_end else 0)
        assert reference_offset(text, place, encoding) == index - (1 if inside_line_end else 0)


@pytest.mark.usefixtures("tiny_leaves")
def test_places_come_back_with_tiny_leaves() -> None:
    check_round_trip()


@pytest.mark.usefixtures("tiny_leaves")
def test_a_line_end_that_an_edit_brings_together_is_one() -> None:
    for removed in (Span(8, 9), Span(7, 8)):
        text = Rope.of(b"abcdefg\rx\nbcdefghijklm" if removed.start == 8 else b"abcdef\rx\nbcdefghijklmn")
        after = text.replace(removed, b"")
        check_leaves(after)
        assert after.lines == 2


def test_places_come_back() -> None:
    check_round_trip()


def test_a_place_past_the_line_is_the_end_before_its_line_end() -> None:
    for line_end in ("\n", "\r\n", "\r"):
        documents = opened(f"abc{line_end}def")
        change(documents, 2, ranged((0, 99), (0, 99), "X"))
        assert documents.text(URI).data.decode() == f"abcX{line_end}def"


def test_half_a_surrogate_pair_rounds_down() -> None:
    rope = Rope.of("a😀b".encode())
    assert from_position(rope, {"line": 0, "character": 2}, Encoding.UTF16) == 1
    assert from_position(rope, {"line": 0, "character": 3}, Encoding.UTF16) == 5
    assert from_position(rope, {"line": 0, "character": 3}, Encoding.UTF8) == 1


def test_an_inverted_range_is_the_ordered_one() -> None:
    documents = opened("abcdef")
    change(documents, 2, ranged((0, 4), (0, 2), "-"))
    assert documents.text(URI).data == b"ab-ef"


@pytest.mark.parametrize("version", [1, 0, -3])
def test_an_older_version_is_ignored(version: int, caplog: pytest.LogCaptureFixture) -> None:
    documents = opened("abc")
    change(documents, version, {"text": "gone"})
    assert (documents.text(URI).data, documents.text(URI).version) == (b"abc", 1)
    assert "ignored" in caplog.text


def test_lone_surrogates_keep_every_width() -> None:
    # As an editor sends them: half an emoji, then text behind it.
    assert to_bytes("a\ud83db") == "a\ufffdb".encode()
    assert to_bytes("\ud83d\ud83d\ude00") is not None
    for encoding in (Encoding.UTF16, Encoding.UTF32):
        documents = opened("x\ud83dy", encoding)
        change(documents, 2, ranged((0, 2), (0, 3), "Z"))
        assert documents.text(URI).data.decode() == "x\ufffdZ"


def test_a_version_that_was_taken_stays() -> None:
    documents = opened("one")
    taken = documents.text(URI)
    change(documents, 2, {"text": "two"})
    documents.did_close({"textDocument": {"uri": URI}})
    assert (taken.data, taken.version) == (b"one", 1)
    assert documents.text(URI) is None


def test_events_tell_the_story_and_a_broken_listener_costs_nothing() -> None:
    documents = opened("one")
    kinds: list[tuple[str, int, bool]] = []

    def broken(_event: DocumentEvent) -> None:
        raise RuntimeError

    documents.subscribe(broken)
    documents.subscribe(lambda e: kinds.append((e.kind, e.document.version, e.document.saved)))
    change(documents, 2, {"text": "two"})
    documents.did_save({"textDocument": {"uri": URI}})
    documents.did_close({"textDocument": {"uri": URI}})
    assert kinds == [("changed", 2, False), ("saved", 2, True), ("closed", 2, True)]


def test_only_file_uris_have_paths() -> None:
    documents = Documents()
    for uri, path in {
        "file:///w/a%20%C3%A9.py": Path("/w/a é.py"),
        "untitled:Untitled-1": None,
        "git:/w/a.py?%7B%7D": None,
        "vscode-remote://ssh/w/a.py": None,
    }.items():
        item = {"uri": uri, "languageId": "x", "version": 0, "text": "t"}
        documents.did_open({"textDocument": item})
        assert documents.text(uri).path == path
    assert documents.by_path(Path("/w/a é.py")).data == b"t"
    assert documents.text("file:///etc/hostname") is None


@pytest.mark.parametrize(
    ("old", "new"), [("xéy", "xèy"), ("xéy", "xĩy"), ("😀", "😁"), ("é", "éé"), ("", "é")]
)
def test_a_difference_never_splits_a_character(old: str, new: str) -> None:
    edit = difference(old.encode(), new.encode())
    assert old.encode()[edit.span.start : edit.span.end].decode() in old
    assert edit.new.decode() in new


EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6), st.binary(max_size=4)), max_size=8)


def composed_of(old: bytes, steps: list[tuple[int, int, bytes]]) -> tuple[bytes, list[TextEdit]]:
    """The text after some edits, one after the other, and the edits as one."""
    text, composed = old, list[TextEdit]()
    for at, length, new in steps:
        start = min(at, len(text))
        step = TextEdit(Span(start, min(start + length, len(text))), new)
        text = apply_text_edits(text, [step])
        compose(composed, step)
    return text, composed


@given(st.binary(max_size=25), EDITS)
@settings(max_examples=500, deadline=None)
def test_composed_edits_are_ascending_and_do_what_the_steps_did(
    old: bytes, steps: list[tuple[int, int, bytes]]
) -> None:
    text, composed = composed_of(old, steps)
    assert apply_text_edits(old, composed) == text
    assert all(a.span.end < b.span.start for a, b in pairwise(composed))


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_one_difference_leads_from_old_to_new_and_splits_no_character(a: str, b: str, c: str, d: str) -> None:
    old, new = (a + b + d).encode(), (a + c + d).encode()
    edit = difference(old, new)
    assert apply_text_edits(old, [edit]) == new
    old[edit.span.start : edit.span.end].decode()
    edit.new.decode()
    assert len(edit.new) <= max(len(c.encode()), 1) + 3


def test_a_change_of_very_many_parts_is_told_as_one_edit() -> None:
    documents = opened("ab\n" * 600)
    events: list[DocumentEvent] = []
    documents.subscribe(events.append)
    old = documents.text(URI).data
    change(documents, 2, *(ranged((line, 1), (line, 1), "-") for line in range(1, 600)))
    assert documents.text(URI).data == b"ab\n" + b"a-b\n" * 599
    (edit,) = events[0].edits
    assert apply_text_edits(old, [edit]) == documents.text(URI).data


class TestCarry:
    def check(self, text: str, *changes: dict[str, Any], expect: str | None) -> None:
        """``text`` marks the span with «»; ``expect`` is the whole text of afterwards, marked likewise."""
        start, end = text.index("«"), text.index("»") - 1
        documents = opened(text.replace("«", "").replace("»", ""))
        for version, one in enumerate(changes, start=2):
            change(documents, version, one)
        moved = documents.carry(URI, Span(start, end), 1)
        data = documents.text(URI).data.decode()
        shown = moved and f"{data[: moved.start]}«{data[moved.start : moved.end]}»{data[moved.end :]}"
        assert shown == expect

    def test_before_it(self) -> None:
        self.check("ab «cd» ef", ranged((0, 0), (0, 1), "xyz"), expect="xyzb «cd» ef")

    def test_inside_it(self) -> None:
        self.check("ab «cd» ef", ranged((0, 4), (0, 4), "XX"), expect="ab «cXXd» ef")

    def test_all_of_it(self) -> None:
        self.check("ab «cd» ef", ranged((0, 3), (0, 5), "XXX"), expect="ab «XXX» ef")

    def test_behind_it(self) -> None:
        self.check("ab «cd» ef", ranged((0, 6), (0, 8), ""), expect="ab «cd» ")

    def test_at_its_edges(self) -> None:
        changes = (ranged((0, 3), (0, 3), "<"), ranged((0, 6), (0, 6), ">"))
        self.check("ab «cd» ef", *changes, expect="ab <«cd»> ef")

    def test_an_end_that_was_replaced_is_gone(self) -> None:
        self.check("ab «cd» ef", ranged((0, 2), (0, 4), "-"), expect=None)

    def test_a_whole_text_that_differs_a_little(self) -> None:
        self.check("ab «cd» ef", {"text": "abc cd ef"}, expect="abc «cd» ef")

    def test_a_cursor_goes_with_what_is_typed(self) -> None:
        self.check("ab«»cd", ranged((0, 2), (0, 2), "x"), expect="abx«»cd")

    def test_big_edits_are_forgotten_earlier(self) -> None:
        documents = opened("abc")
        for version in range(2, 12):
            change(documents, version, {"text": str(version % 2) * 1_000_000})
        assert documents.carry(URI, Span(0, 1), 1) is None
        assert documents.text_at(URI, 1) is None
        assert documents.text_at(URI, 11).size == documents.text_at(URI, 10).size == 1_000_000

    def test_a_forgotten_version_is_none(self) -> None:
        documents = opened("abc")
        for version in range(2, 400):
            change(documents, version, ranged((0, 0), (0, 0), "x"))
        assert documents.carry(URI, Span(0, 1), 1) is None
        assert documents.text_at(URI, 1) is None
        assert documents.carry(URI, Span(0, 1), 398) == Span(1, 2)
        assert documents.text_at(URI, 398).size == documents.text(URI).text.size - 1
        assert documents.carry(URI, Span(0, 1), 1000) is None


@given(st.binary(min_size=1, max_size=20), EDITS, st.integers(0, 20), st.integers(0, 20))
@settings(max_examples=300, deadline=None)
def test_a_carried_span_holds_its_own_bytes_if_no_edit_was_inside(
    old: bytes, steps: list[tuple[int, int, bytes]], a: int, b: int
) -> None:
    span = Span(min(a, b, len(old)), min(max(a, b), len(old)))
    text, composed = composed_of(old, steps)
    moved = carry(span, composed)
    inside = any(e.span.start < span.end and e.span.end > span.start for e in composed)
    if moved is not None and not inside:
        assert text[moved.start : moved.end] == old[span.start : span.end]


def test_a_range_from_the_menu_is_converted_in_its_own_version() -> None:
    documents = opened("def f():\n    pass\n")
    old_range = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 8}}
    change(documents, 2, ranged((0, 0), (0, 0), "# typed\n"))
    old = documents.text_at(URI, 1)
    span = documents.carry(URI, from_range(old, old_range, documents.encoding), 1)
    now = documents.text(URI)
    assert now.data[span.start : span.end] == b"pass"
    assert to_range(now.text, span, documents.encoding)["start"] == {"line": 2, "character": 4}
